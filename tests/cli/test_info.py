"""`mmgen info`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_a_model_is_told_whole(run: Run) -> None:
    text = run("info", "tiny-pets").out
    for part in (
        "tiny-pets: pets in a few pixels",
        "tiny (architecture tiny-net, tiny-zoo)",
        "8×8 grey",
        "code: MIT, weights: MIT, data: none",
        "in tiny-zoo",
        "cat, dog, bird",
        "contrast  number  0.5      0 to 1",
        "one of 'noise', 'flat'",
        "1.5 nats",
        "a guess",
    ):
        assert part in text


def test_json_holds_options_files_and_figures(run: Run) -> None:
    facts = json.loads(run("info", "tiny-pets", "--json").out)
    assert (facts["type"], facts["name"]) == ("model", "tiny-pets")
    assert [item["name"] for item in facts["options"]] == ["contrast", "texture"]
    assert {file["path"] for file in facts["files"]} >= {"config.json", "model.safetensors"}
    assert facts["figures"][0]["protocol"] == "a guess"


def test_a_model_that_is_not_installed_is_told_too(run: Run, index: Callable[[str], None]) -> None:
    index("mmgen-plugin-gan")
    assert "pip install mmgen-plugin-gan" in run("info", "gan-faces").out
    assert "pip install mmgen-plugin-gan" in run("info", "gan").out


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("tiny", "family", ["very small pictures", "A. Nobody 2020", "tiny-net", "tiny-pets"]),
        ("tiny-net", "architecture", ["size", "4 to 64 px", "contrast", "weight", "tiny-pets"]),
        ("tiny", "plugin", ["tiny-zoo 1.0", "ok", "tiny-net"]),
        ("tiny-zoo", "plugin", ["tiny: tiny-zoo 1.0"]),
        ("nll", "metric", ["mmgen evaluate MODEL --data D --metric nll"]),
        ("label", "modality", ["semantic", "tiny-pets"]),
    ],
)
def test_other_things_with_a_name(run: Run, name: str, kind: str, words: list[str]) -> None:
    text = run("info", name, "--kind", kind).out
    for word in words:
        assert word in text
    assert json.loads(run("info", name, "--kind", kind, "--json").out)["type"] == kind


def test_a_name_of_several_things_says_so(run: Run) -> None:
    assert "mmgen info tiny --kind plugin" in run("info", "tiny").out


def test_a_folder_is_told_like_a_model_of_the_zoo(zoo_folder: Path, run: Run) -> None:
    Path("run").mkdir()
    shutil.copytree(zoo_folder / "raw", "run/model")
    training = {
        "data": {"name": "pets"},
        "steps": 7,
        "evaluation": {"figures": {"error": 0.5}, "num_pictures": 3},
    }
    Path("run/model/training.json").write_text(json.dumps(training))
    text = run("info", "./run").out
    for part in (
        "./run: one learned brightness",
        "ready",
        "8×8 grey",
        "in run/model",
        "trained on  pets",
        "cat, dog, bird",
        "contrast",
        "3 held-out pictures of pets, after 7 steps",
    ):
        assert part in text
    facts = json.loads(run("info", "./run/model", "--json").out)
    assert (facts["type"], facts["family"], facts["weights_present"]) == ("model", "tiny", True)


def test_a_folder_without_a_model_is_an_error(run: Run) -> None:
    Path("empty").mkdir()
    assert "there is no folder './nowhere'" in run("info", "./nowhere").err
    assert "empty/config.json does not exist" in run("info", "./empty").err
    assert "(a folder is named with a slash: ./empty)" in run("info", "empty").err


def test_an_unknown_name_is_an_error_with_the_nearest(run: Run) -> None:
    result = run("info", "tiny-nets")
    assert (result.code, result.out) == (1, "")
    assert "did you mean 'tiny-net'" in result.err


def test_the_weights_of_conditions_are_told(run: Run) -> None:
    text = run("info", "tiny-pets").out
    assert "Weights of inputs (--set weights=…)" in text
    assert "weights=label:W" in text
    assert json.loads(run("info", "tiny-pets", "--json").out)["weighted"] == ["label"]
