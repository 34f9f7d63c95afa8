"""Neighbourhoods in feature space: what lies in them, and how far the next one is.

All distances are Euclidean, in double precision, computed block by block.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmgen.errors import DataError

_BLOCK = 2**23


@dataclass(frozen=True, kw_only=True)
class ManifoldScores:
    """What each picture adds to the four shares; the means are the figures.

    Attributes:
        precision: float64 (M,), 1 where a drawn picture lies in the manifold of the real ones.
        recall: float64 (N,), 1 where a real picture lies in the manifold of those drawn.
        density: float64 (M,), in how many real neighbourhoods a drawn picture lies, over k.
        coverage: float64 (N,), 1 where a real picture's neighbourhood holds a drawn one.
    """

    precision: Tensor
    recall: Tensor
    density: Tensor
    coverage: Tensor


def manifold_scores(
    real: Tensor, generated: Tensor, *, k: int = 3, density_k: int = 5
) -> ManifoldScores:
    """Return precision and recall, density and coverage of drawn pictures, picture by picture.

    Precision and recall: Kynkäänniemi et al. 2019, equations 1 and 2. Density and coverage:
    Naeem et al. 2020, equations 3 and 4.

    Args:
        real: features (N, d).
        generated: features (M, d).
        k: neighbours that make a neighbourhood of precision and recall.
        density_k: likewise of density and coverage.

    Raises:
        DataError: no more than k pictures on a side, or different dimensions.
    """
    if real.shape[1] != generated.shape[1]:
        raise DataError(
            f"features to compare have the same dimension; got {real.shape[1]} and "
            f"{generated.shape[1]}: take both from one extractor and layer"
        )
    radii = neighbour_radii(real, (k, density_k))
    made_radii = neighbour_radii(generated, (k,))[0]
    inside = torch.zeros(len(generated), dtype=torch.bool, device=real.device)
    density = torch.zeros(len(generated), dtype=torch.float64, device=real.device)
    recall, coverage = [], []
    for start, block in _blocks(real, len(generated)):
        squared = squared_distances(block, generated)
        rows = slice(start, start + len(block))
        inside |= (squared <= radii[0, rows, None]).any(dim=0)
        near = squared <= radii[1, rows, None]
        density += near.sum(dim=0)
        coverage.append(near.any(dim=1))
        recall.append((squared <= made_radii).any(dim=1))
    return ManifoldScores(
        precision=inside.double().cpu(),
        recall=torch.cat(recall).double().cpu(),
        density=(density / density_k).cpu(),
        coverage=torch.cat(coverage).double().cpu(),
    )


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return float64 (n, m), |x - y|² of features (n, d) and (m, d)."""
    a, b = a.double(), b.double()
    centre = b.mean(dim=0)  # what they have in common would cost digits
    a, b = a - centre, b - centre
    squared = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1)
    return squared.addmm_(a, b.T, alpha=-2).clamp_min_(0)


def neighbour_radii(features: Tensor, ks: tuple[int, ...]) -> Tensor:
    """Return float64 (K, N): the squared distances to the k-th nearest other picture.

    Raises:
        DataError: there are not k others.
    """
    count, most = len(features), max(ks)
    if count <= most:
        raise DataError(
            f"a neighbourhood of {most} needs more than {most} pictures a side; got {count}: "
            "take more pictures, or set a smaller k"
        )
    found = []
    for start, block in _blocks(features, count):
        squared = squared_distances(block, features)
        squared.diagonal(start).fill_(torch.inf)
        nearest = squared.topk(most, dim=1, largest=False).values
        found.append(torch.stack([nearest[:, k - 1] for k in ks]))
    return torch.cat(found, dim=1)


def nearest_neighbours(queries: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances, float64 (n,), and rows, int64 (n,), of the nearest in the gallery.

    Args:
        queries: features (n, d).
        gallery: features (m, d), m >= 1.
    """
    distances, rows = [], []
    for _, block in _blocks(queries, len(gallery)):
        nearest = squared_distances(block, gallery).min(dim=1)
        distances.append(nearest.values.sqrt())
        rows.append(nearest.indices)
    return torch.cat(distances).cpu(), torch.cat(rows).cpu()


def mean_distances(features: Tensor) -> Tensor:
    """Return float64 (N,): each picture's mean distance to all others, N >= 2."""
    found = []
    for start, block in _blocks(features, len(features)):
        squared = squared_distances(block, features)
        squared.diagonal(start).zero_()
        found.append(squared.sqrt().sum(dim=1) / (len(features) - 1))
    return torch.cat(found).cpu()


def _blocks(features: Tensor, columns: int) -> list[tuple[int, Tensor]]:
    step = max(1, _BLOCK // columns)
    starts = range(0, len(features), step)
    return [(start, features[start : start + step]) for start in starts]
