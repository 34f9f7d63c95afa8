"""What is known about a model, a family, an architecture, a plugin, …, as sheets."""

from dataclasses import asdict
from typing import Any

from mmgen.catalogue import FigureEntry, ModelEntry, catalogue, hub_cache, weights_present
from mmgen.cli.list import describe, status
from mmgen.cli.sheet import Sheet, Table
from mmgen.cli.words import count, file_size
from mmgen.errors import MmgenError
from mmgen.families import Architecture, DatasetSource, Metric, Modality
from mmgen.options import Options
from mmgen.options import describe as describe_options
from mmgen.plugins import Plugin, manager
from mmgen.slots import Slot
from mmgen.weighting import WEIGHTS_HELP

_SHOWN_CLASSES = 20


def of_model(entry: ModelEntry) -> Sheet:
    """Return what the catalogue and its plugin know of a model."""
    architecture = _architecture(entry)
    generation = architecture.generation if architecture else None
    data = describe(entry) | {
        "licence": dict(entry.licence),
        "data": entry.data,
        "repo": entry.repo,
        "revision": entry.revision,
        "folder": str(entry.folder) if entry.folder else None,
        "files": [asdict(file) for file in entry.files],
        "figures": [asdict(figure) for figure in entry.figures],
        "options": [info.to_dict() for info in describe_options(generation)] if generation else [],
        "weighted": [slot.name for slot in entry.slots if _weighable(slot)],
    }
    lines = [
        ("status", status(entry)),
        ("family", f"{entry.family} (architecture {entry.architecture}, {entry.plugin})"),
        ("tasks", ", ".join(entry.tasks)),
        ("pictures", str(entry.size) if entry.size else "any size"),
        ("parameters", count(entry.parameters)),
        ("weights", _weights(entry)),
        ("trained on", entry.data),
        ("licence", ", ".join(f"{part}: {name}" for part, name in entry.licence.items())),
    ]
    tables = [
        Table("Inputs", ("NAME", "KIND", "REQUIRED", "VALUES"), list(map(_slot_row, entry.slots))),
        options_table("Options (--set NAME=VALUE)", generation),
        _weights_table(entry),
        Table("Figures", ("NAME", "VALUE", "PROTOCOL"), list(map(_figure_row, entry.figures))),
    ]
    return Sheet(f"{entry.name}: {entry.summary}", data, lines, tables)


def _weights_table(entry: ModelEntry) -> Table:
    """Return how the conditions of a generator can be weighed; no row where it takes none."""
    names = [slot.name for slot in entry.slots if _weighable(slot)]
    pairs = ",".join(f"{name}:W" for name in names)
    rows = [("weights=W", "of all that is given"), (f"weights={pairs}", "of each, or of some")]
    rows = [*rows, ("", WEIGHTS_HELP)] if names and entry.kind == "generator" else []
    return Table("Weights of inputs (--set weights=…)", ("FORM", "MEANING"), rows)


def _weighable(slot: Slot) -> bool:
    """Return whether a slot says what is wanted, as far as its modality can tell."""
    try:
        return manager().modality(slot.modality).kind == "semantic"
    except MmgenError:  # its plugin is not installed
        return False


def _architecture(entry: ModelEntry) -> Architecture | None:
    try:
        return manager().architecture(entry.architecture, entry.family)[2]
    except MmgenError:  # not installed, or broken: the status says so
        return None


def _weights(entry: ModelEntry) -> str:
    size = file_size(entry.bytes)
    if "/" in entry.name:  # a folder: no name of the catalogue has a slash
        return f"{size}, in {entry.folder}"
    if not entry.repo:
        return f"{size}, {'in' if entry.installed else 'come with'} {entry.plugin}"
    place = f"https://huggingface.co/{entry.repo} at {entry.revision[:12]}"
    if weights_present(entry):
        return f"{size}, here ({hub_cache()}), from {place}"
    return f"{size} to download from {place}"


def _slot_row(slot: Slot) -> tuple[str, ...]:
    classes = slot.classes or ()
    more = f", … ({len(classes)} in all)" if len(classes) > _SHOWN_CLASSES else ""
    values = ", ".join(classes[:_SHOWN_CLASSES]) + more
    return slot.name, slot.modality, "yes" if slot.required else "no", values or "-"


def _figure_row(figure: FigureEntry) -> tuple[str, ...]:
    error = "" if figure.standard_error is None else f" ± {figure.standard_error:g}"
    unit = f" {figure.unit}" if figure.unit else ""
    return figure.name, f"{figure.value:g}{error}{unit}", figure.protocol


def options_table(title: str, options: type[Options] | None) -> Table:
    """Return a table of options with their ranges and defaults."""
    rows = [
        (
            info.name,
            info.type_name,
            "required" if info.required else _shown(info.default),
            (info.rule if not info.rule.startswith("any ") else "any")
            + (f" {info.unit}" if info.unit else ""),
            info.help,
        )
        for info in (describe_options(options) if options else ())
    ]
    return Table(title, ("NAME", "TYPE", "DEFAULT", "RANGE", "MEANING"), rows)


