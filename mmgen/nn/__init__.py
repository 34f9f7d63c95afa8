"""What two families share: small modules and pure functions of tensors."""

from mmgen.nn.adversarial import (
    ADVERSARIAL_LOSSES,
    AdversarialLoss,
    between,
    one_centred_penalty,
    zero_centred_penalty,
)
from mmgen.nn.attention import transformer_encoder
from mmgen.nn.augmentation import (
    change_pictures,
    random_affine,
    random_colour,
    random_crop,
    random_erase,
)
from mmgen.nn.diff_augment import diff_augment
from mmgen.nn.doubling import DoublingConv
from mmgen.nn.dropout import dropout
from mmgen.nn.energy_score import energy_score
from mmgen.nn.game import AdversarialGame, Judge, judge_condition, judge_conditioner
from mmgen.nn.gaussian import RelativeGaussian
from mmgen.nn.latents import draw_latents
from mmgen.nn.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    DiscretisedLogisticMixture,
    Likelihood,
    likelihood,
)
from mmgen.nn.memory_layout import channels_last
from mmgen.nn.pooling import AttentionPooling, masked_mean
from mmgen.nn.residual import Downsample, Modulation, ResidualConv, ResidualLinear, Upsample
from mmgen.nn.spherical import spherical

__all__ = [
    "ADVERSARIAL_LOSSES",
    "LIKELIHOODS",
    "AdversarialGame",
    "AdversarialLoss",
    "AttentionPooling",
    "Bernoulli",
    "DiscretisedLogisticMixture",
    "DoublingConv",
    "Downsample",
    "Judge",
    "Likelihood",
    "Modulation",
    "RelativeGaussian",
    "ResidualConv",
    "ResidualLinear",
    "Upsample",
    "between",
    "change_pictures",
    "channels_last",
    "diff_augment",
    "draw_latents",
    "dropout",
    "energy_score",
    "judge_condition",
    "judge_conditioner",
    "likelihood",
    "masked_mean",
    "one_centred_penalty",
    "random_affine",
    "random_colour",
    "random_crop",
    "random_erase",
    "spherical",
    "transformer_encoder",
    "zero_centred_penalty",
]
