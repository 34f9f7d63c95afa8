"""How a training tells the user where it stands, on stderr."""

import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

_LINE_EVERY_SECONDS = 30.0
_REDRAW_SECONDS = 0.25


class Reporter(Protocol):
    """Where the loop's progress goes."""

    def start(self, done: int, total: int, stage: str) -> None:
        """A stage begins, `done` of `total` steps being behind it."""

    def step(self, done: int) -> None:
        """A step is done; called at every one, and cheap."""

    def figures(self, figures: Mapping[str, float], images_per_second: float) -> None:
        """The losses of the last interval are known."""

    def say(self, message: str) -> None:
        """Tell something in a line."""

    def stop(self) -> None:
        """The stage is over, or broke off."""


class Silence:
    """Tells nothing."""

    def start(self, done: int, total: int, stage: str) -> None:
        pass

    def step(self, done: int) -> None:
        pass

    def figures(self, figures: Mapping[str, float], images_per_second: float) -> None:
        pass

    def say(self, message: str) -> None:
        pass

    def stop(self) -> None:
        pass


class Lines:
    """Plain lines every 30 seconds, for logs."""

    def __init__(self, every_seconds: float = _LINE_EVERY_SECONDS) -> None:
        self._every = every_seconds
        self._last = 0.0
        self._done = self._total = 0
        self._stage = ""

    def start(self, done: int, total: int, stage: str) -> None:
        self._done, self._total, self._stage = done, total, stage
        self._last = 0.0

    def step(self, done: int) -> None:
        self._done = done

    def figures(self, figures: Mapping[str, float], images_per_second: float) -> None:
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self.say(
                f"{self._stage}: step {self._done:,}/{self._total:,}  {show_figures(figures)}  "
                f"{images_per_second:,.0f} images/s"
            )

    def say(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    def stop(self) -> None:
        pass


class Bar:
    """A progress bar with losses, images a second and the time left."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._bar: Any = None
        self._task: Any = None
        self._next_redraw = 0.0
        self._rate = Rate()

    def start(self, done: int, total: int, stage: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(
            stage, total=total, completed=done, figures="", speed="", left=""
        )
        self._total = total
        self._rate = Rate()
        self._bar.start()

    def step(self, done: int) -> None:
        now = time.monotonic()
        if now < self._next_redraw or self._bar is None:
            return
        self._next_redraw = now + _REDRAW_SECONDS
        seconds = self._rate.seconds_left(done, self._total, now)
        left = "" if seconds is None else f"{timedelta(seconds=round(seconds))} left"
        self._bar.update(self._task, completed=done, left=left)
        self._bar.refresh()

    def figures(self, figures: Mapping[str, float], images_per_second: float) -> None:
        if self._bar is not None:
            self._bar.update(
                self._task,
                figures=show_figures(figures),
                speed=f"{images_per_second:,.0f} images/s",
            )

    def say(self, message: str) -> None:
        self._console.print(message, markup=False, highlight=False)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, left="")
            self._bar.stop()
            self._bar = None


class Rate:
    """Estimates the time left from the last minute or so."""

    def __init__(self, smoothing_seconds: float = 30.0) -> None:
        self._smoothing = smoothing_seconds
        self._at: tuple[float, int] | None = None
        self._steps_per_second: float | None = None

    def seconds_left(self, done: int, total: int, now: float) -> float | None:
        """Return the seconds to go, or None while nothing is known."""
        if self._at is None or done == self._at[1]:
            self._at = self._at or (now, done)
            return self._left(done, total)
        elapsed = max(now - self._at[0], 1e-6)
        rate = (done - self._at[1]) / elapsed
        self._at = (now, done)
        if self._steps_per_second is None:
            self._steps_per_second = rate
        else:
            weight = min(1.0, elapsed / self._smoothing)
            self._steps_per_second += weight * (rate - self._steps_per_second)
        return self._left(done, total)

    def _left(self, done: int, total: int) -> float | None:
        return (total - done) / self._steps_per_second if self._steps_per_second else None


def show_figures(figures: Mapping[str, float]) -> str:
    """Return "loss 81.3  kl 20.1"."""
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())


def make_reporter(progress: bool) -> Reporter:
    """Return a bar on a terminal, lines elsewhere, nothing where no progress is wanted."""
    if not progress:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()
