"""The game of a generator and a discriminator: who is shown what, and what it costs.

A family brings the two networks; here are whose turn it is, the losses of both, the discriminator's
penalty, and what it is told of the condition.
"""

import copy
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.adversarial_options import AdversarialTraining
from mmgen.interfaces.condition import Condition
from mmgen.interfaces.conditioner import Conditioner
from mmgen.interfaces.noise import Noise
from mmgen.interfaces.trainer import Loss, Phase
from mmgen.nn.adversarial import (
    ADVERSARIAL_LOSSES,
    between,
    one_centred_penalty,
    zero_centred_penalty,
)
from mmgen.nn.diff_augment import diff_augment


class Rows(Protocol):
    """What can be cut by pictures, as a tensor (N, …) can."""

    def __getitem__(self, rows: slice, /) -> Any:
        """Return some of the pictures."""
        ...


SeenT = TypeVar("SeenT", bound=Rows)


class Judge(Protocol[SeenT]):
    """A discriminator in two steps, so that a picture is seen once for several conditions."""

    def see(self, images: Tensor) -> SeenT:
        """Return what the judgement needs of images (N, C, H, W) in [-1, 1]."""
        ...

    def score(self, seen: SeenT, condition: Condition | None) -> Tensor:
        """Return scores (N,), the higher the more real, of what was seen under a condition."""
        ...


def judge_conditioner(conditioner: Conditioner) -> Conditioner | None:
    """Return encoders of the discriminator's own, which start as the generator's; None for none.

    They learn with the discriminator. They leave no slot out by themselves: see
    `judge_condition`.
    """
    if not len(conditioner.encoders):
        return None
    own = copy.deepcopy(conditioner)
    own.dropout = 0.0
    return own


def judge_condition(
    conditioner: Conditioner | None, batch: Mapping[str, Any], present: Tensor
) -> Condition | None:
    """Return the condition of a batch as far as the generator was told it.

    Args:
        conditioner: the discriminator's.
        present: bool (N, S), of the generator's condition.
    """
    if conditioner is None:
        return None
    condition: Condition = conditioner(batch, num_images=len(present), device=present.device)
    return condition.given(present)


