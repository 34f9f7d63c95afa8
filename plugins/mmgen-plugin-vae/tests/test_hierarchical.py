import pytest
import torch
from mmgen_plugin_vae.towers import map_sizes

LADDERS = [
    {"widths": (4,), "latents": (2,), "latent_channels": (1,), "dense_latents": 0},
    {"widths": (4, 4), "latents": (0, 0), "latent_channels": (0, 0), "dense_latents": 2},
    {"widths": (4, 5), "latents": (1, 3), "latent_channels": (2, 1), "blocks": 2},
    {"widths": (4,), "latents": (3,), "latent_channels": (1,), "rising_blocks": 2},
    {"widths": (4,), "latents": (2,), "latent_channels": (2,), "rising_blocks": 3},
    {"widths": (4, 5), "latents": (2, 0), "latent_channels": (2, 0), "prior_kernel": 1},
]


@pytest.mark.parametrize("ladder", LADDERS)
def test_any_ladder(build, pictures, ladder):
    model = build("hierarchical-vae", height=7, width=10, **ladder)
    images = pictures(2, height=7, width=10)
    passed = model(images, torch.randn(2, model.latent_dim), None)
    assert len(passed.posteriors) == len(model.latent_shapes)
    shapes = [tuple(part.shape[1:]) for part in passed.whitened]
    assert shapes == list(model.latent_shapes)
    assert passed.parameters.shape == (2, 1, 7, 10)
    assert passed.divergences().shape == (len(shapes), 2)
    for posterior in passed.posteriors:
        assert posterior.shift.std() > 0


def test_sizes_are_halved_and_rounded_up():
    assert map_sizes(28, 5, 4) == ((28, 5), (14, 3), (7, 2), (4, 1))


def test_every_layer_matters_on_the_way_down(build):
    model = build("hierarchical-vae")
    noise = torch.randn(1, model.latent_dim)
    reference = model.decode(noise)
    start = 0
    for part in model.split_latents(noise):
        changed = noise.clone()
        changed[:, start : start + part.numel()] += 1
        start += part.numel()
        assert not torch.allclose(model.decode(changed), reference, atol=1e-4)


def test_lower_posteriors_see_the_latents_above(build, pictures):
    model = build("hierarchical-vae")
    noise = torch.zeros(1, model.latent_dim)
    moved = noise.clone()
    moved[:, 0] = 1  # of the top layer
    one, other = (model(pictures(1), part, None) for part in (noise, moved))
    assert torch.equal(one.posteriors[0].shift, other.posteriors[0].shift)
    for before, after in zip(one.posteriors[1:], other.posteriors[1:], strict=True):
        assert not torch.allclose(before.shift, after.shift, atol=1e-5)


def test_each_layer_has_evidence_of_its_own(build, pictures):
    model = build("hierarchical-vae")
    evidence = model.collect(pictures(2), None)
    sizes = [tuple(part.shape[2:]) for part in evidence]
    assert sizes == [shape[1:] for shape in model.latent_shapes]
    images = pictures(2).requires_grad_()
    for part in model.collect(images, None):
        (gradient,) = torch.autograd.grad(part.sum(), images, retain_graph=True)
        assert gradient.abs().sum() > 0


def test_the_last_layer_of_a_size_gets_the_first_evidence_on_the_way_up(build, pictures):
    """What was collected last belongs to the layer drawn first: the two ways mirror each other."""
    ladder = {"widths": (4,), "latents": (2,), "latent_channels": (1,), "dense_latents": 0}
    model = build("hierarchical-vae", **ladder)
    before = model.collect(pictures(1), None)
    with torch.no_grad():
        model.levels[0].rising[1].second.bias.add_(1)
    after = model.collect(pictures(1), None)
    assert not torch.allclose(before[0], after[0], atol=1e-4)
    assert torch.equal(before[1], after[1])


def test_the_way_up_can_be_shorter_than_the_way_down(build, pictures):
    """With two blocks for four layers, each block gives the evidence of two."""
    ladder = {"widths": (4,), "latents": (4,), "latent_channels": (1,), "dense_latents": 0}
    model = build("hierarchical-vae", rising_blocks=2, **ladder)
    level = model.levels[0]
    assert (len(level.rising), len(level.falling)) == (2, 4)
    before = model.collect(pictures(1), None)
    with torch.no_grad():
        level.rising[1].second.bias.add_(1)
    after = model.collect(pictures(1), None)
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert moved == [True, True, False, False]


def test_a_prior_of_single_positions_sees_no_neighbours(build):
    ladder = {"widths": (4,), "latents": (1,), "latent_channels": (1,)}
    for kernel, reach in ((1, 1), (3, 9)):
        layer = build("hierarchical-vae", prior_kernel=kernel, **ladder).levels[0].layers[0]
        features = torch.zeros(1, 4, 5, 5, requires_grad=True)
        layer.above(features)[0, :, 2, 2].sum().backward()
        assert (features.grad[0, 0] != 0).sum() == reach
