"""An explanation: the figures of which condition moved a picture by how much."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmgen.errors import OutputError
from mmgen.explaining.drawing import draw_explanation
from mmgen.interfaces.samples import Samples
from mmgen.media.files import encode_picture


@dataclass(frozen=True)
class Part:
    """A part of a condition: a word, a window of a sound, a cell of a picture, or all of it.

    Attributes:
        span: where it is, as `Occlusion` has it.
        change: by how much the picture changes where this part alone is left out: the mean of the
            squared differences, 0 to 1.
        where: float32 (h, w), how much each place of the picture looked at the part, where the
            model has attention that tells; None where not.
    """

    name: str
    change: float
    span: tuple[float, ...] = ()
    where: Tensor | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class SlotShare:
    """What one of the given slots did to the picture.

    Attributes:
        kind: what its parts are: "words", "windows", "cells", "whole".
        value: the contract value that was given, one row.
        share: of the way from the picture without conditions to the picture; those of all slots
            add up to 1, and one that pulls the other way is below 0. None where it has no share:
            pixels that the picture starts from, or a picture that nothing moved by even half an
            8-bit value.
        contribution: float64 (C, H, W), the slot's Shapley value in each pixel; those of all slots
            add up to picture - picture without conditions. None for pixels to start from.
    """

    slot: str
    modality: str
    kind: str
    value: Any = field(repr=False)
    share: float | None
    contribution: Tensor | None = field(repr=False)
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        parts = [
            {"name": part.name, "span": list(part.span), "change": part.change}
            for part in self.parts
        ]
        facts = {"slot": self.slot, "modality": self.modality, "share": self.share}
        return facts | {"kind": self.kind, "parts": parts}


@dataclass(frozen=True)
class Explanation:
    """Which conditions, and which parts of them, moved a picture.

    Attributes:
        image: float32 (C, H, W) in [0, 1].
        baseline: the picture of the same noise without any condition.
        change: the mean of (image - baseline)².
        slots: one for each that was given.
        recipe: of the image, with the figures under "explanation".
    """

    image: Tensor = field(repr=False)
    baseline: Tensor = field(repr=False)
    change: float
    slots: tuple[SlotShare, ...]
    recipe: dict[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {"change": self.change, "slots": [slot.to_dict() for slot in self.slots]}

    def draw(self) -> np.ndarray:
        """Return the picture of it, uint8 (H, W, 3)."""
        return draw_explanation(self)

    def to_samples(self) -> Samples:
        """Return the picture of it as samples that are saved and replayed like any other."""
        drawn = torch.from_numpy(self.draw()).permute(2, 0, 1)[None]
        return Samples(drawn.float() / 255, self.recipe)

    def save(self, path: str | Path, *, force: bool = False) -> list[Path]:
        """Write the picture of it, .png or .webp, with the recipe that makes it again.

        Returns:
            The one file.

        Raises:
            OutputError: it exists (and not `force`), or cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in (".png", ".webp") or path.is_dir():
            raise OutputError(f"an explanation is one file, .png or .webp; got {str(path)!r}")
        return self.to_samples().save(path, force=force)

    def _repr_png_(self) -> bytes:
        """Show the picture in a notebook."""
        buffer = io.BytesIO()
        encode_picture(buffer, np.asarray(Image.fromarray(self.draw())), self.recipe, "png")
        return buffer.getvalue()

    def __str__(self) -> str:
        lines = []
        for slot in self.slots:
            share = "" if slot.share is None else f"{slot.share:.1%}"
            lines.append(f"{slot.slot}\t{share}")
            lines += [f"  {part.name}\t{part.change:.3g}" for part in slot.parts]
        return "\n".join(lines)
