"""The encoder of palettes, the generator that is asked for them, and how it learns."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgen import (
    Condition,
    Conditioner,
    Embedding,
    Encoder,
    Generator,
    Noise,
    Options,
    Phase,
    Size,
    Stage,
    Trainer,
)
from mmgen.pretrained import build
from mmgen_plugin_palette.plugin import EncoderConfig, FlowConfig

_STEPS = 10
_COLOURS_OF_A_PICTURE = 3


class PaletteEncoder(Encoder):
    """A token for each colour; the pooled vector is their mean, so their order does not count."""

    modality = "palette"

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.width = config.embedding_width
        self.layers = nn.Sequential(
            nn.Linear(3, self.width), nn.SiLU(), nn.Linear(self.width, self.width)
        )

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return colours (N, L, 3) in [0, 1] of N palettes, and their numbers int64 (N,)."""
        rows = [[list(bytes.fromhex(item[1:])) for item in text.split(",")] for text in values]
        counts = torch.tensor([len(row) for row in rows])
        padded = [row + [[0, 0, 0]] * (int(counts.max()) - len(row)) for row in rows]
        return {"colours": torch.tensor(padded) / 255, "counts": counts}

    def forward(self, *, colours: Tensor, counts: Tensor) -> Embedding:  # type: ignore[override]
        """Embed what `prepare` returned."""
        tokens = self.layers(colours.to(self.dtype))
        mask = torch.arange(colours.shape[1], device=counts.device) < counts[:, None]
        shares = mask / counts[:, None]
        return Embedding(tokens, mask, (tokens * shares[..., None].to(tokens)).sum(dim=1))


class PaletteFlow(Generator):
    """Rectified flow on pixels; where nothing else is asked for, it takes a palette."""

    config: FlowConfig
    uses_tokens = False

    def __init__(self, config: FlowConfig, *, conditioner: Conditioner | None = None) -> None:
        if conditioner is None:
            encoder = build("palette-encoder", {})
            assert isinstance(encoder, Encoder)
            conditioner = Conditioner({"palette": encoder}, width=encoder.width)
        super().__init__(config, conditioner=conditioner)
        self.shape = (config.channels, config.height, config.width)
        pixels = torch.Size(self.shape).numel()
        told = 1 + self.condition_width
        self.net = nn.Sequential(
            nn.Linear(pixels + told, config.hidden), nn.SiLU(), nn.Linear(config.hidden, pixels)
        )

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        return Size(channels=self.shape[0], height=self.shape[1], width=self.shape[2])

    def forward(self, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        """Return the velocity (N, C, H, W) from picture to noise, at times (N,) in [0, 1]."""
        told = condition.pooled[:, : self.condition_width]
        return self.net(torch.cat([noisy.flatten(1), times[:, None], told], dim=1)).view_as(noisy)

    def sample(self, condition: Condition, rng: Noise, options: Options) -> Tensor:
        """Follow the velocity from noise, in equal steps."""
        picture = rng.normal(self.shape)
        for step in range(_STEPS):
            times = picture.new_full((len(picture),), 1 - step / _STEPS)
            picture = picture - self(picture, times, condition) / _STEPS
        return ((picture + 1) / 2).clamp(0, 1)


class PaletteTrainer(Trainer[Options]):
    """Learns pictures, each asked for by its own colours."""

    model: PaletteFlow

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        learning = [p for p in self.model.parameters() if p.requires_grad]
        phase = Phase(name="flow", parameters=learning, loss=self.loss, ema=(self.model,))
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: dict[str, Any], step: int, rng: Noise) -> dict[str, Tensor]:
        """Return the mean squared error of the velocity."""
        return {"loss": self.evaluate(batch, rng)["error"].mean()}

    def evaluate(self, batch: dict[str, Any], rng: Noise) -> dict[str, Tensor]:
        """Return the error of each picture, (N,), at a random time."""
        picture, times = 2 * batch["target"] - 1, rng.uniform((), stream="times")
        noise = rng.normal(self.model.shape, stream="noise").to(picture)
        given = {"palette": palettes_of(batch["target"])} | dict(batch)
        told = self.model.conditioner(given, num_images=len(picture), device=picture.device)
        velocity = self.model(torch.lerp(picture, noise, times[:, None, None, None]), times, told)
        return {"error": (velocity - (noise - picture)).square().flatten(1).mean(dim=1)}


def palettes_of(images: Tensor) -> list[str]:
    """Return the palettes of pictures (N, C, H, W): the means of dark, middle and bright pixels."""
    colour = images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)
    pixels = colour.detach().cpu().flatten(2)  # (N, 3, P)
    order = pixels.sum(dim=1).argsort(dim=1)[:, None].expand_as(pixels)
    parts = pixels.gather(2, order).tensor_split(_COLOURS_OF_A_PICTURE, dim=2)
    means = torch.stack([part.mean(dim=2) for part in parts if part.shape[2]], dim=1)
    rows = means.mul(255).round().to(torch.uint8).tolist()
    return [",".join("#" + bytes(colour).hex() for colour in row) for row in rows]
