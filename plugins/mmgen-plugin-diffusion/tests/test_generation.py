"""What is asked of a trained model: inpainting, editing, ways between pictures; and bad input."""

import pytest
import torch
from mmgen_plugin_diffusion.latent_trainer import LatentDiffusionTrainer
from mmgen_plugin_diffusion.options import (
    DiffusionGeneration,
    DiffusionTraining,
    LatentDiffusionTraining,
)
from mmgen_plugin_diffusion.trainer import DiffusionTrainer

from mmgen.errors import InputError, MmgenWarning, OptionError
from mmgen.explaining import explain
from mmgen.interfaces import CounterNoise
from mmgen.pretrained import build as build_network
from mmgen.pretrained import build_encoder
from mmgen.testing import perturb


def half_mask(count=1):
    mask = torch.zeros(count, 1, 8, 8)
    mask[..., 4:] = 1
    return mask


@pytest.fixture(scope="module")
def learned(build, learn, pictures):
    """A pixel model that knows two pictures by their labels, and learned to inpaint."""
    model = build("pixel", perturbed=False, inpainting=True, hidden=32, depth=3)
    images = pictures(2)
    trainer = DiffusionTrainer(model, DiffusionTraining())
    batch = {"target": images.repeat(8, 1, 1, 1), "label": torch.arange(16) % 2}
    learn(trainer, trainer.loss, batch, steps=250, rate=4e-3)
    return model, images


def test_a_model_that_has_learned_draws_paints_and_edits(learned):
    model, images = learned
    drawn = model.generate(2, label=["a", "b"], seed=0, steps=10).images
    assert (drawn - images).abs().mean() < 0.08
    distances = (drawn[:, None] - images).abs().mean(dim=(2, 3, 4))
    assert distances.argmin(dim=1).tolist() == [0, 1]

    painted = model.generate(image=images, mask=half_mask(), seed=0, steps=10).images
    assert torch.equal(painted[..., :4], images[..., :4])
    assert (painted - images)[..., 4:].abs().mean() < 0.1  # what is known says the rest

    changes = [
        (model.generate(image=images[:1], label="b", strength=strength, seed=0).images - images[1])
        .abs().mean()
        for strength in (0.1, 1.0)
    ]  # fmt: skip
    assert changes[1] < 0.8 * changes[0]


def test_noise_that_leads_to_a_picture_is_found(learned):
    model, images = learned
    noise = model.encode(images, label=["a", "b"])
    torch.testing.assert_close(model.decode(noise, label=["a", "b"]), images, atol=0.15, rtol=0)
    way = model.interpolate(images[0], images[1], 5, label=["a", "a", "b", "b", "b"])
    assert (way[0] - images[0]).abs().mean() < 0.05
    assert (way[-1] - images[1]).abs().mean() < 0.05


@pytest.mark.parametrize("inpainting", [False, True])
@pytest.mark.parametrize("kind", ["latent", "pixel"])
def test_known_pixels_stay_exactly(build, pictures, kind, inpainting):
    model, image = build(kind, inpainting=inpainting), pictures(2)
    options = {"image": image, "mask": half_mask(), "seed": 0, "text": "one", "steps": 3}
    images = model.generate(2, **options).images
    assert torch.equal(images[..., :4], image[..., :4])
    assert not torch.equal(images[..., 4:], image[..., 4:])
    part = model.generate(2, strength=0.3, **options).images
    assert torch.equal(part[..., :4], image[..., :4])
    hidden = image.clone()
    hidden[..., 4:] = 0
    again = model.generate(2, **(options | {"image": hidden})).images
    torch.testing.assert_close(images, again)  # what the mask leaves out is not looked at


def test_pixels_that_are_known_between_others_say_what_is_painted(build, learn, pictures):
    """Each place of the latents stands for known pixels and others: half of each is known."""
    model = build("latent", told=False, perturbed=False)
    images = pictures(2)
    trainer = LatentDiffusionTrainer(model, LatentDiffusionTraining(distance="l2"))
    batch = {"target": images.repeat(8, 1, 1, 1)}
    learn(trainer, trainer.reconstruction_loss, batch, steps=200, rate=4e-3)
    with torch.no_grad():
        latents = trainer.to_latents(batch)
    learn(trainer, trainer.loss, latents, steps=200, rate=4e-3)
    stripes = torch.zeros(2, 1, 8, 8)
    stripes[..., ::2] = 1
    painted = model.generate(2, image=images, mask=stripes, seed=0, steps=8).images
    assert torch.equal(painted[..., 1::2], images[..., 1::2])
    away = (painted[:, None] - images)[..., ::2].abs().mean(dim=(2, 3, 4))
    assert away.argmin(dim=1).tolist() == [0, 1]
    assert away.diag().max() < 0.5 * away.flip(1).diag().min()


