"""What a family builds on: Generator, Encoder, Trainer and what they pass around."""

from mmgen.interfaces.capabilities import (
    Classification,
    Classifies,
    EmbedsTogether,
    HasFeatures,
    HasLatents,
    HasLikelihood,
    HasMaps,
    Interpolates,
    LogLikelihood,
    Progress,
    Reconstructs,
    Reshapes,
    Tokenizer,
    classes_of,
)
from mmgen.interfaces.classifying import ClassifyingEncoder
from mmgen.interfaces.condition import Condition
from mmgen.interfaces.conditioner import Conditioner
from mmgen.interfaces.encoder import Embedding, Encoder
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.labels import LabelEmbedding
from mmgen.interfaces.looking import LocatesTokens, ShowsAttention
from mmgen.interfaces.model import Identity, Model, Origin
from mmgen.interfaces.noise import CounterNoise, Noise, TrainingNoise
from mmgen.interfaces.samples import Samples
from mmgen.interfaces.trainer import Batch, Phase, Stage, Trainer

__all__ = [
    "Batch",
    "Classification",
    "Classifies",
    "ClassifyingEncoder",
    "Condition",
    "Conditioner",
    "CounterNoise",
    "Embedding",
    "EmbedsTogether",
    "Encoder",
    "Generator",
    "HasFeatures",
    "HasLatents",
    "HasLikelihood",
    "HasMaps",
    "Identity",
    "Interpolates",
    "LabelEmbedding",
    "LocatesTokens",
    "LogLikelihood",
    "Model",
    "Noise",
    "Origin",
    "Phase",
    "Progress",
    "Reconstructs",
    "Reshapes",
    "Samples",
    "ShowsAttention",
    "Stage",
    "Tokenizer",
    "Trainer",
    "TrainingNoise",
    "classes_of",
]
