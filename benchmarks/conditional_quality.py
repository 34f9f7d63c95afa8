"""How good a label-conditional model of 28×28 pictures is, by label and as a whole.

    python benchmarks/conditional_quality.py vae-mnist --data DATA --classifier FOLDER

Prints, for samples drawn with the model's default options:
  agreement    share of 10,000 samples (1,000 a label) that an independent classifier
               (`digit_classifier.py`) takes for the label that was asked for
  CAS          test accuracy of that classifier's recipe when it is trained on 60,000 samples alone,
               beside its accuracy when it is trained on the real training set
  grey         Σ x(1 − x) / Σ x over all pixels: 0 for black and white, higher for blur
  edges        mean absolute difference between neighbouring pixels, over the mean pixel
  nearest      median distance to the nearest real training picture (of samples that copy: ≈ 0)
each beside the same figure of real pictures, and writes a sheet: a row per label, real ones last.
"""

import argparse
import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import mmgen
from digit_classifier import (
    AUGMENTATIONS,
    NUM_CLASSES,
    accuracy,
    load_classifier,
    predict,
    train_classifier,
)
from measuring import print_table
from pictures import load_split


def main() -> None:
    arguments = parse_arguments()
    model = mmgen.from_pretrained(arguments.model)
    train, test = load_split(arguments.data, "train"), load_split(arguments.data, "test")
    judge = load_classifier(arguments.classifier)

    images, labels = draw(model, per_label=1000, seed=arguments.seed)
    agreed = predict(judge, images) == labels
    low, high = wilson_interval(int(agreed.sum()), len(agreed))
    real_agreed = predict(judge, test[0]) == test[1]
    rows = [
        [
            "agreement",
            f"{agreed.double().mean():.2%} ({low:.2%} – {high:.2%})",
            f"{real_agreed.double().mean():.2%}",
        ],
        [
            "agreement, worst label",
            *(worst_label(*pair) for pair in ((agreed, labels), (real_agreed, test[1]))),
        ],
        ["grey", f"{grey(images):.3f}", f"{grey(test[0]):.3f}"],
        ["edges", f"{edges(images):.3f}", f"{edges(test[0]):.3f}"],
        ["nearest", f"{nearest(images, train[0]):.2f}", f"{nearest(test[0], train[0]):.2f}"],
    ]
    write_sheet(images, labels, test, arguments.sheet)
    if arguments.cas_steps:
        rows.append(["CAS", *classification_accuracy_scores(model, train, test, arguments)])
    print_table(["", arguments.model, "real"], rows)
    print(f"sheet: {arguments.sheet}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a name, or a folder written as ./folder")
    parser.add_argument("--data", required=True, help="the real pictures, split in train and test")
    parser.add_argument("--classifier", type=Path, required=True, help="digit_classifier's output")
    parser.add_argument("--augment", choices=sorted(AUGMENTATIONS), default="digits")
    parser.add_argument("--cas-steps", type=int, default=1500, help="0: no CAS")
    parser.add_argument("--cas-runs", type=int, default=1, help="seeds to take the mean of")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, default=Path("runs/conditional-quality.png"))
    return parser.parse_args()


def draw(model: mmgen.Generator, *, per_label: int, seed: int) -> tuple[Tensor, Tensor]:
    """Samples with default options: uint8 (N, 1, 28, 28), and their labels int64 (N,)."""
    labels = torch.arange(NUM_CLASSES).repeat(per_label)
    images = model.generate(label=labels, seed=seed).images
    return images.mul(255).round().to(torch.uint8), labels


def classification_accuracy_scores(model, train, test, arguments) -> list[str]:
    """Mean test accuracies of the recipe after training on samples, and on real pictures."""
    generated = draw(model, per_label=len(train[0]) // NUM_CLASSES, seed=arguments.seed + 1)
    cells = []
    for name, (images, labels) in {"samples": generated, "real pictures": train}.items():
        figures = []
        for seed in range(arguments.cas_runs):
            print(f"training on {name}, seed {seed}")
            network = train_classifier(
                images,
                labels,
                augment=AUGMENTATIONS[arguments.augment],
                steps=arguments.cas_steps,
                seed=seed,
            )
            figures.append(accuracy(network, *test))
        cells.append(f"{sum(figures) / len(figures):.2%}")
    return cells


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    half = z / (1 + z * z / trials) * spread
    return centre - half, centre + half


def worst_label(agreed: Tensor, labels: Tensor) -> str:
    shares = [agreed[labels == label].double().mean().item() for label in range(NUM_CLASSES)]
    label = min(range(NUM_CLASSES), key=shares.__getitem__)
    return f"{shares[label]:.1%} (label {label})"


def grey(images: Tensor) -> float:
    x = images.double().div(255)
    return ((x * (1 - x)).sum() / x.sum()).item()


def edges(images: Tensor) -> float:
    x = images.double().div(255)
    across, down = x.diff(dim=-1).abs().mean(), x.diff(dim=-2).abs().mean()
    return ((across + down) / (2 * x.mean())).item()


def nearest(images: Tensor, real: Tensor, limit: int = 2000) -> float:
    """Median over `limit` pictures of the Euclidean distance to the nearest in `real`."""
    some = images[:limit].flatten(1).float().div(255)
    distances = torch.cdist(some, real.flatten(1).float().div(255))
    return distances.min(dim=1).values.median().item()


def write_sheet(
    images: Tensor, labels: Tensor, real: tuple[Tensor, Tensor], path: Path, columns: int = 16
) -> None:
    """A row of samples per label, then four real pictures of it."""
    rows = []
    for label in range(NUM_CLASSES):
        drawn = images[labels == label][:columns]
        known = real[0][real[1] == label][:4]
        gap = torch.full((1, *drawn.shape[1:]), 128, dtype=torch.uint8)
        rows.append(torch.cat([*torch.cat([drawn, gap, known])], dim=-1))
    sheet = torch.cat(rows, dim=-2)[0]
    picture = Image.fromarray(sheet.numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(path)


if __name__ == "__main__":
    main()
