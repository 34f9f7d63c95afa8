"""What goes in a later version says so, and goes when that version has come."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mmgen
from mmgen.deprecation import Deprecation, deprecated, parse_version
from mmgen.errors import MmgenDeprecationWarning, OptionError, PluginError
from mmgen.options import Options, describe, option

ROOT = Path(__file__).parents[1]
SOON = Deprecation(since="0.2", until="0.4", instead="num_steps")


@dataclass(frozen=True, kw_only=True)
class Drawing(Options):
    steps: int = option(20, help="how many", deprecated=SOON)
    num_steps: int = option(20, help="how many")


@deprecated(since="0.2", until="0.4.1", instead="mmgen.walk")
def wander(steps: int) -> int:
    """Return the steps."""
    return steps


class Model:
    @deprecated(since="0.2", until="0.4", instead="draw")
    def paint(self) -> str:
        """Return what is painted."""
        return "painted"


def untils(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the version of each deprecation that a file declares."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in ("deprecated", "Deprecation"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "until" and isinstance(keyword.value, ast.Constant):
                yield node.lineno, str(keyword.value.value)


def overdue(folder: Path, version: str) -> list[str]:
    """Return what a package's files promised to be without by now."""
    return [
        f"{path.name}:{line} was to be gone by {until}"
        for path in sorted(folder.rglob("*.py"))
        for line, until in untils(path)
        if parse_version(until) <= parse_version(version)
    ]


def test_a_function_warns_whenever_it_is_called_and_still_works() -> None:
    words = r"wander\(\) is deprecated since 0\.2 and goes in 0\.4\.1: use mmgen\.walk instead"
    with pytest.warns(MmgenDeprecationWarning, match=words) as seen:
        assert wander(3) == 3
    assert seen[0].filename == __file__  # it is the caller whom it concerns
    assert wander.__doc__ == "Return the steps."
    with pytest.warns(MmgenDeprecationWarning, match=r"Model\.paint\(\) is deprecated"):
        assert Model().paint() == "painted"


def test_an_option_warns_where_it_is_given_and_not_where_it_is_left_out() -> None:
    Drawing(num_steps=5)
    Drawing.build({"num_steps": "5"})
    with pytest.warns(MmgenDeprecationWarning, match="option 'steps' is deprecated since 0.2"):
        assert Drawing.build({"steps": "5"}).steps == 5
    (steps, num_steps) = describe(Drawing)
    assert "how many (it is deprecated since 0.2 and goes in 0.4: use num_steps" in steps.help
    assert num_steps.help == "how many"
    with pytest.raises(OptionError, match="needs a default"):
        option(help="how many", deprecated=SOON)


def test_users_see_it_without_asking() -> None:
    code = "from mmgen.deprecation import *\nold = lambda: 1\n"
    code += "deprecated(since='0.2', until='0.3', instead='new')(old)()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "MmgenDeprecationWarning: <lambda>() is deprecated since 0.2" in done.stderr


@pytest.mark.parametrize(
    ("since", "until", "instead", "words"),
    [
        ("0.4", "0.4", "x", "goes in a later version"),
        ("0.10", "0.9", "x", "goes in a later version"),
        ("0.2", "soon", "x", "one to three numbers, as '0.4'; got 'soon'"),
        ("0.2", "0.4", " ", "says what to use instead"),
    ],
)
def test_a_promise_that_is_none_is_refused(
    since: str, until: str, instead: str, words: str
) -> None:
    with pytest.raises(PluginError, match=words):
        Deprecation(since=since, until=until, instead=instead)


def test_what_was_to_be_gone_is_gone() -> None:
    assert overdue(ROOT / "mmgen", mmgen.__version__) == []
    for project in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        version = tomllib.loads(project.read_text())["project"]["version"]
        assert overdue(project.parent, version) == []


def test_what_is_overdue_is_found(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(
        "from mmgen.deprecation import deprecated\n\n"
        "@deprecated(since='0.1', until='0.3', instead='new')\ndef old(): ...\n"
        "x = option(1, help='', deprecated=Deprecation(since='0.1', until='0.5', instead='y'))\n"
    )
    assert overdue(tmp_path, "0.2.9") == []
    assert overdue(tmp_path, "0.3.0") == ["old.py:3 was to be gone by 0.3"]
    assert len(overdue(tmp_path, "1.0")) == 2


def test_the_example_in_contributing_warns() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(from mmgen\.deprecation .*?)^```$", text, re.M | re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    with pytest.warns(MmgenDeprecationWarning, match=r"wander\(\) is deprecated since 0\.2"):
        names["wander"](3)
