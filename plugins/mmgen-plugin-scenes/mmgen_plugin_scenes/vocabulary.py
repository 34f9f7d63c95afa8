"""What a scene is made of: values, colours, places and sizes, and the pixels they stand for."""

from dataclasses import dataclass

SIDE_PX = 64
"""Height and width of a scene."""

MOST_OBJECTS = 3
NUM_VALUES = 10

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (226, 38, 44),
    "green": (32, 176, 60),
    "blue": (64, 96, 255),
    "yellow": (250, 226, 40),
    "orange": (255, 136, 8),
    "purple": (172, 62, 220),
    "cyan": (48, 218, 226),
    "white": (246, 246, 246),
}
"""sRGB of each colour."""

BACKGROUNDS: tuple[tuple[int, int, int], ...] = (
    (8, 8, 10),
    (10, 16, 38),
    (34, 24, 18),
    (40, 40, 44),
)
"""sRGB of what is behind; never said."""

SIZES: dict[str, int] = {"small": 15, "medium": 20, "large": 26}
"""The longer side of a digit's ink, in px."""

PLACES: dict[str, tuple[int, int]] = {
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "bottom": (0, 1),
    "middle": (0, 0),
}
"""Where a place is, seen from the centre: (x, y), y down."""

COLOUR_NAMES, SIZE_NAMES, PLACE_NAMES = tuple(COLOURS), tuple(SIZES), tuple(PLACES)
MIDDLE = PLACE_NAMES.index("middle")
LARGE = SIZE_NAMES.index("large")


@dataclass(frozen=True)
class SceneObject:
    """A digit of a scene: 0 to 9, and names of COLOURS, PLACES and SIZES."""

    value: int
    colour: str
    place: str
    size: str = "medium"
