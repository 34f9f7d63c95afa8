"""Ctrl-C and SIGTERM: a request to stop, granted between two steps."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from mmgen.errors import TrainingError


class TrainingInterrupted(TrainingError):
    """A training that was asked to stop, and did so with a checkpoint.

    Attributes:
        exit_code: 128 + the signal's number, as shells have it: 130 or 143.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class StopRequest:
    """Catches SIGINT and SIGTERM while it is entered; a second one stops at once.

    Attributes:
        signal: the number of the signal that came, or 0.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