def test_known_pixels_can_be_guided(build, pictures):
    model = build(inpainting=True)
    options = {"image": pictures(1), "mask": half_mask(), "seed": 0, "text": "one"}
    one, two = (
        model.generate(1, guidance_scale=scale, **options).images
        for scale in ("image:1,text:2", "image:3,text:2")
    )
    assert not torch.allclose(one, two)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 0.5}, "'strength' says how an image is edited, and there is none"),
        ({"edit": "inversion"}, "'edit' says how an image .* is edited, and there is none"),
        ({"guidance_scale": "image:2,text:3"}, "pulls towards known pixels: give image and mask"),
        ({"guidance_interval": (0.2, 0.8), "guidance_scale": 1}, "'guidance_interval' says when"),
        ({"resampling": 2}, "'resampling' is for painting .* was given no mask"),
        ({"resampling": 2, "mask": True}, "by models that did not learn to; .* did: leave it out"),
        ({"edit": "inversion", "mask": True}, "'edit' .* without a mask .* there is a mask"),
    ],
)
def test_options_that_would_do_nothing_are_refused(build, pictures, options, message):
    options = {"text": "one", "seed": 0, **options}
    if "mask" in options:
        options |= {"image": pictures(1), "mask": half_mask()}
    with pytest.raises(OptionError, match=message):
        build(inpainting=True).generate(1, **options)


def test_resampling_has_a_sampler_of_its_own(build, pictures):
    model, known = build("pixel"), {"image": pictures(1), "mask": half_mask()}
    with pytest.raises(OptionError, match=r"'sampler' cannot be 'heun' where .* by resampling"):
        model.generate(1, sampler="heun", **known)
    one, two = (model.generate(1, seed=0, **told, **known).images
                for told in ({}, {"sampler": "ancestral"}))  # fmt: skip
    assert torch.equal(one, two)


def count_rows(model, monkeypatch):
    """Return a list to which each look of the denoiser adds its number of rows."""
    rows = []
    denoise = model.denoiser.denoise

    def spy(noisy, *rest):
        rows.append(len(noisy))
        return denoise(noisy, *rest)

    monkeypatch.setattr(model.denoiser, "denoise", spy)
    return rows


def test_what_is_not_given_is_no_branch_of_guidance(build, monkeypatch):
    model = build()
    rows = count_rows(model, monkeypatch)
    for given, count in (({}, 1), ({"text": "one"}, 2), ({"text": "one", "label": "a"}, 3)):
        rows.clear()
        model.generate(1, steps=1, guidance_scale="label:2,text:3", **given)
        assert rows == [count]


@pytest.mark.parametrize("shift", [0.1, 0.46, 100.0])
def test_the_first_step_is_guided_whatever_the_shift(build, shift):
    model, options = build(), {"text": "one", "seed": 0, "steps": 2, "shift": shift}
    one, two = (model.generate(1, guidance_scale=scale, **options).images for scale in (1, 8))
    assert not torch.allclose(one, two, atol=1e-3)


def test_the_noise_of_one_picture_is_sought_once(build, pictures, monkeypatch):
    model = build("pixel")
    rows = count_rows(model, monkeypatch)
    options = {"edit": "inversion", "guidance_scale": 1, "seed": 0, "sampler": "euler", "steps": 5}
    texts = ["one", "two", "four"]
    together = model.generate(3, image=pictures(1), text=texts, **options).images
    assert sorted(set(rows)) == [1, 3]
    alone = [model.generate(1, image=pictures(1), text=text, **options).images for text in texts]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", ["latent", "pixel"])
def test_all_that_is_asked_works_in_half_precision(build, pictures, kind, dtype):
    model, image = build(kind).to(dtype), pictures(1)
    for given in ({}, {"image": image}, {"image": image, "edit": "inversion"},
                  {"image": image, "mask": half_mask()}):  # fmt: skip
        made = model.generate(1, text="one", seed=0, steps=3, **given).images
        assert made.isfinite().all()
    noise = model.encode(image, text="one")
    assert model.decode(noise, text="one").isfinite().all()


def test_the_strength_says_how_much_changes(build, pictures):
    model, image = build("pixel"), pictures(1)
    options = {"image": image, "seed": 0, "guidance_scale": 1, "steps": 20}
    changes = [
        float((model.generate(1, strength=s, **options).images - image).abs().mean())
        for s in (0.05, 0.4, 1.0)
    ]
    assert changes[0] < changes[1] < changes[2]
    whole = model.generate(1, strength=1.0, **options).images
    torch.testing.assert_close(whole, model.generate(1, seed=0, guidance_scale=1, steps=20).images)


