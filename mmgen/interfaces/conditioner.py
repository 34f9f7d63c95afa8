"""Any set of condition encoders behind one interface.

A generator never knows which modalities stand behind the tokens and the pooled vector: it is
conditioned on labels, text, sound or all of them by configuration alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from mmgen.errors import UnsupportedConditionError
from mmgen.interfaces.classifying import ClassifyingEncoder
from mmgen.interfaces.encoder import Embedding, Encoder
from mmgen.interfaces.keeping import KeptEmbeddings
from mmgen.slots import Slot


@dataclass(frozen=True)
class SlotEmbedding:
    """One semantic slot's share of a condition, and what stands for it when it is not given.

    Attributes:
        tokens: (N, L, D); token_mask: bool (N, L); pooled: (N, D).
        absent_pooled, absent_token: (D,), the learned "not given" embedding; the first is zero
            where the family uses no pooled vector.
    """

    tokens: Tensor
    token_mask: Tensor
    pooled: Tensor
    absent_pooled: Tensor
    absent_token: Tensor

    def rows(self, index: Tensor) -> "SlotEmbedding":
        """Return the share of some rows; index is int64 (M,)."""
        return SlotEmbedding(
            self.tokens[index],
            self.token_mask[index],
            self.pooled[index],
            self.absent_pooled,
            self.absent_token,
        )

    def weighted(self, weight: float) -> "SlotEmbedding":
        """Return what lies on the line from "not given", at 0, through what was given, at 1."""
        return replace(
            self,
            tokens=torch.lerp(self.absent_token.expand_as(self.tokens), self.tokens, weight),
            pooled=torch.lerp(self.absent_pooled.expand_as(self.pooled), self.pooled, weight),
        )


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
            same in several ways is not to say it louder.
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
        number = present.sum(dim=1, keepdim=True).clamp(min=1)
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


class Conditioner(nn.Module):
    """An encoder per semantic slot, all projected to one width.

    Args:
        encoders: by slot name, in order; may be empty.
        width: D of tokens and pooled.
        dropout: in train mode, how often each slot is left out, row by row and slot by slot, so
            that any subset may be given at run time; 0 to 1.
        required: slots that must be given.
        join: how several slots join in the pooled vector: see `combine`.
    """

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        *,
        width: int,
        dropout: float = 0.1,
        required: Collection[str] = (),
        join: str = "sum",
    ) -> None:
        super().__init__()
        self.join = join
        self.width = width
        self.dropout = dropout
        self.required = frozenset(required)
        self.frozen: frozenset[str] = frozenset()
        self.encoders = nn.ModuleDict(encoders)
        for encoder in encoders.values():
            if isinstance(encoder, ClassifyingEncoder) and encoder.head is not None:
                encoder.head.requires_grad_(False)  # a condition asks for no classes
        sizes = {name: encoder.width for name, encoder in encoders.items()}
        self.token_projections = nn.ModuleDict(
            {name: nn.Linear(size, width) for name, size in sizes.items()}
        )
        self.pooled_projections = nn.ModuleDict(
            {name: nn.Linear(size, width) for name, size in sizes.items()}
        )
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(nn.init.normal_(torch.empty(width), std=0.02)) for name in sizes}
        )

    def freeze(self, slots: Collection[str]) -> None:
        """Leave some slots' encoders as they are while the rest learns.

        They stay in eval mode, and what they give for a text or a clip is computed once.
        """
        self.frozen = frozenset(slots)
        for name in self.frozen:
            self._encoder(name).requires_grad_(False).eval()
        self._kept: dict[str, KeptEmbeddings] = {}

    def train(self, mode: bool = True) -> Self:
        """Set train mode, but not of encoders that are frozen."""
        super().train(mode)
        for name in self.frozen:
            self._encoder(name).eval()
        return self

    def restrict(self, *, tokens: bool, pooled: bool, absent: bool = True) -> None:
        """Drop what a family does not use: it would never learn.

        Without `tokens` a condition has L = 0; without `pooled` its vector is zero. Without
        `absent` nothing stands for a slot that is not given: `encode` alone can be used.
        """
        if not tokens:
            self.token_projections = nn.ModuleDict()
        if not pooled:
            self.pooled_projections = nn.ModuleDict()
        if not absent:
            self.absent = nn.ParameterDict()

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The semantic slots, in order."""
        return tuple(self.encoders)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The semantic slots."""
        return tuple(
            self._encoder(name).slot(name, required=name in self.required) for name in self.encoders
        )

    def _encoder(self, name: str) -> Encoder:
        encoder = self.encoders[name]
        assert isinstance(encoder, Encoder)
        return encoder

    def forward(
        self,
        values: Mapping[str, Any],
        *,
        num_images: int,
        device: torch.device | str,
        spatial: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype | None = None,
    ) -> Condition:
        """Encode what was given.

        Args:
            values: contract values by slot, one per picture or a single one for all; slots that
                are missing or None were not given, nor are empty texts; other names are ignored.
            num_images: N.
            device: where the condition goes.
            spatial: pixels by spatial slot, (N, C, H, W); passed on.
            dtype: of a condition without slots; None is float32.
        """
        names = self.slot_names
        embeddings = []
        # Filled where it is needed: to copy it there would make the processor wait for the device.
        present = torch.zeros(num_images, len(names), dtype=torch.bool, device=device)
        for index, name in enumerate(names):
            value = values.get(name)
            if value is not None:
                present[:, index] = True
                if empty := _empty_texts(value):
                    present[empty, index] = False
            embeddings.append(self._embed(name, value, num_images, device))
        if self.training and self.dropout > 0 and names:
            present = present & (torch.rand(present.shape, device=device) >= self.dropout)
        like = torch.zeros(num_images, self.width, device=device, dtype=dtype)
        return combine(embeddings, present, spatial or {}, names, like, join=self.join)

    def encode(self, slot: str, values: Any, device: torch.device | str) -> Embedding:
        """Return what a slot's encoder makes of N contract values, before any projection.

        Each distinct text is encoded once.
        """
        if slot not in self.frozen or not isinstance(values, list):
            return self._encode_distinct(self._encoder(slot), values, device)
        if slot not in self._kept:
            self._kept[slot] = KeptEmbeddings(with_tokens=slot in self.token_projections)
        return self._kept[slot].embed(self._encoder(slot), values, device)

    def _embed(
        self, name: str, value: Any, num_images: int, device: torch.device | str
    ) -> SlotEmbedding:
        absent = self.absent[name]
        tokens, mask, pooled = self._project(name, value, absent, device)
        return SlotEmbedding(
            tokens.expand(num_images, -1, -1),
            mask.expand(num_images, -1),
            pooled.expand(num_images, -1),
            absent if name in self.pooled_projections else torch.zeros_like(absent),
            absent,
        )

    def _project(
        self, name: str, value: Any, absent: Tensor, device: torch.device | str
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return tokens, mask and pooled for each value, or one row of the stand-in for none."""
        if value is None:
            tokens, pooled = absent[None, None], absent[None]
            mask = torch.ones(1, 1, dtype=torch.bool, device=absent.device)
        else:
            raw = self.encode(name, value, device)
            tokens, mask, pooled = raw.tokens, raw.token_mask, raw.pooled
            if name in self.token_projections:
                tokens = self.token_projections[name](tokens)
            if name in self.pooled_projections:
                pooled = self.pooled_projections[name](pooled)
        if name not in self.token_projections:
            tokens, mask = tokens.new_zeros(len(tokens), 0, self.width), mask[:, :0]
        if name not in self.pooled_projections:
            pooled = pooled.new_zeros(len(pooled), self.width)
        return tokens, mask, pooled

    def _encode_distinct(
        self, encoder: Encoder, value: Any, device: torch.device | str
    ) -> Embedding:
        """Encode each distinct text once; other values as they come."""
        if not (isinstance(value, list) and value and isinstance(value[0], str)):
            return _encode(encoder, value, device)
        distinct = list(dict.fromkeys(value))
        embedding = _encode(encoder, distinct, device)
        place = {text: index for index, text in enumerate(distinct)}
        rows = torch.tensor([place[text] for text in value], device=device)
        return Embedding(embedding.tokens[rows], embedding.token_mask[rows], embedding.pooled[rows])


def _empty_texts(value: Any) -> list[int] | slice | None:
    """Return the rows without a text, as where a picture of a data set has no caption."""
    if not isinstance(value, list) or "" not in value:
        return None
    return slice(None) if len(value) == 1 else [row for row, text in enumerate(value) if not text]


def _encode(encoder: Encoder, value: Any, device: torch.device | str) -> Embedding:
    tensors = {name: item.to(device) for name, item in encoder.prepare(value).items()}
    result = encoder(**tensors)
    assert isinstance(result, Embedding)
    return result
