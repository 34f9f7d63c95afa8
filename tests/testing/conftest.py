"""Families that break the contract, one sentence at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from mmgen.families import API_VERSION, Family
from mmgen.hookspecs import hookimpl
from mmgen.testing import GeneratorCase, temporary_plugin
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet

Broken = Callable[..., GeneratorCase]
Bring = Callable[[str, Any], None]

SIZES: dict[str, Any] = {
    "config": {"height": 6, "width": 6},
    "colour": {"channels": 3},
    "non_square": {"width": 9},
    "large": {"height": 128, "width": 128, "hidden": 2},
}


def reference(cls: type) -> str:
    return f"{cls.__module__}:{cls.__name__}"


@pytest.fixture
def bring() -> Iterator[Bring]:
    """Register one thing under a hook, by a plugin that is there until the test ends."""
    numbers = count()
    with ExitStack() as stack:

        def register(hook: str, thing: Any) -> None:
            found = hookimpl(specname=hook)(lambda: [thing])
            module = SimpleNamespace(**{"MMGEN_API": API_VERSION, hook: found})
            stack.enter_context(temporary_plugin(module, f"brought-{next(numbers)}"))

        yield register


@pytest.fixture
def broken(bring: Bring) -> Broken:
    """Register a changed tiny family; return its case.

    network, trainer: classes in place of the tiny ones. registered: changes of the registration.
    Anything else changes the case.
    """
    numbers = count()

    def make(
        network: type = TinyNet,
        trainer: type | None = None,
        registered: dict[str, Any] | None = None,
        **case: Any,
    ) -> GeneratorCase:
        changes: dict[str, Any] = dict(registered or {})
        if trainer is not None:
            changes["trainer"] = reference(trainer)
        name = f"broken-{next(numbers)}"
        found = tiny.architecture(name, reference(network), **changes)
        family = Family(name=name, summary="breaks a rule", architectures=(found,))
        bring("mmgen_families", family)
        return GeneratorCase(architecture=name, **(SIZES | case))

    return make
