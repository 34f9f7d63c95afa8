"""Runs a public script as it is, and keeps what its generator draws after its last epoch.

    cd SOMEWHERE/implementations/dcgan
    python script_worker.py dcgan.py --pictures P.npy --epochs 3 --seed 0 --count 10000 -o OUT.npz

The script sees its own command line, `--n_epochs` alone, and its own working folder, where it
leaves images/ and ../../data. It believes that it reads MNIST: `torchvision.datasets.MNIST` is
replaced by `KeptPictures`. Where torchvision cannot be imported, `stand_in/` takes its place.
"""

import argparse
import json
import runpy
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

STAND_IN = Path(__file__).parent / "stand_in"


class KeptPictures:
    """In the place of `torchvision.datasets.MNIST`: pictures uint8 (N, H, W) that are there.

    The script's own transforms are applied to each picture as MNIST does, but once and not again
    in every epoch: they draw no random numbers. All labels are 0, as neither script reads them.
    """

    pictures: ClassVar[np.ndarray]
    served: ClassVar[int] = 0
    transform_seconds: ClassVar[np.ndarray] = np.zeros(2)

    def __init__(self, root: str, train: bool, transform: Any, download: bool) -> None:  # noqa: ARG002
        start = clocks()
        self.examples = torch.stack([transform(Image.fromarray(one)) for one in self.pictures])
        KeptPictures.transform_seconds = clocks() - start

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        KeptPictures.served += 1
        return self.examples[row], 0


def clocks() -> np.ndarray:
    """Seconds by the clock on the wall, and by that of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    arguments = parse_arguments()
    vision = replace_mnist(np.load(arguments.pictures))
    torch.manual_seed(arguments.seed)
    np.random.seed(arguments.seed)
    start = clocks()
    found = run_script(arguments.script, arguments.epochs)
    seconds, processor_seconds = (clocks() - start - KeptPictures.transform_seconds).tolist()
    generator, options = found["generator"], found["opt"]
    facts = {
        "images_seen": KeptPictures.served,
        "options": vars(options),
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "torchvision": vision,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(next(generator.parameters()).device),
    }
    # First in eval mode: the other one moves the running statistics.
    drawn = draw(generator.eval(), options, arguments.count)
    drawn_by_batch = draw(generator.train(), options, arguments.count)
    np.savez(arguments.output, eval=drawn, train=drawn_by_batch, facts=json.dumps(facts))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("script", type=Path)
    parser.add_argument("--pictures", type=Path, required=True, help="uint8 (N, H, W), as .npy")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True, help="pictures to draw")
    parser.add_argument("-o", "--output", type=Path, required=True)
    return parser.parse_args()


def replace_mnist(pictures: np.ndarray) -> str:
    """Let scripts read these pictures in place of MNIST; returns which torchvision they use."""
    version = open_torchvision()
    from torchvision import datasets

    KeptPictures.pictures = pictures
    datasets.MNIST = KeptPictures
    return version


def open_torchvision() -> str:
    """Import torchvision, or the stand-in where there is none that works; returns its version."""
    try:
        import torchvision
    except (ImportError, RuntimeError):  # none, or one of another torch
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.path.insert(0, str(STAND_IN))
        import torchvision
    return torchvision.__version__


def run_script(script: Path, epochs: int) -> dict[str, Any]:
    """Run a script as the main program with that many epochs; returns its global names."""
    before = sys.argv
    sys.argv = [str(script), "--n_epochs", str(epochs)]
    try:
        return runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = before


@torch.no_grad()
def draw(generator: nn.Module, options: SimpleNamespace, count: int) -> np.ndarray:
    """Draw pictures, uint8 (count, 1, H, W), in batches and from latents as the script does."""
    device = next(generator.parameters()).device
    batches = []
    for _ in range(-(-count // options.batch_size)):
        latents = np.random.normal(0, 1, (options.batch_size, options.latent_dim))
        made = generator(torch.from_numpy(latents).float().to(device))
        batches.append(made.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu())
    return torch.cat(batches)[:count].numpy()


if __name__ == "__main__":
    main()
