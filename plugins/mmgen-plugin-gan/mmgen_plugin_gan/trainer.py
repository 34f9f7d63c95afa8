"""How generator and discriminator learn from each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import (
    ADVERSARIAL_LOSSES,
    between,
    diff_augment,
    one_centred_penalty,
    zero_centred_penalty,
)
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
        self.adversarial = ADVERSARIAL_LOSSES[options.loss]
        for parameter in self.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.to(memory_format=torch.channels_last)

    def stages(self) -> Sequence[Stage]:
        """One stage of two phases, each with an optimiser of its own."""
        judge = Phase(
            name="discriminator",
            parameters=[p for p in self.discriminator.parameters() if p.requires_grad],
            loss=self.discriminator_loss,
            learning_rate=self.options.discriminator_rate,
            repeat=self.options.discriminator_steps,
        )
        maker = Phase(
            name="generator",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.generator_loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[judge, maker])]

    def discriminator_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        """Return the discriminator's loss, its penalty, and the mean scores."""
        options = self.options
        with torch.no_grad():
            made, present = self._make(batch, rng)
            real, fake = self._augmented(2 * batch["target"] - 1, made, rng)
        vector = self.discriminator.vector(batch, present)
        penalised = options.penalty != "none" and options.penalty_weight > 0
        penalised = penalised and step % options.penalty_every == 0
        # One pass for both is faster, but R1's slope then costs as much as that of both.
        apart = penalised and options.penalty == "r1"
        parts = [real, fake] if apart else [torch.cat([real, fake])]
        parts[0].requires_grad_(penalised and options.penalty != "wgan-gp")
        features = torch.cat([self.discriminator.body(images) for images in parts])
        scores = self._scores(features, vector)
        on_real, on_fake = scores.chunk(2)
        loss = self.adversarial.discriminator(on_real, on_fake)
        figures = {"real": on_real.mean().detach(), "fake": on_fake.mean().detach()}
        if vector is not None and options.mismatched:
            mismatch = self._mismatch(features.chunk(2)[0], on_real, vector, present)
            loss = loss + options.mismatched * mismatch
            figures["mismatch"] = mismatch.detach()
        if penalised:
            if options.penalty == "wgan-gp":
                penalty = self._slope_between(real, fake, vector, rng)
            elif options.penalty == "r1":
                penalty = zero_centred_penalty(on_real, real)
            else:  # R1 + R2: twice the mean over both
                penalty = 2 * zero_centred_penalty(scores, parts[0])
            loss = loss + options.penalty_weight * options.penalty_every * penalty
            figures["penalty"] = penalty.detach()
        return {"loss": loss, **figures}

    def generator_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the generator's loss."""
        made, present = self._make(batch, rng)
        with torch.no_grad():
            vector = self.discriminator.vector(batch, present)
        real, fake = self._augmented(2 * batch["target"] - 1, made, rng)
        if self.adversarial.needs_real:
            features = self.discriminator.body(torch.cat([real, fake]))
            on_real, on_fake = self._scores(features, vector).chunk(2)
        else:
            on_fake = self.discriminator(fake, vector)
            on_real = on_fake
        return {"loss": self.adversarial.generator(on_real, on_fake)}

    @torch.no_grad()
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the energy score of each held-out picture, (N,): the lower the better.

        Gneiting and Raftery 2007, equation 22, with the Euclidean distance of pixels: a proper
        scoring rule, E|Y - x| - ½ E|Y - Y'| for pictures Y drawn under the conditions of x. It is
        lowest for the true distribution, and rises where pictures are poor or all alike.
        """
        model, wanted = self.model, batch["target"]
        draws = self.options.score_samples
        condition = model.conditioner(batch, num_images=len(wanted), device=wanted.device)
        vector = model.vector(condition)
        vector = None if vector is None else vector.repeat_interleave(draws, dim=0)
        latents = rng.normal((draws, model.latent_dim), stream="score").flatten(0, 1)
        made = model.render(latents, vector).float().reshape(len(wanted), draws, -1)
        to_wanted = torch.cdist(made, wanted.flatten(1)[:, None]).mean(dim=(1, 2))
        among = torch.cdist(made, made).sum(dim=(1, 2)) / (draws * (draws - 1))
        return {"energy_score": to_wanted - among / 2}

    def _make(self, batch: Batch, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return pictures (N, C, H, W) in [-1, 1], and which slots they were told of, (N, S)."""
        model, wanted = self.model, batch["target"]
        condition = model.conditioner(batch, num_images=len(wanted), device=wanted.device)
        latents = rng.normal((model.latent_dim,), stream="latents")
        return model(latents, model.vector(condition)), condition.present

    def _augmented(self, real: Tensor, fake: Tensor, rng: Noise) -> tuple[Tensor, Tensor]:
        policies = self.options.augment
        return diff_augment(real, rng, policies), diff_augment(fake, rng, policies)

    def _scores(self, features: Tensor, vector: Tensor | None) -> Tensor:
        """Return the scores (2N,) of real and generated pictures under the same conditions."""
        twice = None if vector is None else torch.cat([vector, vector])
        scores: Tensor = self.discriminator.score(features, twice).float()
        return scores

    def _mismatch(
        self, features: Tensor, on_real: Tensor, vector: Tensor, present: Tensor
    ) -> Tensor:
        """Return the loss of taking real pictures under their neighbour's condition for generated.

        Reed et al. 2016, algorithm 1. Neighbours with the same condition, and those of whom other
        slots are given, do not count: under such a condition the picture may well be real.
        """
        others = vector.roll(1, dims=0)
        alike = (present == present.roll(1, dims=0)).all(dim=1)
        counts = alike & (others != vector).any(dim=1)
        if not counts.any():
            return on_real.new_zeros(())
        on_other = self.discriminator.score(features, others).float()
        return self.adversarial.discriminator(on_real[counts], on_other[counts])

    def _slope_between(
        self, real: Tensor, fake: Tensor, vector: Tensor | None, rng: Noise
    ) -> Tensor:
        mixed = between(real, fake, rng.uniform((1, 1, 1), stream="penalty").to(real))
        return one_centred_penalty(self.discriminator(mixed, vector).float(), mixed)
