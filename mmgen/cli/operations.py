"""What a loaded model is asked to do: generate, walk, explain, reconstruct, interpolate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import mmgen.explaining
import mmgen.walking
from mmgen.cli.progress import Progress
from mmgen.errors import InputError, UnsupportedConditionError, UnsupportedOperationError
from mmgen.explaining import Explanation
from mmgen.families import load_reference
from mmgen.interfaces import Encoder, Generator, Model, Samples
from mmgen.interfaces.capabilities import Interpolates, Reconstructs
from mmgen.interfaces.counting import take_rows
from mmgen.interfaces.memory import report_out_of_memory
from mmgen.interfaces.recipe import media_hash, write_recipe
from mmgen.plugins import manager
from mmgen.pretrained import from_pretrained
from mmgen.slots import Slot
from mmgen.weighting import WEIGHTS, Weights, weights_by_slot

_PICTURES = Slot(name="image", modality="image")


def load_model(name: str, *, device: str | None, dtype: str | None) -> Model:
    """Load a model; without a device on the GPU where there is one."""
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return from_pretrained(name, device=device, dtype=dtype)


def load_generator(name: str, *, device: str | None, dtype: str | None) -> Generator:
    """Load a model that makes pictures.

    Raises:
        UnsupportedOperationError: it is an encoder.
    """
    model = load_model(name, device=device, dtype=dtype)
    if not isinstance(model, Generator):
        raise UnsupportedOperationError(
            f"{name!r} is an encoder: it makes no pictures; save embeddings with -o FILE.npz"
        )
    return model


def load_encoder(name: str, *, device: str | None, dtype: str | None) -> Encoder:
    """Load a model that makes embeddings.

    Raises:
        UnsupportedOperationError: it is a generator.
    """
    model = load_model(name, device=device, dtype=dtype)
    if not isinstance(model, Encoder):
        raise UnsupportedOperationError(f"{name!r} makes pictures, and no embeddings")
    return model


def generate(
    model: Generator,
    arguments: Mapping[str, Any],
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Samples:
    """Draw pictures."""
    return model.generate(**arguments, batch_size=batch_size, progress=progress)


def walk(
    model: Generator,
    arguments: Mapping[str, Any],
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Samples:
    """Draw pictures on the way from one noise, and one condition, to another."""
    return mmgen.walking.walk(model, **arguments, batch_size=batch_size, progress=progress)


def explain(
    model: Generator,
    arguments: Mapping[str, Any],
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Say which conditions moved a picture."""
    return mmgen.explaining.explain(model, **arguments, batch_size=batch_size, progress=progress)


@torch.inference_mode()
def reconstruct(
    model: Generator,
    given: Mapping[str, Sequence[str]],
    *,
    batch_size: int | None = None,
    weights: Weights | None = None,
) -> Samples:
    """Return what the model makes of pictures when it sees them through its latents.

    Args:
        given: the pictures' paths under "image"; conditions by slot, one value or one each.
        batch_size: how many are worked on at once; None picks by their size.
        weights: how much the conditions count.

    Raises:
        UnsupportedOperationError: it cannot.
        InputError, UnsupportedConditionError: a weight of what is not given or cannot be weighed.
        OutOfMemoryError: says which batch size fits.
    """
    if not isinstance(model, Reconstructs):
        raise UnsupportedOperationError(f"{model.title} cannot reconstruct pictures")
    paths = list(given["image"])
    images = read_slot(_PICTURES, paths, model)
    others = {name: list(many) for name, many in given.items() if name != "image"}
    conditions = read_conditions(model, others, len(images))
    weighed = _weighed(model, others, weights)
    size = batch_size or model.default_batch_size()
    made = []
    for start in range(0, len(images), size):
        rows = {"image": images, **conditions}
        batch = take_rows(rows, start, start + size, len(images))

        def see(count: int, batch: Any = batch) -> torch.Tensor:
            part = take_rows(batch, 0, count, count)
            pictures = part.pop("image").to(model.device)
            return model.reconstruct(pictures, **part, **weighed).float().cpu().clamp(0, 1)

        with report_out_of_memory(see, len(batch["image"])):
            made.append(see(len(batch["image"])))
    recipe = _recipe(model, "reconstruct", len(images), size, others, conditions) | weighed
    recipe["conditions"]["image"] = list(map(_medium, paths, images))
    return Samples(torch.cat(made), recipe)


@torch.inference_mode()
def interpolate(
    model: Generator,
    ends: Sequence[str],
    steps: int,
    given: Mapping[str, Sequence[str]],
    *,
    weights: Weights | None = None,
) -> Samples:
    """Return the model's way from one picture to another, both ends included.

    Raises:
        UnsupportedOperationError: it has none.
        InputError: fewer than two steps, or a weight of what is not given.
        UnsupportedConditionError: a weight of what cannot be weighed.
    """
    if not isinstance(model, Interpolates):
        raise UnsupportedOperationError(f"{model.title} cannot interpolate between pictures")
    if steps < 2:
        raise InputError(f"an interpolation has at least 2 pictures; got {steps}")
    images = read_slot(_PICTURES, list(ends), model)
    conditions = read_conditions(model, given, steps)
    weighed = _weighed(model, given, weights)
    first, last = images.to(model.device)
    made = model.interpolate(first, last, steps, **conditions, **weighed)
    recipe = _recipe(model, "interpolate", steps, steps, given, conditions) | weighed
    recipe |= {"ends": list(map(_medium, ends, images)), "steps": steps}
    return Samples(made.float().cpu().clamp(0, 1), recipe)


def _weighed(
    model: Generator, given: Mapping[str, Any], weights: Weights | None
) -> dict[str, dict[str, float]]:
    """Return the weights that an ability takes beside conditions, by slot; nothing without any."""
    by_slot = weights_by_slot(weights, model.conditioner.slot_names, tuple(given), model.title)
    return {WEIGHTS: by_slot} if by_slot else {}


def read_slot(slot: Slot, value: Any, model: Generator) -> Any:
    """Bring values of one slot to the tensor contract."""
    return load_reference(manager().modality(slot.modality).reader)(value, slot, model.size)


def read_conditions(model: Generator, given: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Bring conditions to the tensor contract, one value per picture.

    Raises:
        UnsupportedConditionError: the model does not have the slot.
        InputError: neither one value nor one each.
    """
    slots = {slot.name: slot for slot in model.slots}
    conditions = {}
    for name, value in given.items():
        if name not in slots:
            has = ", ".join(slots) or "no conditions"
            raise UnsupportedConditionError(
                f"{model.title} does not answer {name!r}; it takes {has}"
            )
        values = read_slot(slots[name], value, model)
        if len(values) not in (1, count):
            raise InputError(f"{name!r} takes one value or {count}; got {len(values)}")
        if len(values) == 1:
            values = (
                values.expand(count, *values.shape[1:])
                if isinstance(values, torch.Tensor)
                else list(values) * count
            )
        conditions[name] = values
    return conditions


def _recipe(
    model: Generator,
    operation: str,
    count: int,
    batch_size: int,
    given: Mapping[str, Any],
    conditions: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a recipe that says which operation made the pictures; nothing was drawn."""
    options = model.generation()
    recipe = write_recipe(model, range(count), 0, given, conditions, options, batch_size)
    return recipe | {"operation": operation, "options": {}}


def _medium(path: str, image: torch.Tensor) -> dict[str, str]:
    return {"sha256": media_hash(image), "file": Path(path).name}
