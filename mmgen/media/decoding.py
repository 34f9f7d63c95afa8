"""Picture files in: opened, turned and brought to a mode. Needs Pillow alone.

Apart from the rest so that what a user hands in is checked before torch is imported.
"""

import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from mmgen.errors import InputError

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def decode_picture(source: str | Path | bytes, channels: int) -> Image.Image:
    """Open a picture, turned as its EXIF says, in the mode of 1, 3 or 4 channels.

    Transparency is laid over white where the result has no alpha.

    Raises:
        InputError: no such file, or not a picture that can be read.
    """
    name = "the picture" if isinstance(source, bytes) else repr(str(source))
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            return convert_mode(ImageOps.exif_transpose(opened), channels)
    except FileNotFoundError:
        raise InputError(f"{name} does not exist; give the path of a picture") from None
    except UnidentifiedImageError:
        raise InputError(f"{name} is not a picture that can be read (PNG, JPEG, …)") from None
    except Exception as error:  # a damaged file makes Pillow raise nearly anything
        raise InputError(f"{name} cannot be read: {error}") from error


def convert_mode(picture: Image.Image, channels: int) -> Image.Image:
    """Return a picture with 1, 3 or 4 channels of 8 bits."""
    mode = _MODES[channels]
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        picture = _to_8_bit(picture)
    if channels != 4 and picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture)
    return picture if picture.mode == mode else picture.convert(mode)


def _to_8_bit(picture: Image.Image) -> Image.Image:
    # Integers are of 16 bits, however dark the picture; floating-point pixels lie in [0, 1].
    import numpy as np

    values = np.asarray(picture, dtype=np.float64)
    top = 1.0 if picture.mode == "F" else 65535.0
    return Image.fromarray((values.clip(0, top) * (255.0 / top)).round().astype(np.uint8))