def test_an_inverted_picture_comes_back_and_has_no_seed(build, pictures):
    model, image = build("pixel", perturbed=False), pictures(1)
    perturb(model.denoiser)
    options = {"image": image, "edit": "inversion", "strength": 0.5, "steps": 60}
    one, two = (model.generate(1, seed=s, sampler="heun", **options).images for s in (0, 1))
    assert torch.equal(one, two)
    torch.testing.assert_close(one, image, atol=0.02, rtol=0)
    other = model.generate(1, seed=0, text="one two", **options).images
    assert not torch.allclose(one, other, atol=1e-3)


def test_the_way_back_may_be_told_what_the_image_shows(build, pictures):
    """There and back under the same words leads to the same picture, without them elsewhere."""
    model, image = build("pixel", perturbed=False), pictures(1)
    perturb(model.denoiser)
    options = {
        "image": image, "edit": "inversion", "strength": 0.5, "steps": 60, "seed": 0,
        "text": "red square", "guidance_scale": 1, "sampler": "heun",
    }  # fmt: skip
    told = model.generate(1, source="red square", **options).images
    torch.testing.assert_close(told, image, atol=0.02, rtol=0)
    plain = model.generate(1, **options).images
    assert not torch.allclose(plain, image, atol=0.02, rtol=0)
    with pytest.raises(OptionError, match="'source' is for edit = 'inversion'"):
        model.generate(1, image=image, source="red square")
    mute = build("pixel", told=False)
    with pytest.raises(OptionError, match="takes no text"):
        mute.generate(1, image=image, edit="inversion", source="red square")


def test_shift_and_resampling_reach_the_samplers(build, pictures, monkeypatch):
    model = build("pixel")
    asked = count_rows(model, monkeypatch)
    options = {"text": "one", "guidance_scale": 1, "seed": 0, "steps": 5}
    even, shifted = (model.generate(1, shift=shift, **options).images for shift in (1.0, 3.0))
    assert not torch.allclose(even, shifted, atol=1e-3)
    calls = []
    for repeats in (1, 3):
        asked.clear()
        known = {"image": pictures(1), "mask": half_mask()}
        model.generate(1, resampling=repeats, **known, **options)
        calls.append(len(asked))
    assert calls == [5, 4 * 3 + 1]  # the last step is taken once


def test_ends_of_another_size_are_refused(build, pictures):
    model = build("pixel")
    with pytest.raises(InputError, match="8"):
        model.interpolate(pictures(1)[0], torch.rand(1, 16, 16), 3)


def test_variations_differ(build, pictures):
    images = build("pixel").generate(3, image=pictures(1), strength=0.5, seed=0).images
    assert not torch.allclose(images[0], images[1], atol=1e-3)
    assert not torch.allclose(images[1], images[2], atol=1e-3)


def test_every_sampler_draws_and_replays(build):
    model = build()
    made = []
    for sampler in ("euler", "heun", "dpm++", "ancestral"):
        samples = model.generate(2, text="one", seed=5, sampler=sampler, steps=5)
        again = model.generate(
            seed=samples.recipe["seed"], indices=samples.recipe["indices"],
            **samples.recipe["conditions"], **samples.recipe["options"],
        )  # fmt: skip
        assert torch.equal(samples.images, again.images)
        made.append(samples.images)
    assert all(not torch.equal(made[0], other) for other in made[1:])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "'steps' must be at least 1; got 0"),
        ({"strength": 0}, "'strength' must be above 0, to 1; got 0"),
        ({"strength": -0.5}, "'strength' must be above 0, to 1; got -0.5"),
        ({"strength": 1.1}, "'strength' must be above 0, to 1; got 1.1"),
        ({"guidance_interval": (0.5,)}, "takes two times"),
        ({"guidance_interval": (0.8, 0.2)}, "the lower first"),
        ({"guidance_scale": "text"}, "as 'text:3,label:1.5'; got 'text'"),
        ({"sampler": "magic"}, "'sampler' must be one of"),
    ],
)
def test_options_out_of_range_are_refused(values, message):
    with pytest.raises(OptionError, match=message):
        DiffusionGeneration(**values)


