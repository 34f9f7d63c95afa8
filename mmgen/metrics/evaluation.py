"""Measure a model on data: what `mmgen evaluate` does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmgen import __version__
from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import InputError, OptionError, did_you_mean
from mmgen.families import Metric, load_reference
from mmgen.interfaces import Model
from mmgen.metrics.result import MetricResult
from mmgen.metrics.workbench import Workbench
from mmgen.options import Options, describe
from mmgen.plugins import manager
from mmgen.pretrained import from_pretrained

Progress = Callable[[str, int, int], None]
"""Called with (metric, done, total)."""


def evaluate(
    model: Model | str | Path,
    source: PictureData | str | Path,
    metrics: Sequence[str],
    *,
    split: str = "test",
    options: Mapping[str, Any] | None = None,
    data_options: DataOptions | None = None,
    device: str | None = None,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Measure a model.

    Args:
        model: a model, or what `from_pretrained` takes; the folder of a run is its model.
        source: pictures, or what `mmgen.data.load` takes.
        metrics: registered names ("nll", "reconstruction").
        split: of a source that is loaded.
        options: by name, as {"num_samples": 100}, for the metrics that have it, or for one of
            them, as {"nll.num_samples": 100}.
        data_options: of a source that is loaded.
        device: where the model goes; None leaves it.
        workbench: what several calls are to share, as pictures that are drawn once; None: what
            is made for this call is for its own metrics.

    Raises:
        UnknownNameError: a metric that nobody registered.
        OptionError: an option that none of the metrics has.
        UnsupportedOperationError: the model cannot do what a metric needs.
        DataError: the data cannot be used.
    """
    if not metrics:
        raise InputError("name at least one metric, as nll or reconstruction")
    chosen = [manager().metric(name) for name in metrics]
    values = assign_options(chosen, options or {})
    if not isinstance(model, Model):
        model = from_pretrained(model, device=device)
    elif device is not None:
        model = model.to(device)
    model.eval()
    if not isinstance(source, PictureData):
        source = load(source, split, data_options or DataOptions())
    workbench = workbench or Workbench()
    results: list[MetricResult] = []
    for metric, given in zip(chosen, values, strict=True):
        report = None if progress is None else _for_metric(progress, metric.name)
        shared = (workbench,) if metric.workbench else ()
        measured = load_reference(metric.function)(model, source, given, report, *shared)
        found = [measured] if isinstance(measured, MetricResult) else list(measured)
        context = _context(model, source, metric.name)
        results += [replace(item, protocol={**context, **item.protocol}) for item in found]
    return results


def assign_options(metrics: Sequence[Metric], values: Mapping[str, Any]) -> list[Options]:
    """Return each metric's options; a key may name its metric ("nll.seed")."""
    classes = {metric.name: metric.option_class for metric in metrics}
    given: dict[str, dict[str, Any]] = {name: {} for name in classes}
    for key, value in values.items():
        metric, dot, name = key.rpartition(".")
        owners = [metric] if dot else list(classes)
        having = [
            owner
            for owner in owners
            if owner in classes and name in {info.name for info in describe(classes[owner])}
        ]
        if not having:
            known = [f"{o}.{info.name}" for o, cls in classes.items() for info in describe(cls)]
            near = did_you_mean(key, known + [item.partition(".")[2] for item in known])
            raise OptionError(f"unknown option {key!r}{near} Options: {', '.join(known) or 'none'}")
        for owner in having:
            given[owner][name] = value
    return [classes[metric.name].build(given[metric.name]) for metric in metrics]


def _for_metric(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


def _context(model: Model, data: PictureData, metric: str) -> dict[str, Any]:
    """Return what is the same for every metric of a protocol."""
    origin = None if model.origin is None else model.origin.to_dict()
    return {
        "metric": metric,
        "data": data.name,
        "split": data.split,
        "fingerprint": data.fingerprint,
        "num_images_in_split": len(data),
        "model": origin or {"architecture": model.identity.architecture},
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": model.device.type,
        "versions": {"mmgen-core": __version__},
    }
