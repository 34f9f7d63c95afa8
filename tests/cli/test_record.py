"""`mmgen evaluate --record`: figures go into the model, and from there into its card."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]

FAST = ("--set", "steps=4", "--set", "batch_size=4", "--set", "sample_every=0")


@pytest.fixture
def pictures(zoo: Path) -> Path:
    """Twelve pictures to learn from and twelve to test with."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        (zoo / "pictures" / split).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (12, 12), dtype=np.uint8)
            Image.fromarray(pixels).save(zoo / "pictures" / split / f"{number}.png")
    return zoo / "pictures"


def test_figures_are_recorded_in_the_model_of_a_run(pictures: Path, run: Run) -> None:
    done = run("train", "tiny-net", "--data", pictures, *FAST, "--set", "model.size=12", "-o", "a")
    assert done.code == 0, done.err
    before = json.loads(Path("a/model/training.json").read_text())
    words = ["evaluate", "a", "--data", pictures, "--metric", "reconstruction"]
    assert run(*words).code == 0
    assert json.loads(Path("a/model/training.json").read_text()) == before
    result = run(*words, "--record", "--json")
    assert result.code == 0, result.err
    assert "recorded in a/model/training.json" in result.err.replace("./", "")
    after = json.loads(Path("a/model/training.json").read_text())
    facts = json.loads(result.out)
    for figure in facts["results"]:  # what is published has no paths
        figure["protocol"]["model"]["name"] = "a"
    assert after == before | {"measurements": facts["results"]}
    assert [item["name"] for item in facts["results"]] == ["mse", "psnr", "ssim"]
    told = json.loads(run("info", "./a", "--json").out)["figures"]
    assert {"mse", "psnr", "ssim"} <= {figure["name"] for figure in told}


def test_a_model_of_a_package_has_no_record(run: Run, pictures: Path) -> None:
    words = ["--data", pictures, "--metric", "reconstruction", "--record"]
    result = run("evaluate", "tiny-pets", *words)
    assert (result.code, result.out) == (1, "")
    assert "--record writes into a model's own folder; 'tiny-pets' is a model of" in result.err
    assert "keep the figures with -o" in result.err


def test_what_was_measured_is_told_whatever_comes_after(pictures: Path, run: Run) -> None:
    done = run("train", "tiny-net", "--data", pictures, *FAST, "--set", "model.size=12", "-o", "a")
    assert done.code == 0, done.err
    words = ["evaluate", "a", "--data", pictures, "--metric", "reconstruction"]
    refused = run(*words, "--metric", "nll")
    assert refused.code == 1
    assert "nll needs a model" in refused.err
    assert refused.out.startswith("mse ")
    kept = run(*words, "--metric", "nll", "--record", "--json", "-o", "figures.json")
    assert kept.code == 1
    facts = json.loads(Path("figures.json").read_text())
    assert json.loads(kept.out) == facts
    assert [item["name"] for item in facts["results"]] == ["mse", "psnr", "ssim"]
    assert facts["not_measured"] == ["nll"]
    assert "measurements" in json.loads(Path("a/model/training.json").read_text())
    Path("file").write_text("")
    lost = run(*words, "--metric", "nll", "--pictures", "file/x", "--record")
    assert lost.code == 1
    assert "nll needs a model" in lost.err  # why there are fewer figures
    assert "file/x" in lost.err  # and what else went wrong
    assert "recorded in" in lost.err
    assert "mse" in lost.out
    for more in ((), ("--json",)):
        unwritten = run(*words, "--record", "--pictures", "file/x", *more)
        assert unwritten.code == 1
        assert "mse" in unwritten.out
        assert "recorded in" in unwritten.err


def test_samples_are_measured_and_what_is_needed_is_named(pictures: Path, run: Run) -> None:
    words = ["evaluate", "tiny-pets", "--data", pictures, "--metric", "fid"]
    missing = run(*words)
    assert (missing.code, missing.out) == (1, "")
    assert "option 'extractor' is required" in missing.err
    nothing = run(*words, "--set", "extractor=tiny-pets", "--set", "data.size=8")
    assert nothing.code == 1
    assert "'tiny-pets' does not: take a classifier or an encoder of pictures" in nothing.err
