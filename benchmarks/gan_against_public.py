"""mmgen's GANs against two public ones, judged by one extractor after as many images seen.

    python benchmarks/gan_against_public.py --data DATA --ours RUN --extractor MODEL --epochs 20

DATA is Fashion-MNIST or the like: grey pictures of 28×28 in splits train and test. RUN is a model,
and may be named several times; MODEL is an encoder. The public ones are `dcgan.py` and `wgan_gp.py`
of eriklindernoren/PyTorch-GAN at commit 36d3c77, with their own defaults but for the epochs.

Their files are run unmodified. Replaced around them is the data set, `torchvision.datasets.MNIST`:
they get the train split of DATA, each picture transformed by their own transforms, once and not in
every epoch. Where torchvision cannot be imported, a stand-in serves the names that they import.

Images seen are real pictures shown to the discriminator, repetitions counted. Of the public ones
they are counted as they are served, of mmgen's they are steps × batch × discriminator_steps of
training.json. A model that saw more than the public ones is refused (but with --unequal).

10,000 pictures a side are held against the test split. The public generators draw in eval mode
(with --batch-statistics in train mode too, in which their scripts draw grids). The public DCGAN
makes 32×32, its default, from pictures enlarged by its script: what it draws is brought to 28×28,
bilinear with antialiasing. Rows that went the same way, 28 → 32 → 28, tell what that costs: real
test pictures, and mmgen's. The row of train pictures is the floor: no model is expected below it.

The intervals (95 %) are over the pictures drawn, and say nothing of trainings with another seed.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gan_sides.judging import Figures, Judge
from gan_sides.ours import History, draw, read_history, reference
from gan_sides.public_scripts import ADDRESS, COMMIT, SCRIPTS, find_repository, train_and_draw
from gan_sides.side import Side, resize
from measuring import print_table
from mmgen.data import PictureData
from mmgen.media.pictures import tile
from mmgen.metrics import FeatureExtractor, Workbench
from pictures import load_split

SHAPE = (1, 28, 28)
DETOUR = "28 → {} → 28"
HEADER = ("", "images seen", "FID", "95 %", "KID", "precision", "recall", "density", "coverage",
          "FID below both")  # fmt: skip


def main() -> None:
    arguments = parse_arguments()
    train, test = read_pictures(arguments.data, arguments)
    histories = [read_history(name) for name in arguments.ours]
    check_seen(histories, arguments.epochs * len(train), unequal=arguments.unequal)
    extractor = Workbench().extractor(
        reference(arguments.extractor), arguments.layer, torch.device(arguments.device)
    )
    print(f"extractor: {extractor.name}, layer {extractor.layer}, sha256 {extractor.sha256}")
    ours = draw_ours(histories, test, arguments)
    repository = find_repository(arguments.repository, arguments.peers)
    peers = [
        side
        for script in SCRIPTS
        for side in train_and_draw(script, repository, train, arguments)
        if side.facts["mode"] == "eval" or arguments.batch_statistics
    ]
    sides = [*ours, *peers, *detours([*ours, Side(name="real test", images=test)], peers)]
    sides.append(some_train(train, arguments))
    judge = Judge(extractor, test, seed=arguments.seed)
    found = {side.name: judge_side(judge, side) for side in sides}
    bar = [found[side.name] for side in peers]
    print_table(HEADER, [row(side, found[side.name], bar, ours) for side in sides])
    write(sides, found, extractor, test, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="real pictures, split in train and test")
    parser.add_argument("--ours", action="append", required=True, help="a model; repeatable")
    parser.add_argument("--extractor", required=True, help="an encoder, in whose features all is")
    parser.add_argument("--layer", default="pooled", help="of the extractor")
    parser.add_argument("--epochs", type=int, default=3, help="of the public ones")
    parser.add_argument("--seed", type=int, default=0, help="of their trainings; of what is drawn")
    parser.add_argument("--unequal", action="store_true", help="take models that saw more, too")
    parser.add_argument("--batch-statistics", action="store_true", help="peers in train mode too")
    parser.add_argument("--num-samples", type=int, default=10_000, help="pictures a side")
    parser.add_argument("--repository", type=Path, help=f"a clone of {ADDRESS}; none: clone it")
    parser.add_argument("--peers", type=Path, default=Path("runs/peers"), help="clone and samples")
    parser.add_argument("--device", default="cpu", help="of mmgen's models and the extractor")
    parser.add_argument("--train-images", type=int, help="an epoch of so many, to try the script")
    parser.add_argument("--test-images", type=int, help="so many real ones, to try the script")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/gan-against-public"))
    return parser.parse_args()


def read_pictures(source: str, arguments: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """The train and the test split, uint8 (N, 1, 28, 28)."""
    train = load_split(source, "train")[0][: arguments.train_images]
    test = load_split(source, "test")[0][: arguments.test_images]
    if {tuple(train.shape[1:]), tuple(test.shape[1:])} != {SHAPE}:
        sys.exit(f"{source}: the public scripts are for grey 28×28; got {tuple(train.shape[1:])}")
    return train, test


def check_seen(histories: list[History], most: int, *, unequal: bool) -> None:
    """Say what each model had seen; stop where one saw more than the public ones will."""
    for history in histories:
        print(f"{history.name}: {history.words}")
        seen = history.images_seen
        if unequal or (seen is not None and seen <= most):
            continue
        sys.exit(
            f"{history.name} saw {'an unknown number of' if seen is None else f'{seen:,}'} images, "
            f"the public ones will have seen {most:,}: give --epochs more, or say --unequal"
        )


def draw_ours(histories: list[History], test: Tensor, arguments: argparse.Namespace) -> list[Side]:
    real = PictureData(images=test, name=arguments.data, split="test")
    return [
        draw(
            history,
            real,
            count=arguments.num_samples,
            seed=arguments.seed,
            device=arguments.device,
        )
        for history in histories
    ]


def detours(sides: list[Side], peers: list[Side]) -> list[Side]:
    """The sides' pictures, brought to the size of a peer's and back."""
    sizes = sorted({peer.px for peer in peers} - {SHAPE[-1]})
    return [
        Side(name=f"{side.name}, {DETOUR.format(px)}", images=resize(side.images, px))
        for side in sides
        for px in sizes
    ]


def some_train(train: Tensor, arguments: argparse.Namespace) -> Side:
    rng = torch.Generator().manual_seed(arguments.seed)
    rows = torch.randperm(len(train), generator=rng)[: arguments.num_samples]
    return Side(name="real train (floor)", images=train[rows])


def judge_side(judge: Judge, side: Side) -> Figures:
    print(f"judging {side.name}", file=sys.stderr)
    return judge.figures(resize(side.images, SHAPE[-1]))


def row(side: Side, figures: Figures, peers: list[Figures], ours: list[Side]) -> list[str]:
    """A side's row of the table."""
    fid, kid, *shares = figures.values()
    assert fid.interval is not None
    return [
        side.name,
        "" if side.images_seen is None else f"{side.images_seen:,}",
        f"{fid.value:.3f}",
        "{:.3f} – {:.3f}".format(*fid.interval),
        f"{kid.value:.5f}",
        *(f"{share.value:.3f}" for share in shares),
        below(figures, peers) if side in ours else "",
    ]


