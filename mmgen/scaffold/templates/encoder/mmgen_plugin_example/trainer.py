"""What is minimised; the loop, checkpoints, averages and logs are mmgen's."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from mmgen import Noise, Phase, Stage, Trainer
from mmgen.errors import OptionError
from mmgen.nn import change_pictures
from mmgen_plugin_example.config import ExampleTraining
from mmgen_plugin_example.network import Example

Batch = dict[str, Any]


class ExampleTrainer(Trainer[ExampleTraining]):
    """Lowers the cross-entropy between the labels and what the encoder says."""

    model: Example

    def __init__(self, model: Example, options: ExampleTraining) -> None:
        super().__init__(model, options)
        if len(model.classes) < 2:
            raise OptionError(
                "an encoder learns by telling classes apart: it needs a data set with labels, of "
                f"two classes or more; got {len(model.classes)}"
            )

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        phase = Phase(name="classify", parameters=parameters, loss=self.loss, ema=(self.model,))
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the cross-entropy in nats of changed pictures."""
        logits = self._logits(change_pictures(batch["target"], rng, self.options))
        smoothing = self.options.label_smoothing
        return {"loss": F.cross_entropy(logits, batch["label"], label_smoothing=smoothing)}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return whether each held-out picture is taken for another class, (N,): it decides."""
        wrong = self._logits(batch["target"]).argmax(dim=1) != batch["label"]
        return {"error": wrong.float()}

    def _logits(self, images: Tensor) -> Tensor:
        return self.model.logits(self.model(images=images).pooled)
