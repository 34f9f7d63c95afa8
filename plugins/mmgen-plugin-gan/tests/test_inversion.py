"""The search for latents, and what stands on it."""

import pytest
import torch

from mmgen.errors import InputError, UnknownNameError


def test_a_picture_of_the_model_is_found_again(build, architecture):
    model = build(architecture)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # so that its pictures differ by more than the prior's pull weighs
    pictures = model.generate(3, seed=1).images
    latents = model.encode(pictures, steps=200, starts=4)
    assert latents.shape == (3, 6)
    found = model.decode(latents)
    other = model.generate(3, seed=2).images
    error = (found - pictures).square().mean(dim=(1, 2, 3))
    assert (error < 0.3 * (other - pictures).square().mean(dim=(1, 2, 3))).all()


def test_more_starts_never_end_farther_away(build):
    model = build("gan")
    pictures = model.generate(4, seed=1).images
    errors = [
        (model.decode(model.encode(pictures, steps=20, starts=starts)) - pictures)
        .square()
        .mean(dim=(1, 2, 3))
        for starts in (1, 6)
    ]
    assert (errors[1] <= errors[0] + 1e-6).all()


def test_known_pixels_lead_the_search(build, architecture):
    """With the upper half known, the lower one comes back too: it has the same latents."""
    model = build(architecture)
    picture = model.generate(1, seed=5).images
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:, :] = 1
    spoilt = torch.where(mask > 0, torch.rand(picture.shape), picture)
    options = {"search_steps": 200, "search_starts": 4}
    painted = model.generate(2, image=spoilt, mask=mask, seed=0, **options).images
    assert torch.equal(painted[:, :, :4], picture[:, :, :4].expand(2, -1, -1, -1))
    missed = (painted - picture)[:, :, 4:].square().mean()
    assert missed < 0.3 * (spoilt - picture)[:, :, 4:].square().mean()


def test_the_search_answers_the_condition(build):
    model = build("gan", labels=True)
    picture = model.generate(1, label="b", seed=3).images
    latents = model.encode(picture, steps=150, label="b")
    right = (model.decode(latents, label="b") - picture).square().mean()
    wrong = (model.decode(latents, label="c") - picture).square().mean()
    assert right < wrong


def test_the_way_between_pictures_starts_and_ends_near_them(build):
    model = build("gan")
    ends = model.generate(2, seed=1).images
    way = model.interpolate(ends[0], ends[1], 5)
    assert way.shape == (5, 1, 8, 8)
    found = model.reconstruct(ends)
    assert torch.allclose(way[[0, -1]], found, atol=1e-4)


def test_what_does_not_fit_is_refused(build):
    model = build("gan")
    with pytest.raises(UnknownNameError, match="unknown latent space 'w'"):
        model.encode(torch.rand(1, 1, 8, 8), space="w")
    with pytest.raises(InputError, match=r"latents must be \(N, 6\)"):
        model.decode(torch.zeros(1, 5))
    with pytest.raises(InputError, match="give 'mask'"):
        model.generate(image=torch.rand(1, 1, 8, 8))
