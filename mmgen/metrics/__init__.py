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
    "Compared": "compared",
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
    "RESAMPLED": "bootstrap",
    "ReconstructionOptions": "options",
    "RetrievalOptions": "matching_options",
    "SamplingOptions": "sampling_options",
    "Workbench": "workbench",
    "ZeroShotOptions": "matching_options",
    "ZooExtractor": "extractors",
    "evaluate": "evaluation",
    "frechet_distance": "distances",
    "gather_statistics": "statistics",
    "kernel_distances": "distances",
    "manifold_scores": "manifold",
    "mean_interval": "bootstrap",
    "mean_result": "result",
    "open_compared": "compared",
    "share_interval": "bootstrap",
    "structural_similarity": "similarity",
}

__all__ = [
    "RESAMPLED",
    "AccuracyScoreOptions",
    "AgreementOptions",
    "ClassificationOptions",
    "ClipScoreOptions",
    "Compared",
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
    "SamplingOptions",
    "Workbench",
    "ZeroShotOptions",
    "ZooExtractor",
    "evaluate",
    "frechet_distance",
    "gather_statistics",
    "kernel_distances",
    "manifold_scores",
    "mean_interval",
    "mean_result",
    "open_compared",
    "share_interval",
    "structural_similarity",
]

if TYPE_CHECKING:
    from mmgen.metrics.bootstrap import RESAMPLED, mean_interval, share_interval
    from mmgen.metrics.compared import Compared, open_compared
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
    from mmgen.metrics.result import MetricResult, mean_result
    from mmgen.metrics.sampling_options import (
        AgreementOptions,
        FidOptions,
        InceptionScoreOptions,
        KidOptions,
        NeighboursOptions,
        PrecisionRecallOptions,
        SamplingOptions,
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
