"""Bring decoded pictures to one size, and to the array (C, H, W)."""

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mmgen.data.decoding import BrokenPictureError, decode
from mmgen.data.options import DataOptions


@dataclass(frozen=True, slots=True)
class Fit:
    """The form that all pictures of a set get: channels, height, width, and how.

    Attributes:
        scales: whether pictures of another size are scaled; otherwise they are refused.
        crop: "center" or "none", as in DataOptions.
    """

    channels: int
    height: int
    width: int
    scales: bool
    crop: str

    @classmethod
    def of(cls, shape: tuple[int, int, int], options: DataOptions) -> "Fit":
        """Make the fit for pictures of (channels, height, width) under some options."""
        return cls(*shape, scales=options.size is not None, crop=options.crop)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    def decode(self, data: bytes) -> np.ndarray:
        """Decode a picture to uint8 (C, H, W).

        Raises:
            BrokenPictureError: it cannot be decoded.
        """
        # Twice the size leaves the good filter enough to work with.
        at_least = 2 * max(self.height, self.width) if self.scales else None
        image = decode(data, channels=self.channels, at_least_px=at_least)
        if not self.scales and image.size != (self.width, self.height):
            raise BrokenPictureError(
                f"it decodes to {image.width}×{image.height}, its header says "
                f"{self.width}×{self.height}"
            )
        return self.apply(image)

    def digest(self, data: bytes) -> bytes:
        """Return the sha256 of a picture's file and of what is made of it, 32 bytes."""
        return hashlib.sha256(repr(self).encode() + data).digest()

    def apply(self, image: Image.Image) -> np.ndarray:
        """Scale (if need be) an upright 8-bit picture and return it as uint8 (C, H, W)."""
        return to_array(fit(image, self.height, self.width, crop=self.crop))


def fit(image: Image.Image, height: int, width: int, *, crop: str) -> Image.Image:
    """Scale a picture with a Lanczos filter that averages when it shrinks.

    Args:
        crop: "center" takes the largest middle part of the right proportions; "none" scales
            each side on its own.
    """
    if image.size == (width, height):
        return image
    box = _center_box(image.size, width / height) if crop == "center" else None
    if image.mode != "RGBA":
        return image.resize((width, height), Image.Resampling.LANCZOS, box=box)
    # Alpha premultiplied, so that invisible colours do not bleed into the visible.
    weighted = image.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS, box=box)
    return weighted.convert("RGBA")


def to_array(image: Image.Image) -> np.ndarray:
    """Return the pixels of an L, RGB or RGBA picture as uint8 (C, H, W)."""
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Return uint8 (C, H, W) as a picture in mode L, RGB or RGBA."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0).copy())


def _center_box(size: tuple[int, int], aspect: float) -> tuple[float, float, float, float]:
    width, height = size
    kept_width, kept_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    return left, top, left + kept_width, top + kept_height
