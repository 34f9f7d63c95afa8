"""The model card: README.md with the metadata that the Hub reads and the words that people do."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmgen.catalogue import FigureEntry
from mmgen.errors import ModelFileError

CARD_NAME = "README.md"
SAMPLES_NAME = "samples.png"
BADGE_NAME = "contract.svg"
LIBRARY = "mmgen"
UNKNOWN_LICENCE = "unknown"
_PIPELINES = {
    "unconditional-image-generation",
    "text-to-image",
    "image-to-image",
    "text-to-video",
    "image-to-video",
    "image-feature-extraction",
    "image-classification",
    "zero-shot-image-classification",
    "feature-extraction",
    "audio-classification",
}
# The licences that the Hub knows by name; it refuses a card with any other under `license`.
_LICENCES_OF_THE_HUB = """
afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0
bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0
cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0
cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0
creativeml-openrail-m ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl
lgpl-2.1 lgpl-3.0 lgpl-lr lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail openrail++
osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib
"""
_KNOWN_LICENCES = frozenset(_LICENCES_OF_THE_HUB.split())
_MARK = "<!-- mmgen writes what follows anew; without this line it keeps your words -->"
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a card says.

    Attributes:
        repo: "org/name".
        entry: what the catalogue says of the model: family, slots, tasks, size, parameters.
        licence: of code, weights and data.
        dataset: what it was trained on, in words; "" where unknown.
        training: the content of training.json, or {}.
        conditions: what the sample picture was drawn with, by slot.
        has_samples: whether samples.png lies beside the card.
        has_badge: whether contract.svg does, which tells how the plugin stands with the contract.
    """

    repo: str
    summary: str
    plugin: str
    entry: Mapping[str, Any]
    licence: Mapping[str, str]
    dataset: str = ""
    figures: Sequence[FigureEntry] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    has_samples: bool = True
    has_badge: bool = False


def read_card(path: Path) -> str | None:
    """Return the card that stands, or None."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error


def write_card(facts: CardFacts, standing: str | None = None) -> str:
    """Return the text of a card; one that stands keeps its words, and what its metadata say.

    Words that mmgen wrote, which a line in them says, are written anew, and so are their metadata.

    Raises:
        ModelFileError: the metadata of the card that stands are not YAML.
    """
    import yaml

    own, text = split_card(standing or "")
    is_ours = not text.strip() or _MARK in text
    ours = metadata(facts)
    tags = [*dict.fromkeys([*_as_list(own.get("tags")), *ours["tags"]])]
    merged = {**ours, **own, **ours} if is_ours else {**ours, **own}
    merged |= {"library_name": LIBRARY, "tags": tags}
    if ours.get("license", UNKNOWN_LICENCE) == UNKNOWN_LICENCE:
        merged |= {key: value for key, value in own.items() if key.startswith("license")}
    else:
        named = {key for key in own if key.startswith("license")} - ours.keys()
        merged = {key: value for key, value in merged.items() if key not in named}
        merged |= {key: value for key, value in ours.items() if key.startswith("license")}
    if "model-index" in ours:
        merged["model-index"] = ours["model-index"]  # the figures are those measured last
    elif is_ours:
        merged.pop("model-index", None)  # those of the weights that stood
    front = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    if is_ours:
        text = f"{_MARK}\n\n{body(facts)}"
    return f"---\n{front}---\n\n{text}"


def split_card(card: str) -> tuple[dict[str, Any], str]:
    """Return a card's metadata and its text.

    Raises:
        ModelFileError: its metadata are not YAML.
    """
    import yaml

    found = _FRONT_MATTER.match(card)
    if not found:
        return {}, card
    try:
        own = yaml.safe_load(found[1]) or {}
    except yaml.YAMLError as error:
        raise ModelFileError(f"{CARD_NAME}: its metadata are not YAML: {error}") from error
    if not isinstance(own, dict):
        raise ModelFileError(f"{CARD_NAME}: its metadata must be keys and values")
    return own, card[found.end() :].lstrip("\n")


def stated_licence(card: str | None) -> str:
    """Return the licence that a card's metadata state, or ""."""
    own, _ = split_card(card or "")
    licences = _as_list(own.get("license"))
    named = _as_list(own.get("license_name"))
    return (named if licences == ["other"] and named else [*licences, ""])[0]


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def metadata(facts: CardFacts) -> dict[str, Any]:
    """Return the card's metadata, in the Hub's own words."""
    from huggingface_hub import EvalResult, ModelCardData

    tasks = facts.entry["tasks"]
    pipeline = next((task for task in tasks if task in _PIPELINES), None)
    results = [
        EvalResult(
            task_type=pipeline or "other",
            dataset_type=_dataset_id(facts.dataset) or "unknown",
            dataset_name=facts.dataset or "unknown",
            metric_type=_slug(figure.name),
            metric_name=f"{figure.name} ({figure.unit})" if figure.unit else figure.name,
            metric_value=figure.value,
            metric_args={"protocol": figure.protocol}
            | ({} if figure.standard_error is None else {"standard_error": figure.standard_error}),
        )
        for figure in facts.figures
    ]
    data = ModelCardData(
        **_licence(facts.licence.get("weights", "")),
        library_name=LIBRARY,
        pipeline_tag=pipeline,
        datasets=[_dataset_id(facts.dataset)] if facts.dataset else None,
        tags=[LIBRARY, facts.entry["family"], facts.plugin, *tasks],
        model_name=facts.repo.partition("/")[2] if results else None,
        eval_results=results or None,
    )
    return dict(data.to_dict())


