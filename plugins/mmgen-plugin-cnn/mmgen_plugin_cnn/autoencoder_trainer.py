"""How an autoencoder learns: what comes out shall be like what is wanted."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.errors import OptionError
from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import channels_last, random_crop
from mmgen_plugin_cnn.autoencoder import ConvAutoencoder
from mmgen_plugin_cnn.config import AutoencoderTraining


class AutoencoderTrainer(Trainer[AutoencoderTraining]):
    """Lowers the distance between the pictures that come out and those that are wanted.

    What goes in is the batch's "image" where the data has pairs, else the picture itself.
    """

    model: ConvAutoencoder

    def __init__(self, model: ConvAutoencoder, options: AutoencoderTraining) -> None:
        super().__init__(model, options)
        crop, size = options.crop, model.size
        if crop and (crop % model.config.factor or crop > min(size.height, size.width)):
            raise OptionError(
                f"crop must be a multiple of {model.config.factor} px and at most "
                f"{min(size.height, size.width)}; got {crop}"
            )
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="reconstruct",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the distance, and the mean squared error beside it."""
        given, wanted = self._changed(*_pair(batch), rng)
        if self.options.noise:
            noise = rng.normal(tuple(given.shape[1:]), stream="noise").to(given)
            given = given + self.options.noise * noise
        difference = self._go(batch, given) - wanted
        squared = difference.square().mean()
        return {
            "loss": difference.abs().mean() if self.options.distance == "l1" else squared,
            "mse": squared.detach(),
        }

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return mean absolute and mean squared difference of the pixels, each (N,)."""
        given, wanted = _pair(batch)
        difference = self._go(batch, given).clamp(0, 1) - wanted
        absolute, squared = (x.flatten(1).mean(dim=1) for x in (difference.abs(), difference**2))
        if self.options.distance == "l1":
            return {"mae": absolute, "mse": squared}
        return {"mse": squared, "mae": absolute}

    def _changed(self, given: Tensor, wanted: Tensor, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return both, mirrored and cut alike."""
        one = given is wanted
        both = wanted if one else torch.cat([given, wanted], dim=1)
        if self.options.flip:
            mirrored = rng.uniform((1, 1, 1), stream="flip").to(both) < 0.5
            both = torch.where(mirrored, both.flip(-1), both)
        if self.options.crop:
            both = random_crop(both, rng, side=self.options.crop)
        if one:
            return both, both
        given, wanted = both.split([given.shape[1], wanted.shape[1]], dim=1)
        return given, wanted

    def _go(self, batch: Batch, given: Tensor) -> Tensor:
        model = self.model
        condition = model.conditioner(batch, num_images=len(given), device=given.device)
        made: Tensor = model(given, model.vector(condition))
        return made.float()


def _pair(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return what is given and what is wanted, each (N, C, H, W)."""
    wanted: Tensor = batch["target"]
    return batch.get("image", wanted), wanted
