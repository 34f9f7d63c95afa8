"""What is public, as text: names with their arguments, hooks, and commands with their options.

    python tests/public_api.py

rewrites public_api.txt. It refuses where something changed and [Unreleased] of CHANGELOG.md is as
it was when the list was last written, or does not name what changed.
"""

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from mmgen import hookspecs
from mmgen.cli.commands import COMMANDS
from mmgen.cli.program import program

HERE = Path(__file__).parent
LISTING = HERE / "public_api.txt"
CHANGELOG = HERE.parent / "CHANGELOG.md"
COMMAND = "python tests/public_api.py"
MODULES = (
    "mmgen",
    "mmgen.deprecation",
    "mmgen.errors",
    "mmgen.interfaces",
    "mmgen.pretrained",
    "mmgen.data",
    "mmgen.metrics",
    "mmgen.nn",
    "mmgen.training",
    "mmgen.publishing",
    "mmgen.testing",
)
_HEAD = re.compile(r"# \[Unreleased\] was ([0-9a-f]{12}) when this was written\.\n")


def list_public() -> list[str]:
    """Return a line for everything that is public."""
    return [*_modules(), *_hooks(), *_commands()]


def _modules() -> Iterator[str]:
    """Yield names, and what classes have; what two modules share is told under the first."""
    told: dict[int, str] = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in sorted(_names(module)):
            value, path = getattr(module, name), f"{module_name}.{name}"
            if inspect.isclass(value) or inspect.isroutine(value):
                first = told.setdefault(id(value), path)
                if first != path:
                    yield f"{path} is {first}"
                    continue
            yield from _describe(path, value)


def _names(module: Any) -> list[str]:
    """Return what `__all__` says, or what is defined there."""
    if hasattr(module, "__all__"):
        return [*module.__all__]
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]


def _describe(path: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        yield f"class {path}{_arguments(value)}"
        yield from (f"  {path}.{member}" for member in sorted(_members(value)))
    elif inspect.isroutine(value):
        yield f"{path}{_arguments(value)}{_fate(value)}"
    else:
        yield path


def _members(cls: type) -> Iterator[str]:
    """Yield public methods, properties and annotated attributes, of mmgen's own classes alone."""
    seen = set()
    for owner in cls.__mro__:
        if not owner.__module__.startswith("mmgen"):
            continue
        for name in {**vars(owner), **inspect.get_annotations(owner)}:
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            value = vars(owner).get(name)
            plain = getattr(value, "__func__", value)  # of a class method
            yield name + (_arguments(plain) + _fate(plain) if inspect.isroutine(plain) else "")


def _arguments(value: Any) -> str:
    """Return names, order and defaults of arguments; not their types, whose words may differ."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "(…)"
    plain = [
        item.replace(annotation=item.empty, default=_default(item.default))
        for item in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def _default(value: Any) -> Any:
    if value is inspect.Parameter.empty or isinstance(value, str | int | float | bool | tuple):
        return value
    return value if value is None else _Object()


class _Object:
    """Stands for a default that is no plain value."""

    def __repr__(self) -> str:
        return "…"


def _fate(value: Any) -> str:
    found = getattr(value, "deprecation", None)
    return f" deprecated since {found.since} until {found.until}" if found else ""


def _hooks() -> Iterator[str]:
    for name in sorted(name for name in vars(hookspecs) if name.startswith("mmgen_")):
        yield f"hook {name}{_arguments(getattr(hookspecs, name))}"


def _commands() -> Iterator[str]:
    yield from _of_command("mmgen", program)
    for name, (module, _) in sorted(COMMANDS.items()):
        yield from _of_command(f"mmgen {name}", importlib.import_module(module).command)


def _of_command(path: str, command: click.Command) -> Iterator[str]:
    arguments = [item for item in command.params if isinstance(item, click.Argument)]
    yield " ".join(["command", path, *(str(item.name).upper() for item in arguments)])
    for item in command.params:
        if isinstance(item, click.Option):
            words = ", ".join([*item.opts, *item.secondary_opts])
            value = "" if item.is_flag else " VALUE"
            yield f"  {path} {words}{value}{' …' if item.multiple else ''}"
    if isinstance(command, click.Group):
        for name, further in sorted(command.commands.items()):
            yield from _of_command(f"{path} {name}", further)


def read_listing(path: Path = LISTING) -> tuple[str, list[str]]:
    """Return the digest that [Unreleased] had, and the lines."""
    text = path.read_text(encoding="utf-8")
    head = _HEAD.match(text)
    return (head[1], text[head.end() :].splitlines()) if head else ("", text.splitlines())


def unreleased(changelog: str) -> str:
    """Return the section [Unreleased]."""
    found = re.search(
        r"^## \[Unreleased\]\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def digest(section: str) -> str:
    """Return 12 hex digits that tell one section from another."""
    return hashlib.sha256(section.encode()).hexdigest()[:12]


def key_of(line: str) -> str:
    """Return the word by which a changelog would name a line of the list."""
    if line.startswith(("command ", "  mmgen ")):
        options = re.findall(r"--[\w-]+", line)
        words = line.removeprefix("command ").split()
        return options[0] if options else next(w for w in reversed(words) if w.islower())
    name = re.match(r"(?:class |hook |  )?([\w.]+)", line)
    return name[1].rpartition(".")[2] if name else line


def objections(old: list[str], new: list[str], section: str, last_digest: str) -> list[str]:
    """Return why the list may not be rewritten as it is; nothing where it may."""
    changed = [*(set(new) - set(old)), *(set(old) - set(new))]
    if not changed:
        return []
    if digest(section) == last_digest:
        return [
            f"{len(changed)} public lines changed, but CHANGELOG.md's [Unreleased] is as it was "
            "when the list was last written: say there what changed"
        ]
    return [
        f"{line.strip()}: CHANGELOG.md's [Unreleased] does not name {key_of(line)!r}"
        for line in sorted(changed)
        if not _names_all(section, [key_of(line)])
        and not _names_all(section, _changed_arguments(line, changed))
    ]


def _names_all(section: str, words: Iterable[str]) -> bool:
    """Whether there are words, and a section names each."""
    patterns = [rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in words]
    return bool(patterns) and all(re.search(pattern, section) for pattern in patterns)


def _changed_arguments(line: str, changed: Iterable[str]) -> set[str]:
    """Return the arguments that came or went, where the same thing is in the list before and after.

    So an option of a metric is said by its own name, not by that of the class that holds it.
    """
    same = [other for other in changed if other.partition("(")[0] == line.partition("(")[0]]
    if len(same) != 2:
        return set()
    one, two = (set(re.findall(r"(?:^|, )\**(\w+)", other.partition("(")[2])) for other in same)
    return one ^ two


def write(listing: Path = LISTING, changelog: Path = CHANGELOG) -> list[str]:
    """Rewrite the list, unless something speaks against it; return what does."""
    section, new = unreleased(changelog.read_text(encoding="utf-8")), list_public()
    if listing.exists():
        last, old = read_listing(listing)
        if old == new:
            return []
        if found := objections(old, new, section, last):
            return found
    head = f"# [Unreleased] was {digest(section)} when this was written.\n"
    temporary = listing.with_suffix(".part")
    temporary.write_text(head + "\n".join(new) + "\n", encoding="utf-8")
    temporary.replace(listing)
    return []


if __name__ == "__main__":
    sys.exit("\n".join(write()) or None)
