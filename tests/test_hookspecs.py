"""The gate: every hook is documented, has a test, and is called with the names it states."""

import inspect
import re
from pathlib import Path

import pytest

from mmgen import hookspecs

HOOKS = [name for name in vars(hookspecs) if name.startswith("mmgen_")]
TABLED = re.compile(r"`(mmgen_\w+)\(([\w, ]*)\)`")
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


def test_the_steps_to_add_a_plugin_have_every_hook_with_its_arguments_and_no_other() -> None:
    told = TABLED.findall(CONTRIBUTING.read_text(encoding="utf-8"))
    hooks = {name: ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
             for name in HOOKS}  # fmt: skip
    assert dict(told) == hooks
    assert len(told) == len(hooks)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_implemented_in_some_other_test(name: str) -> None:
    assert any(implements(name, path.read_text(encoding="utf-8")) for path in other_tests())


def test_a_hook_that_no_test_implements_is_found() -> None:
    text = "def test_mmgen_feeds(): assert 'mmgen_feeds'\nmanager().call('mmgen_feeds')\n"
    assert not implements("mmgen_feeds", text)
    assert implements("mmgen_feeds", text + "@hookimpl\ndef mmgen_feeds():\n    return []\n")
    assert not any(implements("mmgen_feeds", path.read_text()) for path in other_tests())


def implements(name: str, text: str) -> bool:
    """Whether a test's text defines a function of that name, or gives one to a made-up module."""
    return re.search(rf"^\s*def {name}\(|\b{name}=|\"{name}\": ", text, re.MULTILINE) is not None


def other_tests() -> list[Path]:
    return [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
