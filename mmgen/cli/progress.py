"""A progress bar on stderr, where that is a terminal; rich is imported when one is drawn."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Progress(Protocol):
    """Called with (done, total) as a job goes on."""

    def __call__(self, done: int, total: int) -> None: ...


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """Give a callback that draws a bar; None where stderr is not a terminal.

    A job that is done at its first call gets no bar.
    """
    if not sys.stderr.isatty():
        yield None
        return
    bar: Any = None
    task: Any = None

    def report(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None and done >= total:
            return
        if bar is None:
            bar = _make_bar()
            bar.start()
            task = bar.add_task(what, total=total)
        bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()


def _make_bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
