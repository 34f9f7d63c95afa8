"""Time whole processes: what a person waits for between a command and its answer.

    python benchmarks/startup.py

Every command runs in a process of its own, in turn with the yardsticks `python -c "import …"`, in
this script's environment. `--peer 'COMMAND'` (repeatable) times further commands, for comparison.
"""

import argparse
import shlex
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import Times, interleave, median_ratio, print_table, verdict

LIGHT_YARDSTICK = "python -c 'import click, pluggy, importlib.metadata'"
TORCH_YARDSTICK = "python -c 'import torch'"
LIGHT_BAR = 1.6
FIRST_PICTURE_BAR = 1.35
BY_WORDS = "mmgen run diffusion-emoji --text 'red heart' -n 1 -o y.png --force"
BY_WORDS_BAR = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--model", default="vae-mnist")
    parser.add_argument("--peer", action="append", default=[], metavar="COMMAND")
    arguments = parser.parse_args()

    light = [
        "mmgen list",
        f"mmgen info {arguments.model}",
        "mmgen plugins",
        "mmgen --help",
    ]
    first_picture = f"mmgen run {arguments.model} -n 16 -o x.png --force"
    commands = [LIGHT_YARDSTICK, *light, TORCH_YARDSTICK, first_picture, BY_WORDS, *arguments.peer]
    with tempfile.TemporaryDirectory() as folder:
        tasks = {command: process_timer(command, Path(folder)) for command in commands}
        times = interleave(tasks, repeats=arguments.repeats, warm_up=2)

    rows = [row(times, LIGHT_YARDSTICK)]
    rows += [row(times, command, LIGHT_YARDSTICK, LIGHT_BAR) for command in light]
    rows += [row(times, TORCH_YARDSTICK)]
    rows += [row(times, first_picture, TORCH_YARDSTICK, FIRST_PICTURE_BAR)]
    rows += [beyond(times, BY_WORDS, TORCH_YARDSTICK, BY_WORDS_BAR)]
    rows += [row(times, peer, LIGHT_YARDSTICK) for peer in arguments.peer]
    print_table(["whole process", "median ms", "min", "max", "ratio or difference", "bar"], rows)


def process_timer(command: str, folder: Path) -> Callable[[], float]:
    """A task that runs `command` in `folder` and returns its wall-clock seconds."""
    words = [executable(word) if at == 0 else word for at, word in enumerate(shlex.split(command))]

    def run() -> float:
        start = time.perf_counter()
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{command} ended with {done.returncode}:\n{done.stderr}")
        return seconds

    return run


def executable(name: str) -> str:
    """This interpreter for `python`, and its environment's scripts before the search path's."""
    if name == "python":
        return sys.executable
    script = Path(sysconfig.get_path("scripts")) / name
    return str(script) if script.exists() else name


def beyond(times: Times, command: str, yardstick: str, bar: float) -> list[str]:
    """The row of a command that is judged by the seconds it takes beyond its yardstick."""
    more = [ours - bare for ours, bare in zip(times[command], times[yardstick], strict=True)]
    seconds = statistics.median(more)
    return [*row(times, command)[:-2], f"+{seconds:.2f} s", verdict(seconds, bar, at_most=True)]


def row(times: Times, command: str, yardstick: str = "", bar: float | None = None) -> list[str]:
    seconds = times[command]
    cells = [f"{1000 * figure(seconds):.0f}" for figure in (statistics.median, min, max)]
    if not yardstick:
        return [command, *cells, "", ""]
    ratio = median_ratio(seconds, times[yardstick])
    held_to = "" if bar is None else verdict(ratio, bar, at_most=True)
    return [command, *cells, f"{ratio:.2f}", held_to]


if __name__ == "__main__":
    main()
