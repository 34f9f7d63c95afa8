"""Checks of a metric that a plugin registers: it measures a small model on a few pictures."""

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch

from mmgen.data import PictureData
from mmgen.errors import MmgenError, MmgenWarning, UnsupportedOperationError
from mmgen.families import Metric
from mmgen.interfaces import Conditioner, Encoder, Model
from mmgen.metrics import MetricResult, evaluate
from mmgen.options import Options, describe
from mmgen.plugins import Plugin, manager
from mmgen.pretrained import build
from mmgen.slots import Size
from mmgen.testing import stand_in
from mmgen.testing.case import CONDITION_WIDTH, check
from mmgen.testing.guessing import guess_case
from mmgen.testing.loading import FEW, guess_dataset_case
from mmgen.testing.outcome import ContractError, NotApplicable, demand, demand_identical
from mmgen.testing.plugin import temporary_plugin
from mmgen.testing.registering import demand_described, demand_light
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyConfig
from mmgen.testing.values import CLASSES, picture_data

_SIZE = Size(channels=1, height=12, width=12)
_CUT = {"num_samples": FEW, "steps": 2, "runs": 1}
"""Options whose defaults make a check long, and what they are cut to."""


def made_up_data() -> PictureData:
    """Return 24 grey pictures of 12×12 px, labelled and captioned."""
    return picture_data(_SIZE, FEW)


def tiny_generator(data: PictureData) -> Model:
    """Return a generator of pictures like the data's, which takes labels and texts."""
    _, channels, height, width = data.images.shape
    config = TinyConfig(channels=channels, height=height, width=width)
    encoders = {
        "label": build("label-embedding", {"classes": data.class_names or CLASSES, "width": 5}),
        "text": build(stand_in.NAME, {"width": 6}),
    }
    conditioner = Conditioner(cast(Mapping[str, Encoder], encoders), width=CONDITION_WIDTH)
    return TinyNet(config, conditioner=conditioner).eval()


@dataclass(frozen=True, kw_only=True)
class MetricCase:
    """A metric that a plugin registers.

    Attributes:
        metric: its registered name.
        options: of the metric: those that must be named, and small numbers, for speed.
        data: makes the data that a model is measured on; 24 rows are enough.
        model: makes the model to measure, of the data; a tiny generator that takes labels and
            texts unless told.
    """

    metric: str
    options: Mapping[str, Any] = field(default_factory=dict)
    data: Callable[[], PictureData] = made_up_data
    model: Callable[[PictureData], Model] = tiny_generator

    @property
    def registered(self) -> Metric:
        """What the plugin registered under the metric's name."""
        return manager().metric(self.metric)

    def build(self) -> tuple[Model, PictureData]:
        """Return the model to measure, always the same, and the data."""
        torch.manual_seed(0)
        data = self.data()
        return self.model(data), data

    def measure(self, model: Model, data: PictureData, progress: Any = None) -> list[MetricResult]:
        """Return the figures, as `mmgen evaluate` gets them; that pictures are few is no news."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MmgenWarning)
            return evaluate(model, data, [self.metric], options=self.options, progress=progress)


def guess_metric_case(metric: Metric, plugin: Plugin, folder: Path) -> MetricCase:
    """Return a case for a metric: the first model and data that it does not refuse.

    Tried are a tiny generator and the plugin's own architectures, on made-up pictures and on the
    plugin's own data sets.

    Raises:
        UnsupportedOperationError: an option must be named, or everything is refused; says why.
    """
    infos = describe(metric.option_class)
    required = [info.name for info in infos if info.required]
    if required:
        raise UnsupportedOperationError(
            f"its option {required[0]!r} must be named; write a test with MetricCase"
        )
    options = {info.name: _CUT[info.name] for info in infos if info.name in _CUT}
    why = ""
    with temporary_plugin(stand_in, "contract"):
        for data, model in _candidates(plugin, folder):
            case = MetricCase(metric=metric.name, options=options, data=data, model=model)
            try:
                case.measure(*case.build())
            except MmgenError as error:
                why = why or str(error)
                continue
            except Exception:
                pass  # the checks say what is wrong
            return case
    raise UnsupportedOperationError(
        f"it refuses what there is to measure ({why}); write a test with MetricCase"
    )


def _candidates(plugin: Plugin, folder: Path) -> Iterator[tuple[Any, Any]]:
    """Yield functions that make data, and models for them."""
    sources: list[Callable[[], PictureData]] = [made_up_data]
    for source in plugin.datasets:
        try:
            case = guess_dataset_case(source, folder)
            case.load(source.splits[-1])
        except Exception:  # the data set's own checks say what is wrong
            continue
        sources.append(partial(case.load, source.splits[-1]))
    models: list[Callable[[PictureData], Model]] = [tiny_generator]
    for family in plugin.families:
        for architecture in family.architectures:
            try:
                guessed = guess_case(architecture)
                guessed.build()
            except Exception:  # the architecture's own checks say what is wrong
                continue
            sources.append(partial(guessed.learning_data, FEW))
            models.append(lambda _, guessed=guessed: guessed.build())  # type: ignore[misc]
    yield from ((data, model) for data in sources for model in models)


@check
def check_metric_is_light(case: MetricCase) -> None:
    """An installed metric is listed without torch, numpy, or anything else that takes long."""
    demand_light("metric", case.metric)


@check
def check_metric_is_described(case: MetricCase) -> None:
    """A metric says what it measures: in a summary, and in its function's docstring."""
    metric = case.registered
    demand_described("a metric", metric.summary, metric.function)


