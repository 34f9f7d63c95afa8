"""Any set of condition encoders behind one interface.

A generator never knows which modalities stand behind the tokens and the pooled vector: it is
conditioned on labels, text, sound or all of them by configuration alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from mmgen.errors import DataError, OptionError
from mmgen.interfaces.classifying import ClassifyingEncoder
from mmgen.interfaces.condition import Condition, SlotEmbedding, combine
from mmgen.interfaces.encoder import Embedding, Encoder
from mmgen.interfaces.examples import Examples
from mmgen.interfaces.keeping import KeptEmbeddings
from mmgen.interfaces.noise import Noise
from mmgen.slots import REFERENCE, Slot

_AT_ONCE = 256


class Conditioner(nn.Module):
    """An encoder per semantic slot, all projected to one width.

    Args:
        encoders: by slot name, in order; may be empty.
        width: D of tokens and pooled.
        dropout: in train mode, how often each slot is left out, row by row and slot by slot, so
            that any subset may be given at run time; 0 to 1.
        required: slots that must be given.
        join: how several slots join in the pooled vector: see `combine`.
        num_examples: how many conditions of training rows are kept, to draw from where nothing is
            given (`draw_examples`); 0 for none.
    """

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        *,
        width: int,
        dropout: float = 0.1,
        required: Collection[str] = (),
        join: str = "sum",
        num_examples: int = 0,
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
        self._reads_more = False
        self.examples: Examples | None = None
        self.reserve_examples(num_examples)

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

        Raises:
            OptionError: as `reserve_examples`.
        """
        self._reads_more = tokens or not pooled or not absent
        self.reserve_examples(self.num_examples)
        if not tokens:
            self.token_projections = nn.ModuleDict()
        if not pooled:
            self.pooled_projections = nn.ModuleDict()
        if not absent:
            self.absent = nn.ParameterDict()

    def refuse_names(self, spatial: Collection[str]) -> None:
        """Raise OptionError where an encoder has the name of a slot that brings pixels."""
        for slot in self.slot_names:
            if slot in spatial:
                raise OptionError(
                    f"[conditions.{slot}] has the name of a picture whose pixels are worked on; an "
                    f"encoder that looks at a picture is [conditions.{REFERENCE}]"
                )

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

    @property
    def num_examples(self) -> int:
        """How many examples are kept."""
        return 0 if self.examples is None else len(self.examples)

    def reserve_examples(self, count: int) -> None:
        """Make room for examples, which `keep_examples` fills; 0: keep none.

        Raises:
            OptionError: the family reads more than a pooled vector, or there are several slots
                and none of them was ever left out, so that one alone would mean nothing.
        """
        if count and self._reads_more:
            raise OptionError(
                "[conditioner] num_examples is for generators that read conditions as one vector, "
                "as vae and dcgan do; this architecture is none: leave it out"
            )
        if count and len(self.encoders) > 1 and not self.dropout:
            raise OptionError(
                "[conditioner] num_examples has the model told one condition at a time; with "
                f"{len(self.encoders)} of them it learns that by [conditioner] dropout above 0"
            )
        self.examples = Examples(count, self.width) if count and len(self.encoders) else None

    @torch.no_grad()
    def keep_examples(self, values: Mapping[str, Any]) -> None:
        """Keep what rows of the training data say, as `draw_examples` wants it.

        Args:
            values: contract values by slot, of any number of rows. There may be none for some of
                the slots: nothing is drawn of them.

        Raises:
            DataError: there are no values for any slot.
        """
        if self.examples is None:
            return
        given = {name: values[name] for name in self.slot_names if len(values.get(name, ()))}
        if not given:
            raise DataError(
                f"the training data have no values of {', '.join(self.slot_names)} to keep; leave "
                "out [conditioner] num_examples"
            )
        device = self.examples.vectors.device
        pooled = {
            self.slot_names.index(name): torch.cat(
                [
                    self._project(name, many[at : at + _AT_ONCE], self.absent[name], device)[2]
                    for at in range(0, len(many), _AT_ONCE)
                ]
            )
            for name, many in given.items()
        }
        self.examples.fill(pooled)

    def draw_examples(self, condition: Condition, rng: Noise) -> Condition:
        """Return a condition whose rows to which nothing was given are told an example each.

        So pictures come from p(x) = E_c p(x | c), which is what conditional models know best:
        what they make of the learned "not given" embedding leaves some kinds of pictures out and
        prefers others. Conditions with spatial slots are left alone, as are all where no examples
        are kept.
        """
        nothing = ~condition.present.any(dim=1)
        if self.examples is None or condition.spatial or not bool(nothing.any()):
            return condition
        vectors, slots = self.examples.draw(rng)
        embeddings = [
            replace(own, pooled=torch.where(nothing[:, None], vectors.to(own.pooled), own.pooled))
            for own in condition.embeddings
        ]
        told = nn.functional.one_hot(slots, len(embeddings)).bool()
        present = torch.where(nothing[:, None], told, condition.present)
        return combine(embeddings, present, {}, self.slot_names, condition.pooled, join=self.join)

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
