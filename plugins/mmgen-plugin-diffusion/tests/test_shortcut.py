"""Short cuts: two small steps make a large one."""

import math
from dataclasses import dataclass

import pytest
import torch
from mmgen_plugin_diffusion.config import OBJECTIVES
from mmgen_plugin_diffusion.embedding import FINEST
from mmgen_plugin_diffusion.latent_trainer import LatentDiffusionTrainer
from mmgen_plugin_diffusion.options import DiffusionTraining, LatentDiffusionTraining
from mmgen_plugin_diffusion.prompt import Denoiser, Prompt
from mmgen_plugin_diffusion.shortcut import (
    MOST_STEPS,
    draw_shortcuts,
    few_steps,
    shortcut_levels,
    shortcut_times,
    two_steps,
)
from mmgen_plugin_diffusion.trainer import DiffusionTrainer

from mmgen.errors import MmgenWarning, OptionError, UnsupportedConditionError
from mmgen.interfaces import TrainingNoise
from mmgen.testing import GeneratorCase, perturb
from mmgen.testing.learning import (
    check_each_phase_lowers_its_loss,
    check_every_parameter_learns,
    check_stages_are_in_order,
)


class Field(Denoiser):
    """A velocity that is known: that of x = c · exp(-t), and what was asked of it."""

    grid = (1, 1)

    def __init__(self):
        super().__init__()
        self.asked = []

    def prepare(self, condition, looks=None):
        return Prompt(None)

    def moment(self, times, prompt, levels=None):
        self.asked.append((times.clone(), levels.clone()))
        return times

    def denoise(self, noisy, moment, prompt):
        return -noisy

    def inherit(self, other):
        self.asked = [*other.asked]


def test_every_size_of_step_comes_alike_often():
    levels = shortcut_levels((torch.arange(7000) + 0.5) / 7000)
    assert levels.unique(return_counts=True)[1].tolist() == [1000] * FINEST
    assert (levels.min(), levels.max()) == (1, FINEST)


def test_steps_begin_at_multiples_of_their_size_and_end_in_time():
    levels = shortcut_levels(torch.rand(500))
    times = shortcut_times(levels, torch.rand(500))
    size = 2.0 ** -(levels - 1).float()
    torch.testing.assert_close((times / size).round(), times / size)
    assert (times - size >= 0).all()
    assert (times <= 1).all()


def test_the_target_is_the_mean_of_two_steps_of_half_the_size(build):
    """Frans et al. 2024, equation 4."""
    model, field = build("pixel", told=False), Field()
    condition = model.semantic_condition({}, 2)
    noisy, times = torch.randn(2, 1, 2, 2), torch.tensor([1.0, 0.5])
    levels = torch.tensor([1, 2])  # steps of 1 and of 1/2
    found = two_steps(field, field, noisy, times, levels, condition, None, 1.0)
    half = torch.tensor([0.5, 0.25]).view(2, 1, 1, 1)
    first = -noisy
    second = -(noisy - half * first)
    torch.testing.assert_close(found, (first + second) / 2)
    torch.testing.assert_close(noisy - 2 * half * found, noisy - half * (first + second))
    (start, asked), (later, _) = field.asked
    assert torch.equal(start, times)
    assert torch.equal(later, torch.tensor([0.5, 0.25]))
    assert torch.equal(asked, levels + 1)


def test_the_smallest_steps_are_those_of_the_flow_and_guided(build):
    model = build("pixel")
    condition = model.semantic_condition({"text": ["one two", "four"]}, 2)
    noisy, times = torch.randn(2, 1, 8, 8), torch.tensor([0.5, 0.5])
    denoiser, zero = model.denoiser, torch.zeros(2, dtype=torch.int64)

    def target(levels, guidance):
        return two_steps(denoiser, denoiser, noisy, times, levels, condition, None, guidance)

    with torch.no_grad():
        finest = torch.tensor([FINEST, FINEST])
        told = denoiser(noisy, times, denoiser.prepare(condition), zero)
        free = denoiser(noisy, times, denoiser.prepare(condition.without()), zero)
        first = free + 3 * (told - free)
        between, after = noisy - first * 2.0**-FINEST, times - 2.0**-FINEST
        told = denoiser(between, after, denoiser.prepare(condition), zero)
        free = denoiser(between, after, denoiser.prepare(condition.without()), zero)
    torch.testing.assert_close(target(finest, 3.0), (first + free + 3 * (told - free)) / 2)
    coarse = torch.tensor([1, 2])
    torch.testing.assert_close(target(coarse, 3.0), target(coarse, 1.0))
    mixed = torch.tensor([FINEST, 2])  # each row as if alone
    expected = torch.stack([target(finest, 3.0)[0], target(coarse, 3.0)[1]])
    torch.testing.assert_close(target(mixed, 3.0), expected)
    expected = torch.stack([target(coarse, 3.0)[0], target(finest, 3.0)[1]])
    torch.testing.assert_close(target(torch.tensor([1, FINEST]), 3.0), expected)


