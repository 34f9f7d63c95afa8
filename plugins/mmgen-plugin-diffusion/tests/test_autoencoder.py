"""The autoencoder: its latents' scale, its loss, its errors."""

import pytest
import torch
from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
from mmgen_plugin_diffusion.autoencoder_trainer import ImageAutoencoderTrainer
from mmgen_plugin_diffusion.config import ImageAutoencoderConfig
from mmgen_plugin_diffusion.options import AutoencoderTraining
from mmgen_plugin_diffusion.reconstruction import feature_distance

from mmgen.errors import InputError, OptionError
from mmgen.interfaces import CounterNoise, TrainingNoise
from mmgen.pretrained import build

SIZE = {"channels": 1, "height": 8, "width": 8}
TINY = SIZE | {"widths": (8,), "blocks": (1,), "latent_channels": 4}


def make(**config):
    torch.manual_seed(0)
    return ImageAutoencoder(ImageAutoencoderConfig(**(TINY | config))).eval()


def train(model, images, steps=60, rate=3e-3, **options):
    trainer = ImageAutoencoderTrainer(model, AutoencoderTraining(**options)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    losses = []
    for step in range(steps):
        loss = trainer.loss({"target": images}, step, TrainingNoise(len(images)))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return trainer, losses


@pytest.mark.parametrize("kl", [False, True])
def test_it_learns_to_give_pictures_back(pictures, kl):
    model, images = make(kl=kl), pictures(16)
    trainer, losses = train(model, images, kl_weight=1e-4)
    assert losses[-1] < losses[0] / 2
    figures = trainer.evaluate({"target": images}, TrainingNoise(16))
    squared = (model.reconstruct(images) - images).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(figures["mse"], squared)
    torch.testing.assert_close(figures["psnr"], -10 * squared.log10())


@pytest.mark.parametrize("kl", [False, True])
def test_latents_have_mean_0_and_variance_1_over_the_data(pictures, kl):
    model, images = make(kl=kl), pictures(48)
    train(model, images)
    train(model, images, steps=100, rate=1e-4)  # as at the end of a schedule
    latents = model.encode(images)
    assert latents.mean(dim=(0, 2, 3)).abs().max() < 0.1
    torch.testing.assert_close(latents.std(dim=(0, 2, 3)), torch.ones(4), atol=0.1, rtol=0)
    torch.testing.assert_close(model.decode(latents), model.reconstruct(images))


def test_the_scale_is_that_of_all_that_was_measured():
    model, parts = make(), torch.randn(5, 6, 4, 3, 3) * 3 + torch.arange(5.0).view(5, 1, 1, 1, 1)
    for part in parts:
        model.measure(part)
    whole = parts.transpose(1, 2).transpose(0, 1).flatten(1)
    torch.testing.assert_close(model.mean, whole.mean(dim=1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.variance, whole.var(dim=1, correction=0))
    assert model.learned


@pytest.mark.parametrize("flip", [False, True])
def test_some_pictures_are_mirrored_where_that_is_asked(pictures, flip):
    images = pictures(6)
    trainer = ImageAutoencoderTrainer(make(), AutoencoderTraining(flip=flip))
    trainer.judge.forward = lambda model, images, *rest: {"seen": images}
    seen = trainer.loss({"target": images}, 0, CounterNoise(0, range(6)))["seen"]
    own = (seen == images).flatten(1).all(dim=1)
    assert own.any()
    assert own.all() != flip
    assert torch.equal(seen[~own], images[~own].flip(-1))


@pytest.mark.parametrize(("distance", "power"), [("l1", 1), ("l2", 2)])
def test_the_distance_of_pixels_is_the_one_asked_for(pictures, distance, power):
    model, images = make(), pictures(4)
    trainer = ImageAutoencoderTrainer(model, AutoencoderTraining(distance=distance))
    losses = trainer.loss({"target": images}, 0, TrainingNoise(4))
    made, _ = model(images, torch.zeros(4, 4, 4, 4))
    torch.testing.assert_close(losses["loss"], (made - images).abs().pow(power).mean())


def test_noise_on_the_latents_is_in_their_units(pictures):
    model, images = make(), pictures(8)
    trainer = ImageAutoencoderTrainer(model, AutoencoderTraining(latent_noise=0.5))
    given = []
    decode = model.from_latents
    model.from_latents = lambda latents, vector: given.append(latents) or decode(latents, vector)
    rng = TrainingNoise(8)
    torch.manual_seed(0)
    trainer.judge(model, images, rng, None)
    _, std = model.scale
    clean = model.posterior(images, torch.zeros(8, 4, 4, 4), None).shift
    added = ((given[0] - clean) / (0.5 * std)).detach()
    assert added.std() == pytest.approx(1, abs=0.1)
    assert added.mean().abs() < 0.15


def test_the_divergence_is_that_of_a_mean_latent(pictures):
    model, images = make(kl=True), pictures(8)
    trainer = ImageAutoencoderTrainer(model, AutoencoderTraining(kl_weight=2.0))
    losses = trainer.judge(model, images, TrainingNoise(8), None)
    posterior = model.posterior(images, torch.zeros(8, 4, 4, 4), None)
    normal = torch.distributions.Normal(posterior.shift, posterior.log_scale.exp())
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0, 1)).mean()
    torch.testing.assert_close(losses["kl"], 2 * expected)
    torch.testing.assert_close(losses["loss"], losses["pixels"] + losses["kl"])


