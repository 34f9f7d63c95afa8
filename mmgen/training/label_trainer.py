"""How an encoder of texts or sounds learns alone: it tells classes apart."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import OptionError
from mmgen.interfaces import Batch, ClassifyingEncoder, Noise, Phase, Stage, Trainer
from mmgen.training.config import LabelTraining


class LabelTrainer(Trainer[LabelTraining]):
    """Lowers the cross-entropy between the labels and what the encoder says.

    Its batches have the encoder's modality as a column, and "label".
    """

    model: ClassifyingEncoder

    def __init__(self, model: ClassifyingEncoder, options: LabelTraining) -> None:
        super().__init__(model, options)
        if len(model.classes) < 2:
            raise OptionError(
                "an encoder learns alone by telling classes apart: it needs a data set with "
                f"labels, of two classes or more; got {len(model.classes)}"
            )

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="classify",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        frozen = [part for part in self.model.modules() if _is_frozen(part)]
        return [Stage(name="train", phases=[phase], frozen=frozen)]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the cross-entropy in nats, and how often the most probable class is right."""
        logits, labels = self._logits(batch), batch["label"]
        loss = F.cross_entropy(logits, labels, label_smoothing=self.options.label_smoothing)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == labels).float().mean()}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return whether the class is wrong, and the cross-entropy in nats, each (N,)."""
        logits, labels = self._logits(batch), batch["label"]
        return {
            "error": (logits.argmax(dim=1) != labels).float(),
            "cross_entropy": F.cross_entropy(logits, labels, reduction="none"),
        }

    def _logits(self, batch: Batch) -> Tensor:
        model = self.model
        labels: Tensor = batch["label"]
        tensors = model.prepare(batch[model.modality])
        tensors = {name: item.to(labels.device) for name, item in tensors.items()}
        return model.logits(model(**tensors).pooled)


def _is_frozen(module: nn.Module) -> bool:
    """Whether a module has parameters, and none of them learns."""
    parameters = [*module.parameters()]
    return bool(parameters) and not any(p.requires_grad for p in parameters)