def test_a_share_of_the_batch_learns_short_cuts(build, batch):
    model = build("pixel")
    trainer = DiffusionTrainer(model, DiffusionTraining(shortcut=0.5)).train()
    losses = trainer.loss(batch, 0, TrainingNoise(6))
    torch.testing.assert_close(losses["loss"].detach(), (losses["shortcut"] + losses["flow"]) / 2)
    losses["loss"].backward()
    assert model.denoiser.time.steps.weight.grad[1:].any()
    assert all(p.grad is None for p in trainer.teacher.parameters())
    assert not trainer.teacher.training


@pytest.mark.parametrize(("share", "count", "few"), [(0.25, 2, 1), (0.9, 4, 3), (0.25, 8, 2)])
def test_some_learn_short_cuts_and_some_the_flow(build, batch, share, count, few):
    trainer = DiffusionTrainer(build("pixel"), DiffusionTraining(shortcut=share)).train()
    rows = {name: [*value, *value][:count] for name, value in batch.items()}
    rows |= {name: torch.stack(rows[name]) for name in ("target", "label")}
    seen = []
    errors = trainer.errors
    trainer.errors = lambda lesson: seen.append(lesson.num_short) or errors(lesson)
    losses = trainer.loss(rows, 0, TrainingNoise(count))
    assert seen == [few]
    assert all(value.isfinite() for value in losses.values())


def test_one_row_at_a_time_cannot_learn_both(build, batch):
    trainer = DiffusionTrainer(build("pixel"), DiffusionTraining(shortcut=0.25)).train()
    alone = {name: value[:1] for name, value in batch.items()}
    with pytest.raises(OptionError, match=r"one picture .* at a time: raise training\.batch_size"):
        trainer.loss(alone, 0, TrainingNoise(1))


def test_the_flow_that_is_gone_on_from_can_stay_the_teacher(build, batch):
    """Then its encoders stay too, as it knows no others."""
    model = build("pixel")
    options = DiffusionTraining(shortcut=0.5, shortcut_flow="start", teacher_decay=0.0)
    trainer = DiffusionTrainer(model, options)
    (stage,) = trainer.stages()
    (phase,) = stage.phases
    assert {id(p) for p in phase.parameters} == {id(p) for p in model.denoiser.parameters()}
    still = {id(part) for part in stage.frozen}
    assert {id(part) for part in model.conditioner.children()} <= still  # no dropout in them
    before = trainer.start.places.clone()
    with torch.no_grad():
        model.denoiser.places.add_(1.0)
    phase.after_step(0)
    torch.testing.assert_close(trainer.teacher.places, model.denoiser.places.detach())
    assert torch.equal(trainer.start.places, before)
    asked = []
    for name in ("teacher", "start"):
        teacher = getattr(trainer, name)
        forward = teacher.forward
        teacher.forward = lambda *args, name=name, forward=forward: (
            asked.append((name, args[3].tolist())) or forward(*args)
        )
    trainer.train()
    trainer.loss(batch, 0, TrainingNoise(6))["loss"].backward()
    assert all(levels and not any(levels) for name, levels in asked if name == "start")
    assert all(levels and all(levels) for name, levels in asked if name == "teacher")


@dataclass(frozen=True, kw_only=True)
class Trained(GeneratorCase):
    """A case whose model has learned something."""

    def build(self):
        model = super().build()
        perturb(model)
        return model


@pytest.mark.parametrize("architecture", ["latent-diffusion", "pixel-diffusion"])
def test_a_flow_that_is_kept_keeps_the_contract(architecture):
    config = {"channels": 1, "height": 8, "width": 8, "hidden": 8, "depth": 1, "heads": 2}
    config["patch"] = 2
    if architecture == "latent-diffusion":
        config |= {"autoencoder_widths": [4], "autoencoder_blocks": [1], "latent_channels": 3}
    options = {"shortcut": 0.5, "shortcut_flow": "start", "teacher_decay": 0.9}
    sizes = {"colour": {}, "non_square": {}, "large": {}}
    case = Trained(architecture=architecture, config=config, trainer=options, **sizes)
    for check in (
        check_stages_are_in_order, check_every_parameter_learns, check_each_phase_lowers_its_loss
    ):  # fmt: skip
        check(case)


