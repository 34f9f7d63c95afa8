"""The metadata at the top of a README.md, and what the Hub makes of it."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:\r?\n)?^---[ \t]*$", re.S | re.M)

# Those that models of pictures come with; the Hub's own list is longer.
KNOWN_LICENSES = """
apache-2.0 mit openrail creativeml-openrail-m openrail++ bsd bsd-2-clause bsd-3-clause gpl
gpl-2.0 gpl-3.0 lgpl lgpl-3.0 agpl-3.0 mpl-2.0 artistic-2.0 unlicense wtfpl isc zlib cc
cc0-1.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-
nd-4.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 pddl odbl odc-by cdla-permissive-2.0 unknown other
"""
LICENSES = frozenset(KNOWN_LICENSES.split())


@dataclass(frozen=True)
class Findings:
    """What is wrong with a card, and what could be better."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_metadata(text: str) -> dict[str, Any] | None:
    """Return the metadata of a card, None for none or for one that cannot be read."""
    match = FRONT_MATTER.match(text)
    try:
        data = yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        return None
    return _plain(data) if isinstance(data, dict) else None


def check(text: str) -> Findings:
    """Judge a card as the Hub does before it takes it."""
    match = FRONT_MATTER.match(text)
    if match is None:
        return Findings(warnings=["empty or missing yaml metadata in repo card"])
    try:
        data = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        return Findings(errors=[f"bad YAML: {' '.join(str(error).split())}"])
    if data is None:
        return Findings(warnings=["empty or missing yaml metadata in repo card"])
    if not isinstance(data, dict):
        return Findings(errors=["the metadata is not a mapping"])
    return Findings(errors=[*_check_values(data), *_check_results(data)])


def tags(metadata: dict[str, Any]) -> list[str]:
    """Return the tags that a model is found by."""
    found = [metadata.get("library_name"), *_listed(metadata, "tags")]
    found += [metadata.get("pipeline_tag"), *_listed(metadata, "language")]
    found += [f"dataset:{name}" for name in _listed(metadata, "datasets")]
    found += [f"base_model:{name}" for name in _listed(metadata, "base_model")]
    found += [f"license:{name}" for name in _listed(metadata, "license")]
    found += ["model-index"] if metadata.get("model-index") else []
    return list(dict.fromkeys(tag for tag in found if isinstance(tag, str)))


def _check_values(data: dict[str, Any]) -> list[str]:
    errors = []
    for key in ("library_name", "pipeline_tag"):
        if not isinstance(data.get(key, ""), str):
            errors.append(f'"{key}" must be a string')
    for key in ("tags", "datasets", "metrics"):
        if not all(isinstance(value, str) for value in _listed(data, key)):
            errors.append(f'"{key}" must be an array of strings')
    for name in _listed(data, "license"):
        if name not in LICENSES:
            errors.append(f'"license" must be one of [{", ".join(sorted(LICENSES))}]')
    return errors


def _check_results(data: dict[str, Any]) -> list[str]:
    """Judge model-index: a list of models, each with results of a task on a dataset."""
    errors = []
    for place, model in enumerate(_listed(data, "model-index")):
        where = f"model-index[{place}]"
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            errors.append(f'"{where}.name" is required')
            continue
        for number, result in enumerate(_listed(model, "results")):
            errors += _check_result(result, f"{where}.results[{number}]")
    return errors


def _check_result(result: Any, where: str) -> list[str]:
    if not isinstance(result, dict):
        return [f'"{where}" must be of type object']
    errors = []
    for key in ("task.type", "dataset.type", "dataset.name"):
        part, _, name = key.partition(".")
        if not isinstance(result.get(part), dict) or not result[part].get(name):
            errors.append(f'"{where}.{key}" is required')
    for number, metric in enumerate(_listed(result, "metrics")):
        if not isinstance(metric, dict) or not metric.get("type") or "value" not in metric:
            errors.append(f'"{where}.metrics[{number}]" needs a type and a value')
    return errors


def _listed(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it: dates as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
