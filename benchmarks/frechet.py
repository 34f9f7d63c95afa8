"""Fréchet distance of few pictures in many dimensions, against torchmetrics on the same features.

    OMP_NUM_THREADS=1 python benchmarks/frechet.py

Both sides are handed the same features in double precision and compute statistics and distance:
mmgen through the Gram matrix of the pictures, which is smaller than the covariances, torchmetrics
through the covariances. Their product has no more eigenvalues than there are pictures; the others
are 0, but computed they are noise, whose roots torchmetrics adds up. With features of a falling
spectrum, as networks have, that noise is seen: the last line leaves it out.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.metrics import frechet_distance, gather_statistics

BAR_RATIO = 5
BAR_DIFFERENCE = 1e-6


class Handed(nn.Module):
    """An extractor whose pictures are features already."""

    num_features: int

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.num_features = dimension

    def forward(self, features: Tensor) -> Tensor:
        return features


def by_mmgen(real: Tensor, made: Tensor) -> float:
    return frechet_distance(gather_statistics([real]), gather_statistics([made]))


def by_torchmetrics(real: Tensor, made: Tensor) -> float:
    metric = FrechetInceptionDistance(feature=Handed(real.shape[1]))
    metric.set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(made, real=False)
    return float(metric.compute())


def without_noise(real: Tensor, made: Tensor) -> float:
    """torchmetrics' formula with as many eigenvalues as the product of covariances can have."""
    gap = float((real.mean(dim=0) - made.mean(dim=0)).square().sum())
    first, second = real.T.cov(), made.T.cov()
    values = torch.linalg.eigvals(first @ second).real.sort(descending=True).values
    roots = values[: min(len(real), len(made)) - 1].clamp_min(0).sqrt()
    return gap + float(first.trace() + second.trace() - 2 * roots.sum())


def features(count: int, dimension: int, seed: int, *, falling: bool = False) -> Tensor:
    """Normal features of a flat spectrum, or of deviations that fall as k^-1/2."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(count, dimension, generator=generator, dtype=torch.float64)
    scales = torch.arange(1, dimension + 1, dtype=torch.float64) ** -0.5
    return rows * scales if falling else rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="pictures a side")
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    arguments = parser.parse_args()
    now = time.perf_counter if arguments.clock == "wall" else time.process_time
    real = features(arguments.count, arguments.dimension, seed=1)
    made = features(arguments.count, arguments.dimension, seed=2)
    found: dict[str, float] = {}

    def timed(name: str, measure: Callable[[Tensor, Tensor], float]) -> Callable[[], float]:
        def task() -> float:
            start = now()
            found[name] = measure(real, made)
            return now() - start

        return task

    tasks = {
        "mmgen": timed("mmgen", by_mmgen),
        "torchmetrics": timed("torchmetrics", by_torchmetrics),
    }
    times = interleave(tasks, repeats=arguments.repeats)
    rows = [
        [name, f"{sorted(times[name])[len(times[name]) // 2]:.3f}", f"{found[name]:.9f}"]
        for name in tasks
    ]
    print(f"{arguments.count:,} pictures a side, {arguments.dimension:,} dimensions\n")
    print_table(["", f"s, {arguments.clock}", "distance"], rows)
    ratio = median_ratio(times["torchmetrics"], times["mmgen"])
    print(f"\ntorchmetrics / mmgen: {ratio:.1f} ({verdict(ratio, BAR_RATIO, at_most=False)})")
    difference = relative(found["mmgen"], found["torchmetrics"])
    words = verdict(difference, BAR_DIFFERENCE, at_most=True)
    print(f"relative difference: {difference:.1e} ({words})")
    pair = [features(arguments.count, arguments.dimension, seed, falling=True) for seed in (1, 2)]
    ours = by_mmgen(*pair)
    whole, rid = relative(ours, by_torchmetrics(*pair)), relative(ours, without_noise(*pair))
    print(f"of a falling spectrum: {whole:.1e}, without the noise {rid:.1e}")


def relative(figure: float, other: float) -> float:
    return abs(figure / other - 1)


if __name__ == "__main__":
    main()
