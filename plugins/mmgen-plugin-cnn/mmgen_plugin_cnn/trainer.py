"""How a classifier learns: changed pictures, softened targets, cross-entropy."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import change_pictures, channels_last
from mmgen_plugin_cnn.classifier import Classifier
from mmgen_plugin_cnn.config import ClassifierTraining


class ClassifierTrainer(Trainer[ClassifierTraining]):
    """Lowers the cross-entropy between the labels and what the classifier says."""

    model: Classifier

    def __init__(self, model: Classifier, options: ClassifierTraining) -> None:
        super().__init__(model, options)
        model.demand_classes()
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="classify",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the cross-entropy in nats, and how often the most probable class is right."""
        images, labels = batch["target"], batch["label"]
        targets = F.one_hot(labels, len(self.model.classes)).to(images.dtype)
        with torch.no_grad():
            images = change_pictures(images, rng, self.options)
            if self.options.mixup:
                images, targets = mix(images, targets, self.options.mixup)
        logits = self._logits(images)
        loss = F.cross_entropy(logits, targets, label_smoothing=self.options.label_smoothing)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return {"loss": loss, "accuracy": accuracy}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return whether the class is wrong, and the cross-entropy in nats, each (N,).

        The error comes first, and decides: with softened targets the cross-entropy of the labels
        rises while the classifier still gets better.
        """
        logits, labels = self._logits(batch["target"]), batch["label"]
        return {
            "error": (logits.argmax(dim=1) != labels).float(),
            "cross_entropy": F.cross_entropy(logits, labels, reduction="none"),
        }

    def _logits(self, images: Tensor) -> Tensor:
        return self.model.logits(self.model(images=images).pooled)


def mix(images: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mix each picture and its target with another's (Zhang et al. 2018).

    Args:
        images: (N, C, H, W).
        targets: (N, K), probabilities.
        alpha: of the Beta distribution that one share for the batch is drawn from.
    """
    share = torch.distributions.Beta(alpha, alpha).sample().to(images)
    others = torch.randperm(len(images), device=images.device)
    return torch.lerp(images[others], images, share), torch.lerp(targets[others], targets, share)
