"""Checks of what some models can do beyond generate; each is asked of those that have it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import UnsupportedConditionError
from mmgen.interfaces import (
    Generator,
    HasLatents,
    HasLikelihood,
    Interpolates,
    LogLikelihood,
    Reconstructs,
    Tokenizer,
)
from mmgen.testing.case import GeneratorCase, check
from mmgen.testing.outcome import (
    NotApplicable,
    demand,
    demand_alike,
    demand_identical,
    demand_pictures,
    demand_refusal,
)
from mmgen.testing.values import pictures

_DATA_SPACES = ("binary", "8-bit")
_KINDS = ("exact", "importance-sampled bound")
_WEIGHTLESS = "a condition of weight 0 must be as if it were not given"


def _model_with(case: GeneratorCase, ability: Any) -> tuple[Any, Tensor]:
    model: Generator = case.build()
    if not isinstance(model, ability):
        raise NotApplicable(f"{case.architecture} has no {ability.__name__}")
    return model, pictures(model.size, 3)


def _shape(images: Tensor) -> tuple[int, ...]:
    return tuple(images.shape)


def _demand_refused(ability: Callable[..., object], *arguments: object) -> None:
    """Demand that a condition that no model takes is refused, not left unread."""
    call = partial(ability, *arguments, smell="roses")
    what = f"{getattr(ability, '__name__', 'it')}(…, smell='roses')"
    demand_refusal(call, UnsupportedConditionError, "smell", what)


@check
def check_latents(case: GeneratorCase) -> None:
    """encode gives N latents whatever the batch, decode N pictures; weight 0 is as not given."""
    model, images = _model_with(case, HasLatents)
    with torch.no_grad():
        latents = model.encode(images)
        if isinstance(latents, Tensor):
            demand(len(latents) == 3, f"encode must give N rows; got shape {_shape(latents)}")
            single = model.encode(images[1:2])
            demand_alike(latents[1:2], single, case.tolerance, "latents must not mix pictures")
        decoded = model.decode(latents)
        demand_pictures(decoded.float(), _shape(images), "decoded pictures")
        weightless = model.decode(latents, label=torch.tensor([0, 1, 2]), weights=0)
    demand_alike(weightless, decoded, case.tolerance, _WEIGHTLESS)
    _demand_refused(model.encode, images)
    _demand_refused(model.decode, latents)


@check
def check_reconstruction(case: GeneratorCase) -> None:
    """reconstruct gives pictures of the same shape, one for one."""
    model, images = _model_with(case, Reconstructs)
    with torch.no_grad():
        result = model.reconstruct(images, label=torch.tensor([0, 1, 2]))
        demand_pictures(result, _shape(images), "reconstructed pictures")
        single = model.reconstruct(images[1:2], label=torch.tensor([1]))
    demand_alike(result[1:2], single, case.tolerance, "reconstructions must not mix pictures")
    _demand_refused(model.reconstruct, images)


@check
def check_interpolation(case: GeneratorCase) -> None:
    """interpolate goes both ways alike, each step with its condition; weight 0 is as not given."""
    model, images = _model_with(case, Interpolates)
    with torch.no_grad():
        way = model.interpolate(images[0], images[1], 5)
        back = model.interpolate(images[1], images[0], 5)
    demand_pictures(way, (5, *_shape(images)[1:]), "interpolated pictures")
    demand_alike(way, back.flip(0), case.tolerance, "the way back must be the way there")
    with torch.no_grad():
        labels = torch.tensor([0, 0, 1, 2, 2])
        each = model.interpolate(images[0], images[1], 5, label=labels)
        alone = model.interpolate(images[0], images[1], 5, label=labels[:1])
        weightless = model.interpolate(images[0], images[1], 5, label=labels, weights=0)
    demand_pictures(each, (5, *_shape(images)[1:]), "pictures with a condition each")
    demand_alike(each[0], alone[0], case.tolerance, "the first condition must be the first end's")
    demand(not torch.allclose(each[-1], alone[-1]), "the last condition must be the last end's")
    demand_alike(weightless, way, case.tolerance, _WEIGHTLESS)
    _demand_refused(model.interpolate, images[0], images[1], 5)


@check
def check_likelihood(case: GeneratorCase) -> None:
    """log_likelihood gives N finite float64, the same again, whatever the batch."""
    model, images = _model_with(case, HasLikelihood)

    def measure(batch_size: int) -> LogLikelihood:
        result = model.log_likelihood(
            images, num_samples=4, refine_steps=0, seed=3, batch_size=batch_size
        )
        demand(isinstance(result, LogLikelihood), "log_likelihood must return a LogLikelihood")
        return result

    result = measure(3)
    values = result.values
    demand(
        values.dtype == torch.float64 and _shape(values) == (3,),
        f"values must be float64 (N,); got {values.dtype} {_shape(values)}",
    )
    demand(bool(values.isfinite().all()), "log-likelihoods must be finite")
    demand(result.unit == "nats", f"the unit must be nats; got {result.unit!r}")
    demand(result.data_space in _DATA_SPACES, f"data_space must be one of {_DATA_SPACES}")
    demand(result.kind in _KINDS, f"kind must be one of {_KINDS}; got {result.kind!r}")
    expected = 0 if result.kind == "exact" else 4
    demand(result.num_samples == expected, f"num_samples must be {expected} for {result.kind!r}")
    demand_identical(values, measure(3).values, "the same call must give the same values")
    scale = max(float(values.abs().max()), 1.0)
    demand_alike(values, measure(1).values, case.tolerance * scale, "values must not mix pictures")


@check
def check_tokens(case: GeneratorCase) -> None:
    """tokenize gives int64 (N, h, w) below codebook_size; detokenize gives pictures."""
    model, images = _model_with(case, Tokenizer)
    with torch.no_grad():
        tokens = model.tokenize(images)
        demand(tokens.dtype == torch.int64 and tokens.ndim == 3, "tokens must be int64 (N, h, w)")
        low, high = int(tokens.min()), int(tokens.max())
        demand(
            low >= 0 and high < model.codebook_size,
            f"tokens must be 0 to {model.codebook_size - 1}; got {low} to {high}",
        )
        demand_pictures(model.detokenize(tokens), _shape(images), "detokenised pictures")
        demand_identical(tokens[1:2], model.tokenize(images[1:2]), "tokens must not mix pictures")


ABILITY_CHECKS: tuple[Callable[[GeneratorCase], None], ...] = (
    check_latents,
    check_reconstruction,
    check_interpolation,
    check_likelihood,
    check_tokens,
)
