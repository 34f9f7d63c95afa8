"""The network of the tiny family."""

import torch
from torch import nn

from mmgen import Generator, Phase, Size, Slot, Stage, Trainer


class Tiny(Generator):
    """Noise around a learned brightness, a little brighter for each class."""

    spatial_slots = (Slot(name="image", modality="image"), Slot(name="mask", modality="mask"))

    def __init__(self, config, *, conditioner=None):
        from tiny_zoo import TinyOptions

        super().__init__(config, conditioner=conditioner)
        type(self).generation = TinyOptions
        self.brightness = nn.Parameter(torch.tensor(0.5))

    @property
    def size(self):
        return Size(channels=1, height=self.config.size, width=self.config.size)

    def sample(self, condition, rng, options):
        shape = (1, self.config.size, self.config.size)
        noise = rng.uniform(shape) - 0.5 if options.texture == "noise" else rng.uniform(shape) * 0
        shift = condition.pooled.mean(dim=1)[:, None, None, None]
        made = (self.brightness + options.contrast * noise + shift).clamp(0, 1)
        image = condition.spatial.get("image")
        if image is None:
            return made
        mask = condition.spatial.get("mask", torch.ones_like(image))
        return torch.where(mask > 0.5, made, image)

    def reconstruct(self, images, **conditions):
        return (images.flip(-1) + self._shift(conditions, len(images))).clamp(0, 1)

    def interpolate(self, a, b, steps, **conditions):
        weight = torch.linspace(0, 1, steps)[:, None, None, None]
        return (a + weight * (b - a) + self._shift(conditions, steps)).clamp(0, 1)

    def _shift(self, conditions, num_images):
        """How much brighter the conditions make pictures than none would."""
        asked = self.semantic_condition(conditions, num_images).pooled
        return (asked - self.semantic_condition({}, 1).pooled).mean(dim=1)[:, None, None, None]


class TinyTrainer(Trainer):
    """Learn the mean brightness."""

    def stages(self):
        def loss(batch, step, rng):
            difference = batch["target"].mean() - self.model.brightness
            return {"loss": self.options.weight * difference.square()}

        return [
            Stage(
                name="all",
                phases=[Phase(name="fit", parameters=[self.model.brightness], loss=loss)],
            )
        ]

    def evaluate(self, batch, rng):
        difference = batch["target"].mean(dim=(1, 2, 3)) - self.model.brightness
        return {"error": difference.square()}
