"""A trained denoiser goes on under other settings."""

from dataclasses import replace

import pytest
import torch
from mmgen_plugin_diffusion.inheritance import enter_by_smaller, leave_by_smaller, places_between
from PIL import Image

from mmgen.errors import OptionError
from mmgen.training import train


def repeated(maps, times):
    """Return maps (N, C, h, w) with every number as a square of `times` by `times`."""
    return maps.repeat_interleave(times, dim=2).repeat_interleave(times, dim=3)


@pytest.mark.parametrize(("before", "after"), [(2, 1), (4, 2), (6, 2)])
def test_a_small_patch_becomes_the_token_of_itself_enlarged(before, after):
    weight = torch.randn(5, 3 * before**2)
    small = torch.randn(1, 3, after, after)
    large = repeated(small, before // after)
    found = enter_by_smaller(weight, 3, before, after) @ small.flatten()
    torch.testing.assert_close(found, weight @ large.flatten())


def test_what_leaves_a_small_patch_is_the_mean_over_the_large_one():
    weight, token = torch.randn(3 * 4**2, 5), torch.randn(5)
    large = (weight @ token).view(3, 4, 4)
    small = (leave_by_smaller(weight, 4, 2) @ token).view(3, 2, 2)
    torch.testing.assert_close(small, large.view(3, 2, 2, 2, 2).mean(dim=(2, 4)))


def test_places_lie_between_those_that_were_learned():
    rows = torch.arange(4.0)[:, None].expand(4, 6).reshape(24, 1)
    torch.testing.assert_close(places_between(rows, (4, 6), (4, 6)), rows)
    finer = places_between(rows, (4, 6), (8, 12)).view(8, 12)
    assert (finer[:, :1] == finer).all()
    torch.testing.assert_close(finer[1:7, 0], torch.arange(6) / 2 + 0.25)


@pytest.mark.parametrize("kind", ["latent", "pixel"])
def test_smaller_patches_begin_with_what_larger_ones_say(build, kind):
    """Where nothing differs within a patch and all places are alike, they say the same."""
    model = build(kind)
    with torch.no_grad():
        model.denoiser.places[:] = model.denoiser.places[0]
    finer = model.reshaped(replace(model.config, patch=1))
    channels, height, width = model.noisy_shape
    noisy = repeated(torch.randn(2, channels, height // 2, width // 2), 2)
    times, condition = torch.tensor([0.3, 0.8]), model.semantic_condition({"text": "one two"}, 2)
    coarse, fine = (
        found.denoiser(noisy, times, found.denoiser.prepare(condition)) for found in (model, finer)
    )
    torch.testing.assert_close(fine, repeated(torch.nn.functional.avg_pool2d(coarse, 2), 2))


@pytest.mark.parametrize("network", ["transformer", "unet"])
def test_a_model_that_has_seen_no_known_pixels_can_begin_to(build, network):
    sizes = {"widths": (8, 8), "blocks": (1,)} if network == "unet" else {}
    model = build("pixel", network=network, **sizes)
    painter = model.reshaped(replace(model.config, inpainting=True, steps=3))
    options = {"text": "one", "seed": 0, "steps": 3}
    before, after = (found.generate(2, **options).images for found in (model, painter))
    torch.testing.assert_close(before, after)
    assert painter.config.inpainting
    assert painter.conditioner is model.conditioner


@pytest.mark.parametrize(
    ("settings", "asked", "message"),
    [
        ({}, {"hidden": 32}, "hidden of .* is 16, and what it learned is of no use with 32"),
        ({}, {"patch": 4}, r"sides of 2 .* smaller ones of equal size; got patch = 4"),
        ({"inpainting": True}, {"inpainting": False}, "cannot go on without"),
        ({"network": "unet", "patch": 4}, {"patch": 2}, "patch of .* is 4"),
    ],
)
def test_settings_that_need_other_weights_are_refused(build, settings, asked, message):
    model = build("pixel", **settings)
    with pytest.raises(OptionError, match=message):
        model.reshaped(replace(model.config, **asked))


def test_a_training_goes_on_with_smaller_patches(build, pictures, tmp_path):
    model = build("pixel", told=False)
    model.save(tmp_path / "coarse")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row, picture in enumerate(pictures(4)):
        Image.fromarray((picture[0] * 255).byte().numpy()).save(folder / f"{row}.png")
    config = {"model": {"patch": 1, "dropout": 0.1}, "training": {"steps": 1, "batch_size": 2}}
    run = train(
        "pixel-diffusion", folder, output=tmp_path / "run", config=config, progress=False,
        from_model=tmp_path / "coarse",
    )  # fmt: skip
    found = run.load().config
    assert (found.patch, found.dropout, found.hidden) == (1, 0.1, model.config.hidden)
