"""Grids of samples, by which one sees how a training goes."""

from collections.abc import Sequence
from typing import Any

from mmgen.interfaces.generator import Generator
from mmgen.interfaces.samples import Samples


def draw_samples(
    model: Generator, num_samples: int, *, seed: int, texts: Sequence[str] | None = None
) -> tuple[Samples, int | None]:
    """Draw samples that go through the classes, or through the first captions.

    The seed is the same each time, so that grids of one run can be compared.

    Returns:
        The samples, and the columns of their grid (one per class where there are few).
    """
    classes = {slot.name: slot.classes for slot in model.slots if slot.classes}
    few = [len(names) for names in classes.values() if len(names) <= min(num_samples, 20)]
    columns = few[0] if few else None
    if columns is not None:
        num_samples -= num_samples % columns
    values: dict[str, Sequence[str]] = {name: names for name, names in classes.items() if names}
    if texts:
        values |= {slot.name: texts for slot in model.slots if slot.modality == "text"}
    inputs: dict[str, Any] = {
        name: [choices[at % len(choices)] for at in range(num_samples)]
        for name, choices in values.items()
    }
    return model.generate(num_samples, seed=seed, **inputs), columns
