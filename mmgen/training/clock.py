"""The time that a training takes."""

import time


class Clock:
    """Measures the time spent, and the speed of learning alone.

    Args:
        before: seconds spent by earlier calls of the same run.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._started = time.monotonic()
        self._interval_start = self._started
        self._interval_step = 0
        self._paused_at = 0.0

    @property
    def seconds_here(self) -> float:
        """Seconds since this call began."""
        return time.monotonic() - self._started

    @property
    def seconds(self) -> float:
        """Seconds spent over all calls."""
        return self._before + self.seconds_here

    def begin_interval(self, step: int) -> None:
        """Start to measure the speed at a step."""
        self._interval_start = time.monotonic()
        self._interval_step = step

    def steps_per_second(self, step: int) -> float:
        """Return the speed since the last call, pauses left out, and start anew."""
        now = time.monotonic()
        speed = (step - self._interval_step) / max(now - self._interval_start, 1e-9)
        self._interval_start, self._interval_step = now, step
        return speed

    def pause(self) -> None:
        """What follows is not learning."""
        self._paused_at = time.monotonic()

    def go_on(self) -> None:
        """Learning goes on."""
        self._interval_start += time.monotonic() - self._paused_at