def below(figures: Figures, peers: list[Figures]) -> str:
    """Whether a Fréchet distance is below the peers', and its interval below theirs."""
    mine, theirs = figures["fid"], [peer["fid"] for peer in peers]
    lowest = min(other.value for other in theirs)
    if mine.value >= lowest:
        return f"< {lowest:.3f}: NO"
    apart = all(mine.interval[1] < other.interval[0] for other in theirs)
    return f"< {lowest:.3f}: {'yes' if apart else 'a tie'}"


def write(
    sides: list[Side],
    found: dict[str, Figures],
    extractor: FeatureExtractor,
    test: Tensor,
    arguments: argparse.Namespace,
) -> None:
    """Write figures.json, and a grid of each side's first pictures as they were drawn."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    real = PictureData(images=test)
    content = {
        "arguments": {name: str(value) for name, value in vars(arguments).items()},
        "public": {"repository": ADDRESS, "commit": COMMIT},
        "extractor": extractor.to_dict() | {"resize": extractor.resize(real)},
        "real": {"fingerprint": real.fingerprint, "num_images": len(test)},
        "sides": [describe(side, found[side.name]) for side in sides],
    }
    path = arguments.output / "figures.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for side in sides:
        name = re.sub(r"[^a-z0-9]+", "-", side.name.lower()).strip("-")
        pixels = tile(side.images[:100, 0].numpy(), columns=10)
        Image.fromarray(pixels).save(arguments.output / f"{name}.png")
    print(f"figures and grids: {arguments.output}")


def describe(side: Side, figures: Figures) -> dict[str, Any]:
    return {
        "name": side.name,
        "px": side.px,
        "images_seen": side.images_seen,
        "facts": side.facts,
        "figures": {
            name: {"value": figure.value, "interval": figure.interval}
            for name, figure in figures.items()
        },
    }


if __name__ == "__main__":
    main()
