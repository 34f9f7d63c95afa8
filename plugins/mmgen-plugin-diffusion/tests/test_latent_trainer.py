"""How the autoencoder of latent diffusion learns, in a stage of its own."""

import pytest
import torch
from mmgen_plugin_diffusion.latent_trainer import LatentDiffusionTrainer
from mmgen_plugin_diffusion.options import LatentDiffusionTraining

from mmgen.errors import MmgenWarning
from mmgen.interfaces import CounterNoise


def test_each_stage_averages_all_that_it_learns(build):
    """Of the autoencoder also the scale of the latents."""
    model = build()
    stages = LatentDiffusionTrainer(model, LatentDiffusionTraining()).stages()
    for stage in stages:
        (phase,) = stage.phases
        averaged = {id(p) for module in phase.ema for p in module.parameters()}
        assert {id(p) for p in phase.parameters} <= averaged
    assert model.autoencoder in stages[0].phases[0].ema


@pytest.mark.parametrize("rate", [None, 0.25])
def test_the_autoencoder_may_learn_at_a_rate_of_its_own(build, rate):
    trainer = LatentDiffusionTrainer(build(), LatentDiffusionTraining(autoencoder_rate=rate))
    assert [stage.phases[0].learning_rate for stage in trainer.stages()] == [rate, None]


def test_settings_of_an_autoencoder_that_is_trained_already_are_said(build):
    model = build()
    LatentDiffusionTrainer(model, LatentDiffusionTraining(latent_noise=0.1))
    model.autoencoder.updates.fill_(1)
    LatentDiffusionTrainer(model, LatentDiffusionTraining(flip=True))  # of the denoiser too
    options = LatentDiffusionTraining(latent_noise=0.1, autoencoder_steps=5)
    match = (
        r"trained autoencoder.*: trainer\.latent_noise, trainer\.autoencoder_steps change nothing"
    )
    with pytest.warns(MmgenWarning, match=match):
        LatentDiffusionTrainer(model, options)


@pytest.mark.parametrize("flip", [False, True])
def test_the_autoencoder_sees_mirror_images_where_that_is_asked(build, batch, flip):
    trainer = LatentDiffusionTrainer(build(), LatentDiffusionTraining(flip=flip))
    trainer.judge.forward = lambda model, images, *rest: {"seen": images}
    seen = trainer.reconstruction_loss(batch, 0, CounterNoise(0, range(6)))["seen"]
    own = (seen == batch["target"]).flatten(1).all(dim=1)
    assert own.any()
    assert own.all() != flip
    assert torch.equal(seen[~own], batch["target"][~own].flip(-1))
