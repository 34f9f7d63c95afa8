"""What goes in a later version says so whenever it is used: since when, until when, what instead.

    @deprecated(since="0.2", until="0.4", instead="mmgen.walk")
    def wander(...): ...

    steps: int = option(20, help="…", deprecated=Deprecation(since="0.2", until="0.4", instead="n"))

A test fails once a version has come that something was to be gone by.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from mmgen.errors import MmgenDeprecationWarning, PluginError

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """That something goes.

    Attributes:
        since: the version that says so first, as "0.2".
        until: the version in which it is gone; a later one.
        instead: what to use, in a few words.
    """

    since: str
    until: str
    instead: str

    def __post_init__(self) -> None:
        if parse_version(self.until) <= parse_version(self.since):
            raise PluginError(
                f"what is deprecated goes in a later version; got since {self.since!r} and until "
                f"{self.until!r}"
            )
        if not self.instead.strip():
            raise PluginError("what is deprecated says what to use instead; got nothing")

    def describe(self, what: str) -> str:
        """Return the sentence that users see."""
        return (
            f"{what} is deprecated since {self.since} and goes in {self.until}: use {self.instead} "
            "instead"
        )

    def warn(self, what: str, *, stacklevel: int = 2) -> None:
        """Warn with a `MmgenDeprecationWarning` that what is named was used."""
        warnings.warn(self.describe(what), MmgenDeprecationWarning, stacklevel=stacklevel + 1)


def deprecated(*, since: str, until: str, instead: str) -> Callable[[_FunctionT], _FunctionT]:
    """Mark a function or method: each call warns; see `Deprecation`.

    Raises:
        PluginError: a version that is none, or one that does not come later.
    """
    found = Deprecation(since=since, until=until, instead=instead)

    def mark(function: _FunctionT) -> _FunctionT:
        @wraps(function)
        def warned(*args: Any, **kwargs: Any) -> Any:
            found.warn(f"{function.__qualname__}()")
            return function(*args, **kwargs)

        warned.deprecation = found  # type: ignore[attr-defined]
        return warned  # type: ignore[return-value]

    return mark


def parse_version(text: str) -> tuple[int, int, int]:
    """Return the numbers of a version: of "0.4" (0, 4, 0).

    Raises:
        PluginError: it is no version of one to three numbers.
    """
    parts = text.split(".")
    if len(parts) > 3 or not all(part.isdecimal() for part in parts):
        raise PluginError(f"a version is one to three numbers, as '0.4'; got {text!r}")
    major, minor, patch = [*map(int, parts), 0, 0][:3]
    return major, minor, patch
