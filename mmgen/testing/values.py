"""Values to condition on, and pictures to learn from, made up for the checks."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mmgen.data import PictureData
from mmgen.interfaces import Encoder, Generator, classes_of
from mmgen.slots import REFERENCE, Size, Slot
from mmgen.testing.outcome import ContractError

CLASSES = ("round", "square", "odd")
TEXTS = ("a", "two words", "quite")
NUM_FRAMES = 3


def values_for(slot: Slot, size: Size, count: int, variant: int = 0) -> Any:
    """Return `count` contract values for a slot; another variant gives other values in each row.

    Raises:
        ContractError: the kit does not know the modality.
    """
    if slot.modality == "label":
        classes = slot.classes or CLASSES
        return torch.tensor([(row + variant) % len(classes) for row in range(count)])
    if slot.modality == "text":
        return [TEXTS[(row + variant) % len(TEXTS)] for row in range(count)]
    if slot.modality == "image":
        return pictures(size, count, seed=variant)
    if slot.modality == "mask":
        return masks(size, count, variant)
    if slot.modality == "frames":
        frames = [pictures(size, count, seed=variant + 10 * time) for time in range(NUM_FRAMES)]
        return torch.stack(frames, dim=1)
    raise ContractError(f"the kit has no values of modality {slot.modality!r} for {slot.name!r}")


def pictures(size: Size, count: int, seed: int = 0) -> Tensor:
    """Return smooth float32 (count, C, H, W) in [0, 1], of 8-bit values."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, size.channels, 3, 3, generator=generator)
    smooth = functional.interpolate(
        coarse, (size.height, size.width), mode="bilinear", align_corners=True
    )
    return smooth.mul(255).round().div(255)


def masks(size: Size, count: int, variant: int = 0) -> Tensor:
    """Return float32 (count, 1, H, W), by turns 1 in the left half, the right, and in stripes."""
    half = max(size.width // 2, 1)
    columns = torch.arange(size.width)
    kinds = torch.stack([columns < half, columns >= half, columns % 2 == 0]).float()
    chosen = kinds[(torch.arange(count) + variant) % len(kinds)]
    return chosen[:, None, None].expand(-1, 1, size.height, -1).clone()


def all_inputs(model: Generator, count: int) -> dict[str, Any]:
    """Return values for all slots, other ones for each picture."""
    return {slot.name: values_for(slot, model.size, count) for slot in model.slots}


def required_inputs(model: Generator, count: int) -> dict[str, Any]:
    """Return values for the slots that must be given."""
    return {slot.name: values_for(slot, model.size, count) for slot in model.slots if slot.required}


def picture_data(size: Size, count: int, texts: Sequence[str] = TEXTS) -> PictureData:
    """Return labelled pictures, captioned with the texts by turns."""
    pixels = pictures(size, count, seed=5).mul(255).round().to(torch.uint8)
    return PictureData(
        images=pixels,
        labels=torch.arange(count) % len(CLASSES),
        class_names=CLASSES,
        texts=[texts[row % len(texts)] for row in range(count)],
        name="made-up pictures",
    )


def encoder_data(encoder: Encoder, values: Sequence[Any], count: int) -> PictureData:
    """Return labelled texts or clips without pictures, the values by turns."""
    column = [values[row % len(values)] for row in range(count)]
    classes = classes_of(encoder) or CLASSES
    sounds = encoder.modality == "audio"
    return PictureData(
        images=torch.empty(count, 0, 0, 0, dtype=torch.uint8),
        labels=torch.arange(count) % len(classes),
        class_names=classes,
        texts=None if sounds else column,
        clips=column if sounds else None,
        sample_rate=encoder.slot("sound").sample_rate if sounds else None,
        name=f"made-up {'sounds' if sounds else 'texts'}",
    )


def learning_batch(
    size: Size, count: int, seed: int = 0, texts: Sequence[str] = TEXTS
) -> dict[str, Any]:
    """Return a batch as the loop gives it: "target", "reference", "label" and "text"."""
    target = pictures(size, count, seed=seed)
    return {
        "target": target,
        REFERENCE: target,
        "label": (torch.arange(count) + seed) % len(CLASSES),
        "text": [texts[(row + seed) % len(texts)] for row in range(count)],
    }
