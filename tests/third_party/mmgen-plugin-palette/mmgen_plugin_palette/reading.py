"""Palettes, as people write them: names, hexadecimal numbers, red, green and blue."""

from typing import Any

from PIL import ImageColor

from mmgen import Size, Slot
from mmgen.errors import InputError


def read_palettes(value: Any, slot: Slot, size: Size) -> list[str]:
    """Return K palettes, each in one form: "#rrggbb,#rrggbb", which a recipe can hold.

    Args:
        value: a palette, "teal, #ff8800"; or a list of K, each so or as a list of colours, which
            are names, "#rrggbb", or (red, green, blue) from 0 to 255.

    Raises:
        InputError: something else, or a palette without a colour.
    """
    many = list(value) if isinstance(value, list | tuple) else [value]
    if not many:
        raise InputError(f"{slot.name!r} got an empty list; give at least one palette")
    return [_read_palette(item, slot.name) for item in many]


def _read_palette(value: Any, slot: str) -> str:
    colours = (
        [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    )
    if not isinstance(colours, list | tuple) or not colours:
        raise InputError(f"{slot!r} takes colours, as 'teal, #ff8800'; got {value!r}")
    return ",".join(_read_colour(colour, slot) for colour in colours)


def _read_colour(value: Any, slot: str) -> str:
    try:
        if isinstance(value, str):
            red, green, blue = ImageColor.getcolor(value.strip(), "RGB")
        else:
            red, green, blue = (int(part) for part in value)
        return "#" + bytes((red, green, blue)).hex()
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{slot!r}: a colour is a name, '#rrggbb' or (red, green, blue) from 0 to 255; got "
            f"{value!r}"
        ) from error