@pytest.mark.parametrize("kind", ["latent", "pixel"])
def test_there_must_be_a_flow_to_keep(build, kind):
    options = {"shortcut": 0.5, "shortcut_flow": "start"}
    trainer = {"latent": LatentDiffusionTrainer, "pixel": DiffusionTrainer}[kind]
    settings = {"latent": LatentDiffusionTraining, "pixel": DiffusionTraining}[kind]
    with pytest.raises(OptionError, match=r"has learned none: go on from a trained model"):
        trainer(build(kind, perturbed=False), settings(**options))
    trainer(build(kind), settings(**options))


def test_both_lessons_say_which_model_is_best(build, batch):
    trainer = DiffusionTrainer(build("pixel"), DiffusionTraining(shortcut=0.75)).eval()
    found = trainer.evaluate(batch, TrainingNoise(6))
    assert next(iter(found)) == "loss"  # the first decides
    expected = 0.25 * found["error"] + 0.75 * found["shortcut_error"]
    torch.testing.assert_close(found["loss"], expected)


@pytest.mark.parametrize(
    "option", [{"shortcut_guidance": 2.0}, {"shortcut_flow": "start"}, {"teacher_decay": 0.9}]
)
def test_what_is_said_of_short_cuts_needs_them(option):
    with pytest.raises(OptionError, match=f"'{next(iter(option))}' says how short cuts"):
        DiffusionTraining(**option)
    DiffusionTraining(shortcut=0.5, **option)


@pytest.mark.parametrize("kept", [True, False])
def test_a_flow_that_is_kept_has_nothing_to_learn_at_first(build, batch, kept):
    model = build("pixel", inpainting=True)
    options = DiffusionTraining(shortcut=0.5, shortcut_flow="start" if kept else "average")
    trainer = DiffusionTrainer(model, options).eval()
    flow = trainer.loss(batch, 0, TrainingNoise(6))["flow"]
    assert (flow < 1e-10) == kept
    assert all(
        value.isfinite().all() for value in trainer.evaluate(batch, TrainingNoise(6)).values()
    )


def test_few_steps_that_are_given_up_are_said(build):
    model = build("pixel")
    DiffusionTrainer(model, DiffusionTraining(shortcut=0.25))
    with pytest.warns(MmgenWarning, match="few steps are given up; set trainer.shortcut"):
        DiffusionTrainer(model, DiffusionTraining())
    assert not model.distilled


def test_sizes_of_a_batch_are_as_many_of_each():
    levels, _ = draw_shortcuts(TrainingNoise(64), 2 * FINEST, torch.device("cpu"))
    assert levels.unique(return_counts=True)[1].tolist() == [2] * FINEST


def test_the_teacher_follows_the_denoiser(build):
    model = build("pixel")
    trainer = DiffusionTrainer(model, DiffusionTraining(shortcut=0.25, teacher_decay=0.9))
    with torch.no_grad():
        model.denoiser.places.add_(1.0)
    (phase,) = trainer.stages()[0].phases
    phase.after_step(0)
    torch.testing.assert_close(trainer.teacher.places + 0.9, model.denoiser.places.detach())


def test_held_out_short_cuts_have_a_figure_of_their_own(build, batch):
    trainer = DiffusionTrainer(build("pixel"), DiffusionTraining(shortcut=0.25)).eval()
    figures = trainer.evaluate(batch, TrainingNoise(6))
    assert list(figures) == ["loss", "error", "shortcut_error"]


def test_times_are_spread_over_what_is_no_short_cut(build, batch, monkeypatch):
    trainer = DiffusionTrainer(
        build("pixel"), DiffusionTraining(shortcut=0.5, times="uniform")
    ).train()
    seen = []
    errors = trainer.errors
    monkeypatch.setattr(trainer, "errors", lambda lesson: seen.append(lesson) or errors(lesson))
    trainer.loss(batch, 0, TrainingNoise(6))
    (lesson,) = seen
    assert lesson.levels.tolist()[3:] == [0, 0, 0]
    assert (lesson.levels[:3] > 0).all()
    assert sorted((lesson.times[3:] * 3).int().tolist()) == [0, 1, 2]  # one of each third


def test_every_number_of_steps_is_of_sizes_that_were_learned():
    assert few_steps(1) == ([1.0, 0.0], [1])
    assert few_steps(3) == ([1.0, 0.5, 0.25, 0.0], [2, 3, 3])
    assert few_steps(4) == ([1.0, 0.75, 0.5, 0.25, 0.0], [3] * 4)
    for count in range(1, MOST_STEPS + 1):
        times, levels = few_steps(count)
        assert len(times) == count + 1
        assert len(levels) == count
        assert (times[0], times[-1]) == (1.0, 0.0)
        assert max(levels) <= FINEST
        for time, after, level in zip(times[:-1], times[1:], levels, strict=True):
            size = 2.0 ** (1 - level)
            assert time - after == size
            assert time % size == 0


