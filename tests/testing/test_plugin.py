"""Plugins for the length of a test leave nothing behind."""

from types import SimpleNamespace

import pytest

from mmgen.plugins import manager
from mmgen.testing import ContractError, temporary_plugin
from mmgen.testing.tiny import plugin as tiny


def test_a_temporary_plugin_is_there_inside_and_gone_after() -> None:
    before = list(manager().plugins)
    with temporary_plugin(tiny, "tiny") as plugin:
        assert plugin.status == "ok"
        assert manager().architecture("tiny-net")[0] is plugin
    assert manager().plugins == before


def test_it_can_be_asked_for_twice() -> None:
    with temporary_plugin(tiny, "tiny") as outer:
        with temporary_plugin(tiny, "tiny") as inner:
            assert inner is outer
        assert manager().architecture("tiny-net")[0] is outer


def test_it_is_gone_after_an_error() -> None:
    before = list(manager().plugins)
    with pytest.raises(ZeroDivisionError), temporary_plugin(tiny, "tiny"):
        raise ZeroDivisionError
    assert manager().plugins == before


def test_a_broken_one_is_an_error_that_says_why() -> None:
    before = list(manager().plugins)
    with (
        pytest.raises(ContractError, match="MMGEN_API"),
        temporary_plugin(SimpleNamespace(), "empty"),
    ):
        pass
    assert manager().plugins == before
