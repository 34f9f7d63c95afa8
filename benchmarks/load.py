"""Time and memory of loading a gigabyte of weights and reading every tensor once.

    python benchmarks/load.py

The yardstick is `safetensors.torch.load_file` and the same read of the same file. Every measurement
is a process of its own, in turn with the others; the catalogue is read and a tiny model of the same
architecture loaded before, so that what a process does once is not measured. The files lie in the
page cache. Memory is the peak of the resident set (VmHWM: anonymous and file pages) less what the
process had before: Linux only.

- from the cache: a model of the catalogue, in the Hub client's cache; sha256 and NaN verdict known
- first load: the same, with nothing known of its files
- from a folder: the user's own files, which may change, so that they are copied
- half precision: the same from a folder, with a file of half the size
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from measuring import Times, interleave, median_ratio, print_table, verdict
from mmgen.catalogue import catalogue
from mmgen.catalogue_index import write_toml
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.hub.verdicts import file_sha256
from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.options import Options, option
from mmgen.pretrained import build, from_pretrained, save
from mmgen.slots import Size
from mmgen.testing import temporary_plugin

TIME_BAR = 1.25
MEMORY_BAR = 1.1
REPO = "bench/stack"
COMMIT = "0123456789" * 4
YARDSTICK = "safetensors"
SIDES = {
    YARDSTICK: "safetensors' load_file",
    "cache": "mmgen, from the cache",
    "first": "mmgen, first load",
    "folder": "mmgen, from a folder",
    "half": "mmgen, half precision",
}


@dataclass(frozen=True, kw_only=True)
class StackConfig(Options):
    """What defines the network."""

    layers: int = option(256, minimum=1, help="linear layers")
    width: int = option(1448, minimum=1, help="of each")


class Stack(Generator):
    """Nothing but weights."""

    config: StackConfig

    def __init__(self, config: StackConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.layers = nn.ModuleList(
            nn.Linear(config.width, config.width) for _ in range(config.layers)
        )

    @property
    def size(self) -> Size:
        return Size(channels=1, height=1, width=1)

    def sample(self, condition: Condition, rng: Noise, options: Options) -> Tensor:  # noqa: ARG002
        return torch.zeros(len(condition), 1, 1, 1)


class Plugin:
    """The architecture, and the model that lies in the cache."""

    MMGEN_API = API_VERSION

    def __init__(self, registry: Path) -> None:
        self.registry = registry

    @hookimpl
    def mmgen_families(self) -> list[Family]:
        network = Architecture(
            name="stack", summary="weights", network=f"{__name__}:Stack", config=StackConfig
        )
        return [Family(name="stack", summary="weights", architectures=(network,))]

    @hookimpl
    def mmgen_models(self) -> str:
        return str(self.registry)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--layers", type=int, default=128, help="of 8 MB and two tensors each")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(measure(arguments.side, arguments.place, arguments.clock)))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), arguments.layers, arguments.repeats, arguments.clock)


def compare(place: Path, layers: int, repeats: int, clock: str) -> None:
    with environment(place):
        make_models(place, layers)
        peaks: Times = {side: [] for side in SIDES}
        loads: Times = {side: [] for side in SIDES}
        tasks = {side: process_timer(side, place, clock, peaks, loads) for side in SIDES}
        times = interleave(tasks, repeats=repeats)
    num_bytes = weights_file(place).stat().st_size
    print(f"{num_bytes / 1e9:.2f} GB, {clock} clock, median of {repeats} turns\n")
    rows = []
    for side, words in SIDES.items():
        total, load = statistics.median(times[side]), statistics.median(loads[side][1:])
        ratio = median_ratio(times[side], times[YARDSTICK])
        peak = max(peaks[side]) / num_bytes
        held_to = verdict(ratio, TIME_BAR, at_most=True) if side == "cache" else ""
        lean = "" if side == YARDSTICK else verdict(peak, MEMORY_BAR, at_most=True)
        seconds = (f"{1000 * load:.0f}", f"{1000 * (total - load):.0f}")
        rows.append([words, *seconds, f"{ratio:.2f}", held_to, f"{peak:.2f}", lean])
    header = ["", "load ms", "read ms", "ratio", "bar", "peak / weights", "bar"]
    print_table(header, rows)


@contextmanager
def environment(place: Path) -> Iterator[None]:
    """Let this process and its children have a cache of their own, and one thread."""
    before = dict(os.environ)
    os.environ |= {"HF_HOME": str(place / "home"), "HF_HUB_OFFLINE": "1", "MMGEN_LOCK": ""}
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("HF_HUB_CACHE", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def snapshot(place: Path) -> Path:
    return place / "home" / "hub" / "models--bench--stack" / "snapshots" / COMMIT


def weights_file(place: Path) -> Path:
    return snapshot(place) / "model.safetensors"


def make_models(place: Path, layers: int) -> None:
    """Save a tiny model, a large one (in the cache and in a folder), and one in half precision."""
    with temporary_plugin(Plugin(write_registry(place, [])), "stack"):
        save(build("stack", {"layers": 1, "width": 8}), place / "tiny")
        model = build("stack", {"layers": layers})
        save(model, snapshot(place))
        save(model, place / "half", dtype=torch.float16)
    shutil.copytree(snapshot(place), place / "folder")
    write_registry(place, [snapshot(place) / "config.json", weights_file(place)])
    for path in place.rglob("*.*"):  # older than what may yet change without a trace
        os.utime(path, (1, 1))


def write_registry(place: Path, files: Iterable[Path]) -> Path:
    entry = {
        "name": "stack-random",
        "kind": "generator",
        "family": "stack",
        "architecture": "stack",
        "summary": "weights",
        "tasks": ["unconditional-image-generation"],
        "parameters": 1,
        "bytes": 1,
        "data": "none",
        "licence": {"code": "Apache-2.0"},
        "repo": REPO,
        "revision": COMMIT,
        "files": [
            {"path": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size}
            for path in files
        ],
    }
    path = place / "registry.toml"
    path.write_text(write_toml({"schema": 1, "plugin": "mmgen-plugin-stack", "models": [entry]}))
    return path


def process_timer(
    side: str, place: Path, clock: str, peaks: Times, loads: Times
) -> Callable[[], float]:
    """A task that measures one side in a new process, and returns the seconds of load and read."""
    command = [sys.executable, __file__, "--side", side, "--place", place, "--clock", clock]

    def run() -> float:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{side} ended with {done.returncode}:\n{done.stderr}")
        found = json.loads(done.stdout)
        peaks[side].append(found["peak"])
        loads[side].append(found["load"])
        return float(found["total"])

    return run


def measure(side: str, place: Path, clock: str) -> dict[str, float]:
    now = time.process_time if clock == "cpu" else time.perf_counter
    with temporary_plugin(Plugin(place / "registry.toml"), "stack"):
        catalogue()
        read_all(load(side, place, tiny=True))
        if side == "first":
            shutil.rmtree(place / "home" / "mmgen", ignore_errors=True)
        before = memory("VmRSS")
        start = now()
        tensors = load(side, place)
        loaded = now()
        read_all(tensors)
        done = now()
    peak = memory("VmHWM") - before
    return {"load": loaded - start, "total": done - start, "peak": peak}


def load(side: str, place: Path, *, tiny: bool = False) -> list[Tensor]:
    if side == YARDSTICK:
        path = place / "tiny" / "model.safetensors" if tiny else weights_file(place)
        return list(load_file(path).values())
    names = {"folder": place / "folder", "half": place / "half"}
    name = place / "tiny" if tiny else names.get(side, "stack-random")
    return list(from_pretrained(name).parameters())


@torch.no_grad()
def read_all(tensors: list[Tensor]) -> float:
    return sum(tensor.sum().item() for tensor in tensors)


def memory(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
