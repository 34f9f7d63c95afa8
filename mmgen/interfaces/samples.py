"""What `generate` returns: pictures with the recipe that makes them again."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from mmgen.errors import InputError, OutputError
from mmgen.media.files import encode_picture, write_picture, write_pictures
from mmgen.media.pictures import grid_layout, tile, to_bytes
from mmgen.media.targets import picture_format
from mmgen.plugins import manager

_FASTEST = 1000  # frames a second: a file counts in milliseconds


@dataclass(frozen=True)
class Samples:
    """Pictures, or film, and their recipe.

    Attributes:
        images: float32 in [0, 1], on the CPU: pictures (N, C, H, W), or film (N, T, C, H, W).
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

    @property
    def frames(self) -> Tensor | None:
        """The film (N, T, C, H, W); None for pictures."""
        return self.images if self.images.ndim == 5 else None

    def pixels(self) -> np.ndarray:
        """Return uint8 (N, H, W), or (N, H, W, C) in colour; for film (N, T, H, W[, C])."""
        if self.frames is None:
            return to_bytes(self.images)
        pixels = to_bytes(self.frames.flatten(0, 1))
        return pixels.reshape(*self.frames.shape[:2], *pixels.shape[1:])

    def to_pil(self) -> list[Image.Image]:
        """Return one Pillow picture each; of film every frame, sample after sample."""
        return [Image.fromarray(pixels) for pixels in self._stills()]

    def grid(self, columns: int | None = None, padding: int = 2) -> Image.Image:
        """Return all pictures in one, row by row; as square as may be unless told.

        Of film each sample is a row of its frames, unless told.
        """
        if columns is None and self.frames is not None:
            columns = self.frames.shape[1]
        return Image.fromarray(tile(self._stills(), columns, padding))

    def _stills(self) -> np.ndarray:
        pixels = self.pixels()
        return pixels if self.frames is None else pixels.reshape(-1, *pixels.shape[2:])

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        force: bool = False,
        columns: int | None = None,
        padding: int = 2,
        animate: bool = False,
        frames_per_second: float = 8.0,
    ) -> list[Path]:
        """Write the pictures with their recipe; whole or not at all.

        A name that ends in .png or .webp gives one file: the picture, or a grid of them. Any
        other name is a folder that gets one numbered file per picture. Film is written the same
        way, in moving PNG or WebP files.

        Args:
            format: "png" or "webp" (lossless); in a folder png unless told.
            force: replace what exists.
            columns, padding: of the grid; padding in px.
            animate: write pictures as one that moves: they are its frames. It takes a file.
            frames_per_second: of film, and of what is animated.

        Returns:
            The files written.

        Raises:
            OutputError: something exists, cannot be written, or the disk is full.
            InputError: frames_per_second out of its range.
        """
        path = Path(path)
        if not 0 < frames_per_second <= _FASTEST:
            raise InputError(
                f"frames_per_second must be above 0 and at most {_FASTEST}; got {frames_per_second}"
            )
        animate = animate and self.frames is None  # film moves anyway
        speed = frames_per_second if animate or self.frames is not None else None
        if path.suffix.lower() in (".png", ".webp") and not path.is_dir():
            if format is not None and f".{format.lower()}" != path.suffix.lower():
                raise OutputError(
                    f"{path} and the format {format!r} contradict each other; leave one out"
                )
            kind = picture_format(path)
            samples = self.as_saved()
            layout: dict[str, Any] = {"animate": True}
            if not animate:
                layout = {"columns": grid_layout(len(self), columns)[0], "padding": padding}
            sheet = samples.sheet(**layout)
            if speed is not None:
                layout |= {"frames_per_second": speed}
            recipe = samples.recipe | {"layout": layout}
            write_picture(path, sheet, recipe, kind=kind, force=force, speed=speed)
            return [path]
        if path.suffix and not path.is_dir():
            picture_format(path, None)
        if animate:
            raise OutputError(f"what moves is one file, .png or .webp; got {path}")
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; name a folder, or a file that ends in .png")
        kind = picture_format(path, format or "png")
        samples = self.as_saved()
        recipes = [select_rows(samples.recipe, [row]) for row in range(len(samples))]
        return write_pictures(
            path, list(samples.pixels()), recipes, kind=kind, force=force, speed=speed
        )

    def sheet(
        self, columns: int | None = None, padding: int = 2, *, animate: bool = False
    ) -> np.ndarray:
        """Return the pixels of the one file that `save` writes: uint8 ([T,] H, W[, C])."""
        pixels = self.pixels()
        if animate:
            return pixels
        if self.frames is None:
            return tile(pixels, columns, padding)
        return np.stack([tile(pixels[:, at], columns, padding) for at in range(pixels.shape[1])])

    def as_saved(self) -> "Samples":
        """Return what `save` writes: plugins have a last word, and the recipe names them."""
        samples, names = manager().pass_on("mmgen_before_save", "samples", self, self._objection)
        if not names:
            return self
        hooks = [*self.recipe.get("hooks", []), *names]
        return Samples(samples.images, samples.recipe | {"hooks": hooks})

    def _objection(self, result: Any) -> str:
        """Return why what a plugin returned cannot be saved in place of these, or ""."""
        if not isinstance(result, Samples):
            return f"must return Samples or None; got {type(result).__name__}"
        if len(result) != len(self) or result.images.ndim != self.images.ndim:
            return f"must return as many pictures as it got; got {result!r} for {self!r}"
        return ""

    def _repr_png_(self) -> bytes:
        """Show the pictures in a notebook."""
        buffer = io.BytesIO()
        encode_picture(buffer, np.asarray(self.grid()), self.recipe, "png")
        return buffer.getvalue()

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.images.shape[1:]))
        model = self.recipe.get("model", {}).get("name", "")
        return f"Samples({len(self)} × {shape}, {model!r}, seed={self.recipe.get('seed')})"


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
