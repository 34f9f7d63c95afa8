"""Batch files: many requests, one per line (JSON lines) or row (CSV)."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmgen.cli.request import Request, check_request
from mmgen.cli.target import Target
from mmgen.errors import InputError, MmgenError, OptionError, did_you_mean
from mmgen.options import MOST_SEED, describe
from mmgen.weighting import split_weights

_OWN = ("n", "seed", "output", "set", "weights")


@dataclass(frozen=True)
class Job:
    """One request of a batch file, and where its pictures go ("" for a number in the folder)."""

    request: Request
    output: str


def read_jobs(path: Path, target: Target, base: Request) -> list[Job]:
    """Read and check all the jobs of a .jsonl or .csv file.

    A key is n, seed, output, weights (of the conditions), set (a table of options), an input or
    an option of the model.

    Args:
        base: what the command line asks of every job; a job's own words win.

    Raises:
        InputError: names the line and what is wrong with it.
    """
    readers = {".jsonl": _read_json_lines, ".csv": _read_csv}
    if path.suffix.lower() not in readers:
        raise InputError(f"a batch file ends in .jsonl or .csv; got {path.name!r}")
    jobs = []
    try:
        for line, row in readers[path.suffix.lower()](path):
            try:
                job = _read_job(row, target, base)
                check_request(job.request, target)
            except MmgenError as error:
                raise InputError(f"{path}, line {line}: {error}") from error
            jobs.append(job)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not jobs:
        raise InputError(f"{path} holds no job")
    return jobs


def _read_json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise InputError(f"{path}, line {number}: a job is a JSON object; got {row!r}")
            yield number, row


def _read_csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            if None in row:
                raise InputError(f"{path}, line {reader.line_num}: more cells than columns")
            yield reader.line_num, {key: cell for key, cell in row.items() if cell}


def _read_job(row: Mapping[str, Any], target: Target, base: Request) -> Job:
    options = dict(base.options)
    inputs = dict(base.inputs)
    known = {info.name for info in describe(target.generation)} if target.generation else set()
    slots = {slot.name for slot in target.slots}
    for key, value in row.items():
        if key in _OWN or value is None:
            continue
        if key in known:
            options[key] = value
        elif key in slots or not target.complete:
            many = value if isinstance(value, list) else [value]
            inputs[key] = tuple(item if isinstance(item, str) else str(item) for item in many)
        else:
            every = [*_OWN, *sorted(slots), *sorted(known.difference(_OWN))]
            near = did_you_mean(key, every) or "."
            raise OptionError(f"unknown key {key!r}{near} Known: {', '.join(every)}")
    settings = row.get("set") or {}
    if not isinstance(settings, Mapping):
        raise OptionError(f"'set' holds a table of options; got {settings!r}")
    own, weights = split_weights({"weights": row.get("weights"), **settings})
    request = Request(
        inputs=inputs,
        options=options | own,
        weights=base.weights if weights is None else weights,
        num_images=_number(row, "n", 1, None, base.num_images),
        seed=_number(row, "seed", 0, MOST_SEED, base.seed),
    )
    return Job(request, str(row.get("output") or ""))


def _number(
    row: Mapping[str, Any], key: str, least: int, most: int | None, default: int | None
) -> int | None:
    value = row.get(key)
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = least - 1
    if number < least or (most and number > most) or isinstance(value, float | bool):
        rule = f"from {least}" + (f" to {most}" if most else "")
        raise OptionError(f"{key!r} is a whole number {rule}; got {value!r}")
    return number
