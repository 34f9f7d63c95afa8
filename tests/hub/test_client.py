"""What is tried again, how often and how long."""

import pytest

from mmgen.errors import HubError, OfflineError
from mmgen.hub import client


class TransportError(Exception):
    """As the client's network library names it."""


class ReadError(TransportError):
    """The connection broke."""


class TimeoutException(TransportError):
    """No answer came."""


def count_calls(monkeypatch: pytest.MonkeyPatch, error: Exception, seconds_each: float) -> int:
    """Return how often a call is made that fails with an error after so many seconds."""
    clock, calls = [0.0], []

    def fail() -> None:
        calls.append(1)
        clock[0] += seconds_each
        raise error

    monkeypatch.setattr(client.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
    with pytest.raises(HubError):
        client.ask(fail, "org/name")
    return len(calls)


def test_where_no_answer_comes_it_is_given_up_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert count_calls(monkeypatch, TimeoutException("slow"), 1.0) == 4
    assert count_calls(monkeypatch, TimeoutException("slow"), 15.0) == 2


def test_a_long_download_that_breaks_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_calls(monkeypatch, ReadError("reset"), 600.0) == 4


def test_what_will_not_pass_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_calls(monkeypatch, ValueError("odd"), 1.0) == 1
    with pytest.raises(OfflineError, match="cannot be reached"):
        client.ask(lambda: (_ for _ in ()).throw(ReadError("reset")), "org/name")
