"""Measures of a model: likelihood, reconstruction, and what plugins add.

Importing this imports nothing heavy: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {
    "AccuracyScoreOptions": "options",
    "AgreementOptions": "sampling_options",
    "ClassificationOptions": "options",
    "ClipScoreOptions": "matching_options",
    "FeatureExtractor": "extractors",
    "FeatureStatistics": "statistics",
    "FidOptions": "sampling_options",
    "InceptionExtractor": "extractors",
    "InceptionScoreOptions": "sampling_options",
    "KidOptions": "sampling_options",
    "LikelihoodOptions": "options",
    "MetricResult": "result",
    "ModesOptions": "options",
    "NeighboursOptions": "sampling_options",
    "PrecisionRecallOptions": "sampling_options",
    "ReconstructionOptions": "options",
    "RetrievalOptions": "matching_options",
    "Workbench": "workbench",
    "ZeroShotOptions": "matching_options",
    "ZooExtractor": "extractors",
    "evaluate": "evaluation",
    "frechet_distance": "distances",
    "gather_statistics": "statistics",
    "kernel_distances": "distances",
    "manifold_scores": "manifold",
    "structural_similarity": "similarity",
}

__all__ = [
    "AccuracyScoreOptions",
    "AgreementOptions",
    "ClassificationOptions",
    "ClipScoreOptions",
    "FeatureExtractor",
    "FeatureStatistics",
    "FidOptions",
    "InceptionExtractor",
    "InceptionScoreOptions",
    "KidOptions",
    "LikelihoodOptions",
    "MetricResult",
    "ModesOptions",
    "NeighboursOptions",
    "PrecisionRecallOptions",
    "ReconstructionOptions",
    "RetrievalOptions",
    "Workbench",
    "ZeroShotOptions",
    "ZooExtractor",
    "evaluate",
    "frechet_distance",
    "gather_statistics",
    "kernel_distances",
    "manifold_scores",
    "structural_similarity",
]

if TYPE_CHECKING:
    from mmgen.metrics.distances import frechet_distance, kernel_distances
    from mmgen.metrics.evaluation import evaluate
    from mmgen.metrics.extractors import FeatureExtractor, InceptionExtractor, ZooExtractor
    from mmgen.metrics.manifold import manifold_scores
    from mmgen.metrics.matching_options import (
        ClipScoreOptions,
        RetrievalOptions,
        ZeroShotOptions,
    )
    from mmgen.metrics.options import (
        AccuracyScoreOptions,
        ClassificationOptions,
        LikelihoodOptions,
        ModesOptions,
        ReconstructionOptions,
    )
    from mmgen.metrics.result import MetricResult
    from mmgen.metrics.sampling_options import (
        AgreementOptions,
        FidOptions,
        InceptionScoreOptions,
        KidOptions,
        NeighboursOptions,
        PrecisionRecallOptions,
    )
    from mmgen.metrics.similarity import structural_similarity
    from mmgen.metrics.statistics import FeatureStatistics, gather_statistics
    from mmgen.metrics.workbench import Workbench


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mmgen.metrics' has no attribute {name!r}")
    value = getattr(import_module(f"mmgen.metrics.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
