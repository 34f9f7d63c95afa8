"""The encoder of byte pairs."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn

from mmgen.errors import DataError, MmgenWarning, ModelFileError
from mmgen.interfaces import ClassifyingEncoder, Embedding
from mmgen.nn import masked_mean, transformer_encoder
from mmgen_plugin_text.config import TextTransformerConfig

TOKENIZER = "tokenizer.json"
_PADDING = "<pad>"


class TextTransformer(ClassifyingEncoder):
    """Attention among byte pairs: Vaswani et al. 2017; Sennrich et al. 2016.

    Pairs are learned from the data's texts. All single bytes are among them, so every text in
    every script has tokens.
    """

    config: TextTransformerConfig
    modality = "text"

    def __init__(self, config: TextTransformerConfig, *, assets: Mapping[str, str]) -> None:
        super().__init__(config)
        self._tokenizer_text = assets[TOKENIZER]
        self.tokenizer = Tokenizer.from_str(self._tokenizer_text)
        if self.tokenizer.token_to_id(_PADDING) != 0:
            raise ModelFileError(f"{TOKENIZER} must have {_PADDING!r} as its token 0")
        self.tokenizer.encode_special_tokens = True  # who types that sign means its letters
        self.width = config.width
        self.vectors = nn.Embedding(self.tokenizer.get_vocab_size(), config.width)
        self.places = nn.Parameter(torch.empty(config.length, config.width))
        nn.init.normal_(self.places, std=0.02)
        nn.init.normal_(self.vectors.weight, std=0.02)
        self.layers = transformer_encoder(
            config.width, config.depth, config.heads, dropout=config.dropout
        )
        self.norm = nn.LayerNorm(config.width)
        self.add_head(config.classes)

    @classmethod
    def from_data(cls, config: TextTransformerConfig, values: Sequence[str]) -> "TextTransformer":
        """Return an encoder with the byte pairs of some texts.

        Raises:
            DataError: there are no texts.
        """
        texts = [text for text in values if text.strip()]
        if not texts:
            raise DataError(
                "text-transformer needs texts to learn its byte pairs; the data has none"
            )
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        trainer = trainers.BpeTrainer(
            vocab_size=config.vocabulary,
            min_frequency=2,
            special_tokens=[_PADDING],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(config, assets={TOKENIZER: tokenizer.to_str(pretty=True)})

    def assets(self) -> dict[str, str]:
        """Return the tokenizer, as the library writes it."""
        return {TOKENIZER: self._tokenizer_text}

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the first character and the end of each token that is read."""
        return list(self.tokenizer.encode(text or " ").offsets)[: self.config.length]

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return tokens int64 (N, L): 0 where the text has ended.

        Tokens beyond the encoder's length are cut, with a warning.
        """
        length = self.config.length
        # An empty text is one space, so that every text has a token.
        encoded = self.tokenizer.encode_batch([text or " " for text in values])
        rows = [item.ids for item in encoded]
        longest = max(len(row) for row in rows)
        if longest > length:
            warnings.warn(
                f"a text has {longest} tokens; the encoder reads the first {length}: say it in "
                "fewer",
                MmgenWarning,
                stacklevel=2,
            )
        tokens = torch.zeros(len(rows), min(longest, length), dtype=torch.int64)
        for row, found in zip(tokens, rows, strict=True):
            row[: min(len(found), length)] = torch.tensor(found[:length])
        return {"tokens": tokens}

    def forward(self, *, tokens: Tensor) -> Embedding:  # type: ignore[override]
        """Embed tokens int64 (N, L)."""
        mask = tokens > 0
        if self.training and self.config.noise:
            tokens = self._noisy(tokens, mask)
        states = self.vectors(tokens) + self.places[: tokens.shape[1]]
        states = self.norm(self.layers(states, src_key_padding_mask=~mask))
        return Embedding(states, mask, masked_mean(states, mask))

    def _noisy(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return tokens of which some are any others, as in Devlin et al. 2019, section 3.1."""
        others = torch.randint(1, self.vectors.num_embeddings, tokens.shape, device=tokens.device)
        replaced = torch.rand(tokens.shape, device=tokens.device) < self.config.noise
        return torch.where(mask & replaced, others, tokens)
