"""`mmgen evaluate`: measure a model on a data set."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmgen.cli.output import DTYPES, JSON_OPTION, examples, note, print_json
from mmgen.cli.progress import Progress, progress_bar
from mmgen.cli.request import parse_pairs
from mmgen.cli.target import Target, find_target, note_size
from mmgen.errors import InputError, MmgenError, OptionError, did_you_mean
from mmgen.families import Metric
from mmgen.media.targets import check_output
from mmgen.options import describe
from mmgen.plugins import manager

if TYPE_CHECKING:
    from mmgen.metrics import MetricResult


@click.command(
    "evaluate",
    epilog=examples(
        "mmgen evaluate vae-mnist --data ./mnist --metric nll",
        "mmgen evaluate runs/first --data ./pictures --metric reconstruction --split valid",
        "mmgen evaluate vae-mnist --data ./mnist --metric nll --set num_samples=100 --json",
        "mmgen evaluate runs/first --data ./pictures --metric fid --metric kid \\\n"
        "    --set extractor=runs/classifier --set num_samples=10000 --record",
    ),
)
@click.argument("model", metavar="MODEL|RUN")
@click.option("--data", required=True, metavar="D", help="A folder, file or Hub name of pictures.")
@click.option(
    "--metric", "metrics", multiple=True, required=True, metavar="M", help="As nll; mmgen info M."
)
@click.option("--split", default="test", show_default=True, help="The part of the data.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=V", help="An option of a metric or the data."
)
@click.option("--device", metavar="D", help="cpu, cuda, …  [default: a GPU, if there is one]")
@click.option("--dtype", type=click.Choice(DTYPES), help="Default: float32.")
@click.option("--yes", is_flag=True, help="Install the model's official plugin if it is missing.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="F", help="Write the JSON here too."
)
@click.option(
    "--pictures",
    "gallery",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write what is better seen here: a confusion matrix, pairs of neighbours, …",
)
@click.option(
    "--record",
    "recorded",
    is_flag=True,
    help="Write the figures into the model's training.json: its card tells them.",
)
@click.option("--force", is_flag=True, help="Replace what exists.")
@JSON_OPTION
def command(
    model: str,
    data: str,
    metrics: tuple[str, ...],
    split: str,
    settings: tuple[str, ...],
    device: str | None,
    dtype: str | None,
    yes: bool,
    output: Path | None,
    gallery: Path | None,
    recorded: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Measure a model on a data set.

    MODEL is a name from mmgen list, a folder (./x), the folder of a training run, or a Hub
    repository. A setting that two metrics have goes to both; nll.num_samples=100 to one;
    data.size=32 to the data.
    """
    chosen = [manager().metric(name) for name in metrics]
    target = find_measured(model, install=yes)
    if output is not None:
        check_output(output, force=force)
    if recorded:
        check_local(target)
    of_data, of_metrics = sort_settings(parse_pairs(settings, "--set"), chosen)
    note_size(target)

    from mmgen.cli.operations import load_model  # torch from here on
    from mmgen.data import DataOptions, load
    from mmgen.metrics import Workbench, evaluate

    with progress_bar("reading pictures") as progress:
        pictures = load(data, split, DataOptions.build(of_data), progress=progress)
    for line in pictures.notes:
        note(line)
    loaded = load_model(target.name, device=device, dtype=dtype)
    results: list[MetricResult] = []
    left = list(metrics)
    failures: list[BaseException] = []
    workbench = Workbench()  # samples are drawn once for all metrics
    try:
        while left:
            with progress_bar(left[0]) as progress:
                found = evaluate(
                    loaded,
                    pictures,
                    [left[0]],
                    options=of_metrics[left[0]],
                    progress=None if progress is None else without_name(progress),
                    workbench=workbench,
                )
            results += found
            left.pop(0)
            if not as_json:
                click.echo("\n".join(map(str, found)))
    except BaseException as error:  # raised again when the figures before it are kept
        failures.append(error)
    if pictures.left_out:  # said last: of a large set they are found as they are measured
        note(pictures.left_out)
    if results:
        figures = [result.to_dict() for result in results]
        facts = {"model": model, "data": data, "split": split, "results": figures}
        facts |= {"not_measured": left} if left else {}
        ways: list[Callable[[], None]] = []
        if as_json:
            ways.append(partial(print_json, facts))
        if output is not None:
            ways.append(partial(_write, output, facts))
        if recorded:
            ways.append(partial(_record, target, results))
        if gallery is not None:
            ways.append(partial(write_gallery, gallery, results, force=force))
        failures += filter(None, map(_failure, ways))
    for failure in failures[1:]:
        note(str(failure))
    if failures:
        raise failures[0]


