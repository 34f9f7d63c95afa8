"""How a VAE learns: one network, one bound."""

from collections.abc import Sequence

from torch import Tensor

from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import channels_last
from mmgen_plugin_vae.autoencoder import Autoencoder
from mmgen_plugin_vae.config import VaeTraining
from mmgen_plugin_vae.ladder import TopDown
from mmgen_plugin_vae.objective import negative_elbo, negative_importance_bound, warmed_up


class VaeTrainer(Trainer[VaeTraining]):
    """Maximises the evidence lower bound, or its importance-weighted form.

    The network is called once per step, as a module: compiling it compiles all that costs.
    """

    model: Autoencoder

    def __init__(self, model: Autoencoder, options: VaeTraining) -> None:
        super().__init__(model, options)
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="bound",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        """Return the negative bound in nats per picture, and its two terms."""
        options = self.options
        weight = warmed_up(options.beta, step, options.kl_warmup_steps)
        draws = options.importance_samples
        log_likelihood, result = self._infer(batch, rng, draws)
        if draws == 1:
            per_channel = options.free_bits_scope == "channel"
            divergences = result.channel_divergences() if per_channel else result.divergences()
            loss = negative_elbo(
                log_likelihood, divergences, kl_weight=weight, free_bits=options.free_bits
            )
            divergence = divergences.sum(dim=0).mean()
        else:
            log_ratio = result.log_ratio()
            loss = negative_importance_bound(log_likelihood, log_ratio, draws, kl_weight=weight)
            divergence = -log_ratio.mean()
        return {"loss": loss, "reconstruction": -log_likelihood.mean(), "kl": divergence}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the negative evidence lower bound and its terms, in nats, each (N,)."""
        log_likelihood, result = self._infer(batch, rng, 1)
        divergence = result.divergences().sum(dim=0)
        return {
            "negative_elbo": divergence - log_likelihood,
            "reconstruction": -log_likelihood,
            "kl": divergence,
        }

    def _infer(self, batch: Batch, rng: Noise, draws: int) -> tuple[Tensor, TopDown]:
        """Return log p(x | z) (N · draws,) and the pass down."""
        model, images = self.model, batch["target"]
        condition = model.conditioner(batch, num_images=len(images), device=images.device)
        noise = rng.normal((draws, model.latent_dim), stream="posterior").flatten(0, 1)
        result: TopDown = model(images, noise, model.vector(condition))
        if draws > 1:
            images = images.repeat_interleave(draws, dim=0)
        return model.pixels.log_prob(result.parameters, images), result
