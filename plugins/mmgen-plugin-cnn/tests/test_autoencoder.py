"""Pictures through latents, and from other pictures."""

import pytest
import torch
from mmgen_plugin_cnn.autoencoder import ConvAutoencoder
from mmgen_plugin_cnn.config import AutoencoderConfig
from sklearn.datasets import load_digits

from mmgen.data import PictureData
from mmgen.errors import DataError, InputError, OptionError, UnsupportedConditionError
from mmgen.training import train

TINY = {"channels": 1, "height": 8, "width": 8, "widths": (16, 32), "latent_channels": 4}


@pytest.fixture(scope="module")
def digits():
    """Real digits, 8×8."""
    pixels = torch.from_numpy(load_digits().images * (255 / 16)).to(torch.uint8)
    return pixels[:600, None]


def learn(data, folder, **model):
    settings = {"steps": 150, "batch_size": 64, "learning_rate": 4e-3, "ema_decay": 0.9}
    run = train(
        "conv-autoencoder",
        data,
        output=folder / "run",
        config={
            "model": {"widths": [16, 32], "blocks": 1, "latent_channels": 8, **model},
            "trainer": {"distance": "l2"},
            "training": {**settings, "sample_every": 0},
            "data": {"held_out": 0.2},
        },
        progress=False,
    )
    return run.load()


def test_latents_are_smaller_by_the_factor():
    model = ConvAutoencoder(AutoencoderConfig(**TINY)).eval()
    latents = model.encode(torch.rand(3, 1, 16, 24))
    assert latents.shape == (3, 4, 4, 6)
    assert model.decode(latents).shape == (3, 1, 16, 24)


def test_what_comes_back_is_decoded_from_the_latents():
    model = ConvAutoencoder(AutoencoderConfig(**TINY)).eval()
    pictures = torch.rand(3, 1, 8, 8)
    again = model.reconstruct(pictures)
    assert torch.allclose(again, model.decode(model.encode(pictures)), atol=1e-6)
    assert torch.allclose(again, model.generate(image=pictures, seed=0).images, atol=1e-6)


def test_it_learns_to_give_digits_back(digits, tmp_path):
    model = learn(PictureData(images=digits, name="digits"), tmp_path)
    pictures = digits[500:] / 255
    error = (model.reconstruct(pictures) - pictures).square().mean()
    assert error < 0.3 * pictures.var(dim=0).mean()


def test_it_learns_one_picture_from_another(digits, tmp_path):
    pairs = PictureData(images=255 - digits.flip(-1), given=digits, name="mirrored negatives")
    model = learn(pairs, tmp_path)
    pictures = digits[500:] / 255
    wanted = 1 - pictures.flip(-1)
    made = model.generate(image=pictures, seed=0).images
    assert (made - wanted).square().mean() < 0.3 * wanted.var(dim=0).mean()


def test_pairs_must_fit_the_model(digits, tmp_path):
    pairs = PictureData(images=digits, given=digits[:, :, :4, :4], name="halves")
    with pytest.raises(DataError, match="1 times as large as those that go in"):
        learn(pairs, tmp_path)


def test_a_model_without_a_picture_slot_refuses_pairs(digits, tmp_path):
    labelled = PictureData(
        images=digits,
        given=digits,
        labels=torch.arange(600) % 2,
        class_names=("a", "b"),
        name="pairs",
    )
    with pytest.raises(DataError, match="the model takes no picture"):
        train("cnn", labelled, output=tmp_path / "run", progress=False)


def test_a_picture_must_be_given_and_must_fit():
    model = ConvAutoencoder(AutoencoderConfig(**TINY))
    with pytest.raises(UnsupportedConditionError, match="needs 'image'"):
        model.generate(2)
    with pytest.raises(InputError, match="multiples of 4"):
        model.generate(image=torch.rand(1, 1, 9, 8))
    with pytest.raises(InputError, match=r"latents of .* are \(N, 4, h, w\)"):
        model.decode(torch.zeros(1, 3, 2, 2))


def test_sides_that_cannot_be_halved_are_refused():
    with pytest.raises(OptionError, match="multiples of 4 px; got 8×6"):
        AutoencoderConfig(**{**TINY, "height": 6})
