"""`mmgen explain`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmgen.media.files import read_recipe

Run = Callable[..., Any]


def test_a_picture_is_written_and_shares_are_printed(run: Run) -> None:
    result = run("explain", "tiny-pets", "--label", "dog", "--seed", 1, "-o", "why.png")
    assert (result.code, result.out, result.err) == (0, "why.png\nlabel\t100.0%\n", "seed 1\n")
    recipe = read_recipe(Path("why.png"))
    assert recipe["explanation"]["slots"][0]["parts"][0]["name"] == "dog"
    with Image.open("why.png") as picture:
        assert picture.mode == "RGB"


def test_without_output_a_free_name_is_picked(run: Run) -> None:
    assert "tiny-pets-explained-1.png\n" in run("explain", "tiny-pets", "--label", 0).out
    assert "tiny-pets-explained-2.png\n" in run("explain", "tiny-pets", "--label", 0).out


def test_json_has_all_figures(run: Run) -> None:
    result = run("explain", "tiny-pets", "--label", "dog", "--seed", 1, "--index", 4,
                 "--set", "weights=2", "--set", "contrast=0.7", "--json")  # fmt: skip
    found = json.loads(result.out)
    assert found["change"] > 0
    assert found["slots"][0]["share"] == pytest.approx(1)
    assert found["recipe"]["indices"] == [4]
    assert found["recipe"]["weights"] == {"label": 2.0}
    assert found["recipe"]["options"]["contrast"] == 0.7


@pytest.mark.parametrize("name", ["why.png", "why.webp"])
def test_it_is_replayed(run: Run, name: str) -> None:
    Image.linear_gradient("L").resize((8, 8)).save("half.png")
    run("explain", "tiny-pets", "--label", "dog", "--image", "half.png", "--set", "weights=2",
        "--index", 3, "-o", name)  # fmt: skip
    result = run("replay", name, "-o", "again.png")
    assert (result.code, result.out) == (0, "identical\nagain.png\n"), result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing was given that could be explained; give a condition: --label …"),
        (("--text", "a dog"), "does not answer 'text'"),
        (("--label", "dog", "--label", "cat"), "give each input one value"),
        (("--label", "cow"), "unknown label 'cow'"),
        (("--label", "dog", "-o", "why.jpg"), "written as .png or .webp"),
        (("--label", "dog", "-o", "nowhere/why.png"), "does not exist"),
        (("--label", "dog", "--set", "weights=x"), "weights are a number"),
    ],
)
def test_what_cannot_be_explained_is_said(run: Run, arguments: tuple[str, ...], words: str) -> None:
    result = run("explain", "tiny-pets", *arguments)
    assert result.code == 1
    assert words in result.err
    assert result.out == ""


def test_nothing_is_overwritten(run: Run) -> None:
    Path("why.png").write_text("mine")
    assert "exists" in run("explain", "tiny-pets", "--label", "dog", "-o", "why.png").err
    assert Path("why.png").read_text() == "mine"
