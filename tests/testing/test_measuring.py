"""Metrics that break the contract, one sentence at a time."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mmgen.data import PictureData
from mmgen.errors import UnsupportedOperationError
from mmgen.families import Metric
from mmgen.interfaces import Generator, Model
from mmgen.metrics import MetricResult
from mmgen.options import Options, option
from mmgen.plugins import manager
from mmgen.testing import ContractError, MetricCase, NotApplicable
from mmgen.testing import measuring as kit

Register = Callable[..., MetricCase]
Change = Callable[[Model, MetricResult], MetricResult]
_current: Change = lambda model, result: result  # noqa: E731


@dataclass(frozen=True, kw_only=True)
class Factor(Options):
    factor: float = option(1.0, help="of the figure")


@dataclass(frozen=True, kw_only=True)
class Silent(Options):
    factor: float = option(1.0, help="")


@dataclass(frozen=True, kw_only=True)
class Needy(Options):
    judge: str = option(help="who judges")


def brightness(
    model: Model, data: PictureData, options: Any, progress: Any = None
) -> list[MetricResult]:
    """Return how bright samples are."""
    if not isinstance(model, Generator):
        raise UnsupportedOperationError("brightness needs a model that makes pictures")
    value = float(model.generate(len(data), seed=0).images.mean())
    if progress is not None:
        progress(len(data), len(data))
    result = MetricResult(name="brightness", value=value, unit="", num_images=len(data))
    return [_current(model, result)]


def without_words(model: Any, data: Any, options: Any, progress: Any = None) -> MetricResult:
    raise AssertionError


def crashing(model: Any, data: Any, options: Any, progress: Any = None) -> MetricResult:
    """Fail."""
    raise KeyError("width")


@pytest.fixture
def register(bring: Callable[[str, Any], None]) -> Register:
    """Register a metric whose function is one of this module; return its case."""

    def make(function: Callable[..., Any] = brightness, **metric: Any) -> MetricCase:
        reference = f"{__name__}:{function.__name__}"
        found = Metric(
            name="broken", function=reference, **{"summary": "x", "options": Factor, **metric}
        )
        bring("mmgen_metrics", found)
        return MetricCase(metric="broken")

    return make


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """References name this module as it is, wherever pytest has imported it from."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[brightness.__module__])


def change(monkeypatch: pytest.MonkeyPatch, function: Change) -> None:
    monkeypatch.setitem(globals(), "_current", function)


IN_PROCESS = [item for item in kit.METRIC_CHECKS if item is not kit.check_metric_is_light]


@pytest.mark.parametrize("check", IN_PROCESS, ids=lambda item: item.__name__)
def test_a_sound_metric_keeps_every_sentence(register: Register, check: Any) -> None:
    check(register())


def test_a_metric_says_what_it_measures(register: Register) -> None:
    with pytest.raises(ContractError, match="must have a docstring"):
        kit.check_metric_is_described(register(without_words))


def test_a_metric_has_a_summary(register: Register) -> None:
    with pytest.raises(ContractError, match="must have a summary"):
        kit.check_metric_is_described(register(summary=""))


def test_options_have_help(register: Register) -> None:
    with pytest.raises(ContractError, match="'factor' must have a help text"):
        kit.check_metric_options(register(options=Silent))


def to_nan(model: Model, result: MetricResult) -> MetricResult:
    return replace(result, value=float("nan"))


def beside_its_interval(model: Model, result: MetricResult) -> MetricResult:
    return replace(result, interval=(2.0, 3.0))


def with_a_protocol_of_objects(model: Model, result: MetricResult) -> MetricResult:
    return replace(result, protocol={"by": object()})


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (to_nan, "'brightness' must be finite; got nan"),
        (beside_its_interval, "must lie in its interval"),
        (with_a_protocol_of_objects, "must be what JSON holds"),
    ],
)
def test_a_figure_that_is_none_is_found(
    register: Register, monkeypatch: pytest.MonkeyPatch, function: Change, words: str
) -> None:
    change(monkeypatch, function)
    with pytest.raises(ContractError, match=words):
        kit.check_metric_measures(register())


def test_figures_that_differ_when_measured_again_are_found(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter((0.1, 0.2))
    change(monkeypatch, lambda model, result: replace(result, value=next(values)))
    with pytest.raises(ContractError, match="figures must be the same again"):
        kit.check_metric_is_the_same_twice(register())


def test_a_model_that_is_changed_is_found(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(model: Model, result: MetricResult) -> MetricResult:
        next(model.parameters()).data.add_(1)
        return result

    change(monkeypatch, learn)
    with pytest.raises(ContractError, match="must stay as it was"):
        kit.check_metric_leaves_the_model(register())

    def wake(model: Model, result: MetricResult) -> MetricResult:
        model.train()
        return result

    change(monkeypatch, wake)
    with pytest.raises(ContractError, match="must stay in eval mode"):
        kit.check_metric_leaves_the_model(MetricCase(metric="broken"))


def telling(told: list[tuple[int, int]]) -> Any:
    def measure(model: Model, data: PictureData, options: Any, progress: Any = None) -> Any:
        """Tell of some progress."""
        for item in told:
            if progress is not None:
                progress(*item)
        return MetricResult(name="x", value=0.0, unit="", num_images=1)

    return measure


@pytest.mark.parametrize(
    ("told", "words"),
    [([(2, 3), (1, 3)], "must not go back"), ([(1, 3), (4, 3)], "beyond its total")],
)
def test_progress_that_is_none_is_found(
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    told: list[tuple[int, int]],
    words: str,
) -> None:
    monkeypatch.setitem(globals(), "brightness", telling(told))
    with pytest.raises(ContractError, match=words):
        kit.check_metric_tells_progress(register())


def test_a_metric_may_tell_no_progress(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "measure", telling([]))
    with pytest.raises(NotApplicable, match="tells no progress"):
        kit.check_metric_tells_progress(register(telling([])))


def test_a_crash_is_no_refusal(register: Register) -> None:
    with pytest.raises(ContractError, match="with a MmgenError; got KeyError"):
        kit.check_metric_refuses_in_words(register(crashing))


def test_what_a_guess_cannot_know_is_said(register: Register, tmp_path: Path) -> None:
    def guess() -> MetricCase:
        metric = manager().metric("broken")
        plugin = next(item for item in manager().plugins if metric in item.metrics)
        return kit.guess_metric_case(metric, plugin, tmp_path)

    register(options=Needy)
    with pytest.raises(UnsupportedOperationError, match="'judge' must be named"):
        guess()


def test_what_refuses_everything_is_not_checked(register: Register, tmp_path: Path) -> None:
    case = register(refusing)
    plugin = next(item for item in manager().plugins if case.registered in item.metrics)
    with pytest.raises(UnsupportedOperationError, match="what there is to measure \\(not this\\)"):
        kit.guess_metric_case(case.registered, plugin, tmp_path)


def refusing(model: Any, data: Any, options: Any, progress: Any = None) -> MetricResult:
    """Measure nothing."""
    raise UnsupportedOperationError("not this")


def test_a_crash_is_left_to_the_checks(register: Register, tmp_path: Path) -> None:
    case = register(crashing)
    plugin = next(item for item in manager().plugins if case.registered in item.metrics)
    guessed = kit.guess_metric_case(case.registered, plugin, tmp_path)
    with pytest.raises(KeyError):
        kit.check_metric_measures(guessed)
