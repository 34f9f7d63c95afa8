"""How a reader of scenes learns: from the captions of real scenes."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.errors import DataError
from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import channels_last, random_affine, random_colour
from mmgen_plugin_scenes.config import SceneReaderTraining
from mmgen_plugin_scenes.reader import SceneReader
from mmgen_plugin_scenes.readings import Readings, read_captions


class SceneReaderTrainer(Trainer[SceneReaderTraining]):
    """Lowers the cross-entropy between what the captions say and what the reader does."""

    model: SceneReader

    def __init__(self, model: SceneReader, options: SceneReaderTraining) -> None:
        super().__init__(model, options)
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="read",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the cross-entropy of value, colour and size in nats, a mean over the places."""
        said = _said(batch)
        with torch.no_grad():
            images = self.change(batch["target"], rng)
        logits = self._logits(images)
        losses = _cross_entropies(logits, said).mean(dim=(1, 2))
        value, colour, size = losses.unbind()
        return {"loss": losses.sum(), "value": value, "colour": colour, "size": size}

    def change(self, images: Tensor, rng: Noise) -> Tensor:
        """Return pictures (N, 3, H, W), some of them as the options change them.

        The others stay: a scene without noise, whose paper has one colour, must be known as well.
        """
        options = self.options
        draws = rng.uniform((2, 1, 1, 1), stream="changed").to(images)
        before = images
        images = random_affine(
            images, rng, shift=options.shift, rotate=options.rotate, zoom=options.zoom
        )
        images = random_colour(
            images, rng, brightness=options.brightness, contrast=options.contrast
        )
        if options.noise:
            noise = rng.normal(tuple(images.shape[1:]), stream="pixels").to(images)
            images = images + options.noise * draws[:, 0] * noise
        return torch.where(draws[:, 1] < options.changed, images, before)

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return how much of a scene is misread, each (N,).

        `error` is the share of the five places of which anything is wrong. `value_error` and
        `colour_error` are of the places that the caption names, `place_error` of all five.
        """
        said = _said(batch)
        logits = self._logits(batch["target"])
        seen = Readings(*(part.argmax(dim=2) for part in logits))
        named = said.filled
        wrong = [a != b for a, b in zip(seen.columns, said.columns, strict=True)]
        count = named.sum(dim=1).clamp_min(1)
        return {
            "error": (wrong[0] | wrong[1] | wrong[2]).float().mean(dim=1),
            "value_error": (wrong[0] & named).sum(dim=1) / count,
            "colour_error": (wrong[1] & named).sum(dim=1) / count,
            "place_error": (seen.filled != named).float().mean(dim=1),
            "cross_entropy": _cross_entropies(logits, said).sum(dim=0).mean(dim=1),
        }

    def _logits(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.model.logits(self.model(images=images).tokens)


def _said(batch: Batch) -> Readings:
    """Return what the captions of a batch say, on the device of its pictures."""
    if "text" not in batch:
        raise DataError(
            "a scene-reader learns from captions; the data has none: train it on mnist-scenes"
        )
    device = batch["target"].device
    return Readings(*(column.to(device) for column in read_captions(batch["text"]).columns))


def _cross_entropies(logits: Sequence[Tensor], said: Readings) -> Tensor:
    """Return the cross-entropy of value, colour and size at each place, (3, N, 5), in nats."""
    return torch.stack(
        [
            F.cross_entropy(part.transpose(1, 2), column, reduction="none")
            for part, column in zip(logits, said.columns, strict=True)
        ]
    )
