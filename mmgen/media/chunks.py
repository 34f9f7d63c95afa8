"""Files of sound that are made of chunks: how many bytes of sound they promise, and have."""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True)
class _Chunks:
    """How the chunks of a kind of file lie: a name and a size, then that many bytes.

    Attributes:
        head: what `struct` reads the name and the size by.
        sound: the name of the chunk that has the sound.
        first: the byte at which the first chunk begins.
        alignment: a chunk begins at a multiple of so many bytes.
        size_has_head: whether the size counts the name and itself.
        before_sound: bytes in the sound's chunk that come before the sound.
        unknown: a size from here on says that the writer did not know it.
    """

    head: str = "<4sI"
    sound: bytes = b"data"
    first: int = 12
    alignment: int = 2
    size_has_head: bool = False
    before_sound: int = 0
    # Who writes into a pipe cannot come back to fill in the size. It is 0 or 0xFFFFFFFF then, or
    # near 2 GiB: 0x7F000000 and 0x7FFFF000 by SoX and eSpeak, 0x80000000 by arecord.
    unknown: int = 0x7E00_0000


_CHUNKS = {
    b"RIFF": _Chunks(),
    b"RIFX": _Chunks(head=">4sI"),
    b"RF64": _Chunks(),
    b"FORM": _Chunks(head=">4sI", sound=b"SSND", before_sound=8),
    b"riff": _Chunks(  # Wave64: names of 16 bytes, sizes of 64 bits
        head="<16sQ",
        sound=bytes.fromhex("64617461f3acd3118cd100c04f8edb8a"),
        first=40,
        alignment=8,
        size_has_head=True,
        unknown=1 << 62,
    ),
}


def sound_bytes(file: BinaryIO) -> tuple[int, int]:
    """Return how many bytes of sound a file says it has, 0 if it does not, and how many it has."""
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    chunks = _CHUNKS.get(file.read(4))
    if chunks is None:
        return 0, 0
    begin, head_bytes, long_size = chunks.first, struct.calcsize(chunks.head), 0
    while begin + head_bytes <= length:
        file.seek(begin)
        name, size = struct.unpack(chunks.head, file.read(head_bytes))
        if chunks.size_has_head:
            size = max(0, size - head_bytes)
        if name == b"ds64":  # RF64: the size of the sound, where 32 bits are too few for it
            long_size = int.from_bytes(file.read(16)[8:], "little")
        begin += head_bytes
        if name == chunks.sound:
            return _sizes(chunks, size, long_size, length - begin)
        begin += size + -size % chunks.alignment
    return 0, 0


def _sizes(chunks: _Chunks, size: int, long_size: int, present: int) -> tuple[int, int]:
    """Return the bytes of sound that are declared, or 0, and those that are there."""
    if size == 0xFFFF_FFFF and 0 < long_size < 1 << 62:
        return long_size, present
    if size >= chunks.unknown:
        return 0, present
    return max(0, size - chunks.before_sound), max(0, present - chunks.before_sound)
