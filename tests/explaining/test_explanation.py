"""An explanation as a picture and as a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mmgen
from mmgen.errors import OutputError
from mmgen.explaining import Explanation, Part, SlotShare
from mmgen.explaining.ink import legible
from mmgen.interfaces import Generator
from mmgen.media.files import read_recipe

Make = Callable[..., Generator]


def explanation(kind: str, value: object, parts: tuple[Part, ...]) -> Explanation:
    image, baseline = torch.rand(3, 6, 9), torch.rand(3, 6, 9)
    way = (image - baseline).double()
    slot = SlotShare("x", "x", kind, value, 1.0, way, parts)
    return Explanation(image, baseline, 0.1, (slot,), {"seed": 0})


def blue(pixels: np.ndarray) -> np.ndarray:
    """Return where the darkest shade of a bar is."""
    return (pixels == (8, 48, 107)).all(axis=-1)


def test_it_is_saved_with_its_figures_and_not_over_another(
    make_model: Make, tmp_path: Path
) -> None:
    found = mmgen.explain(make_model(), seed=0, label="cat", text="a b")
    for name in ("why.png", "why.webp"):
        assert found.save(tmp_path / name) == [tmp_path / name]
        recipe = read_recipe(tmp_path / name)
        assert recipe["explanation"] == found.to_dict()
        assert recipe["operation"] == "explain"
        with Image.open(tmp_path / name) as opened:
            assert np.array_equal(np.asarray(opened.convert("RGB")), found.draw())
    with pytest.raises(OutputError, match="exists"):
        found.save(tmp_path / "why.png")
    found.save(tmp_path / "why.png", force=True)


@pytest.mark.parametrize("name", ["why", "why.jpg", "folder"])
def test_it_is_one_file(make_model: Make, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    found = mmgen.explain(make_model(), seed=0, label="cat")
    with pytest.raises(OutputError, match=r"one file, \.png or \.webp"):
        found.save(tmp_path / name)


def test_the_part_that_moves_most_has_the_longest_bar() -> None:
    words = tuple(Part(f"w{n}", change) for n, change in enumerate((0.0, 0.5, 1.0)))
    pixels = blue(explanation("words", ["w0 w1 w2"], words).draw())
    heights = pixels[:, 182:].sum(axis=0)
    assert heights[:25].max() == 0
    assert 0 < heights[35:55].max() < heights.max()


@pytest.mark.parametrize("count", [1, 60])
def test_long_texts_take_more_lines(count: int) -> None:
    parts = tuple(Part("many words " * 3, 1.0) for _ in range(count))
    tall = explanation("words", ["…"], parts).draw()
    assert (tall.shape[0] > 1000) == (count > 1)
    endless = (Part("x" * 500, 1.0),)
    assert explanation("words", ["…"], endless).draw().shape[1] == tall.shape[1]


def test_signs_that_the_font_has_not_are_told_apart() -> None:
    one, other = (explanation("words", ["…"], (Part(sign, 1.0),)).draw() for sign in "數字")
    assert not np.array_equal(one, other)
    assert legible("a 數!") == "a U+6578!"


@pytest.mark.parametrize("samples", [1, 37, 9000])
def test_a_sound_is_drawn_with_its_windows(samples: int) -> None:
    clip = torch.rand(samples) * 2 - 1
    half, end = samples / 2 / 8000, samples / 8000
    parts = (Part("a", 0.0, (0.0, half)), Part("b", 1.0, (half, end)))
    pixels = blue(explanation("windows", [clip], parts).draw())[:, 182 : 182 + 520]
    assert not pixels[:, :250].any()
    assert pixels[:, 270:].any()


def test_a_picture_is_drawn_with_its_cells() -> None:
    parts = (Part("a", 0.0, (0, 0, 4, 2)), Part("b", 1.0, (0, 2, 4, 4)))
    assert blue(explanation("cells", torch.rand(1, 1, 4, 4), parts).draw()).any()


def test_words_tell_the_shares() -> None:
    text = str(explanation("words", ["w"], (Part("w", 0.25),)))
    assert text == "x\t100.0%\n  w\t0.25"
