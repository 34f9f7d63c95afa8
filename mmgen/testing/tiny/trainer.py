"""How the family learns."""

from torch import Tensor

from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyTraining


class TinyTrainer(Trainer[TinyTraining]):
    """Learns to give pictures back."""

    model: TinyNet

    def stages(self) -> list[Stage]:
        """One stage with one phase."""
        phase = Phase(
            name="autoencoder",
            parameters=list(self.model.parameters()),
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="learn", phases=(phase,))]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the mean squared error."""
        return {"loss": self._errors(batch, rng).mean()}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return each picture's mean squared error."""
        return {"error": self._errors(batch, rng)}

    def _errors(self, batch: Batch, rng: Noise) -> Tensor:
        target: Tensor = batch["target"]
        conditioner = self.model.conditioner
        given = {name: batch[name] for name in conditioner.slot_names}
        condition = conditioner(given, num_images=len(target), device=target.device)
        latents = self.model.encoder(target.flatten(1))
        latents = latents + self.options.noise * rng.normal(latents.shape[1:], stream="latent")
        return (self.model(latents, condition) - target).square().mean(dim=(1, 2, 3))
