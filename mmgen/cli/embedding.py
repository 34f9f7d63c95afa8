"""`mmgen run` of an encoder: embeddings, and the classes of what was given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mmgen.cli.output import print_json
from mmgen.cli.together import embed_together
from mmgen.errors import InputError, UnsupportedConditionError
from mmgen.interfaces import Classifies, EmbedsTogether, Encoder
from mmgen.interfaces.memory import report_out_of_memory
from mmgen.media.files import atomic_file
from mmgen.media.values import read_values

_AT_ONCE = 64

Arrays = dict[str, np.ndarray]


def embed(
    model: Encoder,
    inputs: Mapping[str, Sequence[str]],
    path: Path | None,
    *,
    batch_size: int | None,
    as_json: bool,
) -> None:
    """Embed what was given, and print or save the result.

    Raises:
        UnsupportedConditionError: what was given is not of the encoder's kind, or nothing was.
        InputError: a value that cannot be read.
        OutOfMemoryError: says which batch size fits.
    """
    if isinstance(model, EmbedsTogether):
        embed_together(model, inputs, path, batch_size=batch_size or _AT_ONCE, as_json=as_json)
        return
    given = _given(model, inputs)
    found = _encode(model, given, batch_size or _AT_ONCE)
    if path is not None:
        with atomic_file(path) as file:
            np.savez(file, inputs=np.array(given), **found)  # type: ignore[arg-type]
    facts = [_facts(given[row], found, row) for row in range(len(given))]
    if as_json:
        print_json({"file": None if path is None else str(path), "embeddings": facts})
    elif path is not None:
        click.echo(str(path))
    else:
        for fact in facts:
            click.echo(_line(fact))


def _given(model: Encoder, inputs: Mapping[str, Sequence[str]]) -> list[str]:
    other = [name for name in inputs if name != model.modality]
    if other or not inputs.get(model.modality):
        got = ", ".join(other) or "nothing"
        raise UnsupportedConditionError(
            f"this encoder takes {model.modality} alone (--{model.modality} …); got {got}"
        )
    return list(inputs[model.modality])


def _encode(model: Encoder, given: Sequence[str], batch_size: int) -> Arrays:
    batches = []
    for start in range(0, len(given), batch_size):
        values = _read(model, given[start : start + batch_size])

        def look(count: int, values: Any = values) -> Arrays:
            return _look(model, values[:count])

        with report_out_of_memory(look, len(values)):
            batches.append(look(len(values)))
    longest = max(batch["tokens"].shape[1] for batch in batches)
    for batch in batches:
        missing = longest - batch["tokens"].shape[1]
        batch["tokens"] = np.pad(batch["tokens"], ((0, 0), (0, missing), (0, 0)))
        batch["token_mask"] = np.pad(batch["token_mask"], ((0, 0), (0, missing)))
    found = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    if "probabilities" in found:
        assert isinstance(model, Classifies)
        found["classes"] = np.array(model.classes)
    return found


def _read(model: Encoder, given: Sequence[str]) -> Any:
    """Return contract values."""
    channels = 3 if model.size is None else model.size.channels
    values = read_values(model.slot(model.modality), list(given), channels)
    if len(values) != len(given):
        raise InputError(f"{model.modality}: {len(given)} values were read as {len(values)}")
    return values


@torch.inference_mode()
def _look(model: Encoder, values: Any) -> Arrays:
    tensors = {name: tensor.to(model.device) for name, tensor in model.prepare(values).items()}
    embedding = model(**tensors)
    found = {
        "pooled": embedding.pooled.float().cpu().numpy(),
        "tokens": embedding.tokens.float().cpu().numpy(),
        "token_mask": embedding.token_mask.cpu().numpy(),
    }
    if isinstance(model, Classifies) and model.classes:
        found["probabilities"] = model.classify(values).probabilities.cpu().numpy()
    return found


def _facts(given: str, found: Arrays, row: int) -> dict[str, Any]:
    fact: dict[str, Any] = {"input": given}
    if "probabilities" in found:
        best = int(found["probabilities"][row].argmax())
        fact["class"] = str(found["classes"][best])
        fact["probability"] = float(found["probabilities"][row, best])
    return fact | {"pooled": found["pooled"][row].tolist()}


def _line(fact: Mapping[str, Any]) -> str:
    if "class" in fact:
        return f"{fact['input']}\t{fact['class']}\t{fact['probability']:.4f}"
    return f"{fact['input']}\t{' '.join(f'{value:.6g}' for value in fact['pooled'])}"
