"""Texts that say something else in the same words."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from torch import Tensor

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_BELOW_ONE = 1 - 1e-9


def exchange_words(texts: Sequence[str], draws: Tensor) -> list[str]:
    """Return each text with two of its words exchanged: Yuksekgonul et al. 2023, section 4.

    "a red circle on a blue square" may become "a blue circle on a red square". Which word is a
    noun or an adjective is not known here; but rare words are drawn more often, in proportion to
    one over how many of the texts have them, and these are the words that say something.

    Args:
        texts: N of them; how rare a word is, is how rare it is among them.
        draws: float (N, 2) in [0, 1).

    Returns:
        N texts; "" for one that has no two different words.
    """
    words = [list(_WORD.finditer(text)) for text in texts]
    folded = [[found[0].casefold() for found in row] for row in words]
    counts = Counter(word for row in folded for word in set(row))
    exchanged = []
    for text, spans, row, (first, second) in zip(texts, words, folded, draws.tolist(), strict=True):
        if len(set(row)) < 2:
            exchanged.append("")
            continue
        one = _draw([1 / counts[word] for word in row], first)
        other = _draw([0.0 if word == row[one] else 1 / counts[word] for word in row], second)
        left, right = sorted((spans[one], spans[other]), key=lambda found: found.start())
        exchanged.append(
            f"{text[: left.start()]}{right[0]}{text[left.end() : right.start()]}{left[0]}"
            f"{text[right.end() :]}"
        )
    return exchanged


def _draw(weights: Sequence[float], draw: float) -> int:
    """Return a place, in proportion to the weights; one of weight 0 is never drawn."""
    sums = list(accumulate(weights))
    return bisect_right(sums, min(draw, _BELOW_ONE) * sums[-1])
