"""Mean and covariance of features, gathered batch by batch."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from mmgen.errors import DataError


@dataclass(frozen=True, kw_only=True)
class FeatureStatistics:
    """Mean and covariance (n - 1) of N features of d dimensions.

    Where N <= d the covariance is kept as its factor, which is smaller: Σ = AᵀA / (N - 1).

    Attributes:
        count: N >= 2.
        mean: float64 (d,).
        covariance: float64 (d, d), or None.
        factor: A, the centred features, float64 (N, d), or None.
    """

    count: int
    mean: Tensor
    covariance: Tensor | None = None
    factor: Tensor | None = None

    @property
    def dimension(self) -> int:
        """d."""
        return len(self.mean)

    def trace(self) -> float:
        """Return tr Σ, the total variance."""
        if self.factor is not None:
            return float(self.factor.square().sum()) / (self.count - 1)
        assert self.covariance is not None
        return float(self.covariance.trace())

    def root(self) -> Tensor:
        """Return R, float64 (r, d) with Σ = RᵀR and r the smaller of N and d."""
        if self.factor is not None:
            return self.factor / (self.count - 1) ** 0.5
        assert self.covariance is not None
        values, vectors = torch.linalg.eigh(self.covariance)
        return values.clamp_min(0).sqrt()[:, None] * vectors.T

    def sandwich(self, left: Tensor) -> Tensor:
        """Return L Σ Lᵀ, float64 (r, r), of L (r, d)."""
        if self.factor is not None:
            half = left @ self.factor.T
            return half @ half.T / (self.count - 1)
        assert self.covariance is not None
        return left @ self.covariance @ left.T


class StatisticsStream:
    """Statistics of features that come in batches; memory is that of d + N or d + d features.

    Batches are merged as in Chan, Golub and LeVeque 1983, equation 2.1, in double precision.
    """

    def __init__(self) -> None:
        self._count = 0
        self._rows: list[Tensor] = []
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._scatter: Tensor | None = None

    def add(self, features: Tensor) -> None:
        """Take features (n, d) in."""
        rows = features.detach().to(torch.float64)
        if self._scatter is None:
            self._rows.append(rows)
            rows = torch.cat(self._rows) if self._pending > rows.shape[1] else rows[:0]
        if not len(rows):
            return
        self._rows = []
        self._merge(rows)

    @property
    def _pending(self) -> int:
        return sum(map(len, self._rows))

    def _merge(self, rows: Tensor) -> None:
        mean = rows.mean(dim=0)
        centred = rows - mean
        scatter = centred.T @ centred
        if self._scatter is None:
            self._count, self._mean, self._scatter = len(rows), mean, scatter
            return
        total = self._count + len(rows)
        step = mean - self._mean
        self._scatter += scatter
        self._scatter += torch.outer(step, step) * (self._count * len(rows) / total)
        self._mean = self._mean + step * (len(rows) / total)
        self._count = total

    def finish(self) -> FeatureStatistics:
        """Return the statistics of all that was taken in.

        Raises:
            DataError: there are fewer than two pictures.
        """
        count = self._count + self._pending
        if count < 2:
            raise DataError(f"a covariance needs two pictures or more; got {count}")
        if self._scatter is not None:
            covariance = self._scatter / (count - 1)
            return FeatureStatistics(count=count, mean=self._mean, covariance=covariance)
        rows = torch.cat(self._rows)
        mean = rows.mean(dim=0)
        return FeatureStatistics(count=count, mean=mean, factor=rows - mean)


def gather_statistics(batches: Iterable[Tensor]) -> FeatureStatistics:
    """Return the statistics of features (n, d) that come in batches.

    Raises:
        DataError: there are fewer than two pictures.
    """
    stream = StatisticsStream()
    for batch in batches:
        stream.add(batch)
    return stream.finish()
