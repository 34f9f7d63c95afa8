"""Embeddings of an encoder that does not change, kept for values that come again."""

from typing import Any

import torch
from torch import Tensor, nn

from mmgen.interfaces.encoder import Embedding, Encoder

MOST_BYTES = 512 * 2**20


class KeptEmbeddings:
    """What a frozen encoder gave for texts or clips; each is encoded once, while there is room.

    Args:
        with_tokens: whether tokens are wanted; without, each value has one that is empty of use.
    """

    def __init__(self, *, with_tokens: bool) -> None:
        self._with_tokens = with_tokens
        self._rows: dict[Any, tuple[Any, Tensor, Tensor]] = {}
        self._num_bytes = 0

    @torch.no_grad()
    def embed(self, encoder: Encoder, values: list[Any], device: torch.device | str) -> Embedding:
        """Return the embedding of N texts, or of N clips (samples,), on a device."""
        keys = [_key(value) for value in values]
        new = {key: value for key, value in zip(keys, values, strict=True) if key not in self._rows}
        found = self._encode(encoder, new, device) if new else {}
        rows = [found.get(key) or self._rows[key] for key in keys]
        tokens = nn.utils.rnn.pad_sequence([row[1] for row in rows], batch_first=True)
        lengths = torch.tensor([len(row[1]) for row in rows])
        mask = torch.arange(tokens.shape[1]) < lengths[:, None]
        pooled = torch.stack([row[2] for row in rows])
        return Embedding(tokens.to(device), mask.to(device), pooled.to(device))

    def _encode(
        self, encoder: Encoder, new: dict[Any, Any], device: torch.device | str
    ) -> dict[Any, tuple[Any, Tensor, Tensor]]:
        tensors = {n: item.to(device) for n, item in encoder.prepare([*new.values()]).items()}
        embedding = encoder(**tensors)
        found = {}
        for row, (key, value) in enumerate(new.items()):
            tokens = embedding.tokens[row][embedding.token_mask[row]]
            tokens = tokens if self._with_tokens else tokens[:1, :0]
            tokens, pooled = (part.to(encoder.dtype) for part in (tokens, embedding.pooled[row]))
            found[key] = value, tokens.clone(), pooled.clone()
            num_bytes = tokens.nbytes + pooled.nbytes
            if self._num_bytes + num_bytes <= MOST_BYTES:
                self._num_bytes += num_bytes
                self._rows[key] = found[key]  # with the value: so no other gets its identity
        return found


def _key(value: Any) -> Any:
    return value if isinstance(value, str) else id(value)
