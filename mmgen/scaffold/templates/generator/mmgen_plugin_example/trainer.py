"""What is minimised; the loop, checkpoints, averages and logs are mmgen's."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen import Noise, Phase, Stage, Trainer
from mmgen_plugin_example.config import ExampleTraining
from mmgen_plugin_example.network import Example

Batch = dict[str, Any]


class ExampleTrainer(Trainer[ExampleTraining]):
    """At all times between picture and noise, the velocity is noise less picture.

    Liu et al. 2023, equation 1.
    """

    model: Example

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        phase = Phase(name="flow", parameters=parameters, loss=self.loss, ema=(self.model,))
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the mean squared error of a batch, at a random time for each picture."""
        times = rng.uniform((), stream="times")
        return {"loss": self.errors(batch, times, rng).mean()}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the error of each held-out picture, (N,): the mean over times of even shares."""
        images, count = batch["target"], self.options.evaluation_times
        found = [
            self.errors(batch, images.new_full((len(images),), (at + 0.5) / count), rng)
            for at in range(count)
        ]
        return {"error": torch.stack(found).mean(dim=0)}

    def errors(self, batch: Batch, times: Tensor, rng: Noise) -> Tensor:
        """Return the mean squared error (N,) of the velocities at times (N,)."""
        picture = 2 * batch["target"] - 1  # [-1, 1]
        noise = rng.normal(tuple(picture.shape[1:]), stream="noise").to(picture)
        condition = self.model.conditioner(batch, num_images=len(picture), device=picture.device)
        share = times.to(picture)[:, None, None, None]
        velocity = self.model(torch.lerp(picture, noise, share), times.to(picture), condition)
        return (velocity.float() - (noise - picture)).square().flatten(1).mean(dim=1)
