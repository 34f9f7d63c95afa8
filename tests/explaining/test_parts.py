"""The parts of a condition's value."""

import pytest
import torch

from mmgen.explaining.parts import WINDOWS, split, window_gains
from mmgen.slots import Slot

TEXT = Slot(name="text", modality="text")
SOUND = Slot(name="voice", modality="audio", sample_rate=8000)
PICTURE = Slot(name="sketch", modality="image")


def test_words_are_the_texts_own() -> None:
    text = "  A thick,\nthree — 3!"
    kind, parts = split(TEXT, [text])
    assert kind == "words"
    assert [part.name for part in parts] == ["A", "thick,", "three", "—", "3!"]
    assert [text[int(part.span[0]) : int(part.span[1])] for part in parts] == [
        part.name for part in parts
    ]
    left = [part.without[0] for part in parts if part.without]
    assert left[0] == "thick,\nthree — 3!"
    assert left[1] == "A three — 3!"
    assert left[-1] == "  A thick,\nthree —".strip()


def test_nothing_is_left_of_one_word() -> None:
    (part,) = split(TEXT, ["seven"])[1]
    assert part.without is None


def test_a_sound_has_windows_in_seconds() -> None:
    clip = torch.sin(torch.arange(8000) * 0.3)
    kind, parts = split(SOUND, [clip])
    assert kind == "windows"
    assert len(parts) == WINDOWS
    assert (parts[0].span[0], parts[-1].span[1]) == (0, 1)
    for part in parts:
        assert part.without is not None
        left = part.without[0]
        start, end = (round(edge * 8000) for edge in part.span)
        inner = slice(start + 30, end - 30)
        assert left[inner].abs().max() < 0.02  # nearly silent
        assert left[inner].abs().max() > 0
        assert torch.equal(left[: max(start - 30, 0)], clip[: max(start - 30, 0)])
        assert torch.equal(left[end + 30 :], clip[end + 30 :])


def test_the_quietest_window_changes_nothing() -> None:
    clip = torch.sin(torch.arange(8000) * 0.3)
    clip[:500] *= 1e-4
    parts = split(SOUND, [clip])[1]
    assert parts[0].without is not None
    assert (parts[0].without[0] - clip)[:300].abs().max() < 1e-6


@pytest.mark.parametrize("samples", [1, 79, 200, 8001])
def test_any_clip_has_windows_that_add_up(samples: int) -> None:
    clip = torch.linspace(-1, 1, samples)
    parts = split(SOUND, [clip])[1]
    assert len(parts) == max(1, min(WINDOWS, samples // 80))
    edges = [round(samples * index / len(parts)) for index in range(len(parts) + 1)]
    gains = window_gains(edges)
    torch.testing.assert_close(gains.sum(dim=0), torch.ones(samples))
    assert gains.min() >= 0


def test_silence_has_windows_too() -> None:
    for part in split(SOUND, [torch.zeros(4000)])[1]:
        assert part.without is not None
        assert torch.equal(part.without[0], torch.zeros(4000))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 30, 20), (1, 3, 5)])
def test_a_picture_has_cells_that_cover_it(shape: tuple[int, ...]) -> None:
    image = torch.rand(1, *shape)
    kind, parts = split(PICTURE, image)
    assert kind == "cells"
    covered = torch.zeros(shape[1:])
    mean = image[0].mean(dim=(1, 2))
    for part in parts:
        top, left, bottom, right = map(int, part.span)
        covered[top:bottom, left:right] += 1
        assert part.without is not None
        cell = part.without[0][:, top:bottom, left:right]
        torch.testing.assert_close(cell, mean[:, None, None].expand_as(cell))
        changed = (part.without[0] != image[0]).any(dim=0)
        changed[top:bottom, left:right] = False
        assert not changed.any()
    assert torch.equal(covered, torch.ones(shape[1:]))


def test_a_label_is_one_part_with_its_classes_name() -> None:
    slot = Slot(name="label", modality="label", classes=("cat", "dog"))
    kind, parts = split(slot, torch.tensor([1]))
    assert (kind, [part.name for part in parts]) == ("whole", ["dog"])


def test_pixels_that_stay_have_no_whole_to_leave_out() -> None:
    mask = Slot(name="mask", modality="mask")
    assert split(mask, torch.ones(1, 1, 4, 4), optional=False) == ("whole", [])
