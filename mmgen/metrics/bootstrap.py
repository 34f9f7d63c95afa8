"""How sure a figure is: percentile bootstrap over pictures (Efron 1979), of shares the score.

Drawing pictures anew with repetition is right for what is a mean over pictures. It is not for a
Fréchet distance, whose bias and spread both grow where pictures repeat: resampled at 400 pictures
of 64 dimensions it says 3.7 ± 0.19 of what is 1.8 ± 0.09. Such figures are resampled through the
influence that each picture has on them (Hampel 1974; Davison and Hinkley 1997, section 2.7.2),
which is a mean again: `linear_interval`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

LEVEL = 0.95
RESAMPLES = 1000
_BLOCK = 2**22
_NORMAL_95 = 1.959964

RESAMPLED = f"95 %, {RESAMPLES} bootstrap resamplings"
BY_INFLUENCE = f"95 %, {RESAMPLES} resamplings of pictures by their influence"
SCORE = "95 %, Wilson's score interval"
"""What a protocol says of `mean_interval`, `linear_interval` and `share_interval`."""

Interval = tuple[float, float]


def resample(count: int, resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Tensor]:
    """Yield blocks of weights, float64 (R, N), of N pictures drawn N times with repetition.

    A row adds up to 1. All blocks together have `resamples` rows, the same for the same seed.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = max(1, _BLOCK // count)
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = torch.randint(count, (size, count), generator=generator)
        ones = torch.ones(1, 1, dtype=torch.float64).expand(size, count)
        yield torch.zeros(size, count, dtype=torch.float64).scatter_add_(1, drawn, ones) / count


def resampled_means(values: Tensor, resamples: int = RESAMPLES, seed: int = 0) -> Tensor:
    """Return float64 (R,): means of values (N,) of pictures drawn with repetition."""
    values = values.detach().cpu().double()
    return torch.cat([block @ values for block in resample(len(values), resamples, seed)])


def mean_interval(values: Tensor, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Return the 95 % percentile interval of the mean of values (N,)."""
    return quantiles(resampled_means(values, resamples, seed))


def share_interval(values: Tensor) -> Interval:
    """Return the 95 % score interval of the share of ones in values (N,) of 0 and 1 (Wilson 1927).

    None or all of a few pictures are no proof of none or all: unlike resampling it says so.
    """
    found, count = int(values.sum()), len(values)
    share, z2 = found / count, _NORMAL_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _NORMAL_95 * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    half /= 1 + z2 / count
    return 0.0 if found == 0 else centre - half, 1.0 if found == count else centre + half


def linear_interval(
    figure: float, *influences: Tensor, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return the 95 % interval of a figure that pictures of one or more sets have a part in.

    Args:
        influences: of each set, (N,): N times what a picture adds to the figure, to first order.
            Their mean does not count; sets are resampled independently.
    """
    moved = torch.zeros(resamples, dtype=torch.float64)
    for index, influence in enumerate(influences):
        centred = influence.detach().cpu().double()
        moved += resampled_means(centred - centred.mean(), resamples, seed + index)
    return quantiles(figure + moved)


def quantiles(values: Tensor) -> Interval:
    """Return the 2.5 % and the 97.5 % quantile of values (R,)."""
    tail = (1 - LEVEL) / 2
    ends = values.double().quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return float(ends[0]), float(ends[1])
