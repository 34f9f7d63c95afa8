"""The recipe holds all that is needed to make the pictures again."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import mmgen
from mmgen.interfaces import Origin
from mmgen.interfaces.recipe import media_hash
from mmgen.testing.tiny.network import TinyNet

Tiny = Callable[..., TinyNet]


def test_it_names_model_seed_options_and_versions(tiny_model: Tiny) -> None:
    model = tiny_model()
    model.origin = Origin(name="x", source="hub", revision="a" * 40, sha256={"c": "b"})
    found = model.generate(
        2, seed=np.int64(3), label=["cat", 1], text="words", temperature=0.5, batch_size=1
    ).recipe
    assert found["model"] == model.origin.to_dict()
    assert (found["family"], found["architecture"]) == ("tiny", "tiny-net")
    assert (found["seed"], found["indices"], found["batch_size"]) == (3, [0, 1], 1)
    assert found["conditions"] == {"label": ["cat", "dog"], "text": ["words"]}
    assert found["options"] == {"temperature": 0.5, "output": "mean"}
    assert (found["device"], found["dtype"], found["hooks"]) == ("cpu", "float32", [])
    assert found["versions"]["mmgen-core"] == mmgen.__version__
    assert found["versions"]["mmgen-plugin-tiny"] == "0"
    assert found["versions"]["torch"] == torch.__version__


def test_a_model_that_was_never_saved_says_so(tiny_model: Tiny) -> None:
    assert tiny_model().generate().recipe["model"] == {"name": "", "source": "memory"}


@pytest.mark.parametrize("indices", [np.array([2, 5]), torch.tensor([2, 5]), range(2, 8, 3)])
def test_it_is_plain_json_whatever_was_given(tiny_model: Tiny, indices: Any) -> None:
    found = tiny_model().generate(indices=indices, seed=np.uint32(7), batch_size=np.int32(2)).recipe
    assert json.loads(json.dumps(found)) == found
    assert found["indices"] == [2, 5]


def test_a_recipe_makes_the_same_pictures(tiny_model: Tiny) -> None:
    model = tiny_model()
    samples = model.generate(3, label=["cat", "dog", "10"], text="so", output="sample")
    for part in (samples, samples[1], samples[[2, 0]]):
        recipe = json.loads(json.dumps(part.recipe))
        again = model.generate(
            seed=recipe["seed"],
            indices=recipe["indices"],
            **recipe["conditions"],
            **recipe["options"],
        )
        torch.testing.assert_close(again.images, part.images)


def test_media_are_recorded_by_the_hash_of_their_bytes_and_by_name(
    tiny_model: Tiny, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 6), dtype=np.uint8)
    path = tmp_path / "cat.png"
    Image.fromarray(pixels).save(path)
    expected = sha256(pixels.tobytes()).hexdigest()
    model = tiny_model("tiny-inpainter")
    assert model.generate(image=path).recipe["conditions"]["image"] == [
        {"sha256": expected, "file": "cat.png"}
    ]
    several = model.generate(image=[path, pixels]).recipe["conditions"]["image"]
    assert several == [{"sha256": expected, "file": "cat.png"}, {"sha256": expected}]
    assert model.generate(image=pixels).recipe["conditions"]["image"] == [{"sha256": expected}]


def test_media_of_other_forms_are_hashed_as_they_are() -> None:
    sound = torch.rand(50)
    assert media_hash(sound) == sha256(sound.numpy().tobytes()).hexdigest()
    assert media_hash(sound) != media_hash(sound + 1e-6)
    film = torch.rand(2, 3, 4, 4)
    assert media_hash(film) == media_hash(film.clone())
