"""Distances between two sets of features: Fréchet and kernel. Pure functions of tensors."""

import numpy as np
import torch
from torch import Tensor

from mmgen.errors import DataError
from mmgen.metrics.statistics import FeatureStatistics

_ROWS = 4096
_BLOCK = 2**23


def frechet_distance(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """Return |μa - μb|² + tr(Σa + Σb - 2 (Σa Σb)^½): Heusel et al. 2017, equation 6.

    The trace of the root is the sum of the roots of the eigenvalues of R Σ Rᵀ, where R is a root
    of the other covariance, or with fewer pictures than dimensions on both sides that of the
    singular values of Aa Abᵀ: matrices of the smaller of N and d, symmetric, of real eigenvalues.

    Raises:
        DataError: the features are of different dimensions.
    """
    _check_dimensions(a.dimension, b.dimension)
    distance = float((a.mean - b.mean).square().sum()) + a.trace() + b.trace()
    return distance - 2 * _trace_of_root(a, b)


def _trace_of_root(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """Return tr (Σa Σb)^½."""
    if a.factor is not None and b.factor is not None:
        # The singular values are found to 1e-16 of the largest; their squares would not be.
        values = torch.linalg.svdvals(a.factor @ b.factor.T)
        return float(values.sum()) / ((a.count - 1) * (b.count - 1)) ** 0.5
    small, large = (b, a) if b.factor is not None else (a, b)
    values = torch.linalg.eigvalsh(large.sandwich(small.root()))
    return float(values.clamp_min(0).sqrt().sum())


def frechet_influence(real: FeatureStatistics, made: FeatureStatistics, features: Tensor) -> Tensor:
    """Return float64 (N,): N times what each picture adds to its set's Fréchet distance.

    To first order: with centred features c, 2 c·(μ - μr) + N / (N - 1) (|c|² - cᵀTc), where T is
    the optimal map from the set to the real one, Rᵀ (R Σ Rᵀ)^-½ R with Σr = RᵀR (Dowson and
    Landau 1982).

    Args:
        real: what the distance is taken from; held fixed.
        made: of the pictures that were drawn.
        features: of those, (N, d).
    """
    _check_dimensions(real.dimension, made.dimension)
    root = real.root()
    scale = made.count / (made.count - 1)
    if made.count <= len(root):
        moved = _moved_few(root, made, features)
    else:
        moved = scale * _quadratic(_half_map(root, made), made, features)
    step = 2 * (made.mean - real.mean)
    blocks = [rows.double() - made.mean for rows in features.split(_ROWS)]
    influence = torch.cat([rows @ step + scale * rows.square().sum(dim=1) for rows in blocks])
    influence -= moved
    return influence - influence.mean()


def _half_map(root: Tensor, made: FeatureStatistics) -> Tensor:
    """Return W, float64 (d, r) with T = W Wᵀ."""
    values, vectors = torch.linalg.eigh(made.sandwich(root))
    there = values > values[-1] * len(root) * torch.finfo(torch.float64).eps
    return root.T @ (vectors[:, there] * values[there] ** -0.25)


def _quadratic(half: Tensor, made: FeatureStatistics, features: Tensor) -> Tensor:
    """Return |Wᵀc|² of each picture."""
    blocks = features.split(_ROWS)
    return torch.cat([((rows.double() - made.mean) @ half).square().sum(dim=1) for rows in blocks])


def _moved_few(root: Tensor, made: FeatureStatistics, features: Tensor) -> Tensor:
    """Return N / (N - 1) cᵀTc from the smaller Gram matrix of the pictures as R sees them.

    It is N times the diagonal of that matrix's root.
    """
    seen = (features.double() - made.mean) @ root.T
    values, vectors = torch.linalg.eigh(seen @ seen.T / (made.count - 1))
    return made.count * (vectors.square() @ values.clamp_min(0).sqrt())


def kernel_distances(
    real: Tensor,
    generated: Tensor,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 2020,
) -> Tensor:
    """Return float64 (S,): the kernel distance (KID) of each of S pairs of random subsets.

    Unbiased squared maximum mean discrepancy under the kernel (x·y / d + 1)³: Bińkowski et al.
    2018, section 3. The distance is their mean. Subsets are drawn without repetition, by turns
    from the real and the drawn pictures, by numpy's RandomState of the seed.

    Args:
        real: features (N, d).
        generated: features (M, d).
        subset_size: m, 2 to the smaller of N and M.

    Raises:
        DataError: different dimensions, or fewer pictures than a subset has.
    """
    _check_dimensions(real.shape[1], generated.shape[1])
    fewest = min(len(real), len(generated))
    if not 2 <= subset_size <= fewest:
        raise DataError(
            f"a kernel distance takes subsets of 2 pictures to as many as there are, {fewest}; "
            f"got subset_size {subset_size}"
        )
    # Of what torchmetrics has, only the sum over one subset would serve; it is one line here.
    draw = np.random.RandomState(seed)
    rows = np.empty((2, subsets, subset_size), dtype=np.int64)
    for index in range(subsets):
        rows[0, index] = draw.choice(len(real), subset_size, replace=False)
        rows[1, index] = draw.choice(len(generated), subset_size, replace=False)
    chosen_real, chosen_made = torch.from_numpy(rows).to(real.device)
    whole = len(real) ** 2 + len(real) * len(generated) + len(generated) ** 2
    if whole <= 3 * subsets * subset_size**2:
        return _of_whole(real, generated, chosen_real, chosen_made)
    return _of_subsets(real, generated, chosen_real, chosen_made)


def _of_whole(real: Tensor, generated: Tensor, rows: Tensor, others: Tensor) -> Tensor:
    """Take every subset's sums from the kernel of all pictures, as sᵀ K t of their indicators."""
    size = rows.shape[1]
    members = _indicators(rows, len(real))
    made = _indicators(others, len(generated))
    within = _sums(real, real, members, members, diagonal=False)
    within = within + _sums(generated, generated, made, made, diagonal=False)
    across = _sums(real, generated, members, made, diagonal=True)
    return within / (size * (size - 1)) - 2 * across / size**2


def _indicators(rows: Tensor, count: int) -> Tensor:
    """Return float64 (N, S): 1 where a picture is in a subset, of rows int64 (S, m)."""
    marks = torch.zeros(count, len(rows), dtype=torch.float64, device=rows.device)
    return marks.scatter_(0, rows.T, 1)


def _sums(a: Tensor, b: Tensor, left: Tensor, right: Tensor, *, diagonal: bool) -> Tensor:
    total = torch.zeros(left.shape[1], dtype=torch.float64, device=a.device)
    b = b.double()
    step = max(1, _BLOCK // len(b))
    for start in range(0, len(a), step):
        kernel = _kernel(a[start : start + step].double(), b)
        if not diagonal:
            kernel.diagonal(start).zero_()
        total += (left[start : start + step] * (kernel @ right)).sum(dim=0)
    return total


def _of_subsets(real: Tensor, generated: Tensor, rows: Tensor, others: Tensor) -> Tensor:
    """Take each subset's sums from its own kernel."""
    size = rows.shape[1]
    found = []
    for chosen, other in zip(rows, others, strict=True):
        x, y = real[chosen].double(), generated[other].double()
        of_x, of_y = _kernel(x, x), _kernel(y, y)
        within = of_x.sum() - of_x.trace() + of_y.sum() - of_y.trace()
        found.append(within / (size * (size - 1)) - 2 * _kernel(x, y).sum() / size**2)
    return torch.stack(found)


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """Return (x·y / d + 1)³, float64 (n, m)."""
    return (x @ y.T / x.shape[1] + 1).pow_(3)


def _check_dimensions(first: int, second: int) -> None:
    if first != second:
        raise DataError(
            f"features to compare have the same dimension; got {first} and {second}: take both "
            "from one extractor and layer"
        )
