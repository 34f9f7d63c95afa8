"""How encoders learn to meet: every two modalities of a batch, row by row."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.errors import DataError, InputError
from mmgen.interfaces import Batch, Embedding, Noise, Phase, Stage, Trainer
from mmgen.nn import change_pictures, channels_last
from mmgen_plugin_contrastive.config import ContrastiveTraining
from mmgen_plugin_contrastive.exchanges import exchange_words
from mmgen_plugin_contrastive.late_interaction import cosines_by_tokens
from mmgen_plugin_contrastive.losses import hits, sigmoid_losses, softmax_losses
from mmgen_plugin_contrastive.network import SHARPEST, Contrastive

_SIGMOID_BIAS = -10.0  # Zhai et al. 2023, section 3.2: at first nothing belongs together


@dataclass(frozen=True)
class Cosines:
    """How alike M rows are, the first slot's values by the second's.

    Attributes:
        rows: (M, M).
        wrong: (M, K), by texts of the second slot that belong to none of them; None: there are
            none.
    """

    rows: Tensor
    wrong: Tensor | None


@dataclass(frozen=True)
class Pair:
    """Two slots of a batch, of those of its N rows that have both.

    Attributes:
        rows: int64 (M,).
        whole: by the values as wholes.
        by_tokens: token by token; None where that is not learned.
        alike: bool (M, M), rows that cannot be told apart; None where none are.
    """

    first: str
    second: str
    rows: Tensor
    whole: Cosines
    by_tokens: Cosines | None
    alike: Tensor | None

    @property
    def hits(self) -> Tensor:
        """How often the partner is the nearest, (M,)."""
        return hits(self.whole.rows.detach(), self.alike)


class ContrastiveTrainer(Trainer[ContrastiveTraining]):
    """Brings together what stands in one row, and apart what does not, for every two slots.

    A slot's column has its name; the pictures of the data set themselves fill "image". A row
    without a text has no part in what concerns texts. Rows of one text are never told apart, nor
    those of one label where a slot takes labels, or `labels_alike`.
    """

    model: Contrastive

    def __init__(self, model: Contrastive, options: ContrastiveTraining) -> None:
        super().__init__(model, options)
        self.bias: nn.Parameter | None = None
        if options.loss == "sigmoid":
            self.bias = nn.Parameter(torch.tensor(_SIGMOID_BIAS))
        size = model.size
        if options.crop and size and options.crop > min(size.height, size.width):
            raise InputError(
                f"trainer.crop is at most the pictures' side; they are {size}, "
                f"got {options.crop} px"
            )
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        learned = [p for p in self.model.parameters() if p.requires_grad]
        phase = Phase(
            name="contrast",
            parameters=learned if self.bias is None else [*learned, self.bias],
            loss=self.loss,
            ema=(self.model,),
            after_step=self.limit_scale,
        )
        return [Stage(name="train", phases=[phase])]

    @torch.no_grad()
    def limit_scale(self, step: int) -> None:  # noqa: ARG002
        """Keep cosines from being multiplied by more than 100, or gradients would vanish there."""
        self.model.log_scale.clamp_(max=math.log(SHARPEST))

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the loss in nats, how often a partner is the nearest, and the temperature."""
        if "image" in self.model.conditioner.slot_names:
            options = self.options
            with torch.no_grad():
                images = change_pictures(batch["target"], rng, options, crop=options.crop)
            batch = {**batch, "target": images}
        pairs = list(self.pairs(batch, self._exchanged(batch, rng)))
        losses = torch.stack([_mean(self._losses(pair)) for pair in pairs])
        right = torch.stack([_mean(pair.hits) for pair in pairs])
        temperature = 1 / self.model.scale.detach()
        return {"loss": losses.mean(), "accuracy": right.mean(), "temperature": temperature}

    @torch.no_grad()
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return how often the nearest in the batch is not the partner, and the loss, each (N,).

        The mean over both directions and all pairs that a row has a part in; 0 where it has none.
        The error decides: the loss of what was never seen rises while retrieval still gets better.
        """
        count = len(batch["target"])
        totals = torch.zeros(3, count, device=self.model.device)
        for pair in self.pairs(batch):
            wrong = 1 - pair.hits
            figures = torch.stack([wrong, self._losses(pair), torch.ones_like(wrong)])
            totals.index_add_(1, pair.rows, figures)
        error, loss, parts = totals
        return {"error": error / parts.clamp(min=1), "contrastive": loss / parts.clamp(min=1)}

    def pairs(
        self, batch: Batch, exchanged: Mapping[str, Embedding] | None = None
    ) -> Iterator[Pair]:
        """Yield every two slots with the rows that have both; a slot of texts is the second.

        Args:
            exchanged: K texts that belong to no row, by slot.
        """
        device = self.model.device
        values = {name: column_of(batch, name) for name in self.model.conditioner.slot_names}
        present = {name: rows_with_value(value) for name, value in values.items()}
        found = {name: self._embedded(name, values[name], present[name]) for name in values}
        label = batch.get("label") if self.options.labels_alike else None
        texts = [column for column in values.values() if isinstance(column, list)]
        kinds = {slot.name: slot.modality for slot in self.model.slots}
        in_order = sorted(values, key=lambda name: kinds[name] == "text")
        for first, second in combinations(in_order, 2):
            both = present[first] & present[second]
            rows = both.nonzero()[:, 0].to(device)
            one, other = found[first], found[second]
            same = rows_alike([*texts, values[first], values[second], label], device)
            if not bool(both.all()):
                one, other = _rows(one, rows), _rows(other, rows)
                same = None if same is None else same[rows][:, rows]
            nobodys = (exchanged or {}).get(second)
            with torch.autocast(device.type, enabled=False):
                whole = _compare(one, other, nobodys, lambda a, b: a.pooled @ b.pooled.T)
                by_tokens = None
                if self.options.tokens:
                    by_tokens = _compare(one, other, nobodys, cosines_by_tokens)
            yield Pair(first, second, rows, whole, by_tokens, same)

    def _exchanged(self, batch: Batch, rng: Noise) -> dict[str, Embedding]:
        """Return K embeddings of each slot's texts with two words exchanged."""
        found = {}
        for slot in self.model.slots:
            if not self.options.exchanged or slot.modality != "text":
                continue
            draws = rng.uniform((2,), stream=f"exchanged/{slot.name}")
            given = [text or "" for text in column_of(batch, slot.name)]
            texts = [text for text in exchange_words(given, draws) if text]
            if texts:
                found[slot.name] = self._embed(slot.name, texts)
        return found

    def _embed(self, name: str, values: Any) -> Embedding:
        """Return unit vectors (N, D), and unit tokens where they are learned from."""
        if self.options.tokens:
            return self.model.unit_embedding(name, values)
        return _whole(self.model.vectors(name, values))

    def _embedded(self, name: str, values: Any, present: Tensor) -> Embedding:
        """Return N embeddings; zeros where there is no value."""
        if bool(present.all()):
            return self._embed(name, values)
        rows, device = present.nonzero()[:, 0], self.model.device
        if not len(rows):
            return _whole(torch.zeros(len(present), self.model.width, device=device))
        found = self._embed(name, [values[row] for row in rows.tolist()])
        return Embedding(
            *(
                part.new_zeros(len(present), *part.shape[1:]).index_copy(0, rows.to(device), part)
                for part in (found.tokens, found.token_mask, found.pooled)
            )
        )

    def _losses(self, pair: Pair) -> Tensor:
        losses = self._losses_of(pair.whole, pair.alike)
        if pair.by_tokens is None:
            return losses
        return losses + self.options.tokens * self._losses_of(pair.by_tokens, pair.alike)

    def _losses_of(self, cosines: Cosines, alike: Tensor | None) -> Tensor:
        scale = self.model.scale.float()
        if self.bias is not None:
            bias = self.bias.float()
            return sigmoid_losses(cosines.rows, scale, bias, alike, cosines.wrong)
        return softmax_losses(cosines.rows, scale, alike, cosines.wrong)


