"""Hypothesis strategies that damage the files of a saved model, bluntly and with knowledge."""

import json
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

INTEGERS = [-1, 0, 1, 2, 7, 64, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, 10**12, 10**400]
DTYPES = ["F64", "F32", "F16", "BF16", "I64", "I32", "I8", "U8", "BOOL", "C64", "F8_E4M3", "F4"]
WORDS = ["", "label", "../label", "model", "\0", "é", "\ud800", "__metadata__", "x" * 300, "a.b.c"]
BAD_FLOATS = [0x7FC00000, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0x00000001]

numbers = st.sampled_from(INTEGERS) | st.integers() | st.floats()
scalars = st.none() | st.booleans() | numbers | st.sampled_from(WORDS) | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


class Pairs(list[tuple[str, Any]]):
    """A JSON object that may name a key twice."""


def dump(value: Any) -> str:
    """Return the JSON text of what may hold `Pairs`."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{dump(v)}" for k, v in value) + "}"
    if isinstance(value, dict):
        return dump(Pairs(value.items()))
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)


@st.composite
def damaged_bytes(draw: Draw, data: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """A file with bytes flipped, set, taken out, put in, or taken from another file."""
    place = draw(st.integers(0, len(data)) | st.integers(0, min(len(data), 64)))
    count = draw(st.integers(0, 64) | st.integers(0, len(data)))
    kind = draw(st.sampled_from(["flip", "set", "cut", "grow", "take", "put", "move", "splice"]))
    if kind == "flip":
        at = min(place, len(data) - 1)
        return data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    if kind == "set":
        new = draw(st.binary(max_size=16))
        return data[:place] + new + data[place + len(new) :]
    if kind == "cut":
        return data[:place]
    if kind == "grow":
        return data + draw(st.binary(min_size=1, max_size=64)) * draw(st.integers(1, 1_000))
    if kind == "take":
        return data[:place] + data[place + count :]
    if kind == "put":
        return data[:place] + draw(st.binary(max_size=16)) + data[place:]
    if kind == "move":
        to = draw(st.integers(0, len(data)))
        return data[:to] + data[place : place + count] + data[to + count :]
    other = draw(st.sampled_from(others or (data,)))
    return data[:place] + other[draw(st.integers(0, len(other))) :]


@st.composite
def damaged_weights(draw: Draw, data: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """A safetensors file, damaged in one to three ways."""
    kinds = st.sampled_from(["bytes", "header", "header", "length", "value"])
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(kinds)
        if kind == "bytes" and data:
            data = draw(damaged_bytes(data, others))
        elif kind == "length":
            length = draw(st.integers(0, len(data) + 9) | st.integers(0, 2**64 - 1))
            data = struct.pack("<Q", length) + data[8:]
        elif kind == "value" and len(data) > 8:
            bad = struct.pack("<I", draw(st.sampled_from(BAD_FLOATS)))
            at = len(data) - 4 * draw(st.integers(1, len(data) // 8))
            data = data[:at] + bad + data[at + 4 :]
        elif kind == "header":
            data = draw(_damaged_header(data))
    return data


@st.composite
def _damaged_header(draw: Draw, data: bytes) -> bytes:
    length = int.from_bytes(data[:8], "little")
    try:
        entries = Pairs(json.loads(data[8 : 8 + length]).items())
    except (ValueError, AttributeError, RecursionError):
        return data
    if entries:
        _edit_entry(draw, entries)
    text = dump(entries).encode("utf-8", "surrogatepass")
    text += b" " * draw(st.sampled_from([0, -len(text) % 8, 5, 1_000]))
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def _edit_entry(draw: Draw, entries: Pairs) -> None:
    at = draw(st.integers(0, len(entries) - 1))
    name, entry = entries[at]
    kinds = ["drop", "rename", "twin", "replace", "metadata", "empty", "swap", "dtype", "shape"]
    kind = draw(st.sampled_from([*kinds, "offsets", "shift", "key", "many"]))
    if kind == "drop":
        del entries[at]
    elif kind == "rename":
        names = st.sampled_from([*WORDS, *(other for other, _ in entries)]) | st.text(max_size=9)
        entries[at] = (draw(names), entry)
    elif kind == "twin":
        entries.insert(draw(st.integers(0, len(entries))), (name, draw(st.just(entry) | values)))
    elif kind == "replace":
        entries[at] = (name, draw(values))
    elif kind == "metadata":
        entries.append(("__metadata__", draw(values)))
    elif kind == "empty":
        entries.append(("extra", {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}))
    elif kind == "many":
        number = draw(st.sampled_from([50, 5_000, 12_000]))
        empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
        entries += [(f"t{index}", empty) for index in range(number)]
    elif isinstance(entry, dict):
        entries[at] = (name, _edited(draw, kind, entry, [other for _, other in entries]))


def _edited(draw: Draw, kind: str, entry: dict[str, Any], others: list[Any]) -> Any:
    if kind == "swap":
        other = draw(st.sampled_from(others))
        field = draw(st.sampled_from(["dtype", "shape", "data_offsets"]))
        return entry | ({field: other[field]} if isinstance(other, dict) and field in other else {})
    if kind == "dtype":
        return entry | {"dtype": draw(st.sampled_from(DTYPES) | values)}
    if kind == "key":
        pairs = Pairs(entry.items())
        key = draw(st.sampled_from(["dtype", "shape", "data_offsets", "more"]))
        return Pairs([*pairs, (key, draw(values))])
    field = "shape" if kind == "shape" else "data_offsets"
    sizes = list(entry[field]) if isinstance(entry.get(field), list) else [0, 4]
    if kind == "shift":
        by = draw(st.sampled_from([-4, -1, 1, 4, 64, 2**40]))
        return entry | {field: [size + by if type(size) is int else size for size in sizes]}
    if sizes and draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = draw(numbers | values)
        return entry | {field: sizes}
    return entry | {field: draw(st.lists(numbers, max_size=5) | values)}


@st.composite
def damaged_json(draw: Draw, data: bytes) -> bytes:
    """A JSON file whose content is edited in one to three places, or whose text is damaged."""
    document = json.loads(data)
    for _ in range(draw(st.integers(0, 3))):
        document = _edited_document(draw, document)
    codec = draw(st.sampled_from(["utf-8"] * 12 + ["utf-16", "utf-8-sig", "latin-1"]))
    text = dump(document)
    if draw(st.integers(0, 9)) == 0:
        text = text.replace("1", draw(st.sampled_from(["NaN", "Infinity", "1e999", "1.0", "01"])))
    written = text.encode(codec, "replace")
    return draw(damaged_bytes(written)) if draw(st.integers(0, 4)) == 0 else written


def _edited_document(draw: Draw, document: Any) -> Any:
    """Edit one value somewhere inside; objects on the way become `Pairs`."""
    if not isinstance(document, dict | list) or not document or draw(st.integers(0, 9)) == 0:
        return _other_value(draw, document)
    if isinstance(document, list) and not isinstance(document, Pairs):
        items = list(document)
        at = draw(st.integers(0, len(items) - 1))
        kind = draw(st.sampled_from(["inside", "drop", "twin"]))
        if kind == "inside":
            items[at] = _edited_document(draw, items[at])
        elif kind == "drop":
            del items[at]
        else:
            items.append(items[at])
        return items
    pairs = Pairs(document.items() if isinstance(document, dict) else document)
    at = draw(st.integers(0, len(pairs) - 1))
    key, value = pairs[at]
    kind = draw(st.sampled_from(["inside"] * 6 + ["drop", "rename", "twin", "add"]))
    if kind == "inside":
        pairs[at] = (key, _edited_document(draw, value))
    elif kind == "drop":
        del pairs[at]
    elif kind == "rename":
        pairs[at] = (draw(st.sampled_from([*WORDS, *(k for k, _ in pairs)])), value)
    elif kind == "twin":
        pairs.append((key, draw(st.just(value) | values)))
    else:
        pairs.append((draw(st.text(max_size=8)), draw(values)))
    return pairs


def _other_value(draw: Draw, value: Any) -> Any:
    if type(value) is int and draw(st.booleans()):
        return draw(st.sampled_from(INTEGERS))
    kind = draw(st.sampled_from(["any", "any", "nest", "deep", "long", "text"]))
    if kind == "nest":
        return [value]
    simple = value if isinstance(value, str | int | float) else 1
    if kind == "deep":
        for _ in range(draw(st.sampled_from([5, 38, 45, 200]))):
            simple = [simple]
        return simple
    if kind == "long":
        return [simple] * draw(st.sampled_from([100, 2_000]))
    return draw(st.text(max_size=30)) if kind == "text" else draw(values)
