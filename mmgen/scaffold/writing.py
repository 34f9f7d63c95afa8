"""Write a plugin's distribution from templates: all of it or nothing.

A kind of plugin is made of layers, folders of templates, each with the files that some kinds share
or that are its own. Together they are a real distribution of the name "example": its words are
replaced, its files copied.
"""

import keyword
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmgen.errors import InputError, OutputError


@dataclass(frozen=True)
class Kind:
    """A kind of plugin.

    Attributes:
        summary: what it brings, in a few words.
        layers: the folders of templates that it is made of.
        first_use: a command to begin with, where NAME stands for the plugin's name.
    """

    summary: str
    layers: tuple[str, ...]
    first_use: str


_TRAIN = "mmgen train NAME --data DATA -o runs/first"
KINDS = {
    "generator": Kind(
        "rectified flow on the pixels of small pictures",
        ("every", "complete", "digits", "generator"),
        _TRAIN,
    ),
    "encoder": Kind(
        "a small convolutional encoder of pictures",
        ("every", "complete", "digits", "encoder"),
        _TRAIN,
    ),
    "metric": Kind(
        "a measure of how rough samples are",
        ("every", "complete", "metric"),
        "mmgen evaluate MODEL --data DATA --metric NAME",
    ),
    "dataset": Kind(
        "shapes in colours, with labels and captions",
        ("every", "complete", "dataset"),
        "mmgen data check NAME",
    ),
    "minimal": Kind("rectified flow on the pixels of small pictures", ("every", "minimal"), _TRAIN),
}
"""What can be written, by name."""

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_LEFT_OUT = ("__pycache__",)


def write_plugin(name: str, folder: Path, *, kind: str = "generator") -> list[Path]:
    """Write the distribution mmgen-plugin-NAME into a new folder.

    Args:
        name: of the family, as "swirl" or "my-flow".
        folder: must not exist, or be empty.
        kind: one of `KINDS`.

    Returns:
        The files, sorted.

    Raises:
        InputError: no such kind, or not a name for a plugin.
        OutputError: there is something already, or it cannot be written.
    """
    if kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    words = _words(name) | {"SUMMARY": KINDS[kind].summary}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists; choose another folder with -o, or remove it")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        for path, source in _files(KINDS[kind]):
            target = temporary / _renamed(path, words)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8")
            target.write_text(_replaced(text, words), encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _files(kind: Kind) -> list[tuple[Path, Path]]:
    """Return each file's path in the distribution and where its template is."""
    return [
        (source.relative_to(_TEMPLATES / layer), source)
        for layer in kind.layers
        for source in sorted((_TEMPLATES / layer).rglob("*"))
        if source.is_file() and not any(part in _LEFT_OUT for part in source.parts)
    ]


def _words(name: str) -> dict[str, str]:
    """Return what stands in place of the template's words, the longest first."""
    package = name.replace("-", "_")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(package):
        raise InputError(
            f"a plugin's name has small letters, digits and single hyphens, begins with a letter "
            f"and has at most {_LONGEST} characters; got {name!r}"
        )
    return {
        "mmgen_plugin_example": f"mmgen_plugin_{package}",
        "Example": "".join(part.capitalize() for part in name.split("-")),
        "example": name,
    }


def _renamed(path: Path, words: dict[str, str]) -> Path:
    parts = [re.sub(r"^dot_", ".", part) for part in path.parts]
    return Path(*[_replaced(part, words) for part in parts])


def _replaced(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], text)
