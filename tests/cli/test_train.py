"""`mmgen train`, `mmgen data check` and `mmgen evaluate`: the road from pictures to figures."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgen.errors import OptionError
from mmgen.plugins import manager

Run = Callable[..., Any]
FAST = ["--set", "steps=2", "--set", "batch_size=4", "--set", "tensorboard=no"]


@pytest.fixture
def pictures(zoo: Path) -> Path:
    """A data set: 12 grey pictures each for training and test."""
    for split in ("train", "test"):
        (zoo / "pictures" / split).mkdir(parents=True)
        for number in range(12):
            pixels = np.random.default_rng([number, len(split)]).integers(0, 256, (8, 8))
            path = zoo / "pictures" / split / f"{number}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(path)
    return zoo / "pictures"


def test_a_run_gives_a_model_that_runs(pictures: Path, run: Run) -> None:
    Path("fast.toml").write_text("[training]\nsteps = 2\nbatch_size = 4\ntensorboard = false\n")
    result = run("train", "tiny", "--data", pictures, "--config", "fast.toml", "-o", "runs/a")
    assert (result.code, result.out) == (0, "runs/a/model\n"), result.err
    assert "2 steps; error " in result.err
    assert run("run", "./runs/a", "-o", "x.png").code == 0


def test_settings_win_over_the_file_and_a_run_is_resumed(pictures: Path, run: Run) -> None:
    Path("long.toml").write_text("[training]\nsteps = 100000\n")
    words = ["train", "tiny-net", "--data", pictures, "--config", "long.toml", *FAST, "-o", "a"]
    assert run(*words).code == 0
    again = run(*words)
    assert again.code == 1
    assert "already holds a run" in again.err
    more = run(*words, "--set", "training.steps=4", "--resume")
    assert "4 steps" in more.err, more.err


def test_training_starts_from_a_model(pictures: Path, zoo_folder: Path, run: Run) -> None:
    words = ["train", "tiny-net", "--data", pictures, *FAST]
    assert run(*words, "-o", "a").code == 0
    assert run(*words, "-o", "b", "--from", "./a").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tinny-net"], 1, "did you mean 'tiny-net'?"),
        (["label-embedding"], 1, "has no trainer"),
        (["tiny", "--set", "step=5"], 1, "unknown setting 'step'; did you mean 'steps'"),
        (["tiny", "--set", "steps"], 2, "NAME=VALUE"),
        (["tiny", "--set", "steps=0"], 1, "must be at least 1"),
        (["tiny", "--set", "model.sise=3"], 1, "did you mean 'size'?"),
        (["tiny", "--config", "nowhere.toml"], 2, "does not exist"),
        (["tiny", "--config", "odd.toml"], 1, "unknown table [trainning]"),
        (["gan"], 1, "pip install mmgen-plugin-gan"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_read(
    run: Run,
    index: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    index("mmgen-plugin-gan")
    Path("odd.toml").write_text("[trainning]\nsteps = 1\n")
    monkeypatch.delattr("mmgen.training.train", raising=False)
    monkeypatch.setitem(sys.modules, "mmgen.training.run", None)
    result = run("train", *arguments, "--data", "nowhere", "-o", "a")
    assert (result.code, result.out) == (code, "")
    assert words in result.err


def test_a_data_set_is_looked_at(pictures: Path, run: Run) -> None:
    result = run("data", "check", pictures)
    assert result.code == 0, result.err
    facts = json.loads(run("data", "check", pictures, "--json").out)
    assert [split["num_pictures"] for split in facts["splits"]] == [12, 12]


def test_a_broken_picture_is_named_and_counts_as_a_failure(pictures: Path, run: Run) -> None:
    (pictures / "train" / "3.png").write_bytes(b"nothing")
    result = run("data", "check", pictures)
    assert result.code == 1
    assert "3.png" in result.out


def test_no_data_is_an_error(run: Run) -> None:
    result = run("data", "check", "./nowhere")
    assert (result.code, result.out) == (1, "")


def test_a_model_is_measured(pictures: Path, run: Run) -> None:
    words = ["evaluate", "tiny-pets", "--data", pictures, "--metric", "reconstruction"]
    text = run(*words)
    assert text.code == 0, text.err
    assert "N = 12" in text.out
    facts = json.loads(run(*words, "--json", "--set", "num_images=5", "-o", "f.json").out)
    assert {result["num_images"] for result in facts["results"]} == {5}
    assert json.loads(Path("f.json").read_text()) == facts
    assert "f.json exists" in run(*words, "-o", "f.json").err


@pytest.mark.parametrize("limit", ["512", "0"])
def test_a_broken_picture_is_left_out_with_a_word(pictures: Path, run: Run, limit: str) -> None:
    for split in ("train", "test"):
        path = pictures / split / "3.png"
        path.write_bytes(path.read_bytes()[:80])
    lazy = ["--set", f"data.in_memory_limit_mb={limit}"]
    words = ["--data", pictures, *lazy]
    trained = run("train", "tiny-net", *words, *FAST, "--set", "steps=6", "-o", "a")
    assert "1 broken picture was left out of train: " in trained.err, trained.err
    assert "3.png" in trained.err
    measured = run("evaluate", "a", *words, "--metric", "reconstruction")
    assert "1 broken picture was left out of test: " in measured.err, measured.err
    stopped = run("train", "tiny-net", *words, "--set", "on_broken=stop", *FAST, "-o", "b")
    assert (stopped.code, stopped.out) == (1, "")
    assert "3.png" in stopped.err


def test_a_run_is_measured_by_its_name(pictures: Path, run: Run) -> None:
    run("train", "tiny-net", "--data", pictures, *FAST, "-o", "a")
    words = ["--data", pictures, "--metric", "reconstruction", "--split", "train"]
    assert run("evaluate", "a", *words).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny-pets", "--metric", "nnl"], "did you mean 'nll'?"),
        (["tiny-pest", "--metric", "nll"], "did you mean 'tiny-pets'?"),
        (["tiny-pets", "--metric", "nll", "--set", "num_sample=1"], "did you mean"),
        (["tiny-pets", "--metric", "nll", "--set", "num_samples=0"], "must be at least 1"),
        (["tiny-pets", "--metric", "nll", "--set", "data.channels=2"], "must be one of 1, 3, 4"),
    ],
)
def test_what_cannot_be_measured_is_said_before_torch_is_imported(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setitem(sys.modules, "mmgen.cli.operations", None)
    result = run("evaluate", *arguments, "--data", "nowhere")
    assert (result.code, result.out) == (1, "")
    assert words in result.err


def test_settings_go_to_all_that_have_them() -> None:
    from mmgen.cli.evaluate import sort_settings

    metrics = [manager().metric("nll"), manager().metric("reconstruction")]
    pairs = [("num_images", "7"), ("nll.seed", "3"), ("size", "32"), ("data.channels", "1")]
    data, rest = sort_settings(pairs, metrics)
    assert data == {"size": "32", "channels": "1"}
    assert rest == {
        "nll": {"num_images": "7", "seed": "3"},
        "reconstruction": {"num_images": "7"},
    }
    with pytest.raises(OptionError, match=r"nll\.num_samples"):
        sort_settings([("nll.channels", "1")], metrics)
