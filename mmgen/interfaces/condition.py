"""What a generator is told: the shares of all semantic slots, and what of them was given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mmgen.errors import UnsupportedConditionError


@dataclass(frozen=True)
class SlotEmbedding:
    """One semantic slot's share of a condition, and what stands for it when it is not given.

    Attributes:
        tokens: (N, L, D); token_mask: bool (N, L); pooled: (N, D).
        absent_pooled, absent_token: (D,), the learned "not given" embedding; the first is zero
            where the family uses no pooled vector.
        weight: that it was given, by `weighted`.
    """

    tokens: Tensor
    token_mask: Tensor
    pooled: Tensor
    absent_pooled: Tensor
    absent_token: Tensor
    weight: float = 1.0

    def rows(self, index: Tensor) -> "SlotEmbedding":
        """Return the share of some rows; index is int64 (M,)."""
        return replace(
            self,
            tokens=self.tokens[index],
            token_mask=self.token_mask[index],
            pooled=self.pooled[index],
        )

    def weighted(self, weight: float) -> "SlotEmbedding":
        """Return what lies on the line from "not given", at 0, through what was given, at 1."""
        return replace(
            self,
            tokens=torch.lerp(self.absent_token.expand_as(self.tokens), self.tokens, weight),
            pooled=torch.lerp(self.absent_pooled.expand_as(self.pooled), self.pooled, weight),
            weight=self.weight * weight,
        )

    def towards(self, other: "SlotEmbedding", shares: Tensor) -> "SlotEmbedding":
        """Return what lies between this and another of the same slot; shares float (N,).

        On the way both have as many tokens, each several times: attention sees the same in a text
        whose every word stands there twice. So many are the least common multiple of their
        numbers, or, where that is more than four times the larger, the larger.
        """
        counts = [one.token_mask.sum(dim=1) for one in (self, other)]
        most, common = torch.maximum(*counts), torch.lcm(*counts)
        lengths = torch.where((common >= most) & (common <= 4 * most), common, most)
        on_the_way = (shares > 0) & (shares < 1)
        wanted = [torch.where(on_the_way, lengths, count) for count in counts]
        longest = int(torch.stack(wanted).max()) if len(shares) else 0
        (a, in_a), (b, in_b) = (
            one._stretched(length, longest)
            for one, length in zip((self, other), wanted, strict=True)
        )
        weights = shares.to(self.pooled.dtype)
        return replace(
            self,
            tokens=torch.lerp(a, b, weights[:, None, None]),
            token_mask=torch.where((shares < 1)[:, None], in_a, in_b),
            pooled=torch.lerp(self.pooled, other.pooled, weights[:, None]),
        )

    def _stretched(self, lengths: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """Return tokens (N, longest, D), of each row so many as lengths (N,) says, and a mask.

        They are repeated evenly, in order; what the mask leaves out is the stand-in.
        """
        own = self.token_mask.sum(dim=1, keepdim=True)
        places = torch.arange(longest, device=lengths.device)[None]
        mask = places < lengths[:, None]
        if not self.tokens.shape[1]:
            return self.absent_token.expand(len(self.tokens), longest, -1), mask
        in_order = (~self.token_mask).long().argsort(dim=1, stable=True)
        wanted = (places * own) // lengths[:, None].clamp(min=1)
        chosen = in_order.gather(1, wanted.clamp(max=self.tokens.shape[1] - 1))
        tokens = self.tokens.gather(1, chosen[..., None].expand(-1, -1, self.tokens.shape[2]))
        return torch.where((mask & (own > 0))[..., None], tokens, self.absent_token), mask


@dataclass(frozen=True)
class Condition:
    """What was given for a batch of N pictures.

    Attributes:
        tokens: float (N, L, D) of all semantic slots in a row; L may be 0.
        token_mask: bool (N, L), True where there is a token.
        pooled: float (N, D), of the semantic slots together: see `combine`.
        spatial: {slot: (N, C, H, W)} for the spatial slots that were given.
        present: bool (N, S), which of the semantic slots was given.
        slot_names: the S semantic slots, in order.
        join: how several slots join in `pooled`, one of `mmgen.slots.JOINS`.
    """

    tokens: Tensor
    token_mask: Tensor
    pooled: Tensor
    spatial: Mapping[str, Tensor]
    present: Tensor
    slot_names: tuple[str, ...] = ()
    embeddings: tuple[SlotEmbedding, ...] = field(default=(), repr=False)
    join: str = "sum"

    def __len__(self) -> int:
        return len(self.pooled)

    def without(self, slot: str | None = None) -> "Condition":
        """Return the condition as if a semantic slot had not been given; None: as if none had.

        These are the branches of classifier-free guidance (Ho and Salimans 2022).

        Raises:
            UnsupportedConditionError: there is no such slot.
        """
        present = self.present.clone()
        if slot is None:
            present[:] = False
        else:
            self._demand(slot)
            present[:, self.slot_names.index(slot)] = False
        return self.given(present)

    def given(self, present: Tensor) -> "Condition":
        """Return the condition as if in each row those slots alone had been given.

        A discriminator must know as much as the generator that it judges, and no more.

        Args:
            present: bool (N, S).
        """
        return self._combine(self.embeddings, present)

    def rows(self, index: Tensor) -> "Condition":
        """Return the condition of some pictures, in that order; index is int64 (M,)."""
        return Condition(
            self.tokens[index],
            self.token_mask[index],
            self.pooled[index],
            {name: pixels[index] for name, pixels in self.spatial.items()},
            self.present[index],
            self.slot_names,
            tuple(embedding.rows(index) for embedding in self.embeddings),
            self.join,
        )

    def weighted(self, weights: Mapping[str, float]) -> "Condition":
        """Return the condition with some slots counting more or less than they do by themselves.

        A slot of weight w gives absent + w · (embedding - absent), pooled and in each token, where
        absent is its learned "not given" embedding. So 0 is the same as not given, 1 changes
        nothing, what is between blends with the other slots, above 1 exaggerates, and below 0
        goes the other way.

        This is the extrapolation of classifier-free guidance (Ho and Salimans 2022, eq. 6, whose
        w is ours less 1), carried out on the condition in place of the score: families that have
        no score have it too, at no cost. It is not the same: what a network makes of an embedding
        far from those that it learned from is its own affair.

        Args:
            weights: by semantic slot, finite; slots that are not named keep 1.

        Raises:
            UnsupportedConditionError: there is no such slot.
        """
        for slot in weights:
            self._demand(slot)
        if not weights:
            return self
        present = self.present.clone()
        embeddings = list(self.embeddings)
        for index, slot in enumerate(self.slot_names):
            weight = weights.get(slot, 1.0)
            if weight == 0:
                present[:, index] = False  # one token that says so, as where it is not given
            elif weight != 1:
                embeddings[index] = embeddings[index].weighted(weight)
        return self._combine(embeddings, present)

    def towards(self, other: "Condition", shares: Tensor) -> "Condition":
        """Return what lies between this condition, at 0, and another, at 1.

        Pooled vectors and tokens go straight from one to the other; of slots with fewer tokens
        here than there, or more, some are repeated. What is spatial stays as it is here.

        Args:
            other: of as many pictures and the same slots, given in the same rows; of families that
                read the pooled vector alone also in others.
            shares: float (N,), 0 to 1.
        """
        if not torch.equal(self.present, other.present):
            weights = shares.to(self.pooled.dtype)[:, None]
            return replace(self, pooled=torch.lerp(self.pooled, other.pooled, weights))
        embeddings = [
            one.towards(two, shares)
            for one, two in zip(self.embeddings, other.embeddings, strict=True)
        ]
        return self._combine(embeddings, self.present)

    def _combine(self, embeddings: Sequence[SlotEmbedding], present: Tensor) -> "Condition":
        return combine(
            embeddings, present, self.spatial, self.slot_names, self.pooled, join=self.join
        )

    def _demand(self, slot: str) -> None:
        if slot not in self.slot_names:
            known = ", ".join(self.slot_names) or "none"
            raise UnsupportedConditionError(f"unknown slot {slot!r}; semantic slots: {known}")


def combine(
    embeddings: Sequence[SlotEmbedding],
    present: Tensor,
    spatial: Mapping[str, Tensor],
    slot_names: tuple[str, ...],
    like: Tensor,
    *,
    join: str = "sum",
) -> Condition:
    """Join the slots' shares; where one is not present its learned stand-in takes its place.

    Args:
        embeddings: one per semantic slot.
        present: bool (N, S).
        like: (N, D), gives type and device where there is no slot.
        join: "sum" adds the pooled vectors, so that each slot counts as it does by itself; "mean"
            takes the mean of what each slot that is present gives by itself, so that to say the
            same in several ways is not to say it louder. One of a weight below 1 counts as so
            much of a slot there: at 0 it is as if it were not given.
    """
    if not embeddings:
        tokens = like.new_zeros(len(present), 0, like.shape[1])
        mask = torch.zeros(len(present), 0, dtype=torch.bool, device=like.device)
        return Condition(tokens, mask, torch.zeros_like(like), spatial, present, slot_names)
    pooled: list[Tensor] = []
    tokens_of: list[Tensor] = []
    masks: list[Tensor] = []
    for index, slot in enumerate(embeddings):
        given = present[:, index]
        pooled.append(torch.where(given[:, None], slot.pooled, slot.absent_pooled))
        tokens_of.append(torch.where(given[:, None, None], slot.tokens, slot.absent_token))
        first = torch.arange(slot.token_mask.shape[1], device=given.device) == 0
        masks.append(torch.where(given[:, None], slot.token_mask, first))
    joined = torch.stack(pooled).sum(dim=0)
    if join == "mean":
        absent = torch.stack([slot.absent_pooled for slot in embeddings]).sum(dim=0)
        counted = joined.new_tensor([min(max(slot.weight, 0.0), 1.0) for slot in embeddings])
        number = (present * counted).sum(dim=1, keepdim=True).clamp(min=1)
        joined = absent + (joined - absent) / number
    return Condition(
        torch.cat(tokens_of, dim=1),
        torch.cat(masks, dim=1),
        joined,
        spatial,
        present,
        slot_names,
        tuple(embeddings),
        join,
    )
