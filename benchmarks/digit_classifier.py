"""Train the independent classifier that judges conditional models, and say how good it is.

    python benchmarks/digit_classifier.py --data DATA -o runs/digit-classifier

DATA is anything of one grey 28×28 picture and one of ten labels a row that `mmgen data check`
understands (MNIST, Fashion-MNIST, …). The network, its augmentation and its schedule are fixed:
`conditional_quality.py` trains the same recipe on generated pictures.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from pictures import load_split

NUM_CLASSES = 10
Augmentation = Callable[[Tensor, torch.Generator], Tensor]


def build_classifier(width: int = 32) -> nn.Sequential:
    """A plain convolutional network (N, 1, 28, 28) -> (N, 10) logits."""

    def block(channels_in: int, channels_out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        )

    network = nn.Sequential(
        block(1, width),
        nn.MaxPool2d(2),
        block(width, 2 * width),
        nn.MaxPool2d(2),
        block(2 * width, 4 * width),
        block(4 * width, 4 * width),
        nn.AdaptiveMaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(16 * width, NUM_CLASSES),
    )
    return network.to(memory_format=torch.channels_last)


def jitter_digits(images: Tensor, rng: torch.Generator) -> Tensor:
    """Turn by up to 12°, scale and slant by up to 12 %, move by up to 2 px; nothing is mirrored."""
    uniform = torch.rand(5, len(images), generator=rng) * 2 - 1
    angle, scale = uniform[0] * math.radians(12), 1 + 0.12 * uniform[1]
    slant, shift = 0.12 * uniform[2], uniform[3:] * 2 * 2 / images.shape[-1]
    rows = [
        torch.stack([scale * angle.cos(), slant - angle.sin(), shift[0]], dim=1),
        torch.stack([angle.sin(), scale * angle.cos(), shift[1]], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def jitter_clothes(images: Tensor, rng: torch.Generator) -> Tensor:
    """Mirror half of the pictures and move all of a batch by up to 2 px."""
    mirrored = torch.rand(len(images), 1, 1, 1, generator=rng) < 0.5
    images = torch.where(mirrored, images.flip(-1), images)
    down, right = torch.randint(0, 5, (2,), generator=rng).tolist()
    height, width = images.shape[-2:]
    return functional.pad(images, (2, 2, 2, 2))[..., down : down + height, right : right + width]


AUGMENTATIONS: dict[str, Augmentation] = {
    "digits": jitter_digits,
    "clothes": jitter_clothes,
    "none": lambda images, _: images,
}


def train_classifier(
    images: Tensor,
    labels: Tensor,
    *,
    augment: Augmentation,
    steps: int = 2500,
    batch_size: int = 256,
    peak_learning_rate: float = 4e-3,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> nn.Module:
    """Train the fixed recipe: AdamW, one cycle of the learning rate, label smoothing 0.05.

    Args:
        images: uint8 (N, 1, 28, 28).
        labels: int64 (N,) in 0 … 9.
        steps: batches seen; the same for real and for generated pictures.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    network = build_classifier()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.02, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_learning_rate, total_steps=steps)
    start = time.perf_counter()
    for step, rows in enumerate(shuffled_batches(len(images), batch_size, steps, rng), start=1):
        batch = augment(images[rows].float().div_(255), rng)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(batch.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits.float(), labels[rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            elapsed = time.perf_counter() - start
            report(f"  step {step}/{steps}  loss {loss.item():.3f}  {elapsed:.0f} s")
    return network.eval()


def shuffled_batches(num_rows: int, batch_size: int, steps: int, rng: torch.Generator):
    """Yield `steps` tensors of `batch_size` row numbers, a new permutation for each pass."""
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < batch_size:
            order = torch.cat([order, torch.randperm(num_rows, generator=rng)])
        rows, order = order[:batch_size], order[batch_size:]
        yield rows


@torch.inference_mode()
def predict(network: nn.Module, images: Tensor, batch_size: int = 1000) -> Tensor:
    """The most likely class of each picture; images uint8 (N, 1, 28, 28) -> int64 (N,)."""
    network.eval()
    batches = (batch.float().div(255) for batch in images.split(batch_size))
    return torch.cat([network(batch).argmax(1) for batch in batches])


def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    return (predict(network, images) == labels).double().mean().item()


def load_classifier(folder: Path) -> nn.Module:
    """The classifier that this script saved in `folder`, ready to judge."""
    from safetensors.torch import load_file

    network = build_classifier()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network.eval()


def save_classifier(network: nn.Module, folder: Path, figures: dict[str, object]) -> None:
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="as `mmgen data check` takes it")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/digit-classifier"))
    parser.add_argument("--augment", choices=sorted(AUGMENTATIONS), default="digits")
    parser.add_argument("--steps", type=int, default=2500, help="batches of 256")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    start = time.perf_counter()
    network = train_classifier(
        *load_split(arguments.data, "train"),
        augment=AUGMENTATIONS[arguments.augment],
        steps=arguments.steps,
        seed=arguments.seed,
    )
    figures = {
        "test_accuracy": accuracy(network, *load_split(arguments.data, "test")),
        "seconds": round(time.perf_counter() - start, 1),
        "steps": arguments.steps,
        "augment": arguments.augment,
        "seed": arguments.seed,
    }
    save_classifier(network, arguments.output, figures)
    print(f"{figures['test_accuracy']:.2%} of the real test pictures; saved in {arguments.output}")


if __name__ == "__main__":
    main()
