"""`mmgen run` of an encoder of several modalities."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import meeting
import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.interfaces import Conditioner
from mmgen.pretrained import build
from mmgen.testing import stand_in, temporary_plugin

Run = Callable[..., Any]


@pytest.fixture
def model(zoo: Path) -> Iterator[Any]:
    """A saved model of pictures, texts and labels, "./together", and two pictures."""
    with temporary_plugin(stand_in, "contract"), temporary_plugin(meeting.plugin(), "meeting"):
        torch.manual_seed(0)
        encoders = {
            "image": build("contract-pixels", {}),
            "text": build("contract-words", {}),
            "label": build("label-embedding", {"classes": ["cat", "dog"]}),
        }
        conditioner = Conditioner(encoders, width=5)  # type: ignore[arg-type]
        made = build("meeting", {}, conditioner=conditioner).eval()
        made.save("together")
        Image.new("RGB", (8, 8), (200, 10, 10)).save("red.png")
        Image.linear_gradient("L").convert("RGB").resize((12, 9)).save("grey.png")
        yield made


PICTURES = ("--image", "red.png", "--image", "grey.png")


def test_two_kinds_of_input_give_a_table_of_cosines(model: Any, run: Run) -> None:
    done = run("run", "./together", *PICTURES, "--text", "a fox", "--text", "two", "--text", "x")
    assert done.code == 0, done.err
    head, *rows = [line.split("\t") for line in done.out.splitlines()]
    names = [head[1:], [row[0] for row in rows]]
    assert sorted(map(sorted, names)) == [["a fox", "two", "x"], ["grey.png", "red.png"]]
    found = model.embed(image=["red.png", "grey.png"], text=["a fox", "two", "x"])
    cosines = np.array([[float(value) for value in row[1:]] for row in rows])
    expected = (found["text"] @ found["image"].T).numpy()
    np.testing.assert_allclose(cosines, expected, atol=6e-5)


def test_vectors_and_cosines_are_saved(model: Any, run: Run) -> None:
    given = (*PICTURES, "--text", "a fox", "--label", "dog")
    done = run("run", "./together", *given, "-o", "x.npz", "--batch-size", 1)
    assert done.out.strip() == "x.npz"
    with np.load("x.npz") as file:
        assert file["image"].shape == (2, 5)
        assert file["image_inputs"].tolist() == ["red.png", "grey.png"]
        np.testing.assert_allclose(np.linalg.norm(file["image"], axis=1), 1, rtol=1e-5)
        tables = {name for name in file if name.startswith("similarity_")}
        assert tables == {
            "similarity_label_text",
            "similarity_label_image",
            "similarity_text_image",
        }
        np.testing.assert_allclose(
            file["similarity_text_image"], file["text"] @ file["image"].T, rtol=1e-5
        )


def test_one_kind_of_input_gives_its_vectors(model: Any, run: Run) -> None:
    done = run("run", "./together", "--text", "a fox")
    name, vector = done.out.strip().split("\t")
    assert name == "a fox"
    found = [float(value) for value in vector.split()]
    np.testing.assert_allclose(found, model.embed(text="a fox")["text"][0], rtol=1e-4)


def test_json_says_all_of_it(model: Any, run: Run) -> None:
    facts = json.loads(run("run", "./together", *PICTURES, "--text", "a fox", "--json").out)
    assert [fact["slot"] for fact in facts["embeddings"]] == ["text", "image", "image"]
    (table,) = facts["similarities"]
    assert table["slots"] == ["text", "image"]
    assert np.array(table["cosines"]).shape == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "it embeds image, text, label"),
        (["--audio", "x.wav"], "it embeds image, text, label"),
        (["--label", "bird"], "unknown label 'bird'"),
        (["--text", "x", "-n", "2"], "is an encoder: it takes no -n"),
    ],
)
def test_what_it_does_not_take_is_refused(
    model: Any, run: Run, arguments: list[str], words: str
) -> None:
    done = run("run", "./together", *arguments)
    assert done.code in (1, 2)
    assert words in done.err