def _licence(name: str) -> dict[str, Any]:
    """Return the metadata that state a licence: one that the Hub does not know is "other"."""
    known = _licence_id(name)
    if known in _KNOWN_LICENCES:
        return {"license": known}
    return {"license": "other", "license_name": _slug(name)} if _slug(name) else {}


def _licence_id(name: str) -> str:
    return re.sub(r"[^a-z0-9.+]+", "-", name.lower()).strip("-")


def _dataset_id(words: str) -> str:
    """Return the name of a data set on the Hub as it is, any other words as one."""
    return words if re.fullmatch(r"[\w.-]+/[\w.-]+", words) else _slug(words)


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-")


def body(facts: CardFacts) -> str:
    """Return the card's text."""
    name = facts.repo.partition("/")[2]
    badge = f"![mmgen contract]({BADGE_NAME})\n\n" if facts.has_badge else ""
    sections = [f"# {name}\n\n{badge}{_sentence(facts.summary)}"]
    if facts.has_samples:
        sections[0] += f"\n\n![Samples of {name}]({SAMPLES_NAME})"
    sections += [
        _usage(facts),
        _inputs(facts.entry["slots"]),
        _figures(facts.figures),
        _training(facts),
        _limits(facts),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def _usage(facts: CardFacts) -> str:
    install = f"pip install {facts.plugin}"
    if facts.entry["kind"] == "encoder":
        return (
            f"## Use\n\n```sh\n{install}\n```\n\n```python\nimport mmgen\n\n"
            f'encoder = mmgen.from_pretrained("{facts.repo}")\n```'
        )
    given = _example_conditions(facts)
    shell = "".join(f" --{name} {shlex.quote(value)}" for name, value in given)
    python = "".join(f", {name}={json.dumps(value, ensure_ascii=False)}" for name, value in given)
    return (
        f"## Use\n\n```sh\n{install}\nmmgen run {facts.repo}{shell} -n 16 --seed 0 -o out.png\n```"
        f'\n\n```python\nimport mmgen\n\nmodel = mmgen.from_pretrained("{facts.repo}")\n'
        f'samples = model.generate(16{python}, seed=0)\nsamples.save("out.png")\n```\n\n'
        "The same seed gives the same pictures; each file holds the recipe that makes it again "
        "(`mmgen replay out.png`)."
    )


def _example_conditions(facts: CardFacts) -> list[tuple[str, str]]:
    """Return a value for each slot that the sample picture had one for."""
    given = []
    for slot in facts.entry["slots"]:
        name = slot["name"]
        if name in facts.conditions:
            given.append((name, str(facts.conditions[name])))
        elif slot.get("classes"):
            given.append((name, str(slot["classes"][0])))
    return given


def _inputs(slots: Sequence[Mapping[str, Any]]) -> str:
    if not slots:
        return ""
    rows = [
        f"| `{slot['name']}` | {slot['modality']} | {'yes' if slot.get('required') else 'no'} | "
        f"{', '.join(slot.get('classes') or ()) or '-'} |"
        for slot in slots
    ]
    head = "## Inputs\n\n| name | kind | required | values |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows)


def _figures(figures: Sequence[FigureEntry]) -> str:
    if not figures:
        return ""
    rows = []
    for figure in figures:
        error = "" if figure.standard_error is None else f" ± {figure.standard_error:g}"
        unit = f" {figure.unit}" if figure.unit else ""
        rows.append(f"| {figure.name} | {figure.value:g}{error}{unit} | {figure.protocol} |")
    return "## Figures\n\n| figure | value | protocol |\n| --- | --- | --- |\n" + "\n".join(rows)


def _training(facts: CardFacts) -> str:
    words = f"Trained on {facts.dataset}." if facts.dataset else ""
    data = facts.training.get("data", {})
    if data.get("num_train"):
        words += f" {data['num_train']:,} pictures to learn from"
        held_out = data.get("num_held_out")
        words += f", {held_out:,} held out." if held_out else "."
    config = facts.training.get("config", {})
    recipe = {key: config[key] for key in ("trainer", "training") if config.get(key)}
    if recipe:
        words += (
            "\n\n<details><summary>The settings of the run</summary>\n\n```json\n"
            f"{json.dumps(recipe, indent=2)}\n```\n\n</details>"
        )
    return f"## Training\n\n{words.strip()}" if words.strip() else ""


def _limits(facts: CardFacts) -> str:
    size = facts.entry.get("size")
    pictures = f"Pictures are {size['width']} × {size['height']} px. " if size else ""
    names = {**facts.licence, "weights": _licence_id(facts.licence.get("weights", ""))}
    licence = ", ".join(f"{part}: {name}" for part, name in names.items() if name)
    return (
        "## Intended use and limits\n\n"
        f"For research, teaching and tools that make or restore pictures like those it learnt "
        f"from. {pictures}It knows nothing beyond its training data, repeats their gaps and "
        "biases, and its pictures are no evidence of anything real."
        + (f"\n\nLicences: {licence}." if licence else "")
    )
