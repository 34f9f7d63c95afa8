"""Short cuts: how a denoiser learns to take few, large steps."""

from itertools import accumulate

import torch
from torch import Tensor

from mmgen.interfaces import Condition, Noise
from mmgen_plugin_diffusion.embedding import FINEST
from mmgen_plugin_diffusion.guidance import branched, joined, plan_branches
from mmgen_plugin_diffusion.prompt import Denoiser
from mmgen_plugin_diffusion.times import spread

MOST_STEPS = 2 ** (FINEST - 1)
"""So many steps, of the smallest size that is learned, lead from noise to data."""


def shortcut_levels(places: Tensor) -> Tensor:
    """Return levels int64 (N,) of steps to learn, from whole numbers of how far they go.

    Frans et al. 2024, section 3.2: 1, 1/2, … 1/64 alike often. A step of level 1 + k goes 2⁻ᵏ.

    Args:
        places: (N,), uniform in (0, 1).
    """
    return 1 + (places * FINEST).long().clamp(max=FINEST - 1)


def shortcut_times(levels: Tensor, places: Tensor) -> Tensor:
    """Return the times (N,) at which steps begin: multiples of their size, where 1 is noise."""
    steps = 2.0 ** (levels - 1).float()
    return ((places * steps).floor() + 1).clamp(max=steps) / steps


def few_steps(count: int) -> tuple[list[float], list[int]]:
    """Return count + 1 falling times from 1 to 0, and the level of each step between them.

    All steps are of sizes that were learned, each from a multiple of itself. Of a count that is no
    power of two the last steps are half as large as the first: 3 are 1/2, 1/4 and 1/4.

    Args:
        count: 1 to `MOST_STEPS`.
    """
    level = count.bit_length()
    whole = 2 ** (level - 1)
    halved = count - whole
    levels = [level] * (whole - halved) + [level + 1] * (2 * halved)
    sizes = (2.0 ** (1 - level) for level in levels)
    return [1 - gone for gone in accumulate(sizes, initial=0.0)], levels


@torch.no_grad()
def two_steps(
    teacher: Denoiser,
    flow_teacher: Denoiser,
    noisy: Tensor,
    times: Tensor,
    levels: Tensor,
    condition: Condition,
    hints: Tensor | None,
    guidance: float,
) -> Tensor:
    """Return the velocity that two steps of half the size lead with: Frans et al. 2024, eq. 4.

    s_target = ½ s(x_t, t, d) + ½ s(x'_{t-d}, t - d, d) for a step of 2d. At the smallest size the
    steps are those of the flow itself, with guidance (their section 3.3). The teacher is an average
    of the denoiser alone: of the encoders, which change little where a trained model learns short
    cuts, the current weights count, where the paper averages all.

    Args:
        teacher: knows short cuts.
        flow_teacher: the same one, or one whose flow stays as it was: where a model that is guided
            by itself learns short cuts for most of the time, its flow drifts.
        noisy: (N, K, h, w), at times (N,).
        levels: of the steps to learn; two of the next level make one.
        hints: what is known, (N, K + 1, h, w).
    """
    half = 2.0 ** -levels.float()
    flow = levels == FINEST  # two steps of the smallest size: asked as the flow
    asked = torch.where(flow, torch.zeros_like(levels), levels + 1)
    order = flow.int().argsort(stable=True)
    back = order.argsort()
    num_flow = int(flow.sum())
    coarse, finest = order.split([len(flow) - num_flow, num_flow])
    groups = []
    for asks, rows, scale in ((teacher, coarse, 1.0), (flow_teacher, finest, guidance)):
        branches = plan_branches(dict.fromkeys(condition.slot_names, scale), condition.slot_names)
        if len(rows):
            prompt = asks.prepare(branched(condition.rows(rows), branches))
            groups.append((asks, rows.repeat(len(branches)), branches, prompt))

    def velocity(samples: Tensor, moments: Tensor) -> Tensor:
        inputs = samples if hints is None else torch.cat([samples, hints], dim=1)
        found = []
        for asks, rows, branches, prompt in groups:
            outputs = asks(inputs[rows], moments[rows], prompt, asked[rows]).float()
            found.append(joined(outputs, branches))
        return torch.cat(found)[back]

    first = velocity(noisy, times)
    between = noisy - half[:, None, None, None] * first
    return (first + velocity(between, times - half)) / 2


def draw_shortcuts(rng: Noise, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return levels and times of `count` steps to learn, of all sizes as often as can be.

    The noise has as many rows or more.
    """
    sizes, starts = (
        rng.uniform((), stream=f"shortcuts/{name}").to(device)[:count]
        for name in ("sizes", "starts")
    )
    levels = shortcut_levels(spread(sizes))
    return levels, shortcut_times(levels, starts)
