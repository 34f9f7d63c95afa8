"""Captions for labelled pictures: many wordings for each class, one drawn for each batch."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np

from mmgen.data.choices import Choices
from mmgen.data.pictures import PictureData
from mmgen.data.splits import canonical
from mmgen.errors import DataError, did_you_mean

_FOLDER = Path(__file__).with_name("wordings")
_FIELDS = frozenset(("name", "a"))
_KEYS = ("train", "held_out", "names")


@dataclass(frozen=True)
class Wordings:
    """Sentences with a place for a class's name.

    Attributes:
        train: for the split that is trained on.
        held_out: for every other split; no sentence of it is among the first.
        names: by class, what it may be called; a class that is missing goes by its own name.
    """

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]

    def of_class(self, name: str, split: str) -> list[str]:
        """Return all captions of a class, as "an eight" for the template "{a} {name}"."""
        templates = self.train if canonical(split) == "train" else self.held_out
        words = self.names.get(name, (name,))
        return [
            template.format(name=word, a=_article(word)) for template in templates for word in words
        ]


def caption(data: PictureData, source: str) -> PictureData:
    """Return labelled pictures with captions in the wordings of a file.

    Args:
        source: "digits", which comes with mmgen, or the path of a TOML file: templates `train` and
            `held_out`, each with {name} and if wanted {a} (a or an), and a table [names].

    Raises:
        DataError: the pictures have no labels, or the file holds no wordings.
    """
    if data.labels is None or data.class_names is None:
        raise DataError(f"captions are made of labels; {data.name} has none")
    wordings = read_wordings(source)
    texts = [wordings.of_class(name, data.split) for name in data.class_names]
    groups = np.repeat(np.arange(len(texts)), [len(part) for part in texts])
    values = [text for part in texts for text in part]
    note = f"{data.split}: captions in {len(values):,} wordings ({source})"
    return replace(
        data,
        texts=Choices.of_groups(values, groups, data.labels.cpu().numpy()),
        notes=(*data.notes, note),
    )


def read_wordings(source: str) -> Wordings:
    """Read a file of wordings.

    Raises:
        DataError: there is none, or it is none; says what is wrong.
    """
    own = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    path = _FOLDER / f"{source}.toml" if source in own else Path(source).expanduser()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"there is no file of wordings {source!r}{did_you_mean(source, own)}; captions takes "
            f"a TOML file or one of: {', '.join(own)}"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as wordings: {error}") from error
    unknown = [key for key in content if key not in _KEYS]
    if unknown:
        raise DataError(f"{path}: wordings have {', '.join(_KEYS)}; got {unknown[0]!r}")
    train, held_out = (_templates(content.get(key), key, path) for key in _KEYS[:2])
    both = set(train).intersection(held_out)
    if both:
        raise DataError(f"{path}: {min(both)!r} is in train and in held_out")
    return Wordings(train, held_out, _names(content.get("names", {}), path))


def _templates(value: Any, key: str, path: Path) -> tuple[str, ...]:
    if not _are_texts(value):
        raise DataError(f"{path}: {key} is a list of templates, one at least")
    for template in value:
        try:
            fields = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
        except ValueError as error:
            raise DataError(f"{path}: {key}: {template!r}: {error}") from error
        if "name" not in fields or fields - _FIELDS:
            raise DataError(
                f"{path}: {key}: a template has {{name}}, and {{a}} if wanted; got {template!r}"
            )
    return tuple(value)


def _names(value: Any, path: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(map(_are_texts, value.values())):
        raise DataError(f"{path}: [names] has a list of names for each class")
    return {str(name): tuple(words) for name, words in value.items()}


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(item, str) and item.strip() for item in value)
    )


def _article(word: str) -> str:
    vowel = word[0].lower() in "aeiou" and word != "one"
    return "an" if vowel or word in ("8", "11", "18") else "a"
