"""What the user sees of a training."""

import pytest

from mmgen.training.progress import Bar, Lines, Rate, Silence, make_reporter


def test_off_a_terminal_there_are_plain_lines_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(every_seconds=1000)
    lines.start(0, 500, "prior")
    for step in (1, 2, 3):
        lines.step(step)
        lines.figures({"loss": 1.23456}, 987.6)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "prior: step 1/500  loss 1.235  988 images/s\n"


def test_the_bar_shows_loss_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.start(0, 10, "prior")
    bar.step(1)
    bar.figures({"loss": 0.5}, 1234.0)
    bar.say("held-out: [not markup]")
    bar.stop()
    out, err = capsys.readouterr()
    assert out == ""
    assert "held-out: [not markup]" in err
    assert "loss 0.5" in err
    assert "1,234 images/s" in err


def test_the_reporter_suits_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_reporter(False), Silence)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    assert isinstance(make_reporter(True), Lines)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert isinstance(make_reporter(True), Bar)


def test_time_left_follows_the_speed() -> None:
    rate = Rate()
    assert rate.seconds_left(100, 1100, now=0.0) is None
    assert rate.seconds_left(110, 1100, now=1.0) == pytest.approx(99)
    assert rate.seconds_left(110, 1100, now=1.1) == pytest.approx(99)
    slower = rate.seconds_left(115, 1100, now=2.0)
    assert slower is not None
    assert slower > 98.5