def _failure(keep: Callable[[], None]) -> MmgenError | None:
    """Return what went wrong: one place that cannot be written costs the others nothing."""
    try:
        keep()
    except MmgenError as error:
        return error
    return None


def find_measured(model: str, *, install: bool) -> Target:
    """Return what is known of a model to measure.

    A folder needs no slash here: a run is named as it was for `mmgen train`.
    """
    place = f"./{model}" if "/" not in model and Path(model).is_dir() else model
    return find_target(place, install=install)


def check_local(target: Target) -> None:
    """Raise InputError for a model whose training.json is not the user's own to write."""
    path = Path(target.name).expanduser()
    if "/" not in target.name or not path.is_dir():
        raise InputError(
            f"--record writes into a model's own folder; {target.name!r} is a model of a package "
            "or the Hub: name a folder or a run, or keep the figures with -o"
        )


def sort_settings(
    pairs: list[tuple[str, str]], metrics: Sequence[Metric]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the settings of the data, and those of each metric.

    Raises:
        OptionError: a key that none of them has, or a value out of range.
    """
    from mmgen.data.options import DataOptions

    classes = {"data": DataOptions} | {item.name: item.option_class for item in metrics}
    known = {name: [info.name for info in describe(cls)] for name, cls in classes.items()}
    tables: dict[str, dict[str, str]] = {name: {} for name in classes}
    for key, value in pairs:
        table, _, name = key.rpartition(".")
        owners = [owner for owner in ([table] if table else known) if name in known.get(owner, ())]
        if not owners:
            every = [f"{owner}.{name}" for owner, names in known.items() for name in names]
            plain = {item.partition(".")[2] for item in every}
            near = did_you_mean(key, [*every, *plain]) or "."
            raise OptionError(f"unknown setting {key!r}{near} Known: {', '.join(every)}")
        for owner in owners:
            tables[owner][name] = value
    for name, cls in classes.items():
        cls.build(tables[name])
    return tables.pop("data"), tables


def without_name(progress: Progress) -> Callable[[str, int, int], None]:
    """Return a progress that is told what is measured, and shows how far it is."""
    return lambda _, done, total: progress(done, total)


def write_gallery(folder: Path, results: Sequence["MetricResult"], *, force: bool) -> None:
    """Write the results' pictures as <metric>-<name>.png, and say where."""
    from PIL import Image

    from mmgen.media.files import atomic_file
    from mmgen.media.targets import output_error

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    for result in results:
        for name, pixels in result.pictures.items():
            path = folder / f"{result.name}-{name}.png"
            check_output(path, force=force)
            with atomic_file(path) as file:
                Image.fromarray(pixels).save(file, "PNG")
            note(f"wrote {path}")


def _record(target: Target, results: "Sequence[MetricResult]") -> None:
    from mmgen.hub.locate import locate
    from mmgen.publishing.recording import record

    note(f"recorded in {record(locate(target.name).folder, results)}")


def _write(path: Path, facts: dict[str, Any]) -> None:
    from mmgen.media.files import atomic_file

    with atomic_file(path) as file:
        file.write((json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
