"""`mmgen train`: train a model."""

from pathlib import Path
from typing import Any

import click

from mmgen.cli.output import examples, note
from mmgen.cli.request import parse_pairs
from mmgen.errors import OptionError, UnknownNameError, did_you_mean
from mmgen.plugins import manager


@click.command(
    "train",
    epilog=examples(
        "mmgen train vae --data ./pictures -o runs/first",
        "mmgen train conv-vae --data ./pictures --set size=32 --set steps=5000 -o runs/small",
        "mmgen train vae --data ./mnist --config recipe.toml -o runs/mnist",
        "mmgen train vae --data ./mnist --config recipe.toml -o runs/mnist --resume",
        "mmgen train vae --data ./mine --from vae-mnist -o runs/tuned",
        more="Exit codes: 130 and 143 where Ctrl-C or SIGTERM stopped it; the run was saved and "
        "--resume goes on with it.",
    ),
)
@click.argument("architecture", metavar="FAMILY|ARCHITECTURE")
@click.option("--data", required=True, metavar="D", help="A folder, file or Hub name of pictures.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="A .toml file with the settings; --set wins over it.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=V", help="A setting, as steps=500.")
@click.option("--from", "from_model", metavar="MODEL", help="Start from this model's weights.")
@click.option(
    "--part", "parts", multiple=True, metavar="NAME=MODEL", help="A trained model to build on."
)
@click.option("-o", "--output", required=True, metavar="RUN", help="The folder of the run.")
@click.option("--resume", is_flag=True, help="Go on with the run in that folder.")
def command(
    architecture: str,
    data: str,
    config: Path | None,
    settings: tuple[str, ...],
    from_model: str | None,
    parts: tuple[str, ...],
    output: str,
    resume: bool,
) -> None:
    """Train a model on your pictures.

    The settings are those of mmgen info ARCHITECTURE --kind architecture (tables [model] and
    [trainer]), of the loop ([training]: steps, batch_size, learning_rate, …) and of the data
    ([data]: size, channels, …); [conditions.label] with encoder = "label-embedding" makes a model
    that takes labels. A key that two tables have is written with its table: model.width=64.

    Prints the folder of the trained model, which mmgen run takes.
    """
    name = find_architecture(architecture)
    parse_pairs(settings, "--set")
    named_parts = dict(parse_pairs(parts, "--part"))

    from mmgen.training import apply_assignments, build_settings, read_run_file

    tables: dict[str, Any] = read_run_file(config) if config else {}
    tables = apply_assignments(tables, settings, name)
    build_settings(name, tables)  # says what is wrong before any data is read

    from mmgen.training import train

    run = train(
        name,
        data,
        config=tables,
        output=Path(output),
        resume=resume,
        from_model=from_model,
        parts=named_parts,
    )
    if not run.is_main:
        return
    figures = ", ".join(f"{key} {value:.4g}" for key, value in run.figures.items())
    note(f"{run.steps} steps{'' if run.finished else ', not finished'}; {figures}".rstrip("; "))
    click.echo(run.model_folder)


def find_architecture(name: str) -> str:
    """Return the architecture of that name, or the one that a family of that name trains.

    Raises:
        UnknownNameError: there is neither.
        OptionError: it cannot be trained, or the family has several.
    """
    families = {family.name: family for _, family in manager().families}
    every = {item.name: item for family in families.values() for item in family.architectures}
    if name in every:
        if every[name].trainer is None:
            raise OptionError(f"architecture {name!r} has no trainer; train another one")
        return manager().architecture(name)[2].name
    trainable = {
        family.name: [item.name for item in family.architectures if item.trainer]
        for family in families.values()
    }
    found = trainable.get(name, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise OptionError(f"family {name!r} has several architectures; choose: {', '.join(found)}")
    raise _unknown(name, [item for names in trainable.values() for item in names])


def _unknown(name: str, known: list[str]) -> UnknownNameError:
    from mmgen.catalogue import catalogue

    indexed = catalogue().index.families.get(name)
    if indexed is not None:
        return UnknownNameError(
            f"family {name!r} needs its plugin: pip install {indexed['plugin']}"
        )
    near = did_you_mean(name, known) or "."
    return UnknownNameError(
        f"unknown architecture {name!r}{near} Those that train: {', '.join(known) or 'none'}"
    )
