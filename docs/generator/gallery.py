"""Pictures of the models, drawn when the site is built, by commands that the pages show.

What gallery.toml does not name is drawn anyway, if the model needs nothing to be given.
"""

import io
import re
import shlex
import tempfile
import tomllib
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from PIL import Image
from tables import code, link

from mmgen.catalogue import ModelEntry, catalogue
from mmgen.cli import main
from mmgen.cli.recipes import read_recipe

_FOLDER = tempfile.TemporaryDirectory(prefix="mmgen-gallery-")
_SHOWN_WIDTH, _LINE = 640, 95


@dataclass(frozen=True)
class Drawn:
    """A picture and the command that draws it."""

    model: str
    title: str
    command: str

    @property
    def file(self) -> str:
        """Its file's name: what the command's -o says."""
        words = shlex.split(self.command)
        return words[words.index("-o") + 1]


@cache
def drawings() -> list[Drawn]:
    """Return what is to be drawn, family by family."""
    path = Path(__file__).with_name("gallery.toml")
    named = [Drawn(**item) for item in tomllib.loads(path.read_text(encoding="utf-8"))["pictures"]]
    bundled = [entry for entry in catalogue().entries if entry.folder is not None]
    drawn: list[Drawn] = []
    for entry in bundled:
        of_model = [item for item in named if item.model == entry.name]
        drawn += of_model or filter(None, [_unasked(entry)])
    return drawn


def _unasked(entry: ModelEntry) -> Drawn | None:
    if entry.kind != "generator" or any(slot.required for slot in entry.slots):
        return None
    command = f"mmgen run {entry.name} -n 16 --seed 0 -o {entry.name}.png"
    return Drawn(entry.name, "Sixteen pictures, nothing asked for", command)


@cache
def pictures() -> dict[str, Path]:
    """Draw everything; return path in the site -> file.

    Raises:
        RuntimeError: a command fails, or leaves no picture with a recipe.
    """
    folder = Path(_FOLDER.name)
    for drawn in drawings():
        _draw(drawn, folder)
    return {f"pictures/{drawn.file}": folder / drawn.file for drawn in drawings()}


def _draw(drawn: Drawn, folder: Path) -> None:
    said = io.StringIO()
    with chdir(folder), redirect_stdout(said), redirect_stderr(said):
        status = main(shlex.split(drawn.command)[1:])
    if status or not read_recipe(folder / drawn.file):
        raise RuntimeError(f"{drawn.command} failed:\n{said.getvalue()}")


def gallery() -> str:
    """Return all pictures, for the gallery's page."""
    parts = []
    for model, drawn in groupby(drawings(), key=lambda item: item.model):
        entry = catalogue().find(model)
        page = link(f"families/{entry.family}.md", entry.family)
        parts += [f"## {model}", f"{entry.summary[:1].upper()}{entry.summary[1:]}; family {page}."]
        parts += [_shown(item, "") for item in drawn]
    return "\n\n".join(parts)


def of_family(family: str) -> str:
    """Return the pictures of a family's models, for its page."""
    models = {entry.name for entry in catalogue().search(family=family)}
    shown = [_shown(item, "../") for item in drawings() if item.model in models]
    return "\n\n".join(shown) or "There are none yet: a family is shown by its trained models."


def _shown(drawn: Drawn, up: str) -> str:
    with Image.open(pictures()[f"pictures/{drawn.file}"]) as picture:
        width = picture.width * max(1, round(_SHOWN_WIDTH / picture.width))
    width = min(width, 2 * _SHOWN_WIDTH)
    image = f"![{drawn.title}]({up}pictures/{drawn.file}){{ .pixels width={width} }}"
    replayed = f"{code(f'mmgen replay {drawn.file}')} makes it again."
    return f"{drawn.title}. {replayed}\n\n{image}\n\n```bash\n{_in_lines(drawn.command)}\n```"


def _in_lines(command: str) -> str:
    """Break a command before its options, where it is long."""
    first, *options = re.split(r" (?=-)", command)
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) < _LINE:
            lines[-1] += f" {option}"
        else:
            lines.append(f"    {option}")
    return " \\\n".join(lines)


PARTS = {"gallery": gallery, "pictures": of_family}
