"""The contract of an installed plugin, checked without a test file."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from mmgen.errors import UnsupportedOperationError
from mmgen.families import Architecture
from mmgen.plugins import Plugin
from mmgen.testing.contract import ENCODER_CHECKS, GENERATOR_CHECKS
from mmgen.testing.guessing import guess_case
from mmgen.testing.outcome import ContractError, NotApplicable

HOLDS, BROKEN, NOT_ASKED, NOT_CHECKED = "holds", "broken", "not asked", "not checked"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one sentence of the contract stands with one architecture.

    Attributes:
        sentence: of the contract; "" where none could be checked.
        outcome: "holds", "broken", "not asked" (it asks nothing here) or "not checked".
        reason: why it is not so that it holds.
    """

    architecture: str
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
    """Return what the contract says of every architecture of a plugin.

    Args:
        progress: called with each finding as it comes.
    """
    found = []
    for family in plugin.families:
        for architecture in family.architectures:
            for finding in _inspect(architecture):
                found.append(finding)
                if progress is not None:
                    progress(finding)
    return found


def _inspect(architecture: Architecture) -> Iterator[Finding]:
    name = architecture.name
    try:
        case = guess_case(architecture)
    except UnsupportedOperationError as error:
        yield Finding(
            architecture=name, check="", sentence="", outcome=NOT_CHECKED, reason=str(error)
        )
        return
    checks: Any = GENERATOR_CHECKS if architecture.kind == "generator" else ENCODER_CHECKS
    for check in checks:
        outcome, reason = _outcome(check, case)
        yield Finding(
            architecture=name,
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
