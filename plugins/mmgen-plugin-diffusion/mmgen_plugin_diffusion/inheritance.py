"""What a denoiser takes over from a trained one of other settings."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.errors import OptionError


def check_inheritable(
    own: dict[str, object], asked: dict[str, object], *, network: str, title: str
) -> None:
    """Raise OptionError where other settings have no use for what was learned.

    Args:
        own, asked: the settings of the trained model and of the new one, by name.
        network: "transformer" or "unet".
        title: the trained model's name as errors say it.
    """
    free = {"dropout", "steps", "guidance_scale", "shift", "inpainting"}
    if network == "transformer":
        free.add("patch")
    for name in own:
        if own[name] != asked[name] and name not in free:
            raise OptionError(
                f"{name} of {title} is {own[name]}, and what it learned is of no use with "
                f"{asked[name]}: leave it out; {', '.join(sorted(free))} may be others"
            )
    if own["inpainting"] and not asked["inpainting"]:
        raise OptionError(
            f"{title} learned to see known pixels and cannot go on without: leave out inpainting"
        )
    before, after = own["patch"], asked["patch"]
    assert isinstance(before, int)
    assert isinstance(after, int)
    if before % after:
        raise OptionError(
            f"patches of {title} have sides of {before} and can be cut into smaller ones of equal "
            f"size; got patch = {after}"
        )


def with_hints(weight: Tensor, channels: int) -> Tensor:
    """Return the weight (D, channels, …) of a first layer that looks away from further channels.

    Rombach et al. 2022 make a model that paints in from one that does not so.
    """
    missing = channels - weight.shape[1]
    return torch.cat([weight, weight.new_zeros(len(weight), missing, *weight.shape[2:])], dim=1)


def enter_by_smaller(weight: Tensor, channels: int, before: int, after: int) -> Tensor:
    """Return the weight (D, K · after²) by which smaller patches enter, K ≤ channels learned.

    It becomes the token of itself enlarged to the larger one: Beyer et al. 2023 (FlexiViT), section
    3.4, with numbers repeated.

    Args:
        weight: (D, K · before²).
        channels: of the new layer.
    """
    parts = before // after
    patches = weight.unflatten(1, (-1, after, parts, after, parts)).sum(dim=(3, 5))
    return with_hints(patches, channels).flatten(1)


def leave_by_smaller(weight: Tensor, before: int, after: int) -> Tensor:
    """Return a last layer's weight or bias, (K · before², …), for smaller patches: the mean."""
    parts = before // after
    return weight.unflatten(0, (-1, after, parts, after, parts)).mean(dim=(2, 4)).flatten(0, 2)


def places_between(places: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Tensor:
    """Return learned places (h · w, D) of one grid as those of another.

    Interpolated, as Dosovitskiy et al. 2021 do (section 3.2).
    """
    maps = places.T.unflatten(1, before)[None]
    found = F.interpolate(maps, after, mode="bilinear", align_corners=False)
    return found[0].flatten(1).T
