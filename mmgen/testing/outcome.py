"""How a check of the contract ends."""

from collections.abc import Callable
from typing import Any
from unittest import SkipTest

from torch import Tensor

from mmgen.errors import MmgenError


class ContractError(AssertionError):
    """A plugin breaks the contract; the message says which sentence of it, and how."""


class NotApplicable(SkipTest):
    """The contract asks nothing of this plugin here; pytest shows it as skipped."""


def demand(kept: bool, sentence: str) -> None:
    """Raise ContractError with the sentence unless it is kept."""
    if not kept:
        raise ContractError(sentence)


def demand_alike(a: Tensor, b: Tensor, tolerance: float, sentence: str) -> None:
    """Demand two tensors of one shape whose values agree to the tolerance."""
    demand(a.shape == b.shape, f"{sentence}: shapes {tuple(a.shape)} and {tuple(b.shape)}")
    worst = float((a.double() - b.double()).abs().max()) if a.numel() else 0.0
    demand(worst <= tolerance, f"{sentence}: they differ by up to {worst:.3g}")


def demand_identical(a: Tensor, b: Tensor, sentence: str) -> None:
    """Demand tensors that agree in shape, dtype and every bit."""
    same = a.dtype == b.dtype and a.shape == b.shape
    demand(same and bool((a == b).all()), f"{sentence}: {_difference(a, b)}")


def _difference(a: Tensor, b: Tensor) -> str:
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{a.dtype} {tuple(a.shape)} and {b.dtype} {tuple(b.shape)}"
    return f"they differ by up to {float((a.double() - b.double()).abs().max()):.3g}"


def demand_pictures(images: Any, shape: tuple[int, ...], what: str) -> None:
    """Demand float32 of a shape on the CPU, finite and in [0, 1]."""
    demand(isinstance(images, Tensor), f"{what} must be a tensor; got {type(images).__name__}")
    demand(
        tuple(images.shape) == shape, f"{what} must have shape {shape}; got {tuple(images.shape)}"
    )
    demand(str(images.dtype) == "torch.float32", f"{what} must be float32; got {images.dtype}")
    demand(images.device.type == "cpu", f"{what} must be on the CPU; got {images.device}")
    demand(bool(images.isfinite().all()), f"{what} hold NaN or Inf")
    low, high = float(images.min()), float(images.max())
    demand(low >= 0 and high <= 1, f"{what} must lie in [0, 1]; got {low:.4g} to {high:.4g}")


def demand_refusal(
    call: Callable[[], object], kind: type[MmgenError], word: str, what: str
) -> None:
    """Demand that a call raises that kind of error, and that its message has the word."""
    try:
        call()
    except kind as error:
        demand(word in str(error), f"the refusal of {what} must name {word}; got: {error}")
    except Exception as error:
        raise ContractError(
            f"{what} must be refused with {kind.__name__}; got {type(error).__name__}: {error}"
        ) from error
    else:
        raise ContractError(f"{what} must be refused")
