"""Interleaved repeats and their medians: what every timing in this folder is made of.

Machines drift and are shared. So the things compared take turns (A B C, A B C, …), the first turns
are thrown away, and ratios are taken turn by turn before their median is.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence

Times = dict[str, list[float]]


def interleave(
    tasks: Mapping[str, Callable[[], float]], *, repeats: int, warm_up: int = 1
) -> Times:
    """Run every task once a turn; each returns its own figure (seconds, usually).

    Returns:
        `repeats` figures of each task, in the order of the turns, warm-up left out.
    """
    times: Times = {name: [] for name in tasks}
    for turn in range(-warm_up, repeats):
        for name, task in tasks.items():
            say(f"turn {turn + 1}/{repeats}: {name}")
            figure = task()
            if turn >= 0:
                times[name].append(figure)
    say("")
    return times


def say(words: str) -> None:
    """Show on a terminal what goes on, in the place of what was shown before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Median of the ratios over[i] / under[i] of figures taken in the same turn."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table: the first column to the left, the others to the right."""
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for row in [cells[0], rule, *cells[1:]]:
        padded = [row[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("| " + " | ".join(padded) + " |")


def verdict(figure: float, bar: float, *, at_most: bool) -> str:
    """`figure` beside the bar that it is held to, as a cell of a table."""
    reached = figure <= bar if at_most else figure >= bar
    return f"{'≤' if at_most else '≥'} {bar:g}: {'yes' if reached else 'NO'}"
