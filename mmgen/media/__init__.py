"""Pictures in and out."""

from mmgen.media.files import check_output, read_recipe, write_picture, write_pictures
from mmgen.media.pictures import decode_picture, grid_layout, tile, to_bytes, to_pil

__all__ = [
    "check_output",
    "decode_picture",
    "grid_layout",
    "read_recipe",
    "tile",
    "to_bytes",
    "to_pil",
    "write_picture",
    "write_pictures",
]
