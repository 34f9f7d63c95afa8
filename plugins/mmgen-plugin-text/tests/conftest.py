"""Text models of `transformers` of a few thousand weights, with their tokenizers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

PADDING, START, END = "<pad>", "<start>", "<end>"
DEEP = {"num_hidden_layers": 2, "num_attention_heads": 2}
WIDE = {"hidden_size": 8, "intermediate_size": 12, **DEEP}
T5 = {"d_model": 8, "d_kv": 4, "d_ff": 12, "num_layers": 2, "num_heads": 2}

Models = Callable[[str], Path]


def make_tokenizer(template: str) -> Tokenizer:
    """Return a tokenizer of bytes between signs; the sign of the end has the last number."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=[PADDING, START],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["a red fox, far away"] * 3, trainer)
    tokenizer.add_special_tokens([END])
    signs = [(sign, tokenizer.token_to_id(sign)) for sign in template.split() if sign != "$A"]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=signs)
    tokenizer.enable_padding(length=50)  # as many of the Hub have it: to be left out
    tokenizer.enable_truncation(3)
    return tokenizer


def make_network(kind: str, vocabulary: int) -> Any:
    """Return a network of `transformers` with random weights."""
    import transformers as library

    signs = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": vocabulary - 1}
    sizes = {"vocab_size": vocabulary, "max_position_embeddings": 40, **WIDE}
    if kind == "bert":
        return library.BertForMaskedLM(library.BertConfig(**sizes, pad_token_id=0))
    if kind == "modernbert":
        signs |= {"cls_token_id": 1, "sep_token_id": 2}
        return library.ModernBertModel(library.ModernBertConfig(**sizes, **signs))
    if kind == "clip":
        return library.CLIPTextModel(library.CLIPTextConfig(**sizes, **signs))
    if kind == "clip-whole":
        eye = {**WIDE, "image_size": 8, "patch_size": 4}
        text = {**sizes, **signs}
        config = library.CLIPConfig(text_config=text, vision_config=eye, projection_dim=6)
        return library.CLIPModel(config)
    if kind == "fnet":
        return library.FNetModel(library.FNetConfig(**sizes, pad_token_id=0))
    if kind == "vit":
        return library.ViTModel(library.ViTConfig(**WIDE, image_size=8, patch_size=4))
    config = library.T5Config(vocab_size=vocabulary, **T5, decoder_start_token_id=0)
    whole = kind == "t5-whole"
    return (library.T5ForConditionalGeneration if whole else library.T5EncoderModel)(config)


@pytest.fixture(scope="session")
def text_models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Return the folder of a model of a kind, with random weights, as the Hub has them.

    Kinds are "clip", "clip-whole" (with its eye), "t5", "t5-whole" (with its decoder), "bert" (for
    masked texts), "modernbert" (its places are turned angles), "fnet", which masks nothing, and
    "vit", which reads no text.
    """
    found: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in found:
            path = found[kind] = tmp_path_factory.mktemp("models") / kind
            template = f"$A {END}" if kind.startswith("t5") else f"{START} $A {END}"
            tokenizer = make_tokenizer(template)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                make_network(kind, tokenizer.get_vocab_size()).save_pretrained(path)
            tokenizer.save(str(path / "tokenizer.json"))
        return found[kind]

    return folder
