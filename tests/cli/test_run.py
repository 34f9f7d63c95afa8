"""`mmgen run`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgen.media.files import read_recipe

Run = Callable[..., Any]


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


@pytest.fixture
def picture(zoo: Path) -> Path:
    path = zoo / "picture.png"
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).save(path)
    return path


def test_a_file_gets_a_grid_and_its_name_is_printed(run: Run) -> None:
    result = run("run", "tiny-pets", "-n", 4, "--seed", 1, "-o", "x.png")
    assert (result.code, result.out) == (0, "x.png\n"), result.err
    assert pixels("x.png").shape == (8 + 2 + 8, 8 + 2 + 8)


def test_a_folder_gets_one_numbered_file_a_picture(run: Run) -> None:
    result = run("run", "tiny-pets", "-n", 3, "-o", "new/folder", "--format", "webp")
    assert result.out.split() == [f"new/folder/000{n}.webp" for n in range(3)]
    assert pixels("new/folder/0002.webp").shape == (8, 8, 3)


def test_without_output_a_free_name_is_picked(run: Run) -> None:
    assert run("run", "tiny-pets").out == "tiny-pets-1.png\n"
    assert run("run", "tiny-pets").out == "tiny-pets-2.png\n"


def test_messages_go_to_stderr_and_the_seed_is_said(run: Run) -> None:
    result = run("run", "tiny-pets", "-o", "x.png")
    assert result.err.strip() == f"seed {read_recipe(Path('x.png'))['seed']}"


def test_one_value_serves_all_pictures(run: Run) -> None:
    run("run", "tiny-pets", "--label", "dog", "-n", 3, "-o", "x.png")
    recipe = read_recipe(Path("x.png"))
    assert (recipe["conditions"]["label"], recipe["indices"]) == (["dog"], [0, 1, 2])


def test_k_values_give_k_pictures(run: Run) -> None:
    run("run", "tiny-pets", "--label", "dog", "--label", "cat", "-o", "x.png")
    assert read_recipe(Path("x.png"))["conditions"]["label"] == ["dog", "cat"]


def test_k_values_with_n_give_n_of_each(run: Run) -> None:
    run("run", "tiny-pets", "--label", "dog", "--label", "cat", "-n", 2, "-o", "x.png")
    assert read_recipe(Path("x.png"))["conditions"]["label"] == ["dog", "dog", "cat", "cat"]


def test_any_slot_is_given_by_name(run: Run) -> None:
    run("run", "tiny-pets", "--input", "label=bird", "-o", "x.png")
    assert read_recipe(Path("x.png"))["conditions"]["label"] == ["bird"]


def test_options_reach_the_model(run: Run) -> None:
    run("run", "tiny-pets", "--set", "texture=flat", "--set", "contrast=0.25", "-o", "x.png")
    assert read_recipe(Path("x.png"))["options"] == {"texture": "flat", "contrast": 0.25}
    assert len(np.unique(pixels("x.png"))) == 1


def test_a_folder_is_a_model_and_a_run_too(zoo: Path, zoo_folder: Path, run: Run) -> None:
    assert run("run", zoo_folder / "raw", "--label", "cat", "-o", "x.png").code == 0
    (zoo / "training").mkdir()
    (zoo / "training" / "model").symlink_to(zoo_folder / "raw")
    assert run("run", "./training").out == "training-1.png\n"


def test_json_prints_files_and_recipe(run: Run) -> None:
    result = json.loads(run("run", "tiny-pets", "-o", "x.png", "--seed", 5, "--json").out)
    assert (result["files"], result["recipe"]["seed"]) == (["x.png"], 5)


def test_reconstruct_shows_what_the_model_makes_of_a_picture(picture: Path, run: Run) -> None:
    result = run("run", "tiny-pets", "--reconstruct", "--image", picture, "-o", "x.png")
    assert result.code == 0, result.err
    expected = pixels(picture)[:, ::-1]
    assert np.array_equal(pixels("x.png"), expected)


def test_reconstruct_works_in_batches(
    picture: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (8, 8), 90).save("grey.png")
    given = [word for name in (picture, "grey.png", picture) for word in ("--image", name)]
    labels = [word for name in ("cat", "dog", "bird") for word in ("--label", name)]
    arguments = ["run", "tiny-pets", "--reconstruct", *given, *labels]
    assert run(*arguments, "-o", "whole").code == 0
    from tiny_networks import Tiny

    seen = []
    reconstruct = Tiny.reconstruct
    monkeypatch.setattr(
        Tiny,
        "reconstruct",
        lambda self, images, label: (
            seen.append((len(images), label.tolist())),
            reconstruct(self, images, label=label),
        )[1],
    )
    assert run(*arguments, "--batch-size", 2, "-o", "parts").code == 0
    assert seen == [(2, [0, 1]), (1, [2])]
    assert read_recipe(Path("parts/0000.png"))["batch_size"] == 2
    for name in ("0000.png", "0001.png", "0002.png"):
        assert np.array_equal(pixels(f"whole/{name}"), pixels(f"parts/{name}"))


def test_interpolate_goes_from_one_picture_to_another(picture: Path, run: Run) -> None:
    Image.new("L", (8, 8), 0).save("black.png")
    result = run("run", "tiny-pets", "--interpolate", picture, "black.png", "-n", 3, "-o", "way")
    assert len(result.out.split()) == 3, result.err
    first, last = (pixels(f"way/000{n}.png") for n in (0, 2))
    assert np.array_equal(first, pixels(picture))
    assert last.max() == 0


def test_a_walk_goes_through_all_values_of_an_input(run: Run) -> None:
    asked = ("run", "tiny-pets", "--label", "dog", "--label", "cat", "--seed", 4)
    result = run(*asked, "--walk", "-n", 3, "--to-seed", 5, "-o", "way")
    assert (len(result.out.split()), result.err) == (3, "seed 4\n")
    for number, (label, seed) in {0: ("dog", 4), 2: ("cat", 5)}.items():
        run("run", "tiny-pets", "--label", label, "--seed", seed, "-o", "end.png", "--force")
        assert np.array_equal(pixels(f"way/000{number}.png"), pixels("end.png"))
    assert run("replay", "way/0001.png").out == "identical\n"
    run(*asked, "--walk", "-o", "sheet.png")
    assert pixels("sheet.png").shape == (8 * 2 + 2, 8 * 4 + 3 * 2)  # 8 unless told


def test_known_pixels_are_kept(picture: Path, run: Run) -> None:
    mask = np.zeros((8, 8), dtype=np.uint8)
    mask[:4] = 255
    Image.fromarray(mask).save("mask.png")
    run("run", "tiny-pets", "--image", picture, "--mask", "mask.png", "-o", "x.png")
    made, known = pixels("x.png"), pixels(picture)
    assert np.array_equal(made[4:], known[4:])
    assert not np.array_equal(made[:4], known[:4])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tiny-pest"], 1, "did you mean 'tiny-pets'?"),
        (["./nowhere"], 1, "does not exist"),
        (["tiny-pets", "-n", "0"], 2, "x>=1"),
        (["tiny-pets", "--seed", "-1"], 2, "--seed"),
        (["tiny-pets", "--label", "bat"], 1, "did you mean 'cat'?"),
        (["tiny-pets", "--label", "3"], 1, "unknown label '3'"),
        (
            ["tiny-pets", "--text", "a cat"],
            1,
            "does not answer 'text'; it takes label, image, mask",
        ),
        (["tiny-pets", "--input", "lable=cat"], 1, "did you mean 'label'?"),
        (["tiny-pets", "--input", "label"], 2, "--input takes NAME=VALUE"),
        (["tiny-pets", "--set", "contrast"], 2, "--set takes NAME=VALUE"),
        (["tiny-pets", "--set", "contrast=2"], 1, "must be 0 to 1"),
        (["tiny-pets", "--set", "contrats=1"], 1, "did you mean 'contrast'?"),
        (["tiny-pets", "--image", "nowhere.png"], 1, "'nowhere.png' does not exist"),
        (["tiny-pets", "--image", "words.png"], 1, "is not a picture"),
        (
            ["tiny-pets", "--image", "wide.png"],
            1,
            "must have the shape of the model's pictures, 8×8",
        ),
        (["tiny-pets", "--interpolate", "wide.png", "wide.png"], 1, "got 16×8: crop it first"),
        (["tiny-pets", "--mask", "picture.png"], 1, "give 'image' with it"),
        (["tiny-pets", "-o", "x.jpg"], 1, ".png or .webp"),
        (["tiny-pets", "-o", "picture.png"], 1, "exists; choose another name, or --force"),
        (["tiny-pets", "-o", "nowhere/x.png"], 1, "does not exist"),
        (["tiny-pets", "-o", "x.png", "--format", "webp"], 2, "do not agree"),
        (["tiny-pets", "--reconstruct"], 2, "--reconstruct needs --image"),
        (["tiny-pets", "--interpolate", "picture.png", "nowhere.png"], 1, "does not exist"),
        (
            ["tiny-pets", "--interpolate", "picture.png", "picture.png", "--batch-size", "2"],
            2,
            "--interpolate takes no --batch-size",
        ),
        (["tiny-pets", "--walk"], 2, "--walk needs somewhere to go"),
        (["tiny-pets", "--walk", "--label", "dog", "--label", "dog"], 2, "somewhere to go"),
        (["tiny-pets", "--walk", "--seed", "5", "--to-seed", "5"], 2, "another --to-seed"),
        (["tiny-pets", "--walk", "--to-seed", "1", "-n", "1"], 2, "at least 2 pictures"),
        (["tiny-pets", "--to-seed", "1"], 2, "give --walk too"),
        (["tiny-pets", "--walk", "--reconstruct"], 2, "do not go together"),
        (["tiny-pets", "--animate", "-o", "folder"], 2, "--animate writes one file"),
        (["tiny-pets", "--lable", "cat"], 2, "--label"),
        (["nobody/nothing", "-o", "picture.png"], 1, "exists"),
    ],
)
def test_what_cannot_be_done_is_said_before_torch_is_imported(
    picture: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    Path("words.png").write_text("not a picture")
    Image.new("L", (16, 8)).save("wide.png")
    # The module that imports torch cannot be had: what gets that far fails otherwise.
    monkeypatch.setitem(__import__("sys").modules, "mmgen.cli.operations", None)
    before = sorted(Path().iterdir())
    result = run("run", *arguments)
    assert (result.code, result.out) == (code, "")
    assert words in result.err
    assert code == 2 or len(result.err.splitlines()) == 1
    assert sorted(Path().iterdir()) == before


def test_a_picture_that_is_resized_is_noted(run: Run) -> None:
    Image.new("L", (16, 16)).save("large.png")
    result = run("run", "tiny-pets", "--image", "large.png", "-o", "x.png")
    assert result.code == 0
    assert "large.png: 'image' is resized from 16×16 to 8×8" in result.err


def test_pictures_in_a_folder_are_not_overwritten_without_force(run: Run) -> None:
    Path("out").mkdir()
    Path("out/0001.png").write_text("mine")
    result = run("run", "tiny-pets", "-n", 2, "-o", "out")
    assert result.code == 1
    assert Path("out/0001.png").read_text() == "mine"
    assert run("run", "tiny-pets", "-n", 2, "-o", "out", "--force").code == 0


def test_a_folder_that_cannot_be_written_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "is not writable" in run("run", "tiny-pets", "-o", "x.png").err
    assert "is not writable" in run("run", "tiny-pets", "-o", "new/folder").err


def test_a_missing_plugin_is_named_with_its_command(run: Run, index: Callable[[str], None]) -> None:
    index("mmgen-plugin-gan")
    result = run("run", "gan-faces")
    assert (result.code, result.out) == (1, "")
    assert "pip install mmgen-plugin-gan" in result.err


def test_yes_installs_the_missing_plugin(
    run: Run, index: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    index("mmgen-plugin-gan")
    installed: list[str] = []
    monkeypatch.setattr("mmgen.cli.installer._run", lambda arguments: installed.extend(arguments))
    result = run("run", "gan-faces", "--yes")
    assert installed == ["install", "mmgen-plugin-gan"]
    assert result.code == 1  # nothing was really installed


def test_conditions_are_weighted_by_one_number_or_by_name(run: Run) -> None:
    for weights in ("weights=2", "weights=label:2"):
        result = run("run", "tiny-pets", "--label", "dog", "--set", weights, "--seed", 1,
                     "-o", "x.png", "--force")  # fmt: skip
        assert result.code == 0, result.err
        assert read_recipe(Path("x.png"))["weights"] == {"label": 2.0}
    run("run", "tiny-pets", "--label", "dog", "--seed", 1, "-o", "plain.png")
    assert not np.array_equal(pixels("x.png"), pixels("plain.png"))
    assert run("replay", "x.png").out == "identical\n"


def test_a_way_and_what_a_model_sees_take_weights_of_conditions(picture: Path, run: Run) -> None:
    Image.new("L", (8, 8), 100).save("grey.png")
    for mode in (("--interpolate", "grey.png", "grey.png"), ("--reconstruct", "--image", picture)):
        made = {}
        for name, weights in (("plain", ()), ("one", (1,)), ("more", (9,)), ("none", (0,))):
            asked = [word for weight in weights for word in ("--set", f"weights=label:{weight}")]
            result = run("run", "tiny-pets", *mode, "--label", "dog", *asked, "-o", f"{name}.png",
                         "--force")  # fmt: skip
            assert result.code == 0, result.err
            made[name] = pixels(f"{name}.png")
        run("run", "tiny-pets", *mode, "-o", "unasked.png", "--force")
        assert np.array_equal(made["one"], made["plain"])
        assert not np.array_equal(made["more"], made["plain"])
        assert np.array_equal(made["none"], pixels("unasked.png"))
        assert read_recipe(Path("more.png"))["weights"] == {"label": 9.0}
        assert "weights" not in read_recipe(Path("plain.png"))
        assert run("replay", "more.png").out == "identical\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--interpolate", "p.png", "p.png", "--set", "contrast=0.5"), "of --set weights alone"),
        (("--interpolate", "p.png", "p.png", "--seed", "1"), "takes no --seed"),
        (("--reconstruct", "--image", "p.png", "--set", "weights=2"), "none is given; give one of"),
        (("--interpolate", "p.png", "p.png", "--label", "dog", "--set", "weights=lable:2"),
         "did you mean 'label'"),
    ],
)  # fmt: skip
def test_what_a_way_and_a_reconstruction_do_not_take_is_refused(
    run: Run, arguments: Any, words: str
) -> None:
    Image.new("L", (8, 8), 90).save("p.png")
    result = run("run", "tiny-pets", *arguments, "-o", "x.png")
    assert result.code in (1, 2)
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--label", "dog", "--set", "weights=lots"), "weights are a number"),
        (("--label", "dog", "--set", "weights=lable:2"), "did you mean 'label'"),
        (("--label", "dog", "--set", "weights=image:2"), "no weight of 'image'"),
        (("--set", "weights=2"), "none is given; give one of label"),
        (("--set", "weights=label:2"), "'label' has a weight and is not given"),
    ],
)
def test_weights_that_cannot_be_are_refused(run: Run, arguments: Any, words: str) -> None:
    result = run("run", "tiny-pets", *arguments, "-o", "x.png")
    assert result.code == 1
    assert words in result.err