def test_a_mask_of_nothing_or_of_all_is_refused(build, pictures):
    model, image = build(), pictures(1)
    with pytest.raises(InputError, match="0 everywhere: make some of it white"):
        model.generate(1, image=image, mask=torch.full((1, 1, 8, 8), 0.3))
    with pytest.raises(InputError, match="1 everywhere: leave out image and mask"):
        model.generate(1, image=image, mask=torch.ones(1, 1, 8, 8))
    with pytest.raises(InputError, match="give 'image' with it"):
        model.generate(1, mask=half_mask())


def test_pictures_of_another_shape_are_refused_and_others_resized(build):
    model = build("pixel")
    with pytest.raises(InputError, match="crop it first"):
        model.generate(1, image=torch.rand(1, 1, 8, 12))
    assert model.generate(1, image=torch.rand(1, 1, 16, 16), seed=0).images.shape == (1, 1, 8, 8)


def test_a_picture_with_alpha_is_laid_over_white_and_a_tensor_with_it_refused(build):
    from PIL import Image

    model = build("pixel", channels=3)
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    white = Image.new("RGB", (8, 8), (255, 255, 255))
    one, two = (model.generate(1, image=picture, seed=0).images for picture in (clear, white))
    assert torch.equal(one, two)
    with pytest.raises(InputError, match="takes 3 channels; got 4"):
        model.generate(1, image=torch.rand(1, 4, 8, 8))


def test_a_prompt_longer_than_the_encoder_takes_is_said():
    from mmgen.interfaces import Conditioner

    encoder = build_encoder("word-vectors", {"dimension": 4, "length": 3}, ["a red fox", "one"])
    model = build_network(
        "pixel-diffusion",
        {"channels": 1, "height": 8, "width": 8, "hidden": 8, "depth": 1, "heads": 2},
        conditioner=Conditioner({"text": encoder}, width=6),
    ).eval()
    with pytest.warns(
        MmgenWarning, match="5 words; the encoder reads the first 3: say it in fewer"
    ):
        model.generate(1, text="a red fox on ice", steps=1)


@pytest.mark.parametrize("change", [{"widths": (6, 6)}, {"latent_channels": 5}, {"height": 16}])
def test_an_autoencoder_that_does_not_fit_is_refused(build, change):
    from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
    from mmgen_plugin_diffusion.config import ImageAutoencoderConfig
    from mmgen_plugin_diffusion.latent import LatentDiffusion

    values = {"channels": 1, "height": 8, "width": 8, "widths": (6,), "blocks": (1,)}
    part = ImageAutoencoder(ImageAutoencoderConfig(**(values | {"latent_channels": 4} | change)))
    with pytest.raises(OptionError, match="the part 'autoencoder'"):
        LatentDiffusion(build().config, autoencoder=part)
    with pytest.raises(OptionError, match="must be an image-autoencoder"):
        LatentDiffusion(build().config, autoencoder=build())


def test_the_config_tells_the_settings_of_the_part(build):
    from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
    from mmgen_plugin_diffusion.config import ImageAutoencoderConfig
    from mmgen_plugin_diffusion.latent import LatentDiffusion

    own = {"widths": (10,), "blocks": (2,), "kl": True, "latent_channels": 4}
    part = ImageAutoencoder(ImageAutoencoderConfig(channels=1, height=8, width=8, **own))
    config = LatentDiffusion(build().config, autoencoder=part).config
    assert config.autoencoder == part.config


def test_attention_maps_are_shares_of_all_tokens(build):
    model = build()
    condition = model.semantic_condition({"text": "red blue", "label": "a"}, 2)
    maps = model.attention_maps(condition, CounterNoise(0, range(2)), DiffusionGeneration())
    assert maps.shape == (2, condition.tokens.shape[1], 2, 2)
    torch.testing.assert_close(maps.sum(dim=1), torch.ones(2, 2, 2))


def test_explain_tells_where_each_word_acted(build, tmp_path):
    model = build()
    encoder = model.conditioner.encoders["text"]
    encoder.token_spans = lambda text: [(at, at + 1) for at in range(len(text))]  # letters
    found = explain(model, text="red blue", label="a", seed=0, steps=3)
    label, text = found.slots
    assert [part.name for part in text.parts] == ["red", "blue"]
    maps = [part.where for part in (*label.parts, *text.parts)]
    assert all(look.shape == (2, 2) for look in maps)
    assert (sum(maps) < 1).all()  # the space between the words was looked at too
    assert (sum(maps) > 0.5).all()
    assert found.save(tmp_path / "why.png")[0].exists()
    del encoder.token_spans
    plain = explain(model, text="red blue", seed=0, steps=3)
    assert all(part.where is None for part in plain.slots[0].parts)
    assert found.draw().shape[0] > plain.draw().shape[0]
