"""Work on many pictures in threads; Pillow, zlib and sha256 let go of the interpreter's lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` now and then, from the calling thread."""


def map_in_threads(
    function: Callable[[int], Result],
    count: int,
    *,
    chunk: int = 16,
    progress: Progress | None = None,
) -> list[Result]:
    """Return [function(0), …, function(count - 1)], computed by a few threads.

    A task has `chunk` indices: the pool's own cost (some 20 µs a task) disappears.

    The first exception is raised here, after the tasks that had not begun are dropped.
    """

    def work(start: int) -> list[Result]:
        return [function(index) for index in range(start, min(start + chunk, count))]

    results: list[Result] = []
    with ThreadPoolExecutor(num_threads()) as pool:
        try:
            for part in pool.map(work, range(0, count, chunk)):
                results.extend(part)
                if progress is not None:
                    progress(len(results), count)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def num_threads() -> int:
    """Return how many threads decode: one a core, and one that waits for the disk."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(32, (available or 1) + 1)