class AdversarialGame(Generic[SeenT]):
    """The phases and losses of both sides.

    Args:
        options: loss, penalty, mismatched conditions, augmentation; the discriminator's steps.
    """

    def __init__(self, options: AdversarialTraining) -> None:
        self.options = options
        self.adversarial = ADVERSARIAL_LOSSES[options.loss]

    def phases(
        self,
        *,
        discriminator: nn.Module,
        discriminator_loss: Loss,
        generator: nn.Module,
        generator_loss: Loss,
    ) -> list[Phase]:
        """Return the discriminator's phase and the generator's, whose moving average is kept."""
        judge = Phase(
            name="discriminator",
            parameters=[p for p in discriminator.parameters() if p.requires_grad],
            loss=discriminator_loss,
            learning_rate=self.options.discriminator_rate,
            repeat=self.options.discriminator_steps,
        )
        maker = Phase(
            name="generator",
            parameters=[p for p in generator.parameters() if p.requires_grad],
            loss=generator_loss,
            ema=(generator,),
        )
        return [judge, maker]

    def discriminator_loss(
        self,
        judge: Judge[SeenT],
        real: Tensor,
        fake: Tensor,
        condition: Condition | None,
        *,
        step: int,
        rng: Noise,
        labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the discriminator's loss, its parts, and the mean scores.

        Args:
            real, fake: (N, C, H, W) in [-1, 1], without gradients.
            condition: of both.
            step: says whether the penalty is due.
            labels: int64 (N,) of the real pictures, where the data has them.
        """
        options, count = self.options, len(real)
        with torch.no_grad():
            real, fake = self._augmented(real, rng), self._augmented(fake, rng)
        due = options.penalty != "none" and options.penalty_weight > 0
        due = due and step % options.penalty_every == 0
        # One pass for both is faster, but R1's slope then costs as much as that of both.
        apart = due and options.penalty == "r1"
        parts = [real, fake] if apart else [torch.cat([real, fake])]
        parts[0].requires_grad_(due and options.penalty != "wgan-gp")
        seen = [judge.see(images) for images in parts]
        if apart:
            scores = torch.cat([judge.score(part, condition) for part in seen]).float()
        else:
            scores = judge.score(seen[0], _twice(condition)).float()
        on_real, on_fake = scores.chunk(2)
        loss = self.adversarial.discriminator(on_real, on_fake)
        figures = {"real": on_real.mean().detach(), "fake": on_fake.mean().detach()}
        if condition is not None and options.mismatched:
            of_real = seen[0][:count]
            labels = labels if options.labels_alike else None
            mismatch = self.mismatch(judge, of_real, on_real, condition, labels)
            loss = loss + options.mismatched * mismatch
            figures["mismatch"] = mismatch.detach()
        if due:
            if options.penalty == "wgan-gp":
                penalty = _slope_between(judge, real, fake, condition, rng)
            elif options.penalty == "r1":
                penalty = zero_centred_penalty(on_real, real)
            else:  # R1 + R2: twice the mean over both
                penalty = 2 * zero_centred_penalty(scores, parts[0])
            loss = loss + options.penalty_weight * options.penalty_every * penalty
            figures["penalty"] = penalty.detach()
        return {"loss": loss, **figures}

    def generator_loss(
        self,
        judge: Judge[SeenT],
        real: Tensor,
        fake: Tensor,
        condition: Condition | None,
        *,
        rng: Noise,
    ) -> Tensor:
        """Return the generator's loss; arguments as for the discriminator's, `fake` has gradients.

        The real pictures' scores are constants: no gradient goes through them.
        """
        with torch.no_grad():
            real = self._augmented(real, rng)
        on_fake = judge.score(judge.see(self._augmented(fake, rng)), condition).float()
        if not self.adversarial.needs_real:
            return self.adversarial.generator(on_fake, on_fake)
        with torch.no_grad():
            on_real = judge.score(judge.see(real), condition).float()
        return self.adversarial.generator(on_real, on_fake)

    def mismatch(
        self,
        judge: Judge[SeenT],
        of_real: SeenT,
        on_real: Tensor,
        condition: Condition,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of taking real pictures under another's condition for generated ones.

        Reed et al. 2016, algorithm 1. The other is the neighbour's, or the most alike in the batch
        (the hardest negative: Faghri et al. 2018). Pictures of the same condition, and those of
        whom other slots are given, do not count: under such a condition the picture may well be
        real. Nor do those of the same label, where labels, int64 (N,), are given.
        """
        if self.options.hard_mismatched:
            rows, counts = _most_alike(condition, labels)
        else:
            rows = torch.arange(len(on_real), device=on_real.device).roll(1)
            says, present = _says(condition), condition.present
            counts = (says != says[rows]) & (present == present[rows]).all(dim=1)
            if labels is not None:
                counts = counts & (labels != labels[rows])
        if not counts.any():
            return on_real.new_zeros(())
        on_other = judge.score(of_real, condition.rows(rows)).float()
        return self.adversarial.discriminator(on_real[counts], on_other[counts])

    def _augmented(self, images: Tensor, rng: Noise) -> Tensor:
        return diff_augment(images, rng, self.options.augment)


def _twice(condition: Condition | None) -> Condition | None:
    """Return the condition of as many real pictures and generated ones, one after the other."""
    if condition is None:
        return None
    rows = torch.arange(len(condition), device=condition.pooled.device)
    return condition.rows(rows.repeat(2))


@torch.no_grad()
def _says(condition: Condition) -> Tensor:
    """Return int64 (N,): the same number where the same slots say the same, in sum and in order."""
    mask = condition.token_mask
    words = condition.tokens.masked_fill(~mask[..., None], 0).flatten(1)
    parts = [condition.pooled, words, mask, condition.present]
    rows = torch.cat([part.float() for part in parts], dim=1)
    numbers: Tensor = rows.unique(dim=0, return_inverse=True)[1]
    return numbers


@torch.no_grad()
def _most_alike(condition: Condition, labels: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return for each row the number of another that says something most alike, and if one does.

    Likeness is the cosine of the pooled vectors about their mean.
    """
    says, present = _says(condition), condition.present
    others = (says[:, None] != says) & (present[:, None] == present).all(dim=-1)  # (N, N)
    if labels is not None:
        others = others & (labels[:, None] != labels)
    centred = condition.pooled.float() - condition.pooled.float().mean(dim=0)
    directions = F.normalize(centred, dim=1)
    alike = (directions @ directions.T).masked_fill(~others, -torch.inf)
    return alike.argmax(dim=1), others.any(dim=1)


def _slope_between(
    judge: Judge[SeenT], real: Tensor, fake: Tensor, condition: Condition | None, rng: Noise
) -> Tensor:
    mixed = between(real, fake, rng.uniform((1, 1, 1), stream="penalty").to(real))
    return one_centred_penalty(judge.score(judge.see(mixed), condition).float(), mixed)
