"""Short cuts: two small steps make a large one."""

import pytest
import torch
from mmgen_plugin_diffusion.config import OBJECTIVES
from mmgen_plugin_diffusion.embedding import FINEST
from mmgen_plugin_diffusion.options import DiffusionTraining
from mmgen_plugin_diffusion.prompt import Denoiser, Prompt
from mmgen_plugin_diffusion.shortcut import shortcut_levels, shortcut_times, two_steps
from mmgen_plugin_diffusion.trainer import DiffusionTrainer

from mmgen.errors import OptionError
from mmgen.interfaces import TrainingNoise


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
    found = two_steps(field, noisy, times, levels, condition, None, 1.0)
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
        return two_steps(denoiser, noisy, times, levels, condition, None, guidance)

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


def test_a_share_of_the_batch_learns_short_cuts(build, batch):
    model = build("pixel")
    trainer = DiffusionTrainer(model, DiffusionTraining(shortcut=0.5)).train()
    losses = trainer.loss(batch, 0, TrainingNoise(6))
    torch.testing.assert_close(losses["loss"].detach(), (losses["shortcut"] + losses["flow"]) / 2)
    losses["loss"].backward()
    assert model.denoiser.time.steps.weight.grad[1:].any()
    assert all(p.grad is None for p in trainer.teacher.parameters())
    assert not trainer.teacher.training


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
    assert list(figures) == ["error", "shortcut_error"]


def test_few_steps_are_those_that_were_learned(build, monkeypatch):
    model = build("pixel")
    DiffusionTrainer(model, DiffusionTraining(shortcut=0.25))
    asked = []
    moment = model.denoiser.moment
    monkeypatch.setattr(
        model.denoiser, "moment",
        lambda times, prompt, levels=None: asked.append((times.tolist(), levels))
        or moment(times, prompt, levels),
    )  # fmt: skip
    model.generate(1, seed=0, text="one")
    ((times, levels),) = asked
    assert times == [1.0, 0.75, 0.5, 0.25]  # a row each: not guided, that was learned too
    assert levels.tolist() == [3] * 4
    asked.clear()
    model.generate(1, seed=0, text="one", steps=1)
    assert asked[0][1].tolist() == [1]
    asked.clear()
    model.generate(1, seed=0, text="one", steps=6)
    assert [levels for _, levels in asked] == [None]


@pytest.mark.parametrize("objective", sorted(set(OBJECTIVES) - {"flow"}))
def test_only_a_flow_has_short_cuts(build, objective):
    with pytest.raises(OptionError, match="joins steps of a flow"):
        DiffusionTrainer(build("pixel", objective=objective), DiffusionTraining(shortcut=0.25))
