"""What a verified load costs over the Hub's bare client, and how many requests each makes.

    python benchmarks/hub_load.py

A small model is served by a Hub on this machine (that of the tests), fetched once, and then loaded
again and again from the cache: by the client alone (`snapshot_download` of the pinned commit and
`load_file` of its weights), and by `mmgen.from_pretrained` of a name that the catalogue pins, and
of the repository without a revision.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import interleave, print_table, verdict

ROOT = Path(__file__).parent.parent
REPO, PINNED = "org/vae-mnist", "vae-mnist-of-the-hub"
BAR_MS = 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--model", default="vae-mnist", help="a bundled model")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(json.loads(arguments.child), arguments.repeats)
    else:
        serve_and_measure(arguments)


def serve_and_measure(arguments: argparse.Namespace) -> None:
    """Start the Hub, and what is measured in a process of its own: it reads HF_ENDPOINT first."""
    sys.path.insert(0, str(ROOT / "tests"))
    from hub_server import client_environment, serve

    from mmgen.catalogue import catalogue

    entry = catalogue().find(arguments.model)
    assert entry.folder is not None
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "hub") as hub:
        hub.create_repo(REPO)
        commit = hub.commit(REPO, {file.path: entry.folder / file.path for file in entry.files})
        task = {"model": arguments.model, "commit": commit, "folder": folder}
        options = ["--child", json.dumps(task), "--repeats", str(arguments.repeats)]
        environment = client_environment(hub, Path(folder) / "home")
        with subprocess.Popen(
            [sys.executable, __file__, *options],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            requests = {}
            for line in child.stdout:
                if not line.startswith("count "):
                    print(line, end="")
                    continue
                name, requests[name] = line.split()[1], len(hub.requests)
                hub.requests.clear()
                child.stdin.write("\n")
                child.stdin.flush()
    requests.pop("start", None)
    print("\nrequests of one load: " + ", ".join(f"{k} {v}" for k, v in requests.items()))


def measure(task: dict[str, str], repeats: int) -> None:
    import huggingface_hub
    from safetensors.torch import load_file

    import mmgen
    from mmgen.plugins import Plugin, manager

    manager().add(Plugin("bench", "mmgen-plugin-bench", "0", registry_module(task)))

    def bare() -> None:
        folder = huggingface_hub.snapshot_download(REPO, revision=task["commit"])
        load_file(Path(folder) / "model.safetensors")

    tasks = {
        "client": bare,
        "pinned": lambda: mmgen.from_pretrained(PINNED),
        "unpinned": lambda: mmgen.from_pretrained(REPO),
    }
    for run in tasks.values():
        run()
    for name, run in {"start": lambda: None, **tasks}.items():
        run()
        print(f"count {name}", flush=True)
        sys.stdin.readline()

    def timed(run):
        def task() -> float:
            start = time.perf_counter()
            run()
            return 1e3 * (time.perf_counter() - start)

        return task

    times = interleave({name: timed(run) for name, run in tasks.items()}, repeats=repeats)
    rows = []
    for name, values in times.items():
        over = statistics.median(a - b for a, b in zip(values, times["client"], strict=True))
        held_to = verdict(over, BAR_MS, at_most=True) if name == "pinned" else ""
        rows.append([name, f"{statistics.median(values):.1f}", f"{over:.1f}", held_to])
    print_table(["load from the cache", "median ms", "over the client", "bar"], rows)


def registry_module(task: dict[str, str]):
    """A plugin that brings nothing but a registry.toml, with the model pinned on the Hub."""
    import tomllib
    import types

    from mmgen.catalogue_index import write_toml
    from mmgen.families import API_VERSION
    from mmgen.hookspecs import hookimpl

    index = tomllib.loads((ROOT / "registry.toml").read_text(encoding="utf-8"))
    entry = next(item for item in index["models"] if item["name"] == task["model"])
    entry |= {"name": PINNED, "repo": REPO, "revision": task["commit"]}
    path = Path(task["folder"]) / "registry.toml"
    table = {"schema": 1, "plugin": "mmgen-plugin-bench", "models": [entry]}
    path.write_text(write_toml(table), encoding="utf-8")
    return types.SimpleNamespace(MMGEN_API=API_VERSION, mmgen_models=hookimpl(lambda: path))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
