"""A process that waits to be told which of its tasks to do next, one JSON line at a time.

So two libraries that live in different environments can take turns in one measurement, each warm,
while the other waits without using the processor.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
now = CLOCKS[os.environ.get("BENCHMARK_CLOCK", "wall")]


def serve(tasks: Mapping[str, Callable[..., Any]]) -> None:
    """Answer each line {"task": name, …arguments} with a line of JSON, until the input ends.

    Whatever the tasks print goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        arguments = json.loads(line)
        answer = tasks[arguments.pop("task")](**arguments)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Worker:
    """The other end: starts `script` with `python` and asks it for tasks.

    Args:
        log: where its standard error goes.
        clock: a name of CLOCKS; "cpu" is for busy machines, and makes sense with one thread.
        threads: of torch; None leaves it the choice.
    """

    def __init__(
        self, python: str | Path, script: Path, *, log: Path, clock: str, threads: int | None
    ) -> None:
        settings = {"BENCHMARK_CLOCK": clock}
        if threads is not None:
            settings["OMP_NUM_THREADS"] = str(threads)
        self.script, self.log = script, log
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [str(python), str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | settings,
            )

    def ask(self, task: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.script.name} ended in its task {task!r}; see {self.log}")
        return json.loads(answer)

    def close(self) -> None:
        self.process.communicate()
