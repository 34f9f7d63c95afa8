"""Negative log-likelihood of pictures that were never seen."""

import math
from pathlib import Path
from typing import Any

import torch

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.interfaces import Generator, HasLikelihood, LogLikelihood, Model, Progress
from mmgen.metrics.options import LikelihoodOptions
from mmgen.metrics.pictures import align_labels, choose_pictures, is_binary, read_batch
from mmgen.metrics.result import MetricResult, mean_result


def negative_log_likelihood(
    model: Model, data: PictureData, options: LikelihoodOptions, progress: Progress | None = None
) -> list[MetricResult]:
    """Return -log p(x), averaged over the pictures: in nats a picture and in bits a dimension.

    An importance-sampled bound (Burda et al. 2016, equation 8) lies above the true value, the
    less the more samples and the better the proposal they are drawn from. A model of binary
    pictures is measured on binary ones only: the figure for grey pixels would be no likelihood
    at all.

    Raises:
        UnsupportedOperationError: the model has no likelihood.
        DataError: the data is not of the model's data space or size.
    """
    if not (isinstance(model, Generator) and isinstance(model, HasLikelihood)):
        title = model.title if isinstance(model, Generator) else type(model).__name__
        raise UnsupportedOperationError(
            f"nll needs a model that says how probable a picture is (log_likelihood); {title} "
            "does not"
        )
    data = align_labels(model, choose_pictures(model, data, options.num_images), options.conditions)
    space = _probe(model, data, options).data_space
    if space == "binary" and not is_binary(data):
        raise DataError(
            f"{model.title} is a model of binary pictures: pixels must be 0 or 1; {data.name} has "
            "grey ones; use a binarised data set, or a model of 8-bit pictures"
        )
    images, conditions = read_batch(model, data, torch.arange(len(data)), options.conditions)
    result = model.log_likelihood(
        images,
        num_samples=options.num_samples,
        refine_steps=options.refine_steps,
        seed=options.seed,
        batch_size=options.batch_size,
        progress=progress,
        checkpoint=None if options.checkpoint is None else Path(options.checkpoint),
        **conditions,
    )
    protocol = _protocol(result, options)
    nats = -result.values.cpu()
    dimensions = images[0].numel()
    return [
        mean_result("nll", nats, "nats/picture", protocol),
        mean_result("bits-per-dim", nats / (dimensions * math.log(2)), "bits/dim", protocol),
    ]


def _probe(model: HasLikelihood, data: PictureData, options: LikelihoodOptions) -> LogLikelihood:
    """Ask for one (binarised) picture's likelihood, to learn the model's data space."""
    assert isinstance(model, Generator)
    images, conditions = read_batch(model, data, torch.arange(1), options.conditions)
    return model.log_likelihood(images.round(), num_samples=1, seed=options.seed, **conditions)


def _protocol(result: LogLikelihood, options: LikelihoodOptions) -> dict[str, Any]:
    exact = result.num_samples == 0
    return {
        "data_space": result.data_space,
        "kind": result.kind,
        "num_samples": result.num_samples,
        **({"refine_steps": result.refine_steps} if result.refine_steps else {}),
        "seed": None if exact else options.seed,
        "conditions": list(options.conditions),
    }
