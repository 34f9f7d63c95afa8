"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen.training import LabelTraining
from mmgen_plugin_text.config import (
    TextTransformerConfig,
    TransformersTextConfig,
    WordVectorsConfig,
)

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Efficient Estimation of Word Representations in Vector Space",
        authors="Mikolov, Chen, Corrado and Dean",
        year=2013,
        url="https://arxiv.org/abs/1301.3781",
    ),
    Paper(
        title="GloVe: Global Vectors for Word Representation",
        authors="Pennington, Socher and Manning",
        year=2014,
    ),
    Paper(
        title="Enriching Word Vectors with Subword Information",
        authors="Bojanowski, Grave, Joulin and Mikolov",
        year=2017,
        url="https://arxiv.org/abs/1607.04606",
    ),
    Paper(
        title="Generalizing Word Embeddings using Bag of Subwords",
        authors="Zhao, Mudgal and Liang",
        year=2018,
        url="https://arxiv.org/abs/1809.04259",
    ),
    Paper(
        title="Neural Machine Translation of Rare Words with Subword Units",
        authors="Sennrich, Haddow and Birch",
        year=2016,
        url="https://arxiv.org/abs/1508.07909",
    ),
    Paper(
        title="Attention Is All You Need",
        authors="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin",
        year=2017,
        url="https://arxiv.org/abs/1706.03762",
    ),
    Paper(
        title="Learning Transferable Visual Models From Natural Language Supervision",
        authors="Radford, Kim, Hallacy, Ramesh, Goh and others",
        year=2021,
        url="https://arxiv.org/abs/2103.00020",
    ),
    Paper(
        title="Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
        authors="Raffel, Shazeer, Roberts, Lee and others",
        year=2020,
        url="https://arxiv.org/abs/1910.10683",
    ),
)


@hookimpl
def mmgen_families() -> list[Family]:
    """Encoders of text."""
    architectures = (
        Architecture(
            name="word-vectors",
            summary="a vector per word, learned or from a file; unknown words by their pieces",
            kind="encoder",
            network="mmgen_plugin_text.word_vectors:WordVectors",
            config=WordVectorsConfig,
            trainer="mmgen.training.label_trainer:LabelTrainer",
            training=LabelTraining,
            tasks=("feature-extraction", "text-classification"),
        ),
        Architecture(
            name="text-transformer",
            summary="byte pairs learned from the data, and attention among them",
            kind="encoder",
            network="mmgen_plugin_text.transformer:TextTransformer",
            config=TextTransformerConfig,
            trainer="mmgen.training.label_trainer:LabelTrainer",
            training=LabelTraining,
            tasks=("feature-extraction", "text-classification"),
        ),
        Architecture(
            name="transformers-text",
            summary="a trained text model of transformers, as CLIP's, T5 or BERT",
            kind="encoder",
            network="mmgen_plugin_text.transformers_text:TransformersText",
            config=TransformersTextConfig,
            trainer="mmgen.training.label_trainer:LabelTrainer",
            training=LabelTraining,
            tasks=("feature-extraction", "text-classification"),
        ),
    )
    return [
        Family(
            name="text",
            summary="text as a condition: words by their vectors, byte pairs by attention",
            architectures=architectures,
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
