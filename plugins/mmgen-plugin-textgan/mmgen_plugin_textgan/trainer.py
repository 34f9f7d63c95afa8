"""How generator and discriminator learn from each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.interfaces import Batch, Condition, Noise, Stage, Trainer
from mmgen.nn import (
    ADVERSARIAL_LOSSES,
    AdversarialGame,
    RelativeGaussian,
    channels_last,
    energy_score,
)
from mmgen_plugin_textgan.config import TextGanTraining
from mmgen_plugin_textgan.discriminator import Discriminator, Seen
from mmgen_plugin_textgan.generator import TextGan


class TextGanTrainer(Trainer[TextGanTraining]):
    """Two phases in turn: the discriminator's, then the generator's."""

    model: TextGan

    def __init__(self, model: TextGan, options: TextGanTraining) -> None:
        super().__init__(model, options)
        self.discriminator = Discriminator(
            model.config,
            model.conditioner,
            width_factor=options.discriminator_width,
            bias=not ADVERSARIAL_LOSSES[options.loss].relative,
        )
        self.game = AdversarialGame[Seen](options)
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
        """Return the discriminator's loss, its parts, and the mean scores."""
        with torch.no_grad():
            made, told, _ = self._make(batch, rng)
        judge, real = self.discriminator, 2 * batch["target"] - 1
        condition = judge.condition(batch, told.present)
        return self.game.discriminator_loss(
            judge, real, made, condition, step=step, rng=rng, labels=batch.get("label")
        )

    def generator_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the generator's loss, and the divergence of its sentences.

        Zhang et al. 2017, equation 4; the divergence is of a mean number of a mean sentence.
        """
        made, told, sentence = self._make(batch, rng)
        judge, real = self.discriminator, 2 * batch["target"] - 1
        with torch.no_grad():
            condition = judge.condition(batch, told.present)
        loss = self.game.generator_loss(judge, real, made, condition, rng=rng)
        if sentence is None:
            return {"loss": loss}
        divergence = sentence.divergence().mean() / self.model.sentence_dim
        loss = loss + self.options.augmentation_weight * divergence
        return {"loss": loss, "divergence": divergence.detach()}

    @torch.no_grad()
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the energy score of each held-out picture, (N,): the lower the better."""
        model, wanted = self.model, batch["target"]
        draws, count = self.options.score_samples, len(wanted)
        condition = model.conditioner(batch, num_images=count, device=wanted.device)
        condition = condition.rows(
            torch.arange(count, device=wanted.device).repeat_interleave(draws)
        )
        latents = rng.normal((draws, model.latent_dim), stream="score").flatten(0, 1)
        noise = rng.normal((draws, model.sentence_dim), stream="score/sentence").flatten(0, 1)
        made = model.render(latents, condition, noise).unflatten(0, (count, draws))
        return {"energy_score": energy_score(made, wanted)}

    def _make(self, batch: Batch, rng: Noise) -> tuple[Tensor, Condition, RelativeGaussian | None]:
        """Return pictures (N, C, H, W) in [-1, 1], what they were told, and their sentences."""
        model, wanted = self.model, batch["target"]
        condition = model.conditioner(batch, num_images=len(wanted), device=wanted.device)
        latents = rng.normal((model.latent_dim,), stream="latents")
        noise = rng.normal((model.sentence_dim,), stream="sentence")
        sentence = model.sentence(condition, noise)
        drawn = None if sentence is None else sentence.whitened
        return model(latents, drawn, condition), condition, sentence
