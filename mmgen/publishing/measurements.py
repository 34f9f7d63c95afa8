"""Figures measured after training, in a model's training.json: the card tells them."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from mmgen.catalogue import FigureEntry

KEY = "measurements"
_SHOWN_DIGITS = 4


def measured_figures(training: Mapping[str, Any]) -> tuple[FigureEntry, ...]:
    """Return the figures that `record` wrote into a training.json, each with its protocol."""
    found = []
    for item in read_measurements(training):
        value, error = item.get("value"), item.get("standard_error")
        if _is_number(value) and isinstance(item.get("name"), str):
            found.append(
                FigureEntry(
                    name=item["name"],
                    value=float(value),
                    unit=str(item.get("unit") or ""),
                    protocol=describe_protocol(item),
                    standard_error=float(error) if _is_number(error) else None,
                )
            )
    return tuple(found)


def describe_protocol(figure: Mapping[str, Any]) -> str:
    """Return in a sentence how a figure, as `MetricResult.to_dict` writes it, was measured."""
    protocol = figure.get("protocol")
    protocol = protocol if isinstance(protocol, Mapping) else {}
    where = " ".join(str(protocol[key]) for key in ("data", "split") if protocol.get(key))
    parts = [_numbers(figure, protocol) + (f" of {where}" if where else "")]
    judges = {"extractor": "features of", "classifier": "judged by", "judge": "judged by"}
    for key, what in judges.items():
        judge = protocol.get(key)
        if isinstance(judge, Mapping):
            inside = [judge.get("layer"), f"sha256 {str(judge.get('sha256'))[:12]}"]
            words = ", ".join(str(word) for word in inside if word)
            parts.append(f"{what} {judge.get('name')} ({words})")
    if protocol.get("resize") not in (None, "none"):
        parts.append(str(protocol["resize"]))
    sampling = protocol.get("sampling")
    if isinstance(sampling, Mapping):
        parts.append(_sampling(sampling))
    floor = protocol.get("floor")
    if isinstance(floor, Mapping) and _is_number(floor.get("value")):
        parts.append(f"{floor.get('of')}: {floor['value']:.{_SHOWN_DIGITS}g}")
    interval = figure.get("interval")
    if isinstance(interval, list) and len(interval) == 2 and all(map(_is_number, interval)):
        low, high = (f"{end:.{_SHOWN_DIGITS}g}" for end in interval)
        parts.append(f"95 %: {low} to {high}")
    return "; ".join(parts)


def _numbers(figure: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    made, real = protocol.get("num_generated"), protocol.get("num_real")
    count = figure.get("num_images")
    if isinstance(made, int) and isinstance(real, int):
        some = isinstance(count, int) and count < made and count != real  # those of one class
        return f"{f'{count:,} of ' if some else ''}{made:,} samples against {real:,} pictures"
    return f"{count:,} pictures" if isinstance(count, int) else "pictures"


def _sampling(sampling: Mapping[str, Any]) -> str:
    words = f"seed {sampling.get('seed')}"
    conditions = sampling.get("conditions")
    if isinstance(conditions, list) and conditions:
        words += f", {' and '.join(map(str, conditions))} given"
    weights = sampling.get("weights")
    if isinstance(weights, Mapping) and weights:
        pairs = (f"{slot} {weight:g}" for slot, weight in weights.items() if _is_number(weight))
        words += f", weights {' and '.join(pairs)}"
    options = sampling.get("options")
    if isinstance(options, Mapping):
        words += "".join(f", {name} {value}" for name, value in options.items())
    return words


def read_measurements(training: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures in a training.json, as `MetricResult.to_dict` writes them."""
    found = training.get(KEY)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
