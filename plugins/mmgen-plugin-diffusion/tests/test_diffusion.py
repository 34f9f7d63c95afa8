"""What a config settles for generate, and what the denoiser sees of known pixels."""

import pytest
import torch
from mmgen_plugin_diffusion.masks import without_hole


@pytest.mark.parametrize(("name", "value"), [("guidance_scale", 1.5), ("shift", 3.0), ("steps", 2)])
def test_what_generate_is_not_told_the_config_says(build, name, value):
    options, setting = {"text": "one", "seed": 0}, {name: value}
    own = build("pixel", **setting).generate(2, **options).images
    told = build("pixel").generate(2, **options, **setting).images
    assert torch.equal(own, told)
    assert not torch.allclose(own, build("pixel").generate(2, **options).images, atol=1e-3)


def test_nothing_is_seen_where_all_pixels_of_a_latent_are_hidden(build, pictures):
    model, images, mask = build(inpainting=True), pictures(2), torch.zeros(2, 1, 8, 8)
    mask[..., 5:] = 1  # of the four columns of latents half of the third, and the last
    known, share = model.hints(images, mask).split([4, 1], dim=1)
    assert torch.equal(share, torch.tensor([0, 0, 0.5, 1]).expand(2, 1, 4, 4))
    assert not known[..., 3].any()
    torch.testing.assert_close(known[..., :3], model.to_data(without_hole(images, mask))[..., :3])
