"""Expand what was packed as an LZ4 frame; Xet packs its chunks so."""

import struct

MAGIC = 0x184D2204
STORED = 1 << 31


def expand(frame: bytes) -> bytes:
    """Return the content of a frame; its checksums are not looked at."""
    magic, flags = struct.unpack_from("<IB", frame)
    if magic != MAGIC:
        raise ValueError("this is not an LZ4 frame")
    has_size, has_block_sum, has_dictionary = flags & 8, flags & 16, flags & 1
    place = 7 + (8 if has_size else 0) + (4 if has_dictionary else 0)
    content = bytearray()
    while size := struct.unpack_from("<I", frame, place)[0]:
        place += 4
        length = size & ~STORED
        block = frame[place : place + length]
        if size & STORED:
            content += block
        else:
            _expand_block(block, content)
        place += length + (4 if has_block_sum else 0)
    return bytes(content)


def _expand_block(block: bytes, content: bytearray) -> None:
    """Append what a block says: each sequence is literals, and a copy of what came before."""
    place = 0
    while place < len(block):
        token = block[place]
        length, place = _length(block, place + 1, token >> 4)
        content += block[place : place + length]
        place += length
        if place == len(block):
            return
        distance = block[place] | block[place + 1] << 8
        length, place = _length(block, place + 2, token & 15)
        _repeat(content, distance, length + 4)


def _length(block: bytes, place: int, start: int) -> tuple[int, int]:
    """Return a length that may go on in the next bytes, and where it ends."""
    length = start
    while start == 15:
        length += block[place]
        start = 15 if block[place] == 255 else 0
        place += 1
    return length, place


def _repeat(content: bytearray, distance: int, length: int) -> None:
    """Append a copy of the content from a distance back, which may reach into the copy itself."""
    start = len(content) - distance
    piece = content[start : start + length]
    while len(piece) < length:
        piece += piece[: length - len(piece)]
    content += piece
