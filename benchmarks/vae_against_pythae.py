"""Speed of the training loop and of sampling, against pythae with the very same networks.

    python benchmarks/vae_against_pythae.py --data DATA

DATA is MNIST or the like. Installs pythae in an environment of its own, checks that both sides
compute the same, and lets them take turns, each in a process of its own. Both train with batch 128
and AdamW without decay; averaging of weights, clipping and evaluation are off. Both sample in
batches of 256. Rows of their own say what two options of mmgen add that pythae has not:
`compile = true`, and `precision = "bf16"` where the processor computes with it.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from measuring import interleave, median_ratio, print_table, verdict
from peers import environment
from pictures import load_split
from vae_sides.worker import CLOCKS, Worker

SIDES = Path(__file__).parent / "vae_sides"
NETWORKS = ("mlp", "resnet")
TASKS = ("train", "sample", "save")


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A task of both sides for one network: how many pictures a turn, and the ratio to reach."""

    task: str
    what: str
    network: str
    num_images: int
    settings: dict[str, Any]
    bar: float | None
    only_ours: dict[str, Any] = field(default_factory=dict)


def workloads(images: Path) -> list[Workload]:
    def training(
        network: str,
        steps: int,
        bar: float | None = None,
        *,
        precision: str = "fp32",
        compiled: bool = False,
    ) -> Workload:
        settings = {"images": str(images), "batch_size": 128, "steps": steps, "skip": 20}
        return Workload(
            task="train",
            what=" ".join(
                ["training", *["compiled"] * compiled, *["bf16"] * (precision != "fp32")]
            ),
            network=network,
            num_images=128,
            settings=settings,
            bar=bar,
            only_ours={"precision": precision, "compiled": compiled},
        )

    def sampling(task: str, what: str, network: str, num_images: int, bar: float) -> Workload:
        settings = {"num_images": num_images, "batch_size": 256}
        return Workload(
            task=task, what=what, network=network, num_images=num_images, settings=settings, bar=bar
        )

    return [
        training("mlp", 400, 1.5),
        training("resnet", 40, 1.15),
        training("resnet", 40, 1.15, compiled=True),
        training("mlp", 400, precision="bf16"),
        training("resnet", 40, precision="bf16"),
        sampling("sample", "sampling into tensors", "mlp", 51200, 0.9),
        sampling("sample", "sampling into tensors", "resnet", 5120, 1.25),
        sampling("save", "sampling into PNG files", "mlp", 2048, 3.0),
        sampling("save", "sampling into PNG files", "resnet", 2048, 3.0),
    ]


def main() -> None:
    arguments = parse_arguments()
    python = environment(
        arguments.peers / "pythae",
        packages=["pythae==0.1.2"],
        imported=[
            "cloudpickle",
            "imageio",
            "numpy",
            "pydantic>=2",
            "scikit-learn",
            "scipy",
            "tqdm",
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.pt"
        torch.save(load_split(arguments.data, "train")[0], images)
        pythons = {"mmgen": Path(sys.executable), "pythae": python}
        sides = {
            name: Worker(
                executable,
                SIDES / f"{name}_side.py",
                log=arguments.peers / f"{name}_side.log",
                clock=arguments.clock,
                threads=arguments.threads,
            )
            for name, executable in pythons.items()
        }
        for network in arguments.network:
            print(agreement(network, sides["pythae"]), file=sys.stderr)
        chosen = [
            workload
            for workload in workloads(images)
            if workload.task in arguments.task and workload.network in arguments.network
        ]
        rows = [measure(workload, sides, arguments) for workload in chosen]
        for side in sides.values():
            side.close()
    print_table(["", "network", "mmgen img/s", "pythae img/s", "ratio", "bar"], rows)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", type=Path, default=Path("runs/peers"), help="environments")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--peer-fused", action="store_true", help="fused AdamW for pythae too")
    parser.add_argument("--task", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--network", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    parser.add_argument("--threads", type=int, help="of torch, on both sides")
    return parser.parse_args()


def agreement(network: str, pythae: Worker) -> str:
    """Copy pythae's parameters into the rebuilt layers; refuse to compare what differs."""
    found = pythae.ask("check", network=network)
    if found["difference"] > 1e-5:
        sys.exit(f"{network}: the two sides differ by {found['difference']:.1e}")
    return (
        f"{network}: {found['parameters']:,} parameters; with the same ones the outputs of "
        f"both sides differ by {found['difference']:.1e}"
    )


def measure(
    workload: Workload, sides: dict[str, Worker], arguments: argparse.Namespace
) -> list[str]:
    """Let both sides take turns at one workload; returns its row of the table."""
    settings = {"network": workload.network, **workload.settings}
    our_settings = settings | workload.only_ours
    peer_settings = {**settings}
    if workload.task == "train":
        peer_settings["fused"] = arguments.peer_fused
    times = interleave(
        {
            "mmgen": lambda: sides["mmgen"].ask(workload.task, **our_settings),
            "pythae": lambda: sides["pythae"].ask(workload.task, **peer_settings),
        },
        repeats=arguments.repeats,
    )
    ratio = median_ratio(times["pythae"], times["mmgen"])
    speeds = [f"{workload.num_images / statistics.median(times[s]):,.0f}" for s in sides]
    held_to = "" if workload.bar is None else verdict(ratio, workload.bar, at_most=False)
    return [workload.what, workload.network, *speeds, f"{ratio:.2f}", held_to]


if __name__ == "__main__":
    main()
