"""The contract of an installed plugin, checked without a test file."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mmgen.errors import UnsupportedOperationError
from mmgen.plugins import Plugin
from mmgen.testing.contract import ENCODER_CHECKS, GENERATOR_CHECKS
from mmgen.testing.guessing import guess_case
from mmgen.testing.loading import DATASET_CHECKS, guess_dataset_case
from mmgen.testing.measuring import METRIC_CHECKS, guess_metric_case
from mmgen.testing.outcome import ContractError, NotApplicable

HOLDS, BROKEN, NOT_ASKED, NOT_CHECKED = "holds", "broken", "not asked", "not checked"
Checks = Sequence[Callable[[Any], None]]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one sentence of the contract stands with one thing that a plugin brings.

    Attributes:
        kind: of what is looked at: "architecture", "metric" or "data set".
        name: its registered name.
        check: in one word or a few; "" where none could be made.
        sentence: of the contract; "" where none could be checked.
        outcome: "holds", "broken", "not asked" (it asks nothing here) or "not checked".
        reason: why it is not so that it holds.
    """

    kind: str
    name: str
    check: str
    sentence: str
    outcome: str
    reason: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return asdict(self)


def inspect_plugin(
    plugin: Plugin, progress: Callable[[Finding], None] | None = None
) -> list[Finding]:
    """Return what the contract says of every architecture, metric and data set of a plugin.

    Args:
        progress: called with each finding as it comes.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for finding in _inspect_all(plugin, Path(folder)):
            found.append(finding)
            if progress is not None:
                progress(finding)
    return found


def _inspect_all(plugin: Plugin, folder: Path) -> Iterator[Finding]:
    for family in plugin.families:
        for architecture in family.architectures:
            checks: Any = GENERATOR_CHECKS if architecture.kind == "generator" else ENCODER_CHECKS
            yield from _inspect(
                "architecture", architecture.name, partial(guess_case, architecture), checks
            )
    for source in plugin.datasets:
        guess = partial(guess_dataset_case, source, folder)
        yield from _inspect("data set", source.name, guess, DATASET_CHECKS)
    for metric in plugin.metrics:
        guess_metric = partial(guess_metric_case, metric, plugin, folder)
        yield from _inspect("metric", metric.name, guess_metric, METRIC_CHECKS)


def _inspect(kind: str, name: str, guess: Callable[[], Any], checks: Checks) -> Iterator[Finding]:
    """Yield a finding for each check, or why none can be made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case = guess()
    except UnsupportedOperationError as error:
        yield Finding(
            kind=kind, name=name, check="", sentence="", outcome=NOT_CHECKED, reason=str(error)
        )
        return
    for check in checks:
        outcome, reason = _outcome(check, case)
        yield Finding(
            kind=kind,
            name=name,
            check=check.__name__.removeprefix("check_"),
            sentence=(check.__doc__ or "").splitlines()[0],
            outcome=outcome,
            reason=reason,
        )


def _outcome(check: Callable[[Any], None], case: Any) -> tuple[str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(case)
    except NotApplicable as reason:
        return NOT_ASKED, str(reason)
    except ContractError as error:
        return BROKEN, str(error)
    except Exception as error:
        return BROKEN, f"{type(error).__name__}: {error}"
    return HOLDS, ""
