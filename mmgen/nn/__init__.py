"""What two families share: small modules and pure functions of tensors."""

from mmgen.nn.augmentation import random_affine, random_colour, random_erase
from mmgen.nn.dropout import dropout
from mmgen.nn.gaussian import RelativeGaussian
from mmgen.nn.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    DiscretisedLogisticMixture,
    Likelihood,
    likelihood,
)
from mmgen.nn.residual import Downsample, Modulation, ResidualConv, ResidualLinear, Upsample

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "DiscretisedLogisticMixture",
    "Downsample",
    "Likelihood",
    "Modulation",
    "RelativeGaussian",
    "ResidualConv",
    "ResidualLinear",
    "Upsample",
    "dropout",
    "likelihood",
    "random_affine",
    "random_colour",
    "random_erase",
]
