"""`mmgen run` of an encoder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmgen.pretrained import build_encoder, from_pretrained

Run = Callable[..., Any]


@pytest.fixture
def names(zoo: Path) -> str:
    """A saved encoder of labels."""
    torch.manual_seed(0)
    encoder = build_encoder("label-embedding", {"classes": ["cat", "dog"], "width": 3}, None)
    encoder.save("names")
    return "./names"


def test_embeddings_are_printed_a_line_for_each_input(names: str, run: Run) -> None:
    done = run("run", names, "--label", "dog", "--label", "cat")
    assert done.code == 0, done.err
    weights = from_pretrained("./names").vectors.weight  # type: ignore[union-attr,operator]
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert [name for name, _ in lines] == ["dog", "cat"]
    found = np.array([[float(value) for value in values.split()] for _, values in lines])
    np.testing.assert_allclose(found, weights[[1, 0]].detach(), rtol=1e-5)


def test_embeddings_are_saved(names: str, run: Run) -> None:
    labels = [item for number in range(130) for item in ("--label", "dog" if number % 3 else "cat")]
    done = run("run", names, *labels, "-o", "labels.npz", "--batch-size", 50)
    assert done.out.strip() == "labels.npz"
    with np.load("labels.npz") as file:
        assert set(file) == {"inputs", "pooled", "tokens", "token_mask"}
        assert file["inputs"].tolist() == [labels[2 * number + 1] for number in range(130)]
        assert file["pooled"].shape == (130, 3)
        assert file["pooled"].dtype == np.float32
        assert file["tokens"].shape == (130, 1, 3)
        assert file["token_mask"].all()
        assert len(np.unique(file["pooled"], axis=0)) == 2


def test_json_says_all(names: str, run: Run) -> None:
    (fact,) = json.loads(run("run", names, "--label", "cat", "--json").out)["embeddings"]
    assert fact["input"] == "cat"
    assert len(fact["pooled"]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "takes label alone (--label …); got nothing"),
        (["--text", "a cat"], "got text"),
        (["--label", "bird"], "unknown label 'bird'"),
        (["--label", "cat", "-n", "2"], "is an encoder: it takes no -n"),
        (["--label", "cat", "--seed", "0"], "it takes no --seed"),
        (["--label", "cat", "--set", "a=1", "--reconstruct"], "no --set and no --reconstruct"),
        (["--label", "cat", "-o", "x.png"], "an encoder's output is a .npz file; got 'x.png'"),
    ],
)
def test_what_an_encoder_does_not_take_is_refused(
    names: str, run: Run, arguments: list[str], words: str
) -> None:
    done = run("run", names, *arguments)
    assert done.code in (1, 2)
    assert words in done.err
    assert done.out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["names"]


def test_nothing_is_overwritten_without_force(names: str, run: Run) -> None:
    Path("x.npz").write_text("mine")
    assert "x.npz exists" in run("run", names, "--label", "cat", "-o", "x.npz").err
    assert Path("x.npz").read_text() == "mine"
    assert run("run", names, "--label", "cat", "-o", "x.npz", "--force").code == 0
    with np.load("x.npz") as file:
        assert len(file["pooled"]) == 1


def test_a_generator_makes_no_embeddings(run: Run) -> None:
    done = run("run", "tiny-pets", "-o", "x.npz")
    assert done.code != 0
    assert not Path("x.npz").exists()
