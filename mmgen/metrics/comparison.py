"""Several models under one protocol, side by side: what `mmgen compare` does."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import (
    DataError,
    InputError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Generator, Model, Samples
from mmgen.metrics.evaluation import assign_options, evaluate
from mmgen.metrics.result import MetricResult
from mmgen.metrics.workbench import Workbench
from mmgen.plugins import manager
from mmgen.pretrained import from_pretrained
from mmgen.training.sampling import class_questions, draw_samples

Progress = Callable[[str, int, int], None]
"""Called with (model and metric, done, total)."""

_OWN = {"model", "notes", "generation"}
"""What of a protocol belongs to a model: it may differ."""

_MEASURED = {"floor", "lowest", "split_deviation", "subset_deviation"}
"""What of a protocol was measured, and is no condition of the measurement."""

_TIMED = 64
_WARM_UP = 8


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One model of a comparison.

    Attributes:
        name: as it was asked for.
        architecture: as the catalogue calls it.
        num_parameters: parts included.
        pictures_per_second: drawn with default options; None for what makes no pictures.
        samples: of every class in turn where there are any; None for what makes none.
        columns: of a grid of them: one per class where there are few; None: as square as may be.
        results: the figures, in the order of the metrics.
        refusals: why a metric has none, by metric.
    """

    name: str
    architecture: str
    num_parameters: int
    pictures_per_second: float | None
    samples: Samples | None
    columns: int | None
    results: tuple[MetricResult, ...]
    refusals: Mapping[str, str] = field(default_factory=dict)

    def figure(self, name: str) -> MetricResult | None:
        """Return the figure of that name, if there is one."""
        return next((result for result in self.results if result.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Models and their figures on one data set.

    Attributes:
        data, split, num_images: what they were measured on.
        device: where they ran, in words.
    """

    data: str
    split: str
    num_images: int
    device: str
    contestants: tuple[Contestant, ...]

    @property
    def figure_names(self) -> tuple[str, ...]:
        """The names of all figures, in the order in which they were measured."""
        return tuple(
            dict.fromkeys(result.name for one in self.contestants for result in one.results)
        )

    def differences(self) -> list[str]:
        """Name what was not the same for all models, a sentence for each figure and key.

        Figures under different protocols must not be compared as if they were under one.
        """
        return list(dict.fromkeys(_differences(self)))

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON holds it; without pictures."""
        return {
            "data": self.data,
            "split": self.split,
            "num_images": self.num_images,
            "device": self.device,
            "models": [
                {
                    "model": one.name,
                    "architecture": one.architecture,
                    "num_parameters": one.num_parameters,
                    "pictures_per_second": one.pictures_per_second,
                    "results": [result.to_dict() for result in one.results],
                    "refusals": dict(one.refusals),
                }
                for one in self.contestants
            ],
            "differences": self.differences(),
        }


def compare(
    models: Sequence[Model | str | Path],
    source: PictureData | str | Path,
    metrics: Sequence[str],
    *,
    split: str = "test",
    options: Mapping[str, Any] | None = None,
    data_options: DataOptions | None = None,
    device: str | None = None,
    num_samples: int = 20,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Measure models on the same data, with the same options, one after the other.

    What a model cannot do, or not with this data, is left out and said; data that no model can
    be measured on is an error. A model is let go before the next is loaded.

    Args:
        models: models, or what `from_pretrained` takes.
        source: pictures, or what `mmgen.data.load` takes.
        metrics: registered names.
        options, data_options: as of `evaluate`.
        device: where the models go; None leaves them.
        num_samples: pictures of each to look at, at least 1; as many of each class where there are
            few.
        seed: of those.

    Raises:
        InputError: fewer than two models, or one twice.
        OptionError, UnknownNameError, DataError: as of `evaluate`.
    """
    names = [_name(model) for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(names) < 2 or twice:
        got = f"{twice[0]!r} twice" if twice else f"{len(names)}"
        raise InputError(f"a comparison needs at least two models, each once; got {got}")
    assign_options([manager().metric(name) for name in metrics], options or {})
    if not isinstance(source, PictureData):
        source = load(source, split, data_options or DataOptions())
    workbench = Workbench()
    contestants: list[Contestant] = []
    unfit: list[DataError] = []
    where = ""
    for name, given in zip(names, models, strict=True):
        model = given if isinstance(given, Model) else from_pretrained(given)
        model = (model if device is None else model.to(device)).eval()
        where = str(model.device)
        results, refusals = _measure(
            name, model, source, metrics, options or {}, workbench, unfit, progress
        )
        workbench.let_go(model)
        samples, columns = _draw(model, num_samples, seed)
        contestants.append(
            Contestant(
                name=name,
                architecture=_architecture(model),
                num_parameters=model.num_parameters,
                pictures_per_second=_speed(model, seed),
                samples=samples,
                columns=columns,
                results=tuple(results),
                refusals=refusals,
            )
        )
    if unfit and not any(one.results for one in contestants):
        raise unfit[0]
    return Comparison(
        data=source.name,
        split=source.split,
        num_images=len(source),
        device=where,
        contestants=tuple(contestants),
    )


def _name(model: Model | str | Path) -> str:
    if not isinstance(model, Model):
        return str(model)
    return model.origin.name if model.origin is not None else _architecture(model)


def _architecture(model: Model) -> str:
    return model.identity.architecture or type(model).__name__


def _measure(
    name: str,
    model: Model,
    source: PictureData,
    metrics: Sequence[str],
    options: Mapping[str, Any],
    workbench: Workbench,
    unfit: list[DataError],
    progress: Progress | None,
) -> tuple[list[MetricResult], dict[str, str]]:
    """Return the figures, and why there are none of some metrics; adds to `unfit`."""
    results: list[MetricResult] = []
    refusals: dict[str, str] = {}
    for metric in metrics:
        report = None if progress is None else _named(progress, name)
        own = _options_of(metric, metrics, options)
        try:
            results += evaluate(
                model, source, [metric], options=own, progress=report, workbench=workbench
            )
        except (UnsupportedOperationError, UnsupportedConditionError) as error:
            refusals[metric] = str(error)
        except DataError as error:
            # The data may be wrong for this model alone, after others were measured for hours.
            unfit.append(error)
            refusals[metric] = str(error)
    return results, refusals


def _options_of(metric: str, metrics: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that this one of the metrics has, as `evaluate` takes them."""
    chosen = [manager().metric(name) for name in metrics]
    assigned = dict(zip(metrics, assign_options(chosen, options), strict=True))
    values = assigned[metric].to_dict()
    named = {key.rpartition(".")[2] for key in options}
    return {f"{metric}.{key}": values[key] for key in values if key in named}


def _named(progress: Progress, name: str) -> Progress:
    return lambda metric, done, total: progress(f"{name}: {metric}", done, total)


def _makes_pictures(model: Model) -> bool:
    """Whether it can be asked for pictures with nothing but classes."""
    return isinstance(model, Generator) and not any(
        slot.required and not slot.classes for slot in model.slots
    )


def _draw(model: Model, count: int, seed: int) -> tuple[Samples | None, int | None]:
    """Return the samples and the columns of their grid."""
    if not _makes_pictures(model):
        return None, None
    assert isinstance(model, Generator)
    questions = class_questions(model, count)
    return draw_samples(model, questions, seed=seed), questions.columns


def _speed(model: Model, seed: int) -> float | None:
    if not _makes_pictures(model):
        return None
    assert isinstance(model, Generator)
    draw_samples(model, class_questions(model, _WARM_UP), seed=seed)
    start = time.perf_counter()
    samples = draw_samples(model, class_questions(model, _TIMED), seed=seed)
    return len(samples) / (time.perf_counter() - start)


def _differences(comparison: Comparison) -> Iterator[str]:
    for name in comparison.figure_names:
        found = {
            one.name: figure.protocol
            for one in comparison.contestants
            if (figure := one.figure(name)) is not None
        }
        keys = dict.fromkeys(key for protocol in found.values() for key in protocol)
        for key in keys:
            values = {model: protocol.get(key) for model, protocol in found.items()}
            alike = all(value == next(iter(values.values())) for value in values.values())
            if key not in _OWN | _MEASURED and not alike:
                said = ", ".join(f"{_word(value)} for {model}" for model, value in values.items())
                yield f"{name} is not under one protocol: {key} is {said}"


def _word(value: Any) -> str:
    text = "not given" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
