"""Options of generation that would change nothing, by what was given, are refused in words."""

from mmgen.errors import OptionError
from mmgen_plugin_diffusion.options import RESAMPLING, DiffusionGeneration


def check_effects(
    options: DiffusionGeneration, *, image: bool, mask: bool, inpaints: bool, title: str
) -> None:
    """Raise OptionError where an option has no say in what is drawn.

    Args:
        image, mask: whether they were given.
        inpaints: whether the model learned to paint what a mask leaves out.
        title: the model's name as errors say it.
    """
    resamples = mask and not inpaints
    if options.strength is not None and not image:
        raise OptionError(
            "option 'strength' says how an image is edited, and there is none: give image, or "
            "leave it out"
        )
    if options.edit != "noise" and (mask or not image):
        raise OptionError(
            "option 'edit' says how an image without a mask is edited, and there is "
            f"{'a mask' if mask else 'none'}: give image alone, or leave it out"
        )
    if options.resampling != RESAMPLING and not resamples:
        raise OptionError(
            "option 'resampling' is for painting what a mask leaves out, by models that did not "
            f"learn to; {title} {'did' if mask else 'was given no mask'}: leave it out"
        )
    if resamples and options.sampler not in (None, "ancestral"):
        raise OptionError(
            f"option 'sampler' cannot be {options.sampler!r} where {title} paints by resampling, "
            "which draws each step anew: leave it out"
        )


def check_interval(options: DiffusionGeneration, *, guided: bool) -> None:
    """Raise OptionError where times of guidance are named and nothing is guided."""
    if options.guidance_interval != (0, 1) and not guided:
        raise OptionError(
            "option 'guidance_interval' says when is guided, and with a guidance_scale of 1 "
            "nothing is: set guidance_scale too, or leave it out"
        )


def check_few_steps(options: DiffusionGeneration, *, guided: bool, title: str) -> None:
    """Raise OptionError where an option has no say in few steps.

    Args:
        guided: whether a guidance other than 1 is asked for.
        title: the model's name as errors say it.
    """
    told = {
        "shift": options.shift not in (None, 1),
        "guidance_scale": guided,
        "guidance_interval": options.guidance_interval != (0, 1),
    }
    for name, given in told.items():
        if given:
            raise OptionError(
                f"option {name!r} is no part of few steps: {title} learned them with their times "
                "and guidance in them; leave it out, or set sampler = 'dpm++' for many steps of "
                "the flow"
            )
