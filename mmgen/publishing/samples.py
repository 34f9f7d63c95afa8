"""The picture on a model's card."""

from collections.abc import Mapping
from typing import Any

from mmgen.errors import InputError
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.samples import Samples

_MOST = 16
_SEED = 0


def draw_samples(model: Generator, conditions: Mapping[str, Any]) -> Samples:
    """Return the samples for the card: of every class in turn where the model has classes.

    Args:
        conditions: values by slot, for what the model requires.

    Raises:
        InputError: a slot is required, has no classes, and nothing was given for it.
    """
    chosen = dict(conditions)
    for slot in model.slots:
        if slot.name in chosen:
            continue
        if slot.classes:
            chosen[slot.name] = [slot.classes[n % len(slot.classes)] for n in range(_MOST)]
        elif slot.required:
            raise InputError(
                f"the sample picture of {model.title} needs {slot.name!r} "
                f"({slot.modality}); give one: --sample {slot.name}=VALUE"
            )
    return model.generate(_MOST, seed=_SEED, **chosen)
