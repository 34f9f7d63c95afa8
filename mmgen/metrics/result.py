"""A measured figure and how it was measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class MetricResult:
    """A figure of a model on data.

    Attributes:
        value: the mean over the pictures.
        standard_error: of that mean; None where there is none.
        interval: in which it lies with 95 %, (low, high); None where it is not known.
        num_images: how many pictures it stands on.
        protocol: all that one must know to compare it, JSON-able.
        pictures: what is better seen than read, uint8 (H, W[, 3]) by name; not in `to_dict`.
    """

    name: str
    value: float
    unit: str
    num_images: int
    standard_error: float | None = None
    interval: tuple[float, float] | None = None
    protocol: Mapping[str, Any] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON holds it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "standard_error": self.standard_error,
            "interval": None if self.interval is None else list(self.interval),
            "num_images": self.num_images,
            "protocol": dict(self.protocol),
        }

    def __str__(self) -> str:
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
        unit = f" {self.unit}" if self.unit else ""
        within = ""
        if self.interval is not None:
            within = "; 95 % {:.6g} to {:.6g}".format(*self.interval)
        return f"{self.name} {self.value:.6g}{error}{unit} (N = {self.num_images:,}{within})"


def mean_result(
    name: str,
    values: Tensor,
    unit: str,
    protocol: Mapping[str, Any] | None = None,
    interval: tuple[float, float] | None = None,
) -> MetricResult:
    """Return the mean of one value per picture, (N,), with its standard error."""
    values = values.double()
    count = len(values)
    error = float(values.std(correction=1)) / math.sqrt(count) if count > 1 else None
    return MetricResult(
        name=name,
        value=float(values.mean()),
        unit=unit,
        num_images=count,
        standard_error=error,
        interval=interval,
        protocol=protocol or {},
    )
