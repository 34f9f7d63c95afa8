"""Still pictures as PNG, quickly: generated pictures are many, and often small.

Pillow's encoder weighs five filters against each other for every row; this one uses the filter
"up" throughout, which is nearly as small and takes half the time, a third for small pictures.
"""

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels: grey, grey with alpha, RGB, RGBA
_FILTER_UP = 2  # each byte as its difference to the one above
_COMPRESSION = 1  # several times faster than the default, a few percent larger
_NOT_WORTH_IT = 1024  # so few bytes, with a recipe beside them, fill one block of a disk anyway


def encode_png(pixels: np.ndarray, keyword: str, text: str) -> bytes:
    """Return a PNG file (ISO/IEC 15948) with a text chunk before the picture.

    Args:
        pixels: uint8 (H, W) or (H, W, C), C from 1 to 4.
        keyword: of the iTXt chunk, up to 79 Latin-1 characters.
        text: what it holds.
    """
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour_type = _COLOUR_TYPES[rows.shape[1] // width]
    compression = 0 if filtered.nbytes <= _NOT_WORTH_IT else _COMPRESSION
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            # Not compressed, no language, no translated keyword.
            _chunk(b"iTXt", keyword.encode("latin-1") + bytes(5) + text.encode()),
            _chunk(b"IDAT", zlib.compress(filtered.data, compression)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)))
