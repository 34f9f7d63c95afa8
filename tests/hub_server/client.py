"""The real client, in a process of its own: it reads its settings when it is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

from hub_server.hub import Hub

# Runs what comes in as lines of JSON, in one namespace, and answers each with a line of JSON.
LOOP = """
import ast, contextlib, json, sys
from huggingface_hub import *
from huggingface_hub import HfApi
names = globals() | {"api": HfApi()}
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    task = json.loads(line)
    names.update(task["values"])
    code = ast.parse(task["code"])
    last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    try:
        exec(compile(code, "task", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "task", "eval"), names) if last else None
        answer = {"value": value}
    except Exception as error:
        response = getattr(error, "response", None)
        answer = {
            "kinds": [kind.__name__ for kind in type(error).__mro__],
            "status": getattr(response, "status_code", None),
            "words": str(error),
        }
    print(json.dumps(answer, default=str), file=answers, flush=True)
"""

QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "NO_PROXY": "127.0.0.1",
    "OMP_NUM_THREADS": "1",
}


class ClientError(Exception):
    """What the client raised: the names of its class and of those above, its status, its words."""

    def __init__(self, kinds: list[str], status: int | None, words: str) -> None:
        super().__init__(f"{kinds[0]}: {words}")
        self.kind = kinds[0]
        self.kinds = kinds
        self.status = status
        self.words = words


def client_environment(
    hub: Hub | str, home: Path, *, token: str | None = None, xet: bool = False
) -> dict[str, str]:
    """Return the variables of a process whose client is to use a Hub, and a cache of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    variables = {"HF_ENDPOINT": hub if isinstance(hub, str) else hub.url, "HF_HOME": str(home)}
    if token is not None:
        variables["HF_TOKEN"] = token
    if not xet:
        variables["HF_HUB_DISABLE_XET"] = "1"
    return clean | QUIET | variables


class ClientProcess:
    """A process that has imported the client, and runs code in one namespace.

    All that the client exports is there, and `api`, which is HfApi(). Code that takes longer than
    `patience_s` is ended, and the process with it.
    """

    patience_s = 60.0

    def __init__(
        self,
        hub: Hub | str,
        home: Path,
        *,
        token: str | None = None,
        xet: bool = False,
        **variables: str,
    ) -> None:
        self.log = home / "client.log"
        home.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LOOP],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=client_environment(hub, home, token=token, xet=xet) | variables,
                text=True,
            )

    def run(self, code: str, **values: Any) -> Any:
        """Run lines of Python; return what the last of them is, as JSON says it.

        Raises:
            ClientError: what the code raised.
        """
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None
        assert answers is not None
        source.write(json.dumps({"code": code, "values": values}) + "\n")
        source.flush()
        watch = Timer(self.patience_s, self._process.kill)
        watch.start()
        line = answers.readline()
        watch.cancel()
        if not line:
            raise RuntimeError(f"the client is gone:\n{self.log.read_text()}")
        answer = json.loads(line)
        if "kinds" in answer:
            raise ClientError(**answer)
        return answer["value"]

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
