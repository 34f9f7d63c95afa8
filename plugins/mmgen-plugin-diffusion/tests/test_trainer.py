"""How denoisers learn: stages, latents, known pixels, held-out figures."""

import pytest
import torch
from mmgen_plugin_diffusion.config import OBJECTIVES
from mmgen_plugin_diffusion.latent_trainer import LatentDiffusionTrainer
from mmgen_plugin_diffusion.options import DiffusionTraining, LatentDiffusionTraining
from mmgen_plugin_diffusion.trainer import DiffusionTrainer

from mmgen.data import PictureData
from mmgen.data.choices import Choices
from mmgen.errors import OptionError
from mmgen.interfaces import CounterNoise, TrainingNoise
from mmgen.pretrained import from_pretrained
from mmgen.training import train

QUICK = {
    "steps": 4, "batch_size": 4, "checkpoint_every": 0, "evaluate_every": 2, "sample_every": 0,
    "tensorboard": False, "device": "cpu",
}  # fmt: skip
SMALL = {
    "hidden": 8, "depth": 1, "heads": 2, "autoencoder_widths": [4], "autoencoder_blocks": [1],
    "latent_channels": 3, "steps": 3,
}  # fmt: skip


def data(pictures, count=12):
    pixels = pictures(count).mul(255).round().to(torch.uint8)
    return PictureData(
        images=pixels, labels=torch.arange(count) % 2, class_names=("a", "b"), name="toy"
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_errors_of_all_objectives_fall(build, learn, batch, objective):
    model = build("pixel", perturbed=False, objective=objective)
    trainer = DiffusionTrainer(model, DiffusionTraining()).eval()
    before = trainer.evaluate(batch, TrainingNoise(6))["error"].mean()
    learn(trainer, trainer.loss, batch, steps=80, rate=3e-3)
    after = trainer.evaluate(batch, TrainingNoise(6))["error"].mean()
    assert after < 0.7 * before


def test_held_out_errors_are_of_fixed_times(build, batch):
    trainer = DiffusionTrainer(build("pixel"), DiffusionTraining(evaluation_times=16)).eval()
    with torch.no_grad():
        figures = [trainer.evaluate(batch, CounterNoise(3, range(6)))["error"] for _ in "ab"]
    assert torch.equal(*figures)


def test_all_that_is_learned_is_averaged(build):
    """The denoiser and the encoders of its conditions."""
    model = build("pixel")
    phase = DiffusionTrainer(model, DiffusionTraining()).denoising()
    averaged = {id(p) for module in phase.ema for p in module.parameters()}
    assert averaged == {id(p) for p in model.parameters()}


@pytest.mark.parametrize("flip", [False, True])
def test_some_pictures_are_mirrored_where_that_is_asked(build, batch, flip):
    model = build("pixel")
    trainer = DiffusionTrainer(model, DiffusionTraining(flip=flip))
    data, images = trainer.data_of(batch, CounterNoise(0, range(6)))
    own = (images == batch["target"]).flatten(1).all(dim=1)
    assert own.any()
    assert own.all() != flip
    assert torch.equal(images[~own], batch["target"][~own].flip(-1))
    assert torch.equal(data, model.to_data(images))


def test_both_stages_run_in_one_training_and_each_has_its_own_figures(tmp_path, pictures):
    run = train(
        "latent-diffusion", data(pictures), output=tmp_path / "run", progress=False,
        config={
            "model": SMALL, "training": QUICK, "data": {"held_out": 0.25},
            "trainer": {"autoencoder_steps": 6, "flip": True},
            "conditions": {"label": {"encoder": "label-embedding", "width": 4}},
        },
    )  # fmt: skip
    assert run.steps == 10
    assert set(run.figures) == {"error"}
    import json

    figures = json.loads((tmp_path / "run" / "figures.json").read_text())
    stages = [(entry["stage"], set(entry["figures"])) for entry in figures]
    assert stages[0] == ("autoencoder", {"mse", "psnr"})
    assert stages[-1] == ("denoise", {"error"})
    assert from_pretrained(run.model_folder / "autoencoder").learned


def test_a_trained_autoencoder_is_taken_as_it_is(tmp_path, pictures):
    first = train(
        "image-autoencoder", data(pictures), output=tmp_path / "first", progress=False,
        config={"model": {"widths": [4], "blocks": [1], "latent_channels": 3}, "training": QUICK,
                "data": {"held_out": 0.25}},
    )  # fmt: skip
    config = {"model": SMALL, "training": QUICK, "data": {"held_out": 0.25}}
    run = train(
        "latent-diffusion", data(pictures), output=tmp_path / "run", config=config,
        parts={"autoencoder": str(first.model_folder)}, progress=False,
    )  # fmt: skip
    assert run.steps == 4
    part, given = run.load().autoencoder.state_dict(), first.load().state_dict()
    assert all(torch.equal(part[name], tensor) for name, tensor in given.items())
    wrong = {**config, "model": {**SMALL, "latent_channels": 5}}
    with pytest.raises(OptionError, match=r"latent_channels = 3 and autoencoder_widths = \[4\]"):
        train(
            "latent-diffusion", data(pictures), output=tmp_path / "wrong", config=wrong,
            parts={"autoencoder": str(first.model_folder)}, progress=False,
        )  # fmt: skip


def test_latents_come_with_those_of_mirror_images(build, batch):
    model = build()
    trainer = LatentDiffusionTrainer(model, LatentDiffusionTraining(flip=True)).eval()
    with torch.no_grad():
        found = trainer.to_latents(batch)
    torch.testing.assert_close(found["latents"], model.to_data(batch["target"]))
    torch.testing.assert_close(found["mirrored"], model.to_data(batch["target"].flip(-1)))
    assert "target" not in found
    assert found["text"] == batch["text"]
    data, _ = trainer.data_of(found, CounterNoise(0, range(6)))
    own = (data == found["latents"]).flatten(1).all(dim=1)
    other = (data == found["mirrored"]).flatten(1).all(dim=1)
    assert torch.equal(own, ~other)
    assert own.any()
    assert other.any()


def test_known_pixels_are_seen_of_some_pictures(build, batch):
    model = build(inpainting=True)
    trainer = LatentDiffusionTrainer(model, LatentDiffusionTraining(inpainting_share=0.5)).eval()
    with torch.no_grad():
        found = trainer.to_latents(batch)
    assert found["pixels"].dtype == torch.uint8
    _, images = trainer.data_of(found, CounterNoise(0, range(6)))
    torch.testing.assert_close(images, batch["target"], atol=0.003, rtol=0)
    hints = trainer.random_hints(images, CounterNoise(0, range(6)))
    nothing = model.no_hints(6, torch.device("cpu"))
    free = (hints == nothing).flatten(1).all(dim=1)
    assert free.any()
    assert not free.all()
    for share, rows in ((0.0, 6), (1.0, 0)):
        trainer.options = LatentDiffusionTraining(inpainting_share=share)
        hints = trainer.random_hints(images, CounterNoise(0, range(6)))
        assert int((hints == nothing).flatten(1).all(dim=1).sum()) == rows


@pytest.mark.parametrize(
    ("inpainting", "share", "message"),
    [(True, 0.0, "is to paint by them"), (False, 0.25, "sees none: set model.inpainting")],
)
def test_known_pixels_are_shown_to_whom_sees_them(build, inpainting, share, message):
    options = DiffusionTraining(inpainting_share=share)
    with pytest.raises(OptionError, match=f"inpainting_share = {share:g} .* {message}"):
        DiffusionTrainer(build("pixel", inpainting=inpainting), options)


def test_held_out_pictures_are_judged_with_known_pixels_too(build, batch):
    """Of as many of them as the model learns from; a figure that sees them is another."""
    model = build("pixel", inpainting=True)
    found = []
    for share in (1e-6, 0.5, 1.0):
        trainer = DiffusionTrainer(model, DiffusionTraining(inpainting_share=share)).eval()
        with torch.no_grad():
            found.append(trainer.evaluate(batch, CounterNoise(0, range(6)))["error"])
    changed = found[1] != found[0]
    assert changed.any()
    assert not changed.all()
    assert (found[2] != found[0]).all()
    torch.testing.assert_close(found[1][changed], found[2][changed])


def test_wordings_go_on_being_chosen_after_latents_are_made(tmp_path, pictures, monkeypatch):
    seen = set()
    condition_of = DiffusionTrainer.condition_of

    def spy(self, batch, *rest):
        seen.update(batch["text"])
        return condition_of(self, batch, *rest)

    monkeypatch.setattr(DiffusionTrainer, "condition_of", spy)
    from dataclasses import replace

    from mmgen.testing import stand_in
    from mmgen.testing.plugin import temporary_plugin

    texts = Choices.of_rows([["one", "two", "three", "four"]] * 12)
    with temporary_plugin(stand_in, "contract"):
        train(
            "latent-diffusion", replace(data(pictures), texts=texts), output=tmp_path / "run",
            progress=False,
            config={
                "model": SMALL, "training": {**QUICK, "steps": 12}, "data": {"held_out": 0},
                "trainer": {"autoencoder_steps": 1},
                "conditions": {"text": {"encoder": stand_in.NAME, "width": 4}},
            },
        )  # fmt: skip
    assert seen == {"one", "two", "three", "four"}
