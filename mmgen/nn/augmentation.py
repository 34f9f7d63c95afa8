"""Random changes of pictures that leave their meaning: batches in, batches out, no loops.

Every picture gets a change of its own. All are differentiable with respect to the pictures.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mmgen.interfaces.noise import Noise
from mmgen.picture_options import PictureChanges


def change_pictures(
    images: Tensor, rng: Noise, options: PictureChanges, *, crop: int | None = None
) -> Tensor:
    """Return pictures (N, C, H, W) in [0, 1] as the options change them.

    Args:
        crop: side in px, at most H and W, of a window that is cut out of the moved picture before
            tones change; None leaves it whole.
    """
    images = random_affine(
        images,
        rng,
        shift=options.shift,
        rotate=options.rotate,
        zoom=options.zoom,
        stretch=options.stretch,
        flip=options.flip,
    )
    if crop:
        images = random_crop(images, rng, side=crop)
    images = random_colour(
        images,
        rng,
        brightness=options.brightness,
        contrast=options.contrast,
        saturation=options.saturation,
    )
    return random_erase(images, rng, probability=options.erase)


def random_affine(
    images: Tensor,
    rng: Noise,
    *,
    shift: float = 0.0,
    rotate: float = 0.0,
    zoom: float = 1.0,
    stretch: float = 1.0,
    flip: bool = False,
) -> Tensor:
    """Move, turn, scale, stretch and mirror pictures (N, C, H, W) in one resampling.

    What comes in from outside is the picture's own reflection.

    Args:
        shift: at most this part of the sides, 0 to 1.
        rotate: at most so many degrees, either way.
        zoom: enlarged or shrunk by at most this factor, 1 or more.
        stretch: the ratio of the sides changes by at most this factor, 1 or more.
        flip: mirror half of them, left to right.
    """
    if not (shift or rotate or flip or zoom != 1 or stretch != 1):
        return images
    height, width = images.shape[-2:]
    draws = rng.uniform((6,), stream="affine").to(images.device)
    move_x, move_y, turn, scale, ratio = (2 * draws[:, :5] - 1).unbind(dim=1)
    angle = turn * math.radians(rotate)
    scale = torch.exp(scale * math.log(zoom))
    ratio = torch.exp(ratio * math.log(stretch) / 2)
    mirror = torch.where(draws[:, 5] < 0.5, -1.0, 1.0) if flip else torch.ones_like(scale)
    across, down = scale * ratio * mirror, scale / ratio
    cosine, sine = angle.cos(), angle.sin()
    # From places in the result to places in the picture, both in units of half a side.
    by_row = [
        (across * cosine, -down * sine * height / width, 2 * shift * move_x),
        (across * sine * width / height, down * cosine, 2 * shift * move_y),
    ]
    matrix = torch.stack([torch.stack(row, dim=1) for row in by_row], dim=1)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False).to(images.dtype)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def random_crop(images: Tensor, rng: Noise, *, side: int) -> Tensor:
    """Cut a square window out of each picture (N, C, H, W), all places as likely.

    Args:
        side: of the window in px, at most H and W.
    """
    count, _, height, width = images.shape
    draws = rng.uniform((2,), stream="crop").to(images.device)
    room = torch.tensor([height - side + 1, width - side + 1], device=images.device)
    starts = (draws * room).long().minimum(room - 1)  # 0.99… may round up
    rows, columns = starts[:, :, None].add(torch.arange(side, device=images.device)).unbind(dim=1)
    pictures = torch.arange(count, device=images.device)[:, None, None]
    # Indexed with the channels last, which is also how networks like them.
    windows = images.permute(0, 2, 3, 1)[pictures, rows[:, :, None], columns[:, None, :]]
    return windows.permute(0, 3, 1, 2)


def random_colour(
    images: Tensor,
    rng: Noise,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
) -> Tensor:
    """Change the tones of pictures (N, C, H, W) in [0, 1]; the result stays there.

    Args:
        brightness: raised or lowered by at most this.
        contrast: differences to the picture's mean grow or shrink by at most this part.
        saturation: differences to each pixel's mean, likewise.
    """
    if not (brightness or contrast or saturation):
        return images
    draws = 2 * rng.uniform((3, 1, 1, 1), stream="colour").to(images) - 1
    lift, contrast_by, saturation_by = draws.unbind(dim=1)
    if saturation and images.shape[1] > 1:
        grey = images.mean(dim=1, keepdim=True)
        images = torch.lerp(grey, images, 1 + saturation * saturation_by)
    if contrast:
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        images = torch.lerp(mean, images, 1 + contrast * contrast_by)
    return (images + brightness * lift).clamp(0, 1)


def random_erase(images: Tensor, rng: Noise, *, probability: float) -> Tensor:
    """Paint a rectangle of some pictures (N, C, H, W) over with noise in [0, 1].

    Zhong et al. 2020: 2 to 33 % of the area, sides in a ratio of 0.3 to 3.3.
    """
    if not probability:
        return images
    height, width = images.shape[-2:]
    draws = rng.uniform((5, 1, 1, 1), stream="erase").to(images)
    chance, area, ratio, top, left = draws.unbind(dim=1)
    area = 0.02 + 0.31 * area
    ratio = torch.exp(math.log(3.3) * (2 * ratio - 1))
    tall, wide = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    inside = _between(height, top, tall).mT & _between(width, left, wide)
    noise = rng.uniform(tuple(images.shape[1:]), stream="erased").to(images)
    return torch.where(inside & (chance < probability), noise, images)


def _between(length: int, start: Tensor, extent: Tensor) -> Tensor:
    """Return bool (N, 1, 1, length): the places from a random start, `extent` of the whole."""
    places = (torch.arange(length, device=start.device) + 0.5) / length
    first = start * (1 - extent)
    return (places >= first) & (places < first + extent)
