"""Make the samples of a recipe again, and compare them with the picture that held it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageSequence

from mmgen.cli import operations
from mmgen.cli.progress import progress_bar
from mmgen.cli.recipes import needed_media
from mmgen.errors import InputError, MmgenError
from mmgen.interfaces import Generator, Samples
from mmgen.interfaces.recipe import media_hash
from mmgen.slots import Slot


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What differs from the recipe on purpose; None: as the recipe says."""

    model: str | None = None
    device: str | None = None
    dtype: str | None = None
    batch_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The outcome.

    Attributes:
        samples: made again; hooks have not seen them yet.
        largest: the largest difference of two 8-bit values, 0 to 255.
        mean: the mean difference.
        share: the part of values that differ, 0 to 1.
        changes: what is not as it was, in words.
    """

    samples: Samples
    largest: int
    mean: float
    share: float
    changes: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether all 8-bit values are equal."""
        return self.largest == 0

    @property
    def verdict(self) -> str:
        """The outcome in one line."""
        if self.identical:
            return "identical"
        return (
            f"differs: {self.share:.2%} of the values, at most by {self.largest} of 255, "
            f"{self.mean:.3g} on average"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON."""
        return {
            "identical": self.identical,
            "largest_difference": self.largest,
            "mean_difference": self.mean,
            "differing_values": self.share,
            "changes": list(self.changes),
        }


def replay(file: Path, recipe: dict[str, Any], media: Sequence[str], setting: Setting) -> Replay:
    """Make the pictures of a checked recipe again.

    Args:
        media: files that the model was given, in any order.

    Raises:
        InputError: a medium is missing or is another; a picture of another size came out.
    """
    model = _load(recipe, setting)
    paths = _find_media(file, recipe, media, model)
    samples = _make(model, recipe, paths, setting)
    saved = samples.as_saved()
    layout = dict(recipe.get("layout") or {})
    moves = layout.pop("frames_per_second", None) is not None or saved.frames is not None
    sheet = saved.sheet(**layout)
    made = _distinct(sheet) if moves else sheet[None]
    found = _pixels(file, made[0])
    if found.shape != made.shape:
        raise InputError(
            f"{file} has {_extent(found)}, its recipe makes {_extent(made)}: it was changed since"
        )
    difference = np.abs(found.astype(np.int16) - made.astype(np.int16))
    return Replay(
        samples=samples,
        largest=int(difference.max()),
        mean=float(difference.mean()),
        share=float((difference > 0).mean()),
        changes=tuple(_changes(recipe, saved.recipe)),
    )


def _load(recipe: dict[str, Any], setting: Setting) -> Generator:
    recorded = recipe["model"]
    name = setting.model or recorded.get("name")
    if not isinstance(name, str) or not name:
        raise InputError("the recipe names no model (it was never saved); give it with --model")
    if recorded.get("source") == "hub" and setting.model is None and "/" in name:
        name = f"{name.partition('@')[0]}@{recorded.get('revision', '')}".rstrip("@")
    device = setting.device or recipe["device"]
    if setting.device is None and device.startswith("cuda") and not torch.cuda.is_available():
        device = "cpu"
    try:
        return operations.load_generator(
            name, device=device, dtype=setting.dtype or recipe["dtype"]
        )
    except MmgenError as error:
        if recorded.get("source") == "folder" and setting.model is None:
            raise InputError(f"{error} (where is it now? --model ./folder)") from error
        raise


def _find_media(
    file: Path, recipe: dict[str, Any], media: Sequence[str], model: Generator
) -> dict[str, str]:
    """Return {sha256 of what the model was given: path} for all that the recipe needs."""
    needed = needed_media(recipe)
    if not needed:
        return {}
    found: dict[str, str] = {}
    beside = [file.parent / Path(str(value.get("file"))).name for _, value in needed]
    for path in [*media, *(str(path) for path in beside if path.is_file())]:
        for slot in {slot for slot, _ in needed}:
            found.setdefault(_hash(path, slot, model), path)
    for slot, value in needed:
        if value.get("sha256") not in found:
            name = value.get("file") or "a picture"
            raise InputError(
                f"the recipe needs {name!r} for {slot!r}, and none of the files given is it "
                f"(sha256 {str(value.get('sha256'))[:12]}…); give it with --input {slot}=PATH"
            )
    return found


def _hash(path: str, slot: str, model: Generator) -> str:
    slots = {item.name: item for item in model.slots}
    known = slots.get(slot, Slot(name=slot, modality="image"))
    try:
        return media_hash(operations.read_slot(known, path, model)[0])
    except InputError:  # a file of the same name that is something else
        return ""


def _make(
    model: Generator, recipe: dict[str, Any], paths: Mapping[str, str], setting: Setting
) -> Samples:
    given = {
        slot: [paths[value["sha256"]] if isinstance(value, dict) else value for value in values]
        for slot, values in (recipe["conditions"] | (recipe.get("stations") or {})).items()
    }
    operation = recipe.get("operation", "generate")
    batch_size, weights = setting.batch_size or recipe["batch_size"], recipe.get("weights")
    if operation == "reconstruct":
        return operations.reconstruct(model, given, batch_size=batch_size, weights=weights)
    if operation == "interpolate":
        ends = [paths[value["sha256"]] for value in recipe["ends"]]
        steps = int(recipe["steps"])
        way = operations.interpolate(model, ends, steps, given, weights=weights)
        return way[recipe["indices"]]
    options = model.generation.build(recipe["options"]).to_dict()
    values = {slot: many[0] if len(many) == 1 else many for slot, many in given.items()}
    arguments = {"seed": recipe["seed"], **values, **options, "weights": weights}
    with progress_bar("pictures") as progress:
        if operation == "explain":
            arguments["index"] = recipe["indices"][0]
            return operations.explain(
                model, arguments, batch_size=batch_size, progress=progress
            ).to_samples()
        if operation == "walk":
            arguments |= {"to_seed": recipe["to_seed"], "num_images": int(recipe["steps"])}
            way = operations.walk(model, arguments, batch_size=batch_size, progress=progress)
            return way[recipe["indices"]]
        arguments["indices"] = recipe["indices"]
        return operations.generate(model, arguments, batch_size=batch_size, progress=progress)


def _pixels(file: Path, like: np.ndarray) -> np.ndarray:
    """Return the frames (T, H, W[, C]) of a file, in the mode of one (WebP keeps grey as colour).

    A still picture has one. Frames that are as the one before are not told apart: the formats
    keep such a one once, and longer.
    """
    mode = Image.fromarray(like).mode
    with Image.open(file) as picture:
        frames = ImageSequence.Iterator(picture)
        return _distinct(np.stack([np.asarray(frame.convert(mode)) for frame in frames]))


def _distinct(frames: np.ndarray) -> np.ndarray:
    """Return frames (T, H, W[, C]) without those that are as the one before."""
    differs = (frames[1:] != frames[:-1]).any(axis=tuple(range(1, frames.ndim)))
    return frames[np.concatenate([[True], differs])]


def _extent(frames: np.ndarray) -> str:
    count, height, width = frames.shape[:3]
    size = f"{width}×{height} pixels"
    return size if count == 1 else f"{count} frames of {size}"


def _changes(before: dict[str, Any], after: dict[str, Any]) -> Iterable[str]:
    """Yield what differs between two recipes and may change pixels."""
    for name in before["versions"] | after["versions"]:
        yield from _change(name, before["versions"].get(name), after["versions"].get(name))
    for name in ("device", "dtype", "batch_size", "hooks"):
        yield from _change(name, before.get(name), after.get(name))
    old, new = before["model"], after["model"]
    yield from _change("revision", old.get("revision"), new.get("revision"))
    hashes_before, hashes_after = old.get("sha256") or {}, new.get("sha256") or {}
    for name in hashes_before | hashes_after:
        pair = (str(hashes.get(name))[:12] for hashes in (hashes_before, hashes_after))
        yield from _change(f"sha256 of {name}", *pair)


def _change(name: str, before: Any, after: Any) -> Iterator[str]:
    if before != after:
        yield f"{name}: {before} → {after}"
