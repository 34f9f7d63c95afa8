"""What the model makes of its inputs, and what it refuses."""

import numpy as np
import pytest
import torch
from mmgen_plugin_contrastive.config import ContrastiveConfig
from mmgen_plugin_contrastive.network import Contrastive

from mmgen.errors import (
    InputError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Conditioner, EmbedsTogether, HasFeatures
from mmgen.pretrained import build, load_folder

PICTURES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
TEXTS = ["a fox", "two whales"]


def test_it_is_an_encoder_of_its_pictures(model):
    assert (model.modality, model.width, model.size.height) == ("image", 7, 8)
    with torch.no_grad():
        found = model(**model.prepare(PICTURES))
    torch.testing.assert_close(found.pooled, model.embed(image=PICTURES)["image"])
    # The mean of the tokens points where the pooled vector does: both are projected alike.
    mean = found.tokens.mean(dim=1)
    torch.testing.assert_close(torch.nn.functional.normalize(mean), found.pooled)


def test_values_come_in_any_usual_form(model, tmp_path):
    pixels = (PICTURES[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    from PIL import Image

    Image.fromarray(pixels).save(tmp_path / "a.png")
    forms = [pixels, Image.fromarray(pixels), str(tmp_path / "a.png")]
    together = model.embed(image=forms)["image"]
    torch.testing.assert_close(together, together[:1].expand(3, -1))
    unequal = model.embed(image=[PICTURES[0], torch.rand(3, 5, 9)])["image"]
    torch.testing.assert_close(unequal[:1], model.embed(image=PICTURES[0])["image"])
    assert model.embed(text="a fox", label="odd").keys() == {"text", "label"}


def test_similarity_is_the_cosines_of_two_slots(model):
    table = model.similarity(image=PICTURES, text=TEXTS)
    vectors = model.embed(image=PICTURES, text=TEXTS)
    torch.testing.assert_close(table, vectors["image"] @ vectors["text"].T)
    with pytest.raises(InputError, match="between two slots; got image"):
        model.similarity(image=PICTURES)


def test_classes_are_those_whose_captions_are_nearest(model):
    said = model.classify(PICTURES, ["fox", "whale"], templates=["a {}"])
    table = model.similarity(image=PICTURES, text=["a fox", "a whale"])
    torch.testing.assert_close(said.probabilities, (table / 0.07).softmax(dim=1))
    assert said.classes == ("fox", "whale")


def test_several_templates_are_averaged(model):
    said = model.classify(PICTURES, ["fox", "whale"], templates=["a {}", "one {}"])
    read = model.embed(text=["a fox", "one fox", "a whale", "one whale"])["text"]
    means = torch.nn.functional.normalize(read.view(2, 2, -1).mean(dim=1))
    expected = (model.embed(image=PICTURES)["image"] @ means.T / 0.07).softmax(dim=1)
    torch.testing.assert_close(said.probabilities, expected)


@pytest.mark.parametrize(
    ("classes", "templates", "words"),
    [
        (["fox"], ["a {}"], "two classes or more"),
        (["fox", "whale"], ["a picture"], "a template has {} where"),
        (["fox", "whale"], [], "one template or more"),
    ],
)
def test_what_cannot_be_classified_is_refused(model, classes, templates, words):
    with pytest.raises(InputError, match=words):
        model.classify(PICTURES, classes, templates=templates)


def test_unknown_slots_and_nothing_are_refused(model):
    with pytest.raises(UnsupportedConditionError, match="this model embeds text, image, label"):
        model.embed(sound="x.wav")
    with pytest.raises(UnsupportedConditionError, match="give text or image or label"):
        model.embed(text=None)


def test_one_slot_is_not_enough():
    one = Conditioner({"image": build("contract-pixels", {})}, width=4)
    with pytest.raises(OptionError, match=r"two slots or more.*got image"):
        Contrastive(ContrastiveConfig(), conditioner=one)


def test_without_texts_classes_cannot_be_named():
    encoders = {
        "image": build("contract-pixels", {}),
        "label": build("label-embedding", {"classes": ("a", "b")}),
    }
    model = Contrastive(ContrastiveConfig(), conditioner=Conditioner(encoders, width=4))
    with pytest.raises(UnsupportedOperationError, match="this model has no text, but image, label"):
        model.classify(PICTURES, ["a", "b"])


def test_the_scale_is_at_most_a_hundred(model):
    model.log_scale.data.fill_(9.0)
    torch.testing.assert_close(model.scale, torch.tensor(100.0))


def test_it_is_saved_with_its_encoders_which_load_alone(model, tmp_path):
    loaded = load_folder(model.save(tmp_path / "whole"))
    assert isinstance(loaded, EmbedsTogether)
    assert isinstance(loaded, HasFeatures)
    assert loaded.slots == model.slots
    assert torch.equal(loaded.embed(text=TEXTS)["text"], model.embed(text=TEXTS)["text"])
    words = load_folder(tmp_path / "whole" / "text")
    assert words.modality == "text"