def eye(tmp_path):
    """A trained encoder of pictures, or what counts as one."""
    torch.manual_seed(2)
    encoder = build("cnn", {"channels": 1, "height": 8, "width": 8, "widths": [4, 6]}).eval()
    return str(encoder.save(tmp_path / "eye"))


def test_features_of_an_encoder_are_compared_and_it_is_not_saved(tmp_path, pictures):
    model, images = make(), pictures(4)
    trainer = ImageAutoencoderTrainer(model, AutoencoderTraining(perceptual=eye(tmp_path)))
    (stage,) = trainer.stages()
    losses = trainer.loss({"target": images}, 0, TrainingNoise(4))
    assert losses["features"] > 0
    losses["loss"].backward()
    claimed = {id(parameter) for parameter in stage.phases[0].parameters}
    assert not claimed & {id(parameter) for parameter in trainer.judge.parameters()}
    assert not any("eye" in name for name in model.state_dict())


@pytest.mark.parametrize("weight", [0.1, 3.0])
def test_features_have_their_weight(tmp_path, pictures, weight):
    model, images = make(), pictures(4)
    options = AutoencoderTraining(perceptual=eye(tmp_path), perceptual_weight=weight)
    trainer = ImageAutoencoderTrainer(model, options)
    losses = trainer.loss({"target": images}, 0, TrainingNoise(4))
    made, _ = model(images, torch.zeros(4, 4, 4, 4))
    distance = feature_distance(trainer.judge.eye, made, images)
    torch.testing.assert_close(losses["loss"], losses["pixels"] + weight * distance)


def test_the_distance_of_features_is_none_between_equals_and_has_a_slope(tmp_path, pictures):
    encoder = build("cnn", {"channels": 1, "height": 8, "width": 8, "widths": [4, 6]}).eval()
    images = pictures(4)
    assert feature_distance(encoder, images, images) == 0
    other = (images * 0.5 + 0.2).requires_grad_()
    distance = feature_distance(encoder, other, images)
    assert distance > 0
    (slope,) = torch.autograd.grad(distance, other)
    assert slope.abs().amax(dim=(1, 2, 3)).gt(0).all()


def test_an_encoder_without_feature_maps_is_refused(tmp_path):
    folder = build("label-embedding", {"classes": ["a", "b"], "width": 3}).save(tmp_path / "label")
    with pytest.raises(OptionError, match="shows its feature maps"):
        ImageAutoencoderTrainer(make(), AutoencoderTraining(perceptual=str(folder)))


def test_latents_and_pictures_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"are \(N, 4, 4, 4\); got \(1, 3, 4, 4\)"):
        make().decode(torch.zeros(1, 3, 4, 4))
    with pytest.raises(InputError, match=r"must be \(N, 1, 8, 8\)"):
        make().encode(torch.zeros(1, 1, 8, 12))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"height": 9}, "with 1 widths the sides must be multiples of 2 px; got 8×9"),
        ({"widths": ()}, "widths needs one number or more"),
        ({"blocks": (1, 2)}, "blocks one for each of them"),
    ],
)
def test_what_does_not_fit_is_refused(values, message):
    with pytest.raises(OptionError, match=message):
        ImageAutoencoderConfig(**(TINY | values))
