"""What two families share: small modules and pure functions of tensors."""

from mmgen.nn.adversarial import (
    ADVERSARIAL_LOSSES,
    AdversarialLoss,
    between,
    one_centred_penalty,
    zero_centred_penalty,
)
from mmgen.nn.augmentation import random_affine, random_colour, random_crop, random_erase
from mmgen.nn.diff_augment import diff_augment
from mmgen.nn.doubling import DoublingConv
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
from mmgen.nn.spherical import spherical

__all__ = [
    "ADVERSARIAL_LOSSES",
    "LIKELIHOODS",
    "AdversarialLoss",
    "Bernoulli",
    "DiscretisedLogisticMixture",
    "DoublingConv",
    "Downsample",
    "Likelihood",
    "Modulation",
    "RelativeGaussian",
    "ResidualConv",
    "ResidualLinear",
    "Upsample",
    "between",
    "diff_augment",
    "dropout",
    "likelihood",
    "one_centred_penalty",
    "random_affine",
    "random_colour",
    "random_crop",
    "random_erase",
    "spherical",
    "zero_centred_penalty",
]
