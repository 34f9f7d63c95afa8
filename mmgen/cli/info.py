"""`mmgen info`: all about one thing that has a name."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from mmgen.catalogue import catalogue
from mmgen.cli import facts
from mmgen.cli.output import JSON_OPTION, examples, print_json
from mmgen.cli.sheet import Sheet
from mmgen.errors import UnknownNameError, did_you_mean
from mmgen.plugins import manager

KINDS = ("model", "family", "architecture", "plugin", "metric", "modality", "dataset")


@click.command(
    "info",
    epilog=examples(
        "mmgen info vae-mnist",
        "mmgen info vae",
        "mmgen info vae --kind architecture",
        "mmgen info ./runs/cats",
        "mmgen info vae-mnist --json",
    ),
)
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What NAME is the name of, where it names several things.",
)
@JSON_OPTION
def command(name: str, kind: str | None, as_json: bool) -> None:
    """Say all about a model, family, architecture or plugin.

    A trained model is named by its folder, with a slash: ./x.

    Inputs and class names, options with ranges and defaults, sizes, licences, data, figures with
    their protocol, and whether the weights are on this machine. Metrics, modalities and data sets
    by name too.
    """
    found = _find(name, kind)
    sheet = found[0].make()
    if as_json:
        print_json({"type": found[0].kind, **sheet.data})
        return
    others = dict.fromkeys(thing.kind for thing in found[1:] if thing.kind != found[0].kind)
    commands = [f"mmgen info {name} --kind {other}" for other in others]
    sheet.lines.append(("see also", ", ".join(commands)))
    click.echo(sheet.to_text())


class _Thing(NamedTuple):
    kind: str
    name: str
    make: Callable[[], Sheet]


def _find(name: str, kind: str | None) -> list[_Thing]:
    """Return what a name is the name of, at least one thing."""
    if "/" in name and kind in (None, "model"):
        return [_Thing("model", name, partial(_folder, name))]
    things = [thing for thing in _things() if kind is None or thing.kind == kind]
    found = [thing for thing in things if thing.name == name]
    if not found:
        near = did_you_mean(name, {thing.name for thing in things}) or "."
        what = kind or "model, family, architecture or plugin"
        slash = f" (a folder is named with a slash: ./{name})" if Path(name).is_dir() else ""
        raise UnknownNameError(f"there is no {what} {name!r}{near} All models: mmgen list{slash}")
    return found


def _things() -> Iterator[_Thing]:
    """Yield everything that has a name, in the order of KINDS."""
    plugins = manager()
    for entry in catalogue().entries:
        # find() is asked, so that a name that two plugins bring is the error it should be.
        yield _Thing("model", entry.name, partial(_model, entry.name))
    families = dict.fromkeys(family.name for _, family in plugins.families)
    for name in families | dict.fromkeys(catalogue().index.families):
        yield _Thing("family", name, partial(facts.of_family, name))
    for _, family in plugins.families:
        for item in family.architectures:
            yield _Thing("architecture", item.name, partial(facts.of_architecture, item.name))
    for plugin in plugins.plugins:
        for name in dict.fromkeys((plugin.name, plugin.distribution)):
            yield _Thing("plugin", name, partial(facts.of_plugin, plugin))
    for plugin in plugins.plugins:
        for metric in plugin.metrics:
            yield _Thing("metric", metric.name, partial(facts.of_metric, metric))
        for modality in plugin.modalities:
            yield _Thing("modality", modality.name, partial(facts.of_modality, modality))
        for source in plugin.datasets:
            yield _Thing("dataset", source.name, partial(facts.of_dataset, source))


def _model(name: str) -> Sheet:
    return facts.of_model(catalogue().find(name))


def _folder(name: str) -> Sheet:
    from mmgen.cli.saved import read_saved

    return facts.of_model(read_saved(name))
