"""Pictures through latents, and from other pictures."""

import pytest
import torch
from mmgen_plugin_cnn.autoencoder import ConvAutoencoder
from mmgen_plugin_cnn.autoencoder_trainer import AutoencoderTrainer
from mmgen_plugin_cnn.config import AutoencoderConfig, AutoencoderTraining
from sklearn.datasets import load_digits

from mmgen.data import PictureData
from mmgen.errors import DataError, InputError, OptionError, UnsupportedConditionError
from mmgen.interfaces import TrainingNoise
from mmgen.training import train

TINY = {"channels": 1, "height": 8, "width": 8, "widths": (16, 32), "latent_channels": 4}


@pytest.fixture(scope="module")
def digits():
    """Real digits, 8×8."""
    pixels = torch.from_numpy(load_digits().images * (255 / 16)).to(torch.uint8)
    return pixels[:600, None]


def learn(data, folder, *, trainer=(), **model):
    settings = {"steps": 150, "batch_size": 64, "learning_rate": 4e-3, "ema_decay": 0.9}
    run = train(
        "conv-autoencoder",
        data,
        output=folder / "run",
        config={
            "model": {"widths": [16, 32], "blocks": 1, "latent_channels": 8, **model},
            "trainer": {"distance": "l2", **dict(trainer)},
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


def test_pairs_are_cut_and_mirrored_alike():
    model = ConvAutoencoder(AutoencoderConfig(**TINY))
    trainer = AutoencoderTrainer(model, AutoencoderTraining(crop=4, flip=True))
    seen = []
    model.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    wanted = torch.rand(30, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    model.forward = lambda images, vector: images  # what is given is what comes out
    loss = trainer.loss({"target": 1 - wanted, "image": wanted}, 0, TrainingNoise(30))
    assert seen[0].shape == (30, 1, 4, 4)
    mirrored = wanted.flip(-1)
    found = [
        any(
            torch.equal(window, whole[..., y : y + 4, x : x + 4])
            for y in range(5)
            for x in range(5)
        )
        for window, pair in zip(seen[0], zip(wanted, mirrored, strict=True), strict=True)
        for whole in pair
    ]
    as_given, as_mirrored = found[::2], found[1::2]
    assert sum(as_given) + sum(as_mirrored) == 30
    assert min(sum(as_given), sum(as_mirrored)) > 3
    # The windows of what is wanted are the negatives of those.
    assert torch.allclose(loss["mse"], (1 - 2 * seen[0]).square().mean())


def test_windows_must_be_multiples_of_the_factor_inside_the_picture(digits, tmp_path):
    data = PictureData(images=digits, name="digits")
    for crop in (3, 12):
        with pytest.raises(OptionError, match="crop must be a multiple of 4 px and at most 8"):
            learn(data, tmp_path, trainer={"crop": crop})
    assert not list(tmp_path.iterdir())


def test_it_learns_whole_pictures_from_windows(digits, tmp_path):
    pictures = torch.nn.functional.interpolate(digits.float(), scale_factor=2.0).byte()
    model = learn(PictureData(images=pictures, name="digits"), tmp_path, trainer={"crop": 8})
    pictures = pictures[500:] / 255
    error = (model.reconstruct(pictures) - pictures).square().mean()
    assert error < 0.3 * pictures.var(dim=0).mean()


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
