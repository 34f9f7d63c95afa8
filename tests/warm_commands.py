"""`mmgen` and `python -c` from a process that has torch loaded: tests of many commands are quick.

The commands of `warm_commands` are small programs that hand their arguments, folder, environment
and streams to a server, which runs each in a fork of itself: as new as a process of its own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

_SLOW = (
    "accelerate",
    "datasets",
    "mmgen.metrics.evaluation",
    "mmgen.publishing",
    "mmgen.training.run",
    "tokenizers",
    "torch._dynamo",
    "torch.utils.tensorboard",
    "torchmetrics.functional.image",
)
"""What takes long to import."""

_COMMAND = """#!{python} -IS
import json, os, socket, sys
words = [{name!r}, *sys.argv[1:]]
if {name!r} == "python" and words[1:2] != ["-c"]:
    os.execv({python!r}, [{python!r}, *words[1:]])
server = socket.socket(socket.AF_UNIX)
server.connect({place!r})
socket.send_fds(server, [b"."], [0, 1, 2])
server.sendall(json.dumps([words, os.getcwd(), dict(os.environ)]).encode())
server.shutdown(socket.SHUT_WR)
sys.exit(int(server.recv(8) or 70))
"""


@contextmanager
def warm_commands(folder: Path, env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment with `mmgen` and `python` of a server that runs meanwhile.

    The server takes over what the environment says when libraries are imported.
    """
    sockets = tempfile.TemporaryDirectory(prefix="mmgen-")  # of a short name, as sockets need
    place = f"{sockets.name}/server"
    for name in ("mmgen", "python"):
        path = folder / name
        path.write_text(_COMMAND.format(python=sys.executable, name=name, place=place))
        path.chmod(0o755)
    paths = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, __file__, place],
        env={**env, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield {**env, "PATH": os.pathsep.join([str(folder), env["PATH"]])}
    finally:
        process.kill()
        process.communicate()
        sockets.cleanup()


def serve(place: str) -> None:
    """Answer commands until killed."""
    for module in _SLOW:
        import_module(module)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
        connection.close()


def _answer(connection: socket.socket) -> None:
    """Run a command with the streams it came with; say its exit code."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as request:
        words, folder, environment = json.load(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment.get("PYTHONPATH", "").split(os.pathsep)
    code = _run(words)
    for written in (sys.stdout, sys.stderr):
        written.flush()
    connection.sendall(str(code).encode())
    os._exit(code)


def _run(words: list[str]) -> int:
    sys.argv = words
    try:
        if words[0] == "mmgen":
            from mmgen.cli import main

            return main(words[1:])
        sys.argv = ["-c", *words[3:]]
        exec(compile(words[2], "<string>", "exec"), {"__name__": "__main__"})
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1


if __name__ == "__main__":
    serve(sys.argv[1])
