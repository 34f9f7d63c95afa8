"""Errors are one tree, and names that are nearly right are recognised."""

import pytest

from mmgen import errors
from mmgen.errors import MmgenError, NotInstalledError, did_you_mean, shown

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning)
]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_an_mmgen_error_that_is_explained(cls: type[Exception]) -> None:
    assert issubclass(cls, MmgenError)
    assert cls.__doc__
    assert cls.exit_code != 0
    assert str(cls("the rule; what to do")) == "the rule; what to do"


def test_a_missing_plugin_carries_the_command_that_brings_it() -> None:
    assert NotInstalledError("x", "pip install x").command == "pip install x"


@pytest.mark.parametrize(
    ("word", "words", "said"),
    [
        ("vae-mnits", ["vae-mnist", "gan"], "; did you mean 'vae-mnist'?"),
        ("VAE-MNIST", ["vae-mnist"], "; did you mean 'vae-mnist'?"),
        ("vae", ["vae-a", "vae-b"], "; did you mean 'vae-b' or 'vae-a'?"),
        ("quite something else", ["vae-mnist"], ""),
        ("vae", [], ""),
        ("vae-mnist" * 100_000, ["vae-mnist"], ""),
    ],
)
def test_the_nearest_names_are_offered(word: str, words: list[str], said: str) -> None:
    assert did_you_mean(word, words) == said


def test_a_value_is_shown_as_far_as_a_line_goes() -> None:
    assert shown("a'b") == '"a\'b"'
    assert shown([1, 2]) == "[1, 2]"
    assert len(shown("x" * 10**7)) == len(shown(["x" * 10**5])) == 100
    assert shown("x" * 10**7).endswith("x…")
