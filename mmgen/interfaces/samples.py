"""What `generate` returns: pictures with the recipe that makes them again."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from mmgen.errors import OutputError
from mmgen.media.files import encode_picture, write_picture, write_pictures
from mmgen.media.pictures import grid_layout, tile, to_bytes
from mmgen.media.targets import picture_format
from mmgen.plugins import manager


@dataclass(frozen=True)
class Samples:
    """Pictures and their recipe.

    Attributes:
        images: float32 (N, C, H, W) in [0, 1], on the CPU.
        recipe: all that is needed to make them again; JSON-able.
    """

    images: Tensor
    recipe: dict[str, Any]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: int | slice | Sequence[int]) -> "Samples":
        """Return some of the pictures, with the recipe for just these."""
        chosen = range(len(self))[rows] if isinstance(rows, int | slice) else rows
        chosen = [chosen] if isinstance(chosen, int) else list(chosen)
        return Samples(self.images[chosen], select_rows(self.recipe, chosen))

    def pixels(self) -> np.ndarray:
        """Return uint8 (N, H, W), or (N, H, W, C) in colour."""
        return to_bytes(self.images)

    def to_pil(self) -> list[Image.Image]:
        """Return one Pillow picture each."""
        return [Image.fromarray(pixels) for pixels in self.pixels()]

    def grid(self, columns: int | None = None, padding: int = 2) -> Image.Image:
        """Return all pictures in one, row by row; as square as may be unless told."""
        return Image.fromarray(tile(self.pixels(), columns, padding))

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        force: bool = False,
        columns: int | None = None,
        padding: int = 2,
    ) -> list[Path]:
        """Write the pictures with their recipe; whole or not at all.

        A name that ends in .png or .webp gives one file: the picture, or a grid of them. Any
        other name is a folder that gets one numbered file per picture.

        Args:
            format: "png" or "webp" (lossless); in a folder png unless told.
            force: replace what exists.
            columns, padding: of the grid; padding in px.

        Returns:
            The files written.

        Raises:
            OutputError: something exists, cannot be written, or the disk is full.
        """
        path = Path(path)
        if path.suffix.lower() in (".png", ".webp") and not path.is_dir():
            kind = picture_format(path, format)
            samples = self.as_saved()
            layout = {"columns": grid_layout(len(self), columns)[0], "padding": padding}
            recipe = samples.recipe | {"layout": layout}
            sheet = tile(samples.pixels(), layout["columns"], padding)
            write_picture(path, sheet, recipe, kind=kind, force=force)
            return [path]
        if path.suffix and not path.is_dir():
            picture_format(path, None)
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; name a folder, or a file that ends in .png")
        kind = picture_format(path, format or "png")
        samples = self.as_saved()
        recipes = [select_rows(samples.recipe, [row]) for row in range(len(samples))]
        return write_pictures(path, samples.pixels(), recipes, kind=kind, force=force)  # type: ignore[arg-type]

    def as_saved(self) -> "Samples":
        """Return what `save` writes: plugins have a last word, and the recipe names them."""
        samples = self
        for plugin, result in manager().call("mmgen_before_save", samples=samples):
            if not isinstance(result, Samples):
                continue
            names = [*samples.recipe.get("hooks", []), plugin.name]
            samples = Samples(result.images, result.recipe | {"hooks": names})
        return samples

    def _repr_png_(self) -> bytes:
        """Show the pictures in a notebook."""
        buffer = io.BytesIO()
        encode_picture(buffer, tile(self.pixels()), self.recipe, "png")
        return buffer.getvalue()

    def __repr__(self) -> str:
        channels, height, width = self.images.shape[1:]
        model = self.recipe.get("model", {}).get("name", "")
        seed = self.recipe.get("seed")
        return f"Samples({len(self)} × {channels}×{height}×{width}, {model!r}, seed={seed})"


def select_rows(recipe: dict[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """Return the recipe of some of the pictures.

    A condition holds one value for all pictures, or one each.
    """
    conditions = {
        slot: values if len(values) == 1 else [values[row] for row in rows]
        for slot, values in recipe["conditions"].items()
    }
    indices = [recipe["indices"][row] for row in rows]
    return recipe | {"conditions": conditions, "indices": indices}
