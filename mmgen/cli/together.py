"""`mmgen run` of a model with several modalities in one space: vectors, and how near they are."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mmgen.cli.output import print_json
from mmgen.interfaces import EmbedsTogether
from mmgen.interfaces.memory import report_out_of_memory
from mmgen.media.files import atomic_file

Arrays = dict[str, np.ndarray]


def embed_together(
    model: EmbedsTogether,
    inputs: Mapping[str, Sequence[str]],
    path: Path | None,
    *,
    batch_size: int,
    as_json: bool,
) -> None:
    """Embed what was given, and print or save vectors and similarities.

    The file has an array (K, D) by the name of each slot, "<slot>_inputs", and, of each two slots,
    "similarity_<slot>_<slot>", the cosines (K, M).

    Raises:
        UnsupportedConditionError: the model has no such slot, or nothing was given.
        InputError: a value that cannot be read.
        OutOfMemoryError: says which batch size fits.
    """
    given = {slot: list(values) for slot, values in inputs.items() if values}
    if not given:
        model.embed()  # says what there is to give
    vectors = {slot: _embed(model, slot, values, batch_size) for slot, values in given.items()}
    cosines = {
        (first, second): vectors[first] @ vectors[second].T
        for first, second in combinations(vectors, 2)
    }
    if path is not None:
        arrays: Arrays = dict(vectors)
        arrays |= {f"{slot}_inputs": np.array(values) for slot, values in given.items()}
        arrays |= {f"similarity_{a}_{b}": table for (a, b), table in cosines.items()}
        with atomic_file(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    if as_json:
        print_json(_facts(path, given, vectors, cosines))
    elif path is not None:
        click.echo(str(path))
    elif cosines:
        click.echo("\n\n".join(_table(given, pair, table) for pair, table in cosines.items()))
    else:
        for slot, values in given.items():
            for value, vector in zip(values, vectors[slot], strict=True):
                click.echo(f"{value}\t{' '.join(f'{number:.6g}' for number in vector)}")


def _embed(model: EmbedsTogether, slot: str, values: Sequence[str], batch_size: int) -> np.ndarray:
    found = []
    for start in range(0, len(values), batch_size):
        part = values[start : start + batch_size]

        def look(count: int, part: Sequence[str] = part) -> torch.Tensor:
            return model.embed(**{slot: list(part[:count])})[slot]

        with report_out_of_memory(look, len(part)):
            found.append(look(len(part)))
    return torch.cat(found).numpy()


def _facts(
    path: Path | None,
    given: Mapping[str, Sequence[str]],
    vectors: Arrays,
    cosines: Mapping[tuple[str, str], np.ndarray],
) -> dict[str, Any]:
    return {
        "file": None if path is None else str(path),
        "embeddings": [
            {"slot": slot, "input": value, "vector": vector.tolist()}
            for slot, values in given.items()
            for value, vector in zip(values, vectors[slot], strict=True)
        ],
        "similarities": [
            {"slots": list(pair), "cosines": table.tolist()} for pair, table in cosines.items()
        ],
    }


def _table(given: Mapping[str, Sequence[str]], pair: tuple[str, str], cosines: np.ndarray) -> str:
    """Return the cosines in columns parted by tabs: a line for each value of the first slot."""
    first, second = pair
    lines = ["\t".join((f"{first} \\ {second}", *given[second]))]
    lines += [
        "\t".join((value, *(f"{cosine:.4f}" for cosine in row)))
        for value, row in zip(given[first], cosines, strict=True)
    ]
    return "\n".join(lines)
