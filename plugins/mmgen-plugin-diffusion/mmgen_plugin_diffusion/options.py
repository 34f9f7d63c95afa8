"""What can be set about generation and training by diffusion. No torch here."""

from dataclasses import dataclass

from mmgen.errors import InputError, OptionError
from mmgen.options import Options, describe, option
from mmgen.weighting import read_weights

SAMPLERS = ("euler", "heun", "dpm++", "ancestral")
FLOWS = ("average", "start")
RESAMPLING = 4


def changed(options: Options, *names: str) -> list[str]:
    """Return which of these options have another value than their default."""
    defaults = {info.name: info.default for info in describe(type(options))}
    return [name for name in names if getattr(options, name) != defaults[name]]


@dataclass(frozen=True, kw_only=True)
class DiffusionGeneration(Options):
    """Options of `generate`."""

    steps: int | None = option(
        None, minimum=1, help="of the sampler; none: the model's own, or 4 by short cuts"
    )
    sampler: str | None = option(
        None,
        choices=SAMPLERS,
        help="euler: the flow itself; heun: two looks a step; dpm++: the last step is remembered; "
        "ancestral: fresh noise each step; none: short cuts where the model learned them, for up "
        "to 64 steps of a new picture, else dpm++",
    )
    guidance_scale: float | str | None = option(
        None,
        help="classifier-free guidance, 1 for none: one number, or one for each slot as "
        "'text:3,label:1.5'; none: the model's own. What is not given has no say in it",
    )
    guidance_interval: tuple[float, ...] = option(
        (0.0, 1.0), minimum=0.0, maximum=1.0, help="times, 1 is noise, between which is guided"
    )
    shift: float | None = option(
        None,
        minimum=0.01,
        maximum=100.0,
        help="of the times: above 1 more steps are spent near noise; none: the model's own",
    )
    strength: float | None = option(
        None,
        above=0.0,
        maximum=1.0,
        help="with an image: how much of it is drawn anew; none: 0.6, and 1 with a mask",
    )
    edit: str = option(
        "noise",
        choices=("noise", "inversion"),
        help="with an image and no mask: fresh noise is added, or the flow is followed back to the "
        "image's own",
    )
    source: str | None = option(
        None,
        help="with edit = inversion: what the image shows, in words, for the way back; none: "
        "nothing is said",
    )
    resampling: int = option(
        RESAMPLING,
        minimum=1,
        help="with a mask, of models that did not learn to inpaint: how often each step is taken, "
        "always with fresh noise",
    )

    def check(self) -> None:
        """Demand an interval of two times and a guidance that can be read."""
        low, high = (*self.guidance_interval, -1.0, -1.0)[:2]
        if len(self.guidance_interval) != 2 or low > high:
            raise OptionError(
                "option 'guidance_interval' takes two times, the lower first; got "
                f"{list(self.guidance_interval)}"
            )
        if self.source is not None and self.edit != "inversion":
            raise OptionError(
                "option 'source' is for edit = 'inversion': set that too, or leave it out"
            )
        try:
            read_weights(self.guidance_scale)
        except InputError as error:
            raise OptionError(
                "option 'guidance_scale' takes a number, or one for each slot as "
                f"'text:3,label:1.5'; got {self.guidance_scale!r}"
            ) from error


@dataclass(frozen=True, kw_only=True)
class AutoencoderTraining(Options):
    """How an autoencoder learns."""

    distance: str = option(
        "l1", choices=("l1", "l2"), help="mean absolute or mean squared difference of the pixels"
    )
    perceptual: str = option(
        "",
        help="an encoder of pictures, as cnn-flowers, in whose features pictures are compared too",
    )
    perceptual_weight: float = option(0.1, minimum=0.0, help="of that comparison")
    kl_weight: float = option(1e-3, minimum=0.0, help="of the divergence from N(0, 1), with kl")
    latent_noise: float = option(
        0.0,
        minimum=0.0,
        help="standard deviation of noise on the latents, relative to theirs: then small errors "
        "of a denoiser show less",
    )
    flip: bool = option(False, help="half of the pictures are mirrored, left to right")


@dataclass(frozen=True, kw_only=True)
class DiffusionTraining(Options):
    """How a denoiser learns."""

    times: str = option(
        "logit-normal",
        choices=("logit-normal", "uniform"),
        help="which times are learned from: the hard middle more often, or all alike",
    )
    times_mean: float = option(0.0, help="of the logit of time, where 1 is noise")
    times_std: float = option(1.0, minimum=0.01, help="of the logit of time")
    flip: bool = option(False, help="half of the pictures are mirrored, left to right")
    inpainting_share: float = option(
        0.5,
        minimum=0.0,
        maximum=1.0,
        help="of a model with inpainting: how many pictures have known pixels",
    )
    shortcut: float = option(
        0.0,
        minimum=0.0,
        maximum=0.9,
        help="share of each batch by which 1 to 64 steps are learned; 0: none, 0.25: the paper's",
    )
    shortcut_guidance: float = option(
        1.0, minimum=0.0, help="classifier-free guidance that the short cuts are learned under"
    )
    teacher_decay: float = option(
        0.999, minimum=0.0, maximum=1.0, help="of the average whose short cuts are joined"
    )
    shortcut_flow: str = option(
        "average",
        choices=FLOWS,
        help="the flow of which the smallest short cuts are two steps: average: that which is "
        "learned from the data beside them; start: that of the model gone on from, which is kept: "
        "it is the flow's lesson in place of the data, and the encoders stay as they are",
    )
    evaluation_times: int = option(8, minimum=1, help="times at which held-out pictures are judged")

    def check(self) -> None:
        """Refuse what is said of short cuts where none are learned."""
        if self.shortcut:
            return
        for name in changed(self, "shortcut_guidance", "teacher_decay", "shortcut_flow"):
            raise OptionError(
                f"option {name!r} says how short cuts are learned, and none are: set shortcut "
                "above 0, or leave it out"
            )


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionTraining(DiffusionTraining, AutoencoderTraining):
    """How an autoencoder learns, and then a denoiser on its latents."""

    autoencoder_steps: int | None = option(
        None, minimum=1, help="steps of the first stage; none: training.steps"
    )
    autoencoder_rate: float | None = option(
        None, minimum=0.0, help="learning rate of the first stage; none: training.learning_rate"
    )
