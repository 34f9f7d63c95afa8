"""The encoder that is a text model of the library `transformers`."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from mmgen.errors import MmgenError, MmgenWarning, ModelFileError, OptionError
from mmgen.interfaces import ClassifyingEncoder, Embedding
from mmgen.nn import masked_mean
from mmgen_plugin_text.config import TransformersTextConfig
from mmgen_plugin_text.text_networks import (
    build_network,
    load_network,
    read_config,
    write_config,
)
from mmgen_plugin_text.text_sources import TOKENIZER, open_source

CONFIG_ASSET = "transformers.json"
_HAS_END_TOKEN = "clip_text_model"
_TOLERANCE = 1e-3  # float rounding through dozens of layers; what is not masked differs by far more


class TransformersText(ClassifyingEncoder):
    """A text model of `transformers`: CLIP's (Radford et al. 2021), T5's (Raffel et al. 2020), …

    Its tokens are the last hidden states. The text's one vector is, of CLIP, the state at the
    text's end, before any projection; of others the mean of the tokens.
    """

    config: TransformersTextConfig
    modality = "text"

    def __init__(
        self,
        config: TransformersTextConfig,
        *,
        assets: Mapping[str, str],
        network: nn.Module | None = None,
    ) -> None:
        super().__init__(config)
        self._tokenizer_text = assets[TOKENIZER]
        self._config_text = assets[CONFIG_ASSET]
        described = read_config(self._config_text)
        self._kind = described.model_type
        self._padding = _padding(described)
        self.tokenizer = _tokenizer(self._tokenizer_text, config.length, described.vocab_size)
        self.width = described.hidden_size
        self.network = build_network(described) if network is None else network
        self.network.requires_grad_(config.tuned)
        self.frozen = not config.tuned
        self.add_head(config.classes)

    @classmethod
    def from_data(cls, config: TransformersTextConfig, values: Sequence[str]) -> Self:  # noqa: ARG003
        """Return an encoder with the weights and the tokenizer of a trained model.

        It is read here and never again: it is not named in the encoder's config. A `length` over
        the model's own is cut to it.

        Raises:
            OptionError: no model is named.
            ModelFileError: it has no weights in safetensors, no fast tokenizer, or reads no text.
            NotInstalledError: `transformers` is missing.
        """
        name = config.pretrained
        if not name:
            raise OptionError(
                "transformers-text needs pretrained: a folder, or org/name[@revision] of the Hub"
            )
        source = open_source(name)
        try:
            described = read_config(source.config)
            network = load_network(described, source.tensors())
            most = getattr(described, "max_position_embeddings", None) or config.length
            config = replace(config, pretrained="", length=min(config.length, most))
            assets = {TOKENIZER: source.tokenizer, CONFIG_ASSET: write_config(described)}
            encoder = cls(config, assets=assets, network=network)
            encoder._check_reads()
        except ModelFileError as error:
            raise type(error)(f"{name}: {error}") from error
        return encoder

    def train(self, mode: bool = True) -> Self:
        """Set train mode, but not of a network that stays as it is."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def assets(self) -> dict[str, str]:
        """Return the network's config and the tokenizer."""
        return {CONFIG_ASSET: self._config_text, TOKENIZER: self._tokenizer_text}

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return tokens int64 (N, L), and mask bool (N, L): False where the text has ended.

        Texts of more tokens than the encoder's length are cut, with a warning; the signs of
        beginning and end are kept.
        """
        encoded = self.tokenizer.encode_batch([text or " " for text in values])
        if any(item.overflowing for item in encoded):
            length = self.config.length
            warnings.warn(
                f"a text has more than {length} tokens; the encoder reads {length} of them",
                MmgenWarning,
                stacklevel=2,
            )
        # Every text has a token, also where the tokenizer finds none.
        rows = [torch.tensor(item.ids or [self._padding]) for item in encoded]
        tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self._padding)
        lengths = torch.tensor([len(row) for row in rows])
        return {"tokens": tokens, "mask": torch.arange(tokens.shape[1]) < lengths[:, None]}

    def forward(self, *, tokens: Tensor, mask: Tensor) -> Embedding:  # type: ignore[override]
        """Embed what `prepare` returned."""
        found = self.network(input_ids=tokens, attention_mask=mask.long(), return_dict=True)
        states = found.last_hidden_state
        if self._kind == _HAS_END_TOKEN:
            return Embedding(states, mask, found.pooler_output)
        return Embedding(states, mask, masked_mean(states, mask))

    @torch.no_grad()
    def _check_reads(self) -> None:
        """Raise ModelFileError where the network does not read texts of `length` tokens."""
        self.eval()
        length = self.config.length
        row = torch.tensor(self.tokenizer.encode("a " * length).ids or [self._padding])
        tokens = row[torch.arange(length) % len(row)][None]
        try:
            found = self(tokens=tokens, mask=torch.ones_like(tokens, dtype=torch.bool))
        except MmgenError:
            raise
        except Exception as error:  # a network may want what no text has
            raise ModelFileError(
                f"its {self._kind!r} does not read {length} tokens: {type(error).__name__}: "
                f"{error}; try a smaller length"
            ) from error
        shape = tuple(found.tokens.shape)
        if shape != (1, length, self.width):
            raise ModelFileError(
                f"its {self._kind!r} must give states (1, {length}, {self.width}); got {shape}"
            )
        self._check_padding(tokens[:, : length // 2])

    def _check_padding(self, tokens: Tensor) -> None:
        """Raise ModelFileError where a text's states depend on how long others of its batch are."""
        count = tokens.shape[1]
        padded = nn.functional.pad(tokens, (0, count), value=self._padding)
        mask = torch.arange(2 * count) < count
        alone = self(tokens=tokens, mask=torch.ones_like(tokens, dtype=torch.bool)).tokens
        beside = self(tokens=padded, mask=mask[None]).tokens[:, :count]
        if not torch.allclose(alone, beside, rtol=0, atol=_TOLERANCE * float(alone.abs().max())):
            raise ModelFileError(
                f"its {self._kind!r} mixes what follows a text into it: the same text would mean "
                "another thing in another batch; take one that masks it"
            )


def _tokenizer(text: str, length: int, vocabulary: int) -> Tokenizer:
    """Return a tokenizer that cuts at a length and pads nothing.

    Raises:
        ModelFileError: it is damaged, or has tokens that the network does not know.
    """
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises no class of its own
        raise ModelFileError(f"{TOKENIZER} is no tokenizer: {error}") from error
    last = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if last >= vocabulary:
        raise ModelFileError(
            f"{TOKENIZER} has the token {last}; the network knows those before {vocabulary}"
        )
    tokenizer.encode_special_tokens = True  # a text that has them means their letters
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    return tokenizer


def _padding(config: Any) -> int:
    """Return the token for places after a text's end; any does, as they are masked."""
    token = getattr(config, "pad_token_id", None)
    return token if isinstance(token, int) and 0 <= token < config.vocab_size else 0
