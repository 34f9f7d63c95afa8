"""Classifier-free guidance: several branches of a condition in one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmgen.errors import OptionError, UnsupportedConditionError
from mmgen.interfaces import Condition, Conditioner
from mmgen.weighting import read_weights

KNOWN = "image"
"""The name under which known pixels have a scale of their own."""


@dataclass(frozen=True)
class Branch:
    """One way of looking at a condition.

    Attributes:
        share: what its prediction is multiplied by; those of all branches add up to 1.
        slots: semantic slots that it sees.
        known: whether it sees known pixels.
    """

    share: float
    slots: frozenset[str]
    known: bool = True


def plan_branches(scales: Mapping[str, float], slots: Sequence[str]) -> tuple[Branch, ...]:
    """Return the branches whose sum is the guided prediction; the last sees everything.

    Slots join one after the other, known pixels first, each with its scale w: e_0 + Σ w_k (e_k -
    e_{k-1}) (Brooks et al. 2023, equation 3). With one scale that is e_0 + w (e - e_0), equation 6
    of Ho and Salimans 2022, whose w is ours less 1. Branches that cancel out are left out, but for
    the last.

    Args:
        scales: by slot, and that of known pixels; 1 for those that are missing.
        slots: semantic slots in order.
    """
    order = (KNOWN, *slots)
    weights = [1.0, *(scales.get(name, 1.0) for name in order), 0.0]
    branches = []
    for count in range(len(order) + 1):
        share = weights[count] - weights[count + 1]
        if count == 0:
            share = 1 - weights[1]
        if share or count == len(order):
            seen = order[:count]
            branches.append(Branch(share, frozenset(seen) - {KNOWN}, KNOWN in seen))
    return tuple(branches)


def branched(condition: Condition, branches: Sequence[Branch]) -> Condition:
    """Return the condition of all branches, one block of N rows after the other."""
    if len(branches) == 1:
        return condition
    count = len(condition)
    rows = torch.arange(count, device=condition.pooled.device).repeat(len(branches))
    repeated = condition.rows(rows)
    present = repeated.present.clone()
    for block, branch in enumerate(branches):
        for index, slot in enumerate(condition.slot_names):
            if slot not in branch.slots:
                present[block * count : (block + 1) * count, index] = False
    return repeated.given(present)


def joined(outputs: Tensor, branches: Sequence[Branch]) -> Tensor:
    """Return the guided prediction (N, …) of those of the branches (B · N, …)."""
    shares = outputs.new_tensor([branch.share for branch in branches])
    return torch.einsum("b,bn...->n...", shares, outputs.unflatten(0, (len(branches), -1)))


def read_scales(
    asked: float | str | None,
    default: float,
    conditioner: Conditioner,
    *,
    inpaints: bool,
    title: str,
) -> dict[str, float]:
    """Return the scale of each slot.

    Args:
        asked: the option; None takes the default where the model can be guided.
        default: for all semantic slots.
        inpaints: whether known pixels can be left out.
        title: the model's name as errors say it.

    Raises:
        UnsupportedConditionError: a slot that there is not.
        OptionError: the model never learned to go without its conditions.
    """
    slots = conditioner.slot_names
    learned = bool(slots) and conditioner.dropout > 0
    if asked is None:
        return dict.fromkeys(slots, default) if learned else {}
    read = read_weights(asked)
    assert read is not None
    scales = dict(read) if isinstance(read, Mapping) else dict.fromkeys(slots, read)
    known = (*slots, *((KNOWN,) if inpaints else ()))
    for slot in scales:
        if slot not in known:
            raise UnsupportedConditionError(
                f"guidance_scale names {slot!r}; {title} can be guided by "
                f"{', '.join(known) or 'nothing'}"
            )
    told = isinstance(read, Mapping) or read != 1
    if told and not slots and KNOWN not in scales:
        raise OptionError(
            f"option 'guidance_scale' pulls towards conditions, and {title} takes none: "
            "leave it out"
        )
    if not learned and any(scale != 1 for slot, scale in scales.items() if slot != KNOWN):
        raise OptionError(
            f"option 'guidance_scale' compares pictures with and without conditions, and {title} "
            "was trained without dropout of conditions, so it knows no pictures without: set "
            "guidance_scale=1, or train with conditioner.dropout above 0"
        )
    return scales
