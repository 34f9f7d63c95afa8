"""Words and regions: each region of a map looks at the words, each word is looked for in a map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def as_regions(features: Tensor) -> Tensor:
    """Return a map (N, C, h, w) as regions (N, h·w, C); a view where it lies channels-last."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def split_heads(features: Tensor, heads: int) -> Tensor:
    """Return features (N, L, D) as (N, heads, L, D / heads)."""
    return features.unflatten(2, (heads, -1)).transpose(1, 2)


def _start_even(*layers: nn.Linear) -> None:
    """Draw weights that keep the size of what goes in and of gradients: Glorot and Bengio 2010."""
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)


class Places(nn.Module):
    """What tells a region where it is: a learned vector for its row, and one for its column."""

    def __init__(self, sides: tuple[int, int], width: int) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(sides[0], 1, width) / 2**0.5)
        self.columns = nn.Parameter(torch.randn(1, sides[1], width) / 2**0.5)

    def forward(self, regions: Tensor) -> Tensor:
        """Add the places to regions (N, h·w, width)."""
        return regions + (self.rows + self.columns).flatten(0, 1).to(regions.dtype)


class WordAttention(nn.Module):
    """Each region takes what it needs from the words: Xu et al. 2018, equation 2.

    With several heads, and added to the map. A region may also look at none of the words.

    Args:
        width: channels of the map.
        sides: its height and width.
        words_width: D of the tokens.
        inner: numbers that a region and a word meet in, a multiple of heads.
    """

    def __init__(
        self, width: int, sides: tuple[int, int], *, words_width: int, inner: int, heads: int
    ) -> None:
        super().__init__()
        self.heads = heads
        self.places = Places(sides, width)
        self.query = nn.Linear(width, inner)
        self.key = nn.Linear(words_width, inner, bias=False)
        self.value = nn.Linear(words_width, inner, bias=False)
        self.no_word = nn.Parameter(torch.randn(1, 1, words_width) * 0.02)
        self.out = nn.Linear(inner, width)
        _start_even(self.query, self.key, self.value, self.out)

    def forward(
        self, features: Tensor, tokens: Tensor, mask: Tensor, looks: list[Tensor] | None = None
    ) -> Tensor:
        """Map (N, width, h, w) to the same shape.

        Args:
            tokens: (N, L, D).
            mask: bool (N, L), True where there is a word.
            looks: where given, how much each region looks at no word and at each word is left
                here, float32 (N, 1 + L, h, w), the mean over the heads.
        """
        count = len(tokens)
        words = torch.cat([self.no_word.to(tokens.dtype).expand(count, -1, -1), tokens], dim=1)
        mask = F.pad(mask, (1, 0), value=True)[:, None, None, :]
        query = split_heads(self.query(self.places(as_regions(features))), self.heads)
        key = split_heads(self.key(words), self.heads)
        value = split_heads(self.value(words), self.heads)
        # So few words are looked at faster by plain products than by the CPU's fused attention.
        scores = query @ key.mT * query.shape[-1] ** -0.5  # (N, heads, h·w, 1 + L)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=3)
        if looks is not None:
            looks.append(weights.float().mean(dim=1).mT.unflatten(2, features.shape[2:]))
        found = weights.to(value.dtype) @ value
        found = self.out(found.transpose(1, 2).flatten(2))
        return features + found.unflatten(1, features.shape[2:]).permute(0, 3, 1, 2)


class WordJudgement(nn.Module):
    """How well the words are answered somewhere in the picture: after Xu et al. 2018, section 3.2.

    Each word looks at the regions (equations 8 and 9) and is compared with what it finds. The
    picture's score is the words' mean with learned weights, so that words that show nothing do not
    count.

    Args:
        width: channels of the regions.
        sides: height and width of their map.
        words_width: D of the tokens.
        inner: numbers that a region and a word meet in, a multiple of heads.
    """

    def __init__(
        self, width: int, sides: tuple[int, int], *, words_width: int, inner: int, heads: int
    ) -> None:
        super().__init__()
        self.heads = heads
        self.places = Places(sides, width)
        self.query = nn.Linear(words_width, inner)
        self.wanted = nn.Linear(words_width, inner)
        self.key = nn.Linear(width, inner, bias=False)
        self.value = nn.Linear(width, inner)
        self.weight = nn.Linear(words_width, 1, bias=False)
        _start_even(self.query, self.wanted, self.key, self.value)

    def forward(self, regions: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return scores (N,).

        Plain products, since the penalty of the discriminator's slope differentiates twice.

        Args:
            regions: (N, R, width).
            tokens: (N, L, D).
            mask: bool (N, L), True where there is a word; each row has one.
        """
        places = self.places(regions)
        query, wanted = (split_heads(layer(tokens), self.heads) for layer in self._of_words)
        key, value = (split_heads(layer(places), self.heads) for layer in self._of_regions)
        looks = (query @ key.mT * query.shape[-1] ** -0.5).softmax(dim=3)  # (N, heads, L, R)
        answers = (looks * (wanted @ value.mT)).sum(dim=(1, 3)) * self.value.out_features**-0.5
        weights = self.weight(tokens)[..., 0].masked_fill(~mask, -torch.inf).softmax(dim=1)
        return (weights * answers).sum(dim=1)

    @property
    def _of_words(self) -> tuple[nn.Linear, nn.Linear]:
        return self.query, self.wanted

    @property
    def _of_regions(self) -> tuple[nn.Linear, nn.Linear]:
        return self.key, self.value
