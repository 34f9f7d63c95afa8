"""How generator and discriminator learn from each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.interfaces import Batch, Noise, Stage, Trainer
from mmgen.nn import AdversarialGame, channels_last, energy_score
from mmgen_plugin_gan.config import GanTraining
from mmgen_plugin_gan.discriminator import build_discriminator
from mmgen_plugin_gan.gan import Gan


class GanTrainer(Trainer[GanTraining]):
    """Two phases in turn: the discriminator's, then the generator's."""

    model: Gan

    def __init__(self, model: Gan, options: GanTraining) -> None:
        super().__init__(model, options)
        self.discriminator = build_discriminator(
            model, width_factor=options.discriminator_width, spectral=options.spectral_norm
        )
        self.game = AdversarialGame[Tensor](options)
        channels_last(self)

    def stages(self) -> Sequence[Stage]:
        """One stage of two phases, each with an optimiser of its own."""
        phases = self.game.phases(
            discriminator=self.discriminator,
            discriminator_loss=self.discriminator_loss,
            generator=self.model,
            generator_loss=self.generator_loss,
        )
        return [Stage(name="train", phases=phases)]

    def discriminator_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        """Return the discriminator's loss, its penalty, and the mean scores."""
        with torch.no_grad():
            made, present = self._make(batch, rng)
        judge, real = self.discriminator, 2 * batch["target"] - 1
        condition = judge.condition(batch, present)
        return self.game.discriminator_loss(
            judge, real, made, condition, step=step, rng=rng, labels=batch.get("label")
        )

    def generator_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the generator's loss."""
        made, present = self._make(batch, rng)
        judge, real = self.discriminator, 2 * batch["target"] - 1
        with torch.no_grad():
            condition = judge.condition(batch, present)
        return {"loss": self.game.generator_loss(judge, real, made, condition, rng=rng)}

    @torch.no_grad()
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the energy score of each held-out picture, (N,): the lower the better."""
        model, wanted = self.model, batch["target"]
        draws = self.options.score_samples
        condition = model.conditioner(batch, num_images=len(wanted), device=wanted.device)
        vector = model.vector(condition)
        vector = None if vector is None else vector.repeat_interleave(draws, dim=0)
        latents = rng.normal((draws, model.latent_dim), stream="score").flatten(0, 1)
        made = model.render(latents, vector).unflatten(0, (len(wanted), draws))
        return {"energy_score": energy_score(made, wanted)}

    def _make(self, batch: Batch, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return pictures (N, C, H, W) in [-1, 1], and which slots they were told of, (N, S)."""
        model, wanted = self.model, batch["target"]
        condition = model.conditioner(batch, num_images=len(wanted), device=wanted.device)
        latents = rng.normal((model.latent_dim,), stream="latents")
        return model(latents, model.vector(condition)), condition.present
