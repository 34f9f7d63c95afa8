"""`mmgen replay`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from mmgen.media.files import read_recipe, write_picture

Run = Callable[..., Any]


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


def change(path: str, **changes: Any) -> None:
    """Write a picture again with another recipe."""
    recipe = read_recipe(Path(path)) | changes
    write_picture(Path(path), pixels(path), recipe, kind="png", force=True)


@pytest.mark.parametrize("name", ["x.png", "x.webp"])
def test_a_grid_is_made_again(run: Run, name: str) -> None:
    run("run", "tiny-pets", "--label", "dog", "--label", "cat", "-n", 3, "-o", name)
    result = run("replay", name)
    assert (result.code, result.out, result.err) == (0, "identical\n", "")


def test_one_picture_of_a_folder_is_made_again(run: Run) -> None:
    run("run", "tiny-pets", "-n", 3, "--set", "contrast=1", "-o", "out")
    assert run("replay", "out/0002.png", "-o", "again.png").out == "identical\nagain.png\n"
    assert np.array_equal(pixels("again.png"), pixels("out/0002.png"))


def test_a_changed_picture_differs_and_is_told_by_how_much(run: Run) -> None:
    run("run", "tiny-pets", "-o", "x.png")
    changed = pixels("x.png").copy()
    changed[0, 0] ^= 4
    write_picture(Path("x.png"), changed, read_recipe(Path("x.png")), kind="png", force=True)
    result = run("replay", "x.png")
    assert result.code == 1
    assert result.out == "differs: 1.56% of the values, at most by 4 of 255, 0.0625 on average\n"


def test_what_has_changed_since_is_said(run: Run) -> None:
    run("run", "tiny-pets", "-o", "x.png")
    change("x.png", versions={"torch": "1.0"}, batch_size=7)
    result = run("replay", "x.png", "--batch-size", 3, "--json")
    changes = json.loads(result.out)["changes"]
    assert any(item.startswith("torch: 1.0 → ") for item in changes)
    assert "batch_size: 7 → 3" in changes
    assert "changed since: torch: 1.0 → " in run("replay", "x.png").err


def test_media_are_found_beside_the_picture_or_asked_for(zoo: Path, run: Run) -> None:
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save("half.png")
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save("mask.png")
    run("run", "tiny-pets", "--image", "half.png", "--mask", "mask.png", "-o", "x.png")
    assert run("replay", "x.png").out == "identical\n"
    (zoo / "moved").mkdir()
    Path("half.png").rename("moved/other.png")
    missing = run("replay", "x.png")
    assert missing.code == 1
    assert "needs 'half.png' for 'image'" in missing.err
    assert run("replay", "x.png", "--image", "moved/other.png").out == "identical\n"
    Image.new("L", (8, 8)).save("half.png")
    assert "none of the files given is it" in run("replay", "x.png", "--image", "half.png").err


def test_reconstructions_and_interpolations_are_made_again(run: Run) -> None:
    for name, value in (("a.png", 10), ("b.png", 250)):
        Image.new("L", (8, 8), value).save(name)
    run("run", "tiny-pets", "--reconstruct", "--image", "a.png", "--image", "b.png", "-o", "r")
    assert run("replay", "r/0001.png", "--image", "b.png").out == "identical\n"
    run("run", "tiny-pets", "--interpolate", "a.png", "b.png", "-n", 4, "-o", "i")
    inputs = ["--image", "b.png", "--image", "a.png"]
    assert run("replay", "i/0002.png", *inputs).out == "identical\n"


def test_a_model_that_has_moved_is_named(zoo: Path, zoo_folder: Path, run: Run) -> None:
    (zoo / "model").symlink_to(zoo_folder / "raw")
    run("run", "./model", "-o", "x.png")
    (zoo / "model").unlink()
    assert "--model ./folder" in run("replay", "x.png").err
    assert run("replay", "x.png", "--model", zoo_folder / "raw").out == "identical\n"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 99}, "pip install --upgrade mmgen-core"),
        ({"indices": []}, "damaged"),
        ({"indices": ["a"]}, "damaged"),
        ({"conditions": {"label": "dog"}}, "damaged"),
        ({"options": {"progress": 1}}, "unknown option 'progress'"),
        ({"options": {"contrast": 9}}, "must be 0 to 1"),
        ({"layout": {"columns": "a"}}, "damaged"),
        ({"layout": {"columns": 2.5}}, "damaged"),
        ({"layout": {"animate": 2}}, "damaged"),
        ({"operation": "walk"}, "damaged"),
        ({"operation": "walk", "steps": "x", "to_seed": 1, "stations": {}}, "damaged"),
        ({"operation": "walk", "steps": 3, "to_seed": 1, "stations": {"label": "dog"}}, "damaged"),
        ({"model": {}}, "give it with --model"),
        ({"dtype": "int8"}, "dtype must be one of"),
        ({"operation": "explode"}, "damaged"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_refused_in_words(
    run: Run, changes: dict[str, Any], words: str
) -> None:
    run("run", "tiny-pets", "-o", "x.png")
    change("x.png", **changes)
    result = run("replay", "x.png")
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_a_file_without_a_recipe_is_refused(run: Run) -> None:
    Image.new("L", (8, 8)).save("plain.png")
    Path("words.png").write_text("words")
    assert "holds no recipe" in run("replay", "plain.png").err
    assert "is not a picture" in run("replay", "words.png").err
    assert run("replay", "nowhere.png").code == 2


def test_damaged_weights_are_an_error(run: Run) -> None:
    run("run", "tiny-pets", "--label", "dog", "--set", "weights=2", "-o", "x.png")
    change("x.png", weights={"label": "much"})
    assert "its recipe is damaged" in run("replay", "x.png").err


@pytest.mark.parametrize("name", ["way.png", "way.webp"])
def test_what_moves_is_made_again_frame_by_frame(run: Run, name: str) -> None:
    way = ("--label", "dog", "--label", "cat", "--walk", "--seed", 1, "--to-seed", 2)
    run("run", "tiny-pets", *way, "-n", 6, "--animate", "-o", name)
    with Image.open(name) as moving:
        assert moving.n_frames == 6
        assert moving.size == (8, 8)
    kind = Path(name).suffix
    result = run("replay", name, "-o", f"again{kind}")
    assert result.out == f"identical\nagain{kind}\n"
    assert run("replay", f"again{kind}").out == "identical\n"

    recipe = read_recipe(Path(name))
    with Image.open(name) as moving:
        frames = np.stack(
            [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(moving)]
        )
    frames[3] ^= 4
    write_picture(Path(name), frames, recipe, kind=kind[1:], force=True, speed=8)
    assert "at most by 4 of 255" in run("replay", name).out
    write_picture(Path(name), frames[:4], recipe, kind=kind[1:], force=True, speed=8)
    assert "has 4 frames of 8×8 pixels, its recipe makes 6 frames" in run("replay", name).err