@check
def check_metric_options(case: MetricCase) -> None:
    """Every option has help, and those without a default are all that must be named."""
    cls = case.registered.option_class
    demand(issubclass(cls, Options), f"options must be a class of mmgen.Options; got {cls}")
    for info in describe(cls):
        demand(bool(info.help.strip()), f"option {info.name!r} must have a help text")
    needed = {info.name for info in describe(cls) if info.required}
    cls.build({name: value for name, value in case.options.items() if name in needed})


@check
def check_metric_measures(case: MetricCase) -> None:
    """It returns figures: finite, named, of one picture or more, inside of their intervals."""
    results = case.measure(*case.build())
    demand(bool(results), "a metric must return a result")
    names = [result.name for result in results]
    demand(len(set(names)) == len(names), f"figures must have names of their own; got {names}")
    for result in results:
        what = f"the figure {result.name!r}"
        demand(bool(result.name.strip()), "a figure must have a name")
        demand(math.isfinite(result.value), f"{what} must be finite; got {result.value}")
        demand(result.num_images >= 0, f"{what} must say of how many pictures it is")
        if result.interval is not None:
            low, high = result.interval
            inside = low - 1e-9 <= result.value <= high + 1e-9
            demand(inside, f"{what} must lie in its interval; got {result.value} in {low}, {high}")
        _demand_json(result, what)


def _demand_json(result: MetricResult, what: str) -> None:
    try:
        json.dumps(result.to_dict(), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ContractError(f"the protocol of {what} must be what JSON holds: {error}") from error


@check
def check_metric_is_the_same_twice(case: MetricCase) -> None:
    """The same model, data and options give the same figures."""
    first, second = (
        [(result.name, result.value) for result in case.measure(*case.build())] for _ in range(2)
    )
    demand(first == second, f"figures must be the same again; got {first} and {second}")


@check
def check_metric_leaves_the_model(case: MetricCase) -> None:
    """A model is as it was when it has been measured."""
    model, data = case.build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    case.measure(model, data)
    after = model.state_dict()
    demand(before.keys() == after.keys(), "a model must keep its parameters")
    for name, value in before.items():
        demand_identical(value, after[name], f"{name} must stay as it was")
    demand(not model.training, "a model must stay in eval mode")


@check
def check_metric_tells_progress(case: MetricCase) -> None:
    """Progress never goes back, and never beyond its total."""
    told: list[tuple[int, int]] = []
    case.measure(*case.build(), progress=lambda _, done, total: told.append((done, total)))
    if not told:
        raise NotApplicable("it tells no progress")
    done = [item[0] for item in told]
    demand(done == sorted(done), f"progress must not go back; got {done}")
    beyond = [item for item in told if item[0] > item[1]]
    demand(not beyond, f"progress must not go beyond its total; got {beyond[:1]}")


@check
def check_metric_refuses_in_words(case: MetricCase) -> None:
    """A model that it cannot measure is refused with a MmgenError, which says why."""
    model, data = build(stand_in.NAME, {"width": 6}).eval(), made_up_data()
    try:
        case.measure(model, data)
    except MmgenError as error:
        demand(bool(str(error).strip()), "a refusal must say why")
    except Exception as error:
        raise ContractError(
            f"an encoder of texts must be refused with a MmgenError; got {type(error).__name__}: "
            f"{error}"
        ) from error


METRIC_CHECKS = (
    check_metric_is_light,
    check_metric_is_described,
    check_metric_options,
    check_metric_measures,
    check_metric_is_the_same_twice,
    check_metric_leaves_the_model,
    check_metric_tells_progress,
    check_metric_refuses_in_words,
)
