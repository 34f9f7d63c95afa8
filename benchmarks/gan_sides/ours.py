"""mmgen's side of `gan_against_public.py`: trained models, what they had seen, what they draw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_sides.side import Side
from mmgen import Generator
from mmgen.data import PictureData
from mmgen.hub.locate import locate
from mmgen.metrics.samples import SampleRequest
from mmgen.metrics.workbench import Workbench
from mmgen.pretrained import from_pretrained
from mmgen.publishing.entry import read_training


@dataclass(frozen=True, kw_only=True)
class History:
    """What a model's training.json says of its training.

    Attributes:
        images_seen: real pictures shown to the discriminator of the model that was saved,
            repetitions counted; None where it is not known.
        words: how that number comes about, or why there is none.
    """

    name: str
    images_seen: int | None
    words: str
    training: dict[str, Any]


def reference(name: str) -> str:
    """The name as `from_pretrained` takes it: a folder needs no slash here."""
    return f"./{name}" if "/" not in name and Path(name).is_dir() else name


def read_history(name: str) -> History:
    """Count what a model had seen: its steps, times the batch, times the batches of a step.

    The phases of a step share a batch; a discriminator of several steps draws a fresh one for each.
    """
    training = read_training(locate(reference(name)).folder)
    why_not = ""
    if not training:
        why_not = "no training.json tells how it was trained"
    elif training.get("from_model") is not None:
        why_not = f"it goes on from {training['from_model']}, whose pictures are not counted here"
    if why_not:
        return History(name=name, images_seen=None, words=why_not, training=training)
    config, data = training["config"], training["data"]
    factors = [training["steps"], config["training"]["batch_size"]]
    factors.append(config["trainer"].get("discriminator_steps", 1))
    seen = factors[0] * factors[1] * factors[2]
    words = (
        f"{factors[0]:,} steps × {factors[1]} pictures × {factors[2]} batches a step = {seen:,} "
        f"images of {data['name']} ({data['num_train']:,} to learn from, "
        f"{data['num_held_out']:,} held out)"
    )
    return History(name=name, images_seen=seen, words=words, training=training)


def draw(history: History, real: PictureData, *, count: int, seed: int, device: str) -> Side:
    """Draw pictures with the model's default options, of every class in turn where it has any."""
    model = from_pretrained(reference(history.name), device=device)
    if not isinstance(model, Generator):
        raise SystemExit(f"{history.name} draws no pictures")
    labelled = any(slot.name == "label" and slot.classes for slot in model.slots)
    request = SampleRequest(count=count, seed=seed, conditions=("label",) if labelled else ())
    drawn = Workbench().samples(model, real, request)
    assert model.origin is not None
    return Side(
        name=history.name,
        images=drawn.images,
        images_seen=history.images_seen,
        facts={
            "model": model.origin.to_dict(),
            "seen": history.words,
            "sampling": request.to_dict(),
            "training": history.training,
        },
    )
