"""From the bytes of a picture file to 8-bit pixels with the channels that were asked for.

Whatever the file holds (palette, 16 bit, CMYK, alpha, a camera's orientation), what comes out is
an 8-bit picture in mode L, RGB or RGBA, upright.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from mmgen.media.pictures import convert_mode

_GREY_MODES = ("1", "L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_ORIENTATION = 0x0112  # EXIF tag; values 5 to 8 swap width and height


class BrokenPictureError(Exception):
    """A picture that cannot be decoded; the message is the reason, without the name."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its picture before the pixels are decoded."""

    height: int
    width: int
    channels: int


def read_header(data: bytes) -> Header:
    """Read size and channels (1, 3 or 4) of an encoded picture, without decoding it.

    Raises:
        BrokenPictureError: these bytes are no picture.
    """
    try:
        with Image.open(BytesIO(data)) as image:
            width, height = image.size
            if _orientation(image) >= 5:
                width, height = height, width
            return Header(height, width, _natural_channels(image))
    except Exception as error:  # damaged files make Pillow raise nearly anything
        raise BrokenPictureError(_reason(error, data)) from error


def decode(
    data: bytes, *, channels: int | None = None, at_least_px: int | None = None
) -> Image.Image:
    """Decode a picture to mode L, RGB or RGBA.

    Args:
        channels: 1, 3 or 4; None keeps what the file has. Transparent parts go over white
            where alpha is dropped.
        at_least_px: the picture may come out smaller than stored, by a power of two, as long
            as both sides keep this many pixels (JPEG decodes those several times faster).
    Raises:
        BrokenPictureError: the bytes are no picture, or a truncated or damaged one.
    """
    try:
        with Image.open(BytesIO(data)) as image:
            channels = channels or _natural_channels(image)
            turned = _orientation(image) > 1
            if at_least_px is not None:
                image.draft(None, (at_least_px, at_least_px))
            image.load()
            upright = ImageOps.exif_transpose(image) if turned else image
            return convert_mode(upright, channels)
    except Exception as error:
        raise BrokenPictureError(_reason(error, data)) from error


def _orientation(image: Image.Image) -> int:
    # Only where the header already holds EXIF: asking a PNG otherwise decodes it whole. TIFF
    # turns itself.
    if "exif" not in image.info:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF in a sound picture
        return 1


def _natural_channels(image: Image.Image) -> int:
    if image.has_transparency_data:
        return 4
    return 1 if image.mode in _GREY_MODES else 3


def _reason(error: Exception, data: bytes) -> str:
    if not data:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "no picture format that Pillow knows"
    return str(error) or type(error).__name__
