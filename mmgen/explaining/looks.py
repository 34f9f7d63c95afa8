"""Which places of a picture looked at which part of a condition."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from mmgen.explaining.parts import Occlusion
from mmgen.interfaces import (
    Condition,
    CounterNoise,
    Encoder,
    Generator,
    LocatesTokens,
    ShowsAttention,
)


def look_at_parts(
    model: Generator,
    conditions: Mapping[str, Any],
    parts: Mapping[str, Sequence[Occlusion]],
    recipe: Mapping[str, Any],
) -> dict[str, list[Tensor | None]]:
    """Return the map (h, w) of each part of each semantic slot; nothing of models without.

    Of a text a part is a word, and its map the sum of those of its tokens, where the encoder tells
    which letters a token stands for. Of what has no parts the map is that of all its tokens.

    Args:
        conditions: contract values, one row each.
        recipe: of the picture.
    """
    if not isinstance(model, ShowsAttention):
        return {}
    condition, maps = _draw(model, conditions, recipe)
    if not maps.shape[0]:
        return {}
    lengths = [embedding.tokens.shape[1] for embedding in condition.embeddings]
    ranges = pairwise(accumulate(lengths, initial=0))
    found = {}
    for name, (start, end) in zip(condition.slot_names, ranges, strict=True):
        if name in parts:
            value = conditions[name][0]
            encoder = model.conditioner.encoders[name]
            own = maps[start:end]
            found[name] = [_look(part, value, encoder, own) for part in parts[name]]
    return found


def _draw(
    model: Generator, conditions: Mapping[str, Any], recipe: Mapping[str, Any]
) -> tuple[Condition, Tensor]:
    """Return the condition of the picture and the maps (L, h, w) of its tokens."""
    assert isinstance(model, ShowsAttention)
    with torch.inference_mode():
        condition = model.encode_conditions(conditions, 1).weighted(recipe.get("weights", {}))
    rng = CounterNoise(recipe["seed"], recipe["indices"], model.device, model.dtype)
    options = model.generation.build(recipe["options"])
    return condition, model.attention_maps(condition, rng, options)[0]


def _look(part: Occlusion, value: Any, encoder: Any, maps: Tensor) -> Tensor | None:
    """Return the map (h, w) of a part, of those (L, h, w) of its slot's tokens."""
    if not part.span:
        return maps.sum(dim=0)
    if not (isinstance(value, str) and isinstance(encoder, Encoder)):
        return None
    if not isinstance(encoder, LocatesTokens):
        return None
    spans = encoder.token_spans(value)[: len(maps)]
    start, end = part.span
    tokens = [at for at, (first, last) in enumerate(spans) if first < end and last > start]
    return maps[tokens].sum(dim=0) if tokens else None