def _shown(value: Any) -> str:
    """Return a default as `--set` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def of_family(name: str) -> Sheet:
    """Return what is known of a family, installed or not."""
    models = [entry for entry in catalogue().entries if entry.family == name]
    rows = [(entry.name, count(entry.parameters), status(entry), entry.summary) for entry in models]
    model_table = Table("Models", ("NAME", "PARAMETERS", "STATUS", "WHAT"), rows)
    if name not in {family.name for _, family in manager().families}:
        indexed = catalogue().index.families[name]
        data = {**indexed, "installed": False, "models": [entry.name for entry in models]}
        lines = [("status", f"not installed: pip install {indexed['plugin']}")]
        return Sheet(f"{name}: {indexed.get('summary', '')}", data, lines, [model_table])
    plugin, family = manager().family(name)
    data = {
        "name": name,
        "summary": family.summary,
        "plugin": plugin.distribution,
        "installed": True,
        "papers": [asdict(paper) for paper in family.papers],
        "architectures": [describe_architecture(item) for item in family.architectures],
        "models": [entry.name for entry in models],
    }
    lines = [("plugin", f"{plugin.distribution} {plugin.version}")]
    lines += [
        ("paper", f"{paper.authors} {paper.year}: {paper.title} {paper.url}".rstrip())
        for paper in family.papers
    ]
    architectures = [
        (item.name, item.kind, "yes" if item.trainer else "no", item.summary)
        for item in family.architectures
    ]
    headings = ("NAME", "KIND", "TRAINS", "WHAT")
    tables = [Table("Architectures", headings, architectures), model_table]
    return Sheet(f"{name}: {family.summary}", data, lines, tables)


def of_architecture(name: str) -> Sheet:
    """Return an architecture with the options of its config, of generating and of training."""
    plugin, family, architecture = manager().architecture(name)
    data = describe_architecture(architecture)
    data |= {"family": family.name, "plugin": plugin.distribution}
    models = [entry.name for entry in catalogue().entries if entry.architecture == name]
    lines = [
        ("family", f"{family.name} ({plugin.distribution} {plugin.version})"),
        ("kind", architecture.kind),
        ("tasks", ", ".join(architecture.tasks)),
        ("models", ", ".join(models)),
    ]
    tables = [
        options_table("Network ([model] of a training's file)", architecture.config),
        options_table("Generating (mmgen run --set NAME=VALUE)", architecture.generation),
        options_table("Training ([trainer] of a training's file)", architecture.training),
    ]
    return Sheet(f"{name}: {architecture.summary}", data, lines, tables)


def describe_architecture(item: Architecture) -> dict[str, Any]:
    """Return an architecture as JSON."""
    kinds = {"config": item.config, "generation": item.generation, "training": item.training}
    return {
        "name": item.name,
        "summary": item.summary,
        "kind": item.kind,
        "tasks": list(item.tasks),
        "trains": item.trainer is not None,
        **{
            key: [info.to_dict() for info in describe_options(options)] if options else []
            for key, options in kinds.items()
        },
    }


def of_plugin(plugin: Plugin) -> Sheet:
    """Return what a plugin brings, or why it does not work."""
    models = [
        entry.name
        for entry in catalogue().entries
        if entry.installed and entry.plugin == plugin.distribution
    ]
    brings = {
        "families": [item.name for item in plugin.families],
        "architectures": [item.name for family in plugin.families for item in family.architectures],
        "models": models,
        "modalities": [item.name for item in plugin.modalities],
        "datasets": [item.name for item in plugin.datasets],
        "metrics": [item.name for item in plugin.metrics],
        "formats": [item.name for item in plugin.formats],
    }
    data: dict[str, Any] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "status": plugin.status,
        **brings,
    }
    lines = [("status", plugin.status)]
    lines += [(what, ", ".join(names)) for what, names in brings.items()]
    return Sheet(f"{plugin.name}: {plugin.distribution} {plugin.version}", data, lines)


def of_metric(metric: Metric) -> Sheet:
    """Return a metric with its options."""
    options = describe_options(metric.option_class)
    data = {
        "name": metric.name,
        "summary": metric.summary,
        "options": [info.to_dict() for info in options],
    }
    lines = [("measure it", f"mmgen evaluate MODEL --data D --metric {metric.name}")]
    tables = [options_table("Options (--set NAME=VALUE)", metric.option_class)]
    return Sheet(f"{metric.name}: {metric.summary}", data, lines, tables)


def of_modality(modality: Modality) -> Sheet:
    """Return a kind of input with the models that take it."""
    models = [entry.name for entry in catalogue().entries if entry.accepts(modality.name)]
    data = {"name": modality.name, "summary": modality.summary, "role": modality.kind}
    lines = [("role", modality.kind), ("models", ", ".join(models))]
    return Sheet(f"{modality.name}: {modality.summary}", data | {"models": models}, lines)


def of_dataset(source: DatasetSource) -> Sheet:
    """Return a data set that is known by name."""
    data = {"name": source.name, "summary": source.summary, "splits": list(source.splits)}
    lines = [("splits", ", ".join(source.splits))]
    return Sheet(f"{source.name}: {source.summary}", data, lines)
