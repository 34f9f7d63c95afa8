"""Images a second of training `contrastive` through mmgen, against a bare loop in torch.

    OMP_NUM_THREADS=1 python benchmarks/contrastive_step.py --clock cpu

Both sides train the same towers (`resnet` and `text-transformer`, as the recipes have them) on the
same pictures of 64×64 and as many distinct captions, with one fused AdamW and a moving average.
Before anything is timed, both must compute the same loss. The bare loop is as fast as we could
write it: captions are byte pairs before it begins, nothing is masked, no figure is read.
"""

from functools import partial

import torch
import torch.nn.functional as F
from mmgen_plugin_contrastive.config import ContrastiveConfig, ContrastiveTraining
from mmgen_plugin_contrastive.network import Contrastive
from mmgen_plugin_contrastive.trainer import ContrastiveTrainer
from torch import Tensor, nn

from bare_loop import Work, arguments_of, compare, demand_same, new_work, run_bare
from mmgen.interfaces import Conditioner, CounterNoise
from mmgen.pretrained import build_encoder

BAR = 0.95
SETTINGS = {"learning_rate": 1e-3, "ema_decay": 0.99}
SIDE, WIDTH = 64, 128
IMAGE = {"height": SIDE, "width": SIDE, "widths": (32, 64, 128, 256), "blocks": 1, "stem_stride": 2}
TEXT = {
    "width": 128,
    "depth": 2,
    "length": 32,
    "vocabulary": 2048,
    "dropout": 0.0,
    "noise": 0.0,
}
THINGS = ("fox", "whale", "house", "lantern", "violin", "mountain", "bicycle", "teapot")
PLACES = ("forest", "harbour", "meadow", "desert", "kitchen", "garden", "valley", "station")


def new_trainer(pictures: Tensor, captions: list[str], device: str) -> ContrastiveTrainer:
    torch.manual_seed(0)
    encoders = {
        "image": build_encoder("resnet", IMAGE, pictures),
        "text": build_encoder("text-transformer", TEXT, captions),
    }
    model = Contrastive(ContrastiveConfig(), conditioner=Conditioner(encoders, width=WIDTH))
    return ContrastiveTrainer(model.to(device), ContrastiveTraining()).to(device)


class BareTowers(nn.Module):
    """The trainer's own networks, called by hand."""

    def __init__(self, model: Contrastive) -> None:
        super().__init__()
        self.image, self.text = (
            model.conditioner.encoders["image"],
            model.conditioner.encoders["text"],
        )
        projections = model.conditioner.pooled_projections
        self.of_image, self.of_text = projections["image"], projections["text"]
        self.log_scale = model.log_scale

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        a = F.normalize(self.of_image(self.image(images=images).pooled), dim=1)
        b = F.normalize(self.of_text(self.text(tokens=tokens).pooled), dim=1)
        logits = self.log_scale.exp() * a @ b.T
        partner = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


def read_tokens(towers: BareTowers, work: Work[ContrastiveTrainer]) -> Tensor:
    tokens: Tensor = towers.text.prepare(work.columns["text"])["tokens"]
    return tokens.to(work.device)


def bare_loop(work: Work[ContrastiveTrainer]) -> float:
    towers = BareTowers(work.new_trainer().model).train()
    tokens, optimizer = read_tokens(towers, work), work.optimizer(towers)

    def take_step(rows: Tensor, _: int) -> None:
        towers(work.pictures[rows].div(255), tokens[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()

    return run_bare(work, take_step, averaged=towers)


@torch.no_grad()
def check_same_loss(work: Work[ContrastiveTrainer]) -> None:
    """Stop unless both sides compute the same from the same weights and rows."""
    trainer, rows = work.new_trainer().train(), work.first_rows
    towers = BareTowers(trainer.model)
    batch = {"target": work.pictures[rows].div(255), "text": work.columns["text"][rows]}
    ours = trainer.loss(batch, 0, CounterNoise(0, range(len(batch["target"]))))["loss"]
    demand_same("the loss", ours, towers(batch["target"], read_tokens(towers, work)[rows]))


def main() -> None:
    parser = arguments_of(__doc__, steps=20, skip=3, repeats=5, batch_size=128)
    arguments = parser.parse_args()
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (1024, 3, SIDE, SIDE), dtype=torch.uint8, generator=rng)
    captions = [
        f"{row // 64} times a {THINGS[row % 8]} in the {PLACES[row // 8 % 8]}"
        for row in range(1024)
    ]
    columns = {"target": pixels, "text": captions}
    trainer = partial(new_trainer, pixels, captions, arguments.device)
    work = new_work(arguments, trainer, columns, **SETTINGS)
    check_same_loss(work)
    compare(work, bare_loop, repeats=arguments.repeats, bar=BAR)


if __name__ == "__main__":
    main()
