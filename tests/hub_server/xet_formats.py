"""The formats of Xet: xorbs, which hold chunks, and shards, which say what files are made of."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hub_server import lz4

SHARD_HEADER_BYTES = 48
ROW_BYTES = 48
CHUNK_HEADER_BYTES = 8
CHUNK_BYTES = 2**16
FOOTER_MARK = b"XETBLOB"

WITH_VERIFICATION, WITH_SHA256 = 1 << 31, 1 << 30
LAST_FILE = "f" * 64


@dataclass(frozen=True)
class Term:
    """A run of chunks of a xorb, from the first up to but without the last."""

    xorb: str
    first: int
    last: int
    size: int


@dataclass(frozen=True)
class File:
    """What a file is made of."""

    xet_hash: str
    sha256: str | None
    terms: list[Term]


@dataclass(frozen=True)
class Chunk:
    """A piece of a file, and where it lies in its xorb, header and all."""

    start: int
    stop: int
    size: int


def read_shard(content: bytes) -> list[File]:
    """Return the files that a shard tells of."""
    place, files = SHARD_HEADER_BYTES, []
    while (name := _hash_at(content, place)) != LAST_FILE:
        flags, count = struct.unpack_from("<II", content, place + 32)
        rows = place + ROW_BYTES
        terms = [_term_at(content, rows + ROW_BYTES * row) for row in range(count)]
        place = rows + ROW_BYTES * count * (2 if flags & WITH_VERIFICATION else 1)
        sha256 = None
        if flags & WITH_SHA256:
            sha256 = _hash_at(content, place)
            place += ROW_BYTES
        files.append(File(name, sha256, terms))
    return files


def find_chunks(xorb: bytes) -> list[Chunk]:
    """Return where the chunks of a xorb lie."""
    chunks: list[Chunk] = []
    place = 0
    while place < len(xorb) and not xorb.startswith(FOOTER_MARK, place):
        packed, size = _sizes_at(xorb, place)
        stop = place + CHUNK_HEADER_BYTES + packed
        chunks.append(Chunk(place, stop, size))
        place = stop
    return chunks


def pack(content: bytes) -> bytes:
    """Return a xorb of a content, cut at equal lengths and not compressed."""
    pieces = (content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))
    return b"".join(
        struct.pack("<II", len(piece) << 8, len(piece) << 8) + piece for piece in pieces
    )


def unpack(xorb: bytes, chunks: list[Chunk]) -> Iterator[bytes]:
    """Yield the contents of chunks."""
    for chunk in chunks:
        scheme = xorb[chunk.start + 4]
        packed = xorb[chunk.start + CHUNK_HEADER_BYTES : chunk.stop]
        content = packed if scheme == 0 else lz4.expand(packed)
        if scheme == 2:
            content = _interleave(content)
        if len(content) != chunk.size:
            raise ValueError("a chunk has another size than it says")
        yield content


def _term_at(content: bytes, place: int) -> Term:
    size, first, last = struct.unpack_from("<III", content, place + 36)
    return Term(_hash_at(content, place), first, last, size)


def _hash_at(content: bytes, place: int) -> str:
    """Return a hash as text: four numbers, each with its highest digit first."""
    return "".join(f"{number:016x}" for number in struct.unpack_from("<4Q", content, place))


def _sizes_at(xorb: bytes, place: int) -> tuple[int, int]:
    packed = int.from_bytes(xorb[place + 1 : place + 4], "little")
    return packed, int.from_bytes(xorb[place + 5 : place + 8], "little")


def _interleave(groups: bytes) -> bytes:
    """Put bytes back in order that were sorted by their place in groups of four."""
    content = bytearray(len(groups))
    place = 0
    for offset in range(4):
        count = len(range(offset, len(groups), 4))
        content[offset::4] = groups[place : place + count]
        place += count
    return bytes(content)
