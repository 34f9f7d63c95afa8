"""Training options that all families of generator and discriminator have. No torch here."""

from dataclasses import dataclass

from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class AdversarialTraining(Options):
    """The game that generator and discriminator play: see `mmgen.nn.AdversarialGame`."""

    loss: str = option(
        "relativistic",
        choices=(
            "minimax",
            "non-saturating",
            "least-squares",
            "hinge",
            "wasserstein",
            "relativistic",
        ),
        help="what the two minimise",
    )
    penalty: str = option(
        "r1-r2",
        choices=("none", "r1", "r1-r2", "wgan-gp"),
        help="of the discriminator's slope: at real pictures, at generated ones too, or between",
    )
    penalty_weight: float = option(
        1.0, minimum=0.0, help="γ of R1 and R2 (γ/2 of the squared slope), λ of wgan-gp"
    )
    penalty_every: int = option(
        1, minimum=1, unit="steps", help="the penalty comes so often, and weighs as much more"
    )
    discriminator_steps: int = option(
        1, minimum=1, help="of the discriminator per step of the generator"
    )
    discriminator_rate: float | None = option(
        None, minimum=0.0, help="its learning rate; none: that of the generator"
    )
    discriminator_width: float = option(
        1.0, minimum=0.1, help="its channels or units, relative to the generator's"
    )
    mismatched: float = option(
        0.0,
        minimum=0.0,
        help="weight of real pictures under another's condition, which the discriminator learns to "
        "tell from those under their own: generated ones then agree with theirs more surely",
    )
    hard_mismatched: bool = option(
        False,
        help="the other's condition is the most alike in the batch, which teaches more than any: "
        "which colour goes with which place",
    )
    labels_alike: bool = option(
        False,
        help="another's condition counts only where its label is another one: for texts and sounds "
        "that say no more than the label does",
    )
    augment: tuple[str, ...] = option(
        (),
        choices=("colour", "translation", "cutout"),
        help="differentiable augmentation, for little data",
    )
    score_samples: int = option(
        8, minimum=2, help="pictures drawn for each held-out one, for its energy score"
    )
