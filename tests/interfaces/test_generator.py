"""Every sentence of generate's docstring."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mmgen.errors import InputError, OptionError, UnsupportedConditionError
from mmgen.interfaces import Condition, Conditioner, Generator, Noise, Origin, Samples
from mmgen.slots import Size, Slot
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyConfig
from mmgen.testing.words import WordsEncoder

Tiny = Callable[..., TinyNet]


def images(model: Generator, *arguments: Any, **inputs: Any) -> Tensor:
    return model.generate(*arguments, **{"seed": 0, **inputs}).images


def test_it_returns_samples_with_float32_images_and_a_recipe(tiny_model: Tiny) -> None:
    samples = tiny_model().generate(5, seed=1)
    assert isinstance(samples, Samples)
    assert samples.images.shape == (5, 1, 8, 6)
    assert samples.images.dtype == torch.float32
    assert 0 <= samples.images.min() <= samples.images.max() <= 1
    assert json.loads(json.dumps(samples.recipe)) == samples.recipe


def test_pictures_have_no_gradient_and_are_ordinary_tensors(tiny_model: Tiny) -> None:
    found = images(tiny_model(), 2)
    assert not found.requires_grad
    assert found.square_().mean() > 0


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 1),
        ({"num_images": 3}, 3),
        ({"num_images": np.int64(3)}, 3),
        ({"label": ["cat", "dog"]}, 2),
        ({"label": "cat"}, 1),
        ({"label": ["cat"], "num_images": 3}, 3),
        ({"label": ["cat", "dog"], "text": "one for both"}, 2),
        ({"label": ["cat", "dog"], "text": ["a", "b"], "num_images": 2}, 2),
        ({"indices": [4, 5, 6]}, 3),
        ({"indices": np.arange(2), "num_images": 2}, 2),
        ({"indices": torch.tensor([3]), "label": "dog"}, 1),
        ({"indices": range(2), "label": ["cat", "dog"]}, 2),
    ],
)
def test_the_number_of_pictures_is_what_all_say(
    tiny_model: Tiny, arguments: dict[str, Any], count: int
) -> None:
    samples = tiny_model().generate(**arguments)
    assert len(samples) == count
    assert len(samples.recipe["indices"]) == count


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"num_images": 0}, "num_images must be at least 1; got 0"),
        ({"num_images": -2}, "num_images must be at least 1"),
        ({"num_images": 2.5}, "num_images takes whole numbers; got 2.5"),
        ({"num_images": "3"}, "num_images takes whole numbers"),
        ({"batch_size": 0}, "batch_size must be at least 1; got 0"),
        ({"batch_size": 1.5}, "batch_size takes whole numbers"),
        ({"seed": -1}, "seed must be 0 to"),
        ({"seed": 2**63}, "seed must be 0 to"),
        ({"seed": "lucky"}, "seed takes whole numbers"),
        ({"indices": []}, "at least one image"),
        ({"indices": [-1]}, "indices must be 0 to"),
        ({"indices": [0.5]}, "indices takes whole numbers"),
        ({"indices": [1, 2], "num_images": 3}, "num_images: 3, indices: 2"),
        ({"label": ["cat", "dog"], "num_images": 3}, "num_images: 3, label: 2"),
        ({"label": ["cat", "dog"], "text": ["a", "b", "c"]}, "label: 2, text: 3"),
        ({"label": []}, "empty list"),
        ({"label": "horse"}, "unknown label 'horse'; the 3 classes: cat, dog, 10"),
        ({"label": "dgo"}, "did you mean 'dog'"),
        ({"label": 3}, "unknown label 3"),
        ({"label": -1}, "unknown label -1"),
        ({"label": 1.0}, "unknown label 1.0"),
        ({"label": torch.zeros(2, 2, dtype=torch.int64)}, "one class or a row"),
        ({"text": ""}, "not empty"),
        ({"text": 5}, "takes text"),
    ],
)
def test_values_that_cannot_be_used_are_refused(
    tiny_model: Tiny, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        tiny_model().generate(**arguments)


@pytest.mark.parametrize(
    ("label", "number"), [("cat", 0), ("DOG", 1), (1, 1), ("1", 1), ("10", 2), (np.int64(2), 2)]
)
def test_a_class_is_given_by_name_or_number(tiny_model: Tiny, label: Any, number: int) -> None:
    samples = tiny_model().generate(label=label)
    assert samples.recipe["conditions"] == {"label": [("cat", "dog", "10")[number]]}


@pytest.mark.parametrize("labels", [[0, 2], (0, 2), np.array([0, 2]), torch.tensor([0, 2])])
def test_labels_come_in_any_usual_form(tiny_model: Tiny, labels: Any) -> None:
    assert torch.equal(
        images(tiny_model(), label=labels), images(tiny_model(), label=["cat", "10"])
    )


def test_an_image_depends_on_seed_index_and_its_own_conditions_alone(tiny_model: Tiny) -> None:
    model = tiny_model()
    labels = ["cat", "dog", "10", "cat", "dog"]
    whole = images(model, label=labels, batch_size=5)
    for size in (1, 2, 3):
        torch.testing.assert_close(images(model, label=labels, batch_size=size), whole)
    for index, label in enumerate(labels):
        torch.testing.assert_close(images(model, label=label, indices=[index])[0], whole[index])
    assert not torch.equal(images(model, label=labels, seed=1), whole)


def test_repeated_and_unordered_indices_are_allowed(tiny_model: Tiny) -> None:
    model = tiny_model()
    whole = images(model, 4)
    torch.testing.assert_close(images(model, indices=[3, 0, 3]), whole[[3, 0, 3]])


def test_without_a_seed_one_is_drawn_and_recorded(tiny_model: Tiny) -> None:
    model = tiny_model()
    one, two = model.generate(2), model.generate(2)
    assert one.recipe["seed"] != two.recipe["seed"]
    assert not torch.equal(one.images, two.images)
    assert torch.equal(model.generate(2, seed=one.recipe["seed"]).images, one.images)


def test_progress_is_told(tiny_model: Tiny) -> None:
    told: list[tuple[int, int]] = []
    tiny_model().generate(5, batch_size=2, progress=lambda *now: told.append(now))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_batch_size_is_picked_by_the_size_of_the_pictures(tiny_model: Tiny) -> None:
    assert tiny_model().generate(3).recipe["batch_size"] == 256
    large = tiny_model(height=256, width=256, channels=3, hidden=2)
    assert large.generate(3).recipe["batch_size"] == 4


def test_options_are_checked_and_recorded(tiny_model: Tiny) -> None:
    model = tiny_model()
    assert model.generate(temperature="0.5").recipe["options"] == {
        "temperature": 0.5,
        "output": "mean",
    }
    with pytest.raises(OptionError, match="'temperature' must be 0 to 2; got 3"):
        model.generate(temperature=3)
    with pytest.raises(OptionError) as caught:
        model.generate(temprature=1)
    assert "did you mean 'temperature'?" in str(caught.value)
    assert "output, temperature" in str(caught.value)


def test_a_misspelt_slot_is_recognised(tiny_model: Tiny) -> None:
    with pytest.raises(OptionError, match="did you mean 'label'"):
        tiny_model().generate(lable="cat")


def test_a_condition_that_the_model_does_not_answer_names_those_it_does(tiny_model: Tiny) -> None:
    with pytest.raises(UnsupportedConditionError) as caught:
        tiny_model().generate(image=torch.zeros(1, 8, 6))
    message = str(caught.value)
    assert "does not answer 'image'; it takes label, text" in message
    assert "Models that do:" in message
    unconditional = TinyNet(TinyConfig())
    with pytest.raises(UnsupportedConditionError, match="it takes no conditions"):
        unconditional.generate(label="cat")


def test_a_condition_that_is_none_is_not_given(tiny_model: Tiny) -> None:
    model = tiny_model()
    assert torch.equal(images(model, 2, label=None, image=None), images(model, 2))
    assert model.generate(label=None).recipe["conditions"] == {}


def test_a_required_slot_must_be_given() -> None:
    class Needy(TinyNet):
        spatial_slots = (Slot(name="image", modality="image", required=True),)

    with pytest.raises(UnsupportedConditionError, match="needs 'image'"):
        Needy(TinyConfig()).generate()


def test_a_mask_needs_an_image(tiny_model: Tiny) -> None:
    with pytest.raises(InputError, match="give 'image' with it"):
        tiny_model("tiny-inpainter").generate(mask=torch.ones(1, 8, 6))


def test_errors_name_the_model_as_the_user_did(tiny_model: Tiny) -> None:
    model = tiny_model()
    with pytest.raises(OptionError, match="this tiny-net has"):
        model.generate(x=1)
    model.origin = Origin(name="vae-mnist", source="package")
    with pytest.raises(OptionError, match="'vae-mnist' has"):
        model.generate(x=1)


def test_pictures_and_masks_come_in_any_usual_form(tiny_model: Tiny, tmp_path: Path) -> None:
    model = tiny_model("tiny-inpainter")
    picture = np.random.default_rng(0).integers(0, 255, (8, 6), dtype=np.uint8)
    path = tmp_path / "in.png"
    Image.fromarray(picture).save(path)
    mask = torch.zeros(1, 1, 8, 6)
    forms: list[Any] = [path, str(path), path.read_bytes(), Image.fromarray(picture), picture]
    for form in [*forms, torch.from_numpy(picture / 255.0)]:
        made = images(model, 2, image=form, mask=mask)
        np.testing.assert_array_equal((made * 255).round()[1, 0].numpy(), picture)


def test_one_mask_serves_several_images_and_their_hash_is_recorded(tiny_model: Tiny) -> None:
    model = tiny_model("tiny-inpainter")
    pictures = torch.rand(3, 1, 8, 6).mul(255).round() / 255
    samples = model.generate(image=pictures, mask=torch.zeros(8, 6), batch_size=2)
    torch.testing.assert_close(samples.images, pictures)
    recorded = samples.recipe["conditions"]
    assert len(recorded["image"]) == 3
    assert len({item["sha256"] for item in recorded["image"]}) == 3
    assert len(recorded["mask"]) == 1


def test_the_model_is_put_into_eval_mode(tiny_model: Tiny) -> None:
    model = tiny_model()
    before = images(model, 2, label="cat")
    model.train()
    assert torch.equal(images(model, 2, label="cat"), before)
    assert not model.training


def test_it_is_safe_to_call_from_several_threads(tiny_model: Tiny) -> None:
    model = tiny_model()
    alone = [images(model, 3, seed=seed, label="dog") for seed in range(4)]
    found: dict[int, Tensor] = {}

    def work(seed: int) -> None:
        found[seed] = images(model, 3, seed=seed, label="dog")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        torch.testing.assert_close(found[seed], alone[seed])


def test_half_precision_models_draw_float32_pictures(tiny_model: Tiny) -> None:
    full = images(tiny_model(), 3, label="cat")
    half = tiny_model().to(torch.bfloat16)
    samples = half.generate(3, seed=0, label="cat")
    assert samples.images.dtype == torch.float32
    assert samples.recipe["dtype"] == "bfloat16"
    assert 0 < (samples.images - full).abs().mean() < 0.05
    unconditional = TinyNet(TinyConfig()).to(torch.bfloat16)
    assert unconditional.generate(2).images.dtype == torch.float32


def test_known_pixels_keep_their_precision_in_half_precision(tiny_model: Tiny) -> None:
    picture = torch.arange(48).reshape(1, 8, 6) * 5 / 255
    model = tiny_model("tiny-inpainter").to(torch.bfloat16)
    made = images(model, image=picture, mask=torch.zeros(8, 6))
    torch.testing.assert_close(made[0], picture)


class Film(TinyNet):
    """Makes two frames."""

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        picture = super().sample(condition, rng, options)
        return torch.stack([picture, 1 - picture], dim=1)


def test_a_family_may_make_film(conditioner: Conditioner) -> None:
    samples = Film(TinyConfig(), conditioner=conditioner).generate(3, seed=0, batch_size=2)
    assert samples.frames is not None
    assert samples.frames.shape == (3, 2, 1, 8, 6)
    torch.testing.assert_close(samples.frames[:, 0], 1 - samples.frames[:, 1])


def test_a_text_is_encoded_once_per_batch(
    tiny_model: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    prepare = WordsEncoder.prepare

    def record(self: WordsEncoder, values: Any) -> Any:
        asked.extend(values)
        return prepare(self, values)

    monkeypatch.setattr(WordsEncoder, "prepare", record)
    tiny_model().generate(text=["a", "b", "a", "a"])
    assert sorted(asked) == ["a", "b"]


def test_the_title_and_size_are_the_models_own(tiny_model: Tiny) -> None:
    assert tiny_model(width=9).size == Size(channels=1, height=8, width=9)


def test_a_weight_moves_the_picture_and_is_recorded(tiny_model: Tiny) -> None:
    model = tiny_model()
    given = {"label": "cat", "text": "a word"}
    plain = images(model, 2, **given)
    for weights in (0.5, 2, -1, {"text": 2, "label": 0.5}, "text:2,label:0.5"):
        assert not torch.equal(images(model, 2, weights=weights, **given), plain)
    assert torch.equal(images(model, 2, weights=1, **given), plain)
    recipe = model.generate(2, seed=0, weights="text:2", **given).recipe
    assert recipe["weights"] == {"text": 2.0}
    assert model.generate(2, weights=3, **given).recipe["weights"] == {"label": 3.0, "text": 3.0}
    assert "weights" not in model.generate(2, **given).recipe


def test_a_weight_of_zero_is_not_given(tiny_model: Tiny) -> None:
    model = tiny_model()
    both = {"label": "cat", "text": "a word"}
    assert torch.equal(images(model, weights={"text": 0}, **both), images(model, label="cat"))
    assert torch.equal(images(model, weights=0, **both), images(model))


def test_weighted_pictures_do_not_depend_on_their_batch(tiny_model: Tiny) -> None:
    model = tiny_model()
    given = {"label": ["cat", "dog", "cat"], "text": ["a", "longer", "b"], "weights": {"text": 2.5}}
    whole = images(model, **given)
    torch.testing.assert_close(images(model, batch_size=1, **given), whole)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"sound": 1}, "there is no weight of 'sound'"),
        ({"text": 1}, "'text' has a weight and is not given"),
        ({"label": float("nan")}, "finite"),
        ("label", "weights are a number"),
    ],
)
def test_weights_that_cannot_be_are_refused(tiny_model: Tiny, weights: Any, words: str) -> None:
    with pytest.raises((InputError, UnsupportedConditionError), match=words):
        images(tiny_model(), label="cat", weights=weights)


def test_pixels_have_no_weight(tiny_model: Tiny) -> None:
    model = tiny_model("tiny-inpainter")
    with pytest.raises(UnsupportedConditionError, match="no weight of 'image'"):
        images(model, image=torch.rand(1, 8, 6), weights={"image": 2})


def test_what_a_family_does_beside_generate_takes_weights_too(tiny_model: Tiny) -> None:
    model = tiny_model()
    given = {"label": ["cat", "dog"], "text": "a word"}
    plain = model.semantic_condition(given, 2)
    for weights in (2, {"text": 2}, "text:2"):
        found = model.semantic_condition({**given, "weights": weights}, 2).pooled
        by_slot = {"text": 2.0} if weights != 2 else {"text": 2.0, "label": 2.0}
        torch.testing.assert_close(found, plain.weighted(by_slot).pooled)
        assert not torch.allclose(found, plain.pooled)
    unasked = model.semantic_condition({"label": ["cat", "dog"]}, 2).pooled
    weightless = model.semantic_condition({**given, "weights": {"text": 0}}, 2).pooled
    torch.testing.assert_close(weightless, unasked)
    bare = model.semantic_condition({**given, "weights": None}, 2).pooled
    torch.testing.assert_close(bare, plain.pooled)


def test_weights_go_along_the_way_of_an_interpolation(tiny_model: Tiny) -> None:
    model = tiny_model()
    way, ends = model.read_way({"label": "cat", "text": None, "weights": "1.5"}, 4)
    assert way["weights"] == ends["weights"] == {"label": 1.5}
    way, ends = model.read_way({"label": "cat"}, 4)
    assert way.keys() == ends.keys() == {"label"}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"sound": 1}, "there is no weight of 'sound'"),
        ({"text": 1}, "'text' has a weight and is not given"),
        ("much", "weights are a number"),
    ],
)
def test_those_weights_that_cannot_be_are_refused_too(
    tiny_model: Tiny, weights: Any, words: str
) -> None:
    given = {"label": "cat", "text": None, "weights": weights}
    for ask in (tiny_model().semantic_condition, tiny_model().read_way):
        with pytest.raises((InputError, UnsupportedConditionError), match=words):
            ask(given, 2)
