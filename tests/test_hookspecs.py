"""The gate: every hook is documented, has a test, and is called with the names it states."""

import inspect
import re
from pathlib import Path

import pytest

from mmgen import hookspecs

HOOKS = [name for name in vars(hookspecs) if name.startswith("mmgen_")]
ARGUMENTS = {
    "mmgen_commands": ["group"],
    "mmgen_before_save": ["samples"],
    "mmgen_training_event": ["event"],
}
TESTS = Path(__file__).parent
CONTRIBUTING = TESTS.parent / "CONTRIBUTING.md"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_what_it_is_for(name: str) -> None:
    hook = getattr(hookspecs, name)
    assert hook.__doc__
    assert re.match(r"[A-Z].*\.", hook.__doc__)
    for argument in inspect.signature(hook).parameters:
        assert f"`{argument}`" in hook.__doc__


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_keeps_its_arguments(name: str) -> None:
    hook = getattr(hookspecs, name)
    assert list(inspect.signature(hook).parameters) == ARGUMENTS.get(name, [])


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_in_the_steps_to_add_a_plugin(name: str) -> None:
    arguments = ", ".join(ARGUMENTS.get(name, []))
    assert f"`{name}({arguments})`" in CONTRIBUTING.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_implemented_in_some_other_test(name: str) -> None:
    pattern = re.compile(rf"def {name}\(|\b{name}=|\"{name}\": ")
    files = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    assert any(pattern.search(path.read_text(encoding="utf-8")) for path in files)
