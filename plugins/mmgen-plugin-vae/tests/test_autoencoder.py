import pytest
import torch

from mmgen.errors import InputError, OptionError, UnknownNameError, UnsupportedConditionError
from mmgen.interfaces import HasLatents, HasLikelihood, Interpolates, Reconstructs

SIZES = [(1, 8, 8), (3, 13, 10), (1, 5, 9), (4, 7, 16)]


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretised-logistic-mixture"])
@pytest.mark.parametrize(("channels", "height", "width"), SIZES)
def test_any_size_and_channels(architecture, build, channels, height, width, likelihood):
    model = build(
        architecture, channels=channels, height=height, width=width, likelihood=likelihood
    )
    for output in ("mean", "sample"):
        images = model.generate(2, seed=0, output=output).images
        assert images.shape == (2, channels, height, width)
        assert images.dtype == torch.float32
        assert images.min() >= 0
        assert images.max() <= 1


def test_128_px(architecture, build):
    deep = {"latents": (0, 0, 0, 1), "latent_channels": (0, 0, 0, 2), "widths": (2, 2, 4, 4)}
    config = deep if architecture == "hierarchical-vae" else {}
    model = build(architecture, height=128, width=130, **config)
    assert model.generate(1, seed=0).images.shape == (1, 1, 128, 130)


def test_a_picture_depends_on_seed_and_number_alone(architecture, build):
    model = build(architecture, labels=True)
    whole = model.generate(5, seed=3, label="b").images
    in_parts = model.generate(5, seed=3, label="b", batch_size=2).images
    alone = model.generate(seed=3, label="b", indices=[4]).images
    assert torch.allclose(whole, in_parts, atol=1e-5)
    assert torch.allclose(whole[4:], alone, atol=1e-5)
    assert not torch.allclose(whole, model.generate(5, seed=4, label="b").images, atol=1e-3)


def test_the_label_changes_picture_latents_and_likelihood(architecture, build, pictures):
    model = build(architecture, labels=True)
    a, b = (model.generate(3, seed=0, label=label).images for label in "ab")
    assert not torch.allclose(a, b, atol=1e-3)
    assert not torch.allclose(a, model.generate(3, seed=0).images, atol=1e-3)
    images = pictures(2)
    for method in (model.encode, model.reconstruct):
        one, other = (method(images, label=torch.tensor([label])) for label in (0, 1))
        assert not torch.allclose(one, other, atol=1e-4)


def test_conditions_come_in_any_form_that_generate_takes(architecture, build, pictures):
    model = build(architecture, labels=True)
    images = pictures(2)
    expected = model.encode(images, label=torch.tensor([1, 2]))
    for value in (["b", "c"], [1, 2], ("B", 2)):
        assert torch.equal(model.encode(images, label=value), expected)
    assert torch.equal(model.encode(images, label=None), model.encode(images))
    with pytest.raises(InputError, match="unknown label 'd'"):
        model.reconstruct(images, label="d")
    with pytest.raises(InputError, match="label"):
        model.encode(images, label=["a", "b", "c"])


def test_temperature_zero_gives_one_picture(architecture, build):
    images = build(architecture).generate(3, seed=0, temperature=0).images
    assert torch.allclose(images[0], images[1])
    assert torch.allclose(images[0], images[2])


def test_the_model_brings_its_own_temperature(architecture, build):
    cold = build(architecture, temperature=0.5)
    warm = build(architecture)
    asked = warm.generate(2, seed=0, temperature=0.5).images
    assert torch.equal(cold.generate(2, seed=0).images, asked)
    assert not torch.equal(warm.generate(2, seed=0).images, asked)


def test_draws_of_binary_pixels_are_zeros_and_ones(architecture, build):
    images = build(architecture).generate(4, seed=0, output="sample").images
    assert set(images.unique().tolist()) == {0, 1}


def test_options_out_of_range_are_refused(architecture, build):
    model = build(architecture)
    with pytest.raises(OptionError, match="temperature"):
        model.generate(1, temperature=3)
    with pytest.raises(OptionError, match="mean"):
        model.generate(1, output="median")


def test_latents_are_those_of_the_prior(architecture, build):
    """decode(u) of the noise that generate draws is what generate returns."""
    from mmgen.interfaces import CounterNoise

    model = build(architecture)
    latents = CounterNoise(7, range(3)).normal((model.latent_dim,), stream="latents")
    assert torch.allclose(model.decode(latents), model.generate(3, seed=7).images, atol=1e-5)


def test_decoding_what_was_encoded_is_the_reconstruction(architecture, build, pictures):
    model = build(architecture, labels=True)
    images, labels = pictures(3), torch.tensor([0, 1, 2])
    latents = model.encode(images, label=labels)
    assert latents.shape == (3, model.latent_dim)
    decoded = model.decode(latents, label=labels)
    assert torch.allclose(decoded, model.reconstruct(images, label=labels), atol=1e-4)


def test_interpolation_starts_and_ends_at_the_reconstructions(architecture, build, pictures):
    model = build(architecture)
    images = pictures(2)
    path = model.interpolate(images[0], images[1], 5)
    assert path.shape == (5, 1, 8, 8)
    assert torch.allclose(path[[0, -1]], model.reconstruct(images), atol=1e-4)
    with pytest.raises(InputError, match="2"):
        model.interpolate(images[0], images[1], 1)


def test_each_step_of_an_interpolation_may_have_a_condition(architecture, build, pictures):
    model = build(architecture, labels=True)
    images = pictures(2)
    path = model.interpolate(images[0], images[1], 4, label=["a", "a", "c", "c"])
    ends = model.reconstruct(images, label=["a", "c"])
    assert torch.allclose(path[[0, -1]], ends, atol=1e-4)
    alike = model.interpolate(images[0], images[1], 4, label=torch.tensor([2, 2, 2, 2]))
    one = model.interpolate(images[0], images[1], 4, label="c")
    assert torch.allclose(alike, one, atol=1e-4)
    with pytest.raises(InputError, match="label"):
        model.interpolate(images[0], images[1], 4, label=["a", "c"])


def test_every_capability_is_there(architecture, build):
    model = build(architecture)
    for protocol in (HasLatents, HasLikelihood, Interpolates, Reconstructs):
        assert isinstance(model, protocol)


def test_unknown_spaces_slots_and_sizes_are_refused(architecture, build, pictures):
    model = build(architecture)
    with pytest.raises(UnknownNameError, match="'z'"):
        model.encode(pictures(1), space="w")
    with pytest.raises(UnsupportedConditionError, match="label"):
        model.encode(pictures(1), label=torch.tensor([0]))
    with pytest.raises(InputError, match="8, 8"):
        model.reconstruct(pictures(1, width=9))
    with pytest.raises(InputError, match=str(model.latent_dim)):
        model.decode(torch.zeros(1, model.latent_dim + 1))


def test_half_precision_draws_close_to_full(architecture, build):
    model = build(architecture, perturb=0.05)
    full = model.generate(2, seed=0).images
    half = model.to(torch.bfloat16).generate(2, seed=0).images
    assert half.dtype == torch.float32
    assert torch.allclose(full, half, atol=0.1)
