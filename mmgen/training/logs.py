"""Scalars and pictures for TensorBoard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


class Logs:
    """Writes TensorBoard's files, or nothing.

    Args:
        folder: of the files; None: nothing is written.
        first_step: where a resumed run starts; what an earlier one logged after it is hidden.
    """

    def __init__(self, folder: Path | None, first_step: int = 0) -> None:
        self.missing = ""
        self._writer: Any = None
        if folder is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self.missing = (
                "no TensorBoard logs are written; run: pip install 'mmgen-core[train]', "
                "or --set training.tensorboard=false"
            )
            return
        self._writer = SummaryWriter(str(folder), purge_step=first_step or None)

    def scalars(self, group: str, figures: Mapping[str, float], step: int) -> None:
        """Write figures under "group/name"."""
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        """Write a picture, uint8 (H, W) or (H, W, C)."""
        if self._writer is not None:
            layout = "HW" if pixels.ndim == 2 else "HWC"
            self._writer.add_image(name, pixels, step, dataformats=layout)

    def close(self) -> None:
        """Flush and close."""
        if self._writer is not None:
            self._writer.close()
