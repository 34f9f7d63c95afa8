import pytest
import torch
from mmgen_plugin_vae.inpainting import num_inferred

from mmgen.errors import InputError


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretised-logistic-mixture"])
def test_known_pixels_stay_bit_for_bit(architecture, build, likelihood):
    torch.manual_seed(0)
    model = build(architecture, channels=3, likelihood=likelihood)
    image, mask = torch.rand(1, 3, 8, 8), (torch.rand(1, 1, 8, 8) < 0.5).float()
    images = model.generate(3, seed=0, image=image, mask=mask, inpainting_steps=4).images
    known = (mask == 0).expand(3, 3, 8, 8)
    assert torch.equal(images[known], image.expand(3, -1, -1, -1)[known])
    assert not torch.allclose(images[0], images[1])


def test_the_number_of_steps_matters(architecture, build, pictures):
    model = build(architecture)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    one, five = (
        model.generate(1, seed=0, image=pictures(1), mask=mask, inpainting_steps=steps).images
        for steps in (1, 5)
    )
    assert not torch.equal(one, five)


def test_what_is_known_decides_what_is_painted(architecture, build):
    model = build(architecture)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    black, white = (
        model.generate(
            1, seed=0, image=torch.full((1, 1, 8, 8), v), mask=mask, inpainting_steps=16
        ).images[..., 4:]
        for v in (0.0, 1.0)
    )
    assert not torch.allclose(black, white, rtol=0, atol=1e-5)  # else bit-equal


def test_the_chain_draws_from_the_posterior_of_the_missing_pixels(build):
    """A VAE trained until its posterior is good fills two linked pixels as they are linked."""
    from mmgen_plugin_vae.config import VaeTraining
    from mmgen_plugin_vae.trainer import VaeTrainer

    from mmgen.interfaces import TrainingNoise

    model = build("vae", height=1, width=2, hidden=16, perturb=0.0, latent_dim=1)
    trainer = VaeTrainer(model, VaeTraining())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    pairs = torch.tensor([[0.0, 0.0], [1.0, 1.0]]).view(2, 1, 1, 2).repeat(64, 1, 1, 1)
    model.train()
    for step in range(300):
        optimizer.zero_grad()
        trainer.loss({"target": pairs}, step, TrainingNoise(128))["loss"].backward()
        optimizer.step()
    mask = torch.tensor([[[[0.0, 1.0]]]])
    image = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 1, 2)
    images = image.repeat_interleave(50, dim=0)
    painted = model.generate(
        100, seed=0, image=images, mask=mask, output="sample", inpainting_steps=40
    ).images
    agrees = (painted[..., 0] == painted[..., 1]).float().mean()
    assert agrees > 0.8


def test_image_and_mask_come_together(architecture, build, pictures):
    model = build(architecture)
    with pytest.raises(InputError, match="mask"):
        model.generate(1, image=pictures(1))
    with pytest.raises(InputError, match="image"):
        model.generate(1, mask=torch.ones(1, 1, 8, 8))


def test_the_chain_goes_from_coarse_to_fine():
    layers = [num_inferred(step, num_steps=16, num_layers=4) for step in range(16)]
    assert layers == [1] * 8 + [2] * 4 + [3] * 2 + [4] * 2
    assert num_inferred(15, num_steps=16, num_layers=1) == 1
