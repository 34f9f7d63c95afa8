"""FID, KID, precision, recall, density and coverage, each as `mmgen evaluate` computes it."""

from torch import Tensor

from mmgen.data import PictureData
from mmgen.metrics import (
    FeatureExtractor,
    KidOptions,
    MetricResult,
    PrecisionRecallOptions,
    Workbench,
    frechet_distance,
    gather_statistics,
    kernel_distances,
    manifold_scores,
)
from mmgen.metrics.bootstrap import linear_interval, mean_interval, share_interval
from mmgen.metrics.distances import frechet_influence
from mmgen.metrics.kernel import subset_interval, subset_size
from mmgen.metrics.precision_recall import NAMES
from mmgen.metrics.result import mean_result

Figures = dict[str, MetricResult]


class Judge:
    """Holds pictures against the same real ones, in the features of one extractor.

    Args:
        real: uint8 (N, 1, H, W).
        seed: of the resamplings that the intervals are from.
    """

    def __init__(self, extractor: FeatureExtractor, real: Tensor, *, seed: int) -> None:
        self.extractor, self.seed = extractor, seed
        self.workbench = Workbench()
        self.real = self.features(real)
        self.statistics = gather_statistics([self.real])

    def features(self, images: Tensor) -> Tensor:
        return self.workbench.features(PictureData(images=images), self.extractor)

    def figures(self, images: Tensor) -> Figures:
        """The six figures of pictures, uint8 (M, 1, H, W), with their 95 % intervals."""
        made = self.features(images)
        found = [self.frechet(made), self.kernel(made), *self.manifold(made)]
        return {figure.name: figure for figure in found}

    def frechet(self, made: Tensor) -> MetricResult:
        statistics = gather_statistics([made])
        value = frechet_distance(self.statistics, statistics)
        influence = frechet_influence(self.statistics, statistics, made)
        interval = linear_interval(value, influence, seed=self.seed)
        return MetricResult(
            name="fid", value=value, unit="", num_images=len(made), interval=interval
        )

    def kernel(self, made: Tensor) -> MetricResult:
        options = KidOptions.build({"extractor": self.extractor.name})
        size = subset_size(len(self.real), len(made), options)
        found = kernel_distances(
            self.real,
            made,
            subsets=options.subsets,
            subset_size=size,
            seed=options.subset_seed,
        )
        return MetricResult(
            name="kid",
            value=float(found.mean()),
            unit="",
            num_images=len(made),
            interval=subset_interval(found, size, min(len(self.real), len(made))),
        )

    def manifold(self, made: Tensor) -> list[MetricResult]:
        options = PrecisionRecallOptions.build({"extractor": self.extractor.name})
        found = manifold_scores(self.real, made, k=options.k, density_k=options.density_k)
        results = []
        for name in NAMES:
            values = getattr(found, name)
            # A density counts neighbourhoods; the others are shares of pictures.
            interval = (
                mean_interval(values, seed=self.seed)
                if name == "density"
                else share_interval(values)
            )
            results.append(mean_result(name, values, "share", interval=interval))
        return results