def _compare(
    one: Embedding,
    other: Embedding,
    nobodys: Embedding | None,
    measure: Callable[[Embedding, Embedding], Tensor],
) -> Cosines:
    return Cosines(measure(one, other), None if nobodys is None else measure(one, nobodys))


def _whole(pooled: Tensor) -> Embedding:
    """Return vectors (N, D) as an embedding whose one token is masked out."""
    none = torch.zeros(len(pooled), 1, dtype=torch.bool, device=pooled.device)
    return Embedding(torch.zeros_like(pooled)[:, None], none, pooled)


def _rows(embedding: Embedding, rows: Tensor) -> Embedding:
    return Embedding(embedding.tokens[rows], embedding.token_mask[rows], embedding.pooled[rows])


def column_of(batch: Batch, slot: str) -> Any:
    """Return a slot's values: of "image" the pictures themselves.

    Raises:
        DataError: the data has no such column.
    """
    if slot == "image":
        return batch["target"]
    if slot not in batch:
        raise DataError(
            f"the model has a slot {slot!r}, the data has not; it has "
            f"{', '.join(name for name in batch if name != 'target') or 'pictures alone'}"
        )
    return batch[slot]


def rows_with_value(values: Any) -> Tensor:
    """Return bool (N,) on the CPU: the rows that have a value.

    A text or a clip is missing where it is empty or None.
    """
    if isinstance(values, Tensor):
        return torch.ones(len(values), dtype=torch.bool)
    return torch.tensor([value is not None and len(value) > 0 for value in values])


def rows_alike(columns: Iterable[Any], device: torch.device | str = "cpu") -> Tensor | None:
    """Return bool (N, N) on a device: rows of one text, or of one label, in any of the columns.

    None where no column is of texts or labels. Missing texts are not alike.
    """
    found: list[Tensor] = []
    for column in columns:
        if isinstance(column, Tensor) and column.ndim == 1:
            found.append((column[:, None] == column).to(device))
        elif isinstance(column, list) and any(isinstance(value, str) for value in column):
            first: dict[str, int] = {}
            numbers = torch.tensor(
                [first.setdefault(text, row) if text else row for row, text in enumerate(column)]
            ).to(device)
            found.append(numbers[:, None] == numbers)
    return torch.stack(found).any(dim=0) if found else None


def _mean(values: Tensor) -> Tensor:
    """Return the mean; 0, with gradients, of nothing."""
    return values.sum() / max(len(values), 1)
