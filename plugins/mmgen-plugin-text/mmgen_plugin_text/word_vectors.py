"""The encoder of words."""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.errors import DataError, MmgenWarning
from mmgen.hub.files import fetch_file
from mmgen.interfaces import ClassifyingEncoder, Embedding
from mmgen_plugin_text.config import WordVectorsConfig
from mmgen_plugin_text.pooling import Attention, Bag, Recurrent
from mmgen_plugin_text.subwords import fit_pieces
from mmgen_plugin_text.vector_files import Vectors, read_vectors
from mmgen_plugin_text.words import bucket, pieces, split_words, word_spans

VOCABULARY = "vocabulary.txt"
_OF_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^:]+))?:(?P<path>.+)")
_NONE, _UNKNOWN, _FIRST = 0, 1, 2


class WordVectors(ClassifyingEncoder):
    """A vector for each word: Mikolov et al. 2013; Pennington et al. 2014.

    A word that has none is the mean of the vectors of its pieces (Bojanowski et al. 2017), so
    that none is left out.
    """

    config: WordVectorsConfig
    modality = "text"

    def __init__(self, config: WordVectorsConfig, *, assets: Mapping[str, str]) -> None:
        super().__init__(config)
        self.words = tuple(assets[VOCABULARY].splitlines())
        self._places = {word: place for place, word in enumerate(self.words, _FIRST)}
        self._pieces: dict[str, list[int]] = {}
        dimension = config.dimension
        self.vectors = nn.Embedding(len(self.words), dimension)
        self.piece_vectors = nn.Embedding(config.buckets, dimension)
        self.vectors.requires_grad_(config.tuned)
        self.piece_vectors.requires_grad_(config.tuned)
        self.pool: Bag | Attention | Recurrent
        if config.pooling == "gru":
            self.pool = Recurrent(dimension, config.hidden)
        elif config.pooling == "attention":
            self.pool = Attention(dimension)
        else:
            self.pool = Bag(dimension)
        self.width = self.pool.width
        self.add_head(config.classes)

    @classmethod
    def from_data(cls, config: WordVectorsConfig, values: Sequence[str]) -> "WordVectors":
        """Return an encoder with the words of some texts, and the vectors of a file.

        The file is read here and never again: it is not named in the encoder's config.

        Raises:
            DataError: the file holds no vectors of words.
        """
        counts = Counter(word for text in values for word in split_words(text))
        common = [word for word, count in counts.most_common() if count >= config.min_count]
        common = [word for word in common if word][: config.max_words]
        given = None
        if config.vectors:
            given = read_vectors(_located(config.vectors), common, most=config.max_words)
            config = replace(config, vectors="", dimension=given.values.shape[1])
        # Words of the file that `split_words` never gives would only take room.
        known = [word for word in given.words if split_words(word) == [word]] if given else []
        words = list(dict.fromkeys([*common, *known]))
        if not words:
            raise DataError("word-vectors needs words; neither the data nor a file has any")
        encoder = cls(config, assets={VOCABULARY: "\n".join(words)})
        if given is not None:
            encoder._start_from(given)
        return encoder

    @torch.no_grad()
    def _start_from(self, given: Vectors) -> None:
        """Take the vectors of a file; what it has no vector for starts as its pieces say."""
        rows = self._piece_rows(given.words)
        self.piece_vectors.weight.copy_(fit_pieces(rows, given.values, self.config.buckets))
        places = {word: place for place, word in enumerate(given.words)}
        for index, word in enumerate(self.words):
            if word in places:
                self.vectors.weight[index] = given.values[places[word]]
            else:
                own = self.piece_vectors.weight[self._buckets(word)]
                self.vectors.weight[index] = own.mean(dim=0)

    def assets(self) -> dict[str, str]:
        """Return the vocabulary, a word per line."""
        return {VOCABULARY: "\n".join(self.words)}

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the first character and the end of each word that is read."""
        return word_spans(text)[: self.config.length]

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return words int64 (N, L): 0 none, 1 unknown, from 2 known; and pieces (N, L, G), or -1.

        Words beyond the encoder's length are cut, with a warning.
        """
        length = self.config.length
        texts = [split_words(text) for text in values]
        longest = max(len(words) for words in texts)
        if longest > length:
            warnings.warn(
                f"a text has {longest} words; the encoder reads the first {length}: say it in "
                "fewer",
                MmgenWarning,
                stacklevel=2,
            )
            texts = [words[:length] for words in texts]
        places = torch.zeros(len(texts), min(longest, length), dtype=torch.int64)
        for row, words in enumerate(texts):
            found = [self._places.get(word, _UNKNOWN) for word in words]
            places[row, : len(words)] = torch.tensor(found)
        flat = [word for words in texts for word in words]
        row_of = {word: row for row, word in enumerate(dict.fromkeys(flat))}
        rows = self._piece_rows(list(row_of))
        parts = torch.full((*places.shape, rows.shape[1]), -1)
        parts[places > _NONE] = rows[torch.tensor([row_of[word] for word in flat])]
        return {"words": places, "parts": parts}

    def forward(self, *, words: Tensor, parts: Tensor) -> Embedding:  # type: ignore[override]
        """Embed what `prepare` returned."""
        mask = words > _NONE
        known = words >= _FIRST
        if self.training and self.config.subword_dropout:
            known = known & (
                torch.rand(words.shape, device=words.device) >= self.config.subword_dropout
            )
        own = self.vectors((words - _FIRST).clamp(min=0))
        pieced = mask & ~known
        own = own.index_put((pieced,), self._of_pieces(parts[pieced]).to(own.dtype))
        tokens, pooled = self.pool(own, mask)
        return Embedding(tokens, mask, pooled)

    def _of_pieces(self, parts: Tensor) -> Tensor:
        """Return the mean vectors (W, D) of the pieces of W words, int64 (W, G)."""
        there = parts >= 0
        weights = there / there.sum(dim=1, keepdim=True).clamp(min=1)
        vectors = self.piece_vectors(parts.clamp(min=0))
        return torch.einsum("wg,wgd->wd", weights.to(vectors.dtype), vectors)

    def _buckets(self, word: str) -> list[int]:
        """Return the buckets of a word's pieces; kept for the words of the vocabulary."""
        found = self._pieces.get(word)
        if found is None:
            config = self.config
            parts = pieces(word, config.shortest, config.longest)
            found = [bucket(part, config.buckets) for part in parts]
            if word in self._places:
                self._pieces[word] = found
        return found

    def _piece_rows(self, words: Sequence[str]) -> Tensor:
        """Return the buckets of the words' pieces, int64 (V, G), -1 where there is none."""
        rows = [torch.tensor(self._buckets(word)) for word in words]
        return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1)


def _located(vectors: str) -> Path:
    """Return the file of vectors, fetched where it is named as one of the Hub's."""
    of_hub = _OF_HUB.fullmatch(vectors)
    if of_hub is None or Path(vectors).exists():
        return Path(vectors)
    return fetch_file(of_hub["repo"], of_hub["path"], of_hub["revision"])