@pytest.fixture
def distilled(build, monkeypatch):
    """A model that learned short cuts, and the times and levels that it is asked for."""
    model = build("pixel")
    DiffusionTrainer(model, DiffusionTraining(shortcut=0.25))
    asked = []
    moment = model.denoiser.moment
    monkeypatch.setattr(
        model.denoiser, "moment",
        lambda times, prompt, levels=None: asked.append((times.tolist(), levels))
        or moment(times, prompt, levels),
    )  # fmt: skip
    return model, asked


@pytest.mark.parametrize(
    ("steps", "times", "levels"),
    [
        (None, [1.0, 0.75, 0.5, 0.25], [3] * 4),
        (1, [1.0], [1]),
        (3, [1.0, 0.5, 0.25], [2, 3, 3]),
    ],
)
def test_few_steps_are_those_that_were_learned(distilled, steps, times, levels):
    model, asked = distilled
    model.generate(1, seed=0, text="one", steps=steps)
    ((found, sizes),) = asked
    assert found == times  # a row each: not guided, that was learned too
    assert sizes.tolist() == levels


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 65},
        {"sampler": "euler"},
        {"image": True},
        {"image": True, "edit": "inversion", "strength": 1.0},
        {"image": True, "mask": True},
    ],
)
def test_all_else_is_many_steps_of_the_flow(distilled, pictures, options):
    """Edits start between, and what does not see known pixels is led to them step by step."""
    model, asked = distilled
    if options.get("image"):
        options["image"] = pictures(1)
    if options.get("mask"):
        options["mask"] = torch.ones(1, 1, 8, 8)
        options["mask"][..., :4] = 0
    model.generate(1, seed=0, text="one", **options)
    assert {sizes for _, sizes in asked} == {None}
    steps = options.get("steps", model.config.steps)
    strength = options.get("strength", 0.6 if set(options) == {"image"} else 1.0)
    times = {time for found, _ in asked for time in found} - {0.0}
    assert len(times) == math.ceil(steps * strength - 1e-9)


@pytest.mark.parametrize(
    "option", [{"shift": 3.0}, {"guidance_scale": 2}, {"guidance_interval": (0.2, 0.8)}]
)
def test_few_steps_take_no_guidance_and_no_shift(distilled, option):
    model, _ = distilled
    with pytest.raises(OptionError, match=f"{next(iter(option))}' is no part of few steps"):
        model.generate(1, seed=0, text="one", **option)
    model.generate(1, seed=0, text="one", sampler="dpm++", **option)
    model.generate(1, seed=0, text="one", guidance_scale="text:1")
    with pytest.raises(UnsupportedConditionError, match="names 'sound'"):
        model.generate(1, seed=0, text="one", guidance_scale="sound:3")
    model.generate(1, seed=0, text="one", guidance_scale=1)


def test_what_was_learned_in_short_cuts_is_drawn_in_one_step(build, learn):
    """Of light and dark pictures a step of the flow draws about the mean, a short cut one."""
    model = build(
        "pixel", told=False, perturbed=False, height=2, width=2, hidden=32, depth=1, patch=2
    )  # fmt: skip
    images = torch.tensor([0.1, 0.9])[:, None, None, None].expand(2, 1, 2, 2)
    batch = {"target": images.repeat(64, 1, 1, 1)}
    options = DiffusionTraining(shortcut=0.5, teacher_decay=0.95, times="uniform")
    trainer = DiffusionTrainer(model, options)
    learn(trainer, trainer.loss, batch, steps=400, rate=3e-3, after=trainer.teach)

    def away(**options):
        made = model.generate(64, seed=0, **options).images
        return float((made[:, None] - images).abs().mean(dim=(2, 3, 4)).amin(dim=1).mean())

    assert away(steps=1, sampler="euler") > 0.25
    assert away(steps=1) < 0.15
    assert away(steps=4) < 0.07


@pytest.mark.parametrize(
    ("settings", "why"), [({"dropout": 0.0}, "without dropout"), ({"told": False}, "no conditions")]
)
def test_guided_short_cuts_need_conditions_that_were_left_out(build, settings, why):
    options = DiffusionTraining(shortcut=0.25, shortcut_guidance=3.0)
    with pytest.raises(OptionError, match=f"shortcut_guidance = 3 .* {why}.*: set it to 1"):
        DiffusionTrainer(build("pixel", **settings), options)
    DiffusionTrainer(build("pixel", **settings), DiffusionTraining(shortcut=0.25))


@pytest.mark.parametrize("objective", sorted(set(OBJECTIVES) - {"flow"}))
def test_only_a_flow_has_short_cuts(build, objective):
    with pytest.raises(OptionError, match="joins steps of a flow"):
        DiffusionTrainer(build("pixel", objective=objective), DiffusionTraining(shortcut=0.25))
