"""The game of generator and discriminator under words."""

import pytest
import torch
from mmgen_plugin_textgan.config import TextGanTraining
from mmgen_plugin_textgan.trainer import TextGanTrainer

from mmgen.interfaces import CounterNoise, TrainingNoise
from mmgen.nn import energy_score

ROWS = 12
TEXTS = ["red square", "blue", "a red square on the left"]


def batch_of(rows=ROWS):
    pictures = torch.rand(rows, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    texts = [TEXTS[row % len(TEXTS)] for row in range(rows)]
    return {"target": pictures, "label": torch.arange(rows) % 3, "text": texts}


def trainer(build, *, told=True, config=None, **options):
    model = build(told=told, **(config or {})).train()
    torch.manual_seed(1)
    return TextGanTrainer(model, TextGanTraining(**options)).train()


def losses_of(subject, step=0):
    torch.manual_seed(0)
    judge, maker = (
        phase.loss(batch_of(), step, TrainingNoise(ROWS)) for phase in subject.stages()[0].phases
    )
    return judge, maker


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("penalty", ["none", "r1", "r1-r2", "wgan-gp"])
def test_every_penalty_differentiates_through_the_words(build, told, penalty):
    subject = trainer(build, told=told, penalty=penalty)
    for phase, losses in zip(subject.stages()[0].phases, losses_of(subject), strict=True):
        gradients = torch.autograd.grad(losses["loss"], phase.parameters, allow_unused=True)
        assert all(g is not None and g.isfinite().all() for g in gradients)
        assert sum(g.abs().sum() > 0 for g in gradients) > len(gradients) / 2


def test_scores_with_a_common_number_have_no_bias(build):
    assert trainer(build, loss="relativistic").discriminator.head.bias is None
    assert trainer(build, loss="hinge").discriminator.head.bias is not None


def test_words_the_sentence_and_the_picture_move_the_scores(build):
    subject = trainer(build).eval()
    judge, batch = subject.discriminator, batch_of()
    present = torch.ones(ROWS, 2, dtype=torch.bool)
    images, condition = batch["target"], judge.condition(batch, present)
    base = judge(images, condition)
    others = judge.condition(batch | {"text": ["four"] * ROWS}, present)
    assert not torch.isclose(base, judge(images, others)).any()
    assert not torch.isclose(base, judge(images.flip(3), condition)).any()
    with torch.no_grad():  # the words alone
        judge.projection.weight.zero_()
    assert not torch.isclose(judge(images, condition), judge(images, others)).any()
    with torch.no_grad():
        judge.words.wanted.weight.zero_()
        judge.words.wanted.bias.zero_()
    torch.testing.assert_close(judge(images, condition), judge(images, others))


def test_the_discriminator_knows_what_the_generator_was_told(build):
    subject = trainer(build)
    present = torch.tensor([[True, False], [False, True]]).repeat(ROWS // 2, 1)
    batch = batch_of()
    one = subject.discriminator.condition(batch, present)
    two = subject.discriminator.condition(batch | {"text": ["four"] * ROWS}, present)
    assert torch.equal(one.pooled[::2], two.pooled[::2])
    assert not torch.isclose(one.pooled[1::2], two.pooled[1::2]).all(dim=1).any()


def test_the_discriminator_is_shown_pictures_in_one_range_drawn_with_noise_of_the_sentence(build):
    """In both turns; the drawn ones go beyond [-1, 1] at times."""
    subject = trainer(build, config={"dropout": 0.0}, penalty="none")
    batch, rng, shown = batch_of(), CounterNoise(0, range(ROWS)), []
    subject.discriminator.body.register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    for phase in subject.stages()[0].phases:
        phase.loss(batch, 0, rng)
    both, drawn_again, real_again = shown
    model = subject.model
    told = model.conditioner(batch, num_images=ROWS, device=model.device)
    latents, noise = rng.normal((6,), stream="latents"), rng.normal((5,), stream="sentence")
    drawn = model(latents, model.sentence(told, noise).whitened, told)
    torch.testing.assert_close(both, torch.cat([2 * batch["target"] - 1, drawn]))
    torch.testing.assert_close(torch.cat([real_again, drawn_again]), both)


def test_a_real_picture_under_another_text_counts_as_generated(build):
    weighed, without = (
        losses_of(trainer(build, penalty="none", mismatched=weight))[0] for weight in (2.0, 0.0)
    )
    torch.testing.assert_close(weighed["loss"], without["loss"] + 2 * weighed["mismatch"])
    assert weighed["mismatch"] > 0


@pytest.mark.parametrize("labels_alike", [True, False])
def test_a_text_of_the_same_label_is_anothers_unless_labels_say_all(build, labels_alike):
    subject = trainer(build, config={"dropout": 0.0}, labels_alike=labels_alike)
    batch = batch_of() | {"label": torch.zeros(ROWS, dtype=torch.int64)}
    found = subject.discriminator_loss(batch, 0, TrainingNoise(ROWS))["mismatch"]
    assert (found == 0) == labels_alike


def test_the_divergence_of_the_sentences_is_part_of_the_generators_loss(build):
    without, weighed = (losses_of(trainer(build, augmentation_weight=w))[1] for w in (0.0, 2.0))
    torch.testing.assert_close(weighed["loss"], without["loss"] + 2 * without["divergence"])
    assert without["divergence"] > 0
    assert "divergence" not in losses_of(trainer(build, told=False))[1]


def test_the_phases_touch_their_own_networks(build):
    subject = trainer(build)
    judge, maker = subject.stages()[0].phases
    assert {id(p) for p in judge.parameters} == {id(p) for p in subject.discriminator.parameters()}
    assert {id(p) for p in maker.parameters} == {id(p) for p in subject.model.parameters()}
    assert list(maker.ema) == [subject.model]
    losses_of(subject)[0]["loss"].backward()
    assert all(p.grad is None for p in subject.model.parameters())


def test_several_steps_of_the_discriminator(build):
    subject = trainer(build, discriminator_steps=3, discriminator_rate=4e-4)
    judge, maker = subject.stages()[0].phases
    assert (judge.repeat, maker.repeat) == (3, 1)
    assert (judge.learning_rate, maker.learning_rate) == (4e-4, None)


def test_the_energy_score_is_that_of_pictures_drawn_under_each_rows_own_condition(build):
    subject = trainer(build, score_samples=3).eval()
    model, batch, rng = subject.model, batch_of(4), CounterNoise(9, range(4))
    latents = rng.normal((3, 6), stream="score")
    noise = rng.normal((3, 5), stream="score/sentence")
    expected = []
    with torch.no_grad():
        told = model.conditioner(batch, num_images=4, device=model.device)
        for row in range(4):
            made = model.render(latents[row], told.rows(torch.tensor([row] * 3)), noise[row])
            expected.append(energy_score(made[None], batch["target"][row : row + 1]))
    torch.testing.assert_close(subject.evaluate(batch, rng)["energy_score"], torch.cat(expected))
