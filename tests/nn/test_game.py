"""The game of generator and discriminator, with a discriminator that can be seen through."""

import pytest
import torch
from torch import nn

from mmgen.adversarial_options import AdversarialTraining
from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import Condition, Conditioner, CounterNoise, LabelEmbedding
from mmgen.nn import AdversarialGame, judge_condition, judge_conditioner
from mmgen.nn.game import _most_alike
from mmgen.testing import perturb

ROWS = 12
LOSSES = ["minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"]


class Linear(nn.Module):
    """Scores that are a linear map of the pixels, plus their inner product with the condition."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(12, 5)
        self.seen = []

    def see(self, images):
        self.seen.append(images.detach())
        return self.body(images.flatten(1)).tanh()

    def score(self, seen, condition):
        return seen.sum(dim=1) + (0 if condition is None else (seen * condition.pooled).sum(dim=1))


@pytest.fixture
def conditioner():
    torch.manual_seed(0)
    encoder = LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b", "c"), width=4))
    found = Conditioner({"label": encoder}, width=5, dropout=0.4)
    perturb(found)
    return found.train()


@pytest.fixture
def judge():
    torch.manual_seed(1)
    return Linear()


@pytest.fixture
def pictures():
    return torch.rand(2, ROWS, 3, 2, 2, generator=torch.Generator().manual_seed(0)).unbind()


def told(conditioner, labels=None, present=None):
    labels = torch.arange(ROWS) % 3 if labels is None else labels
    present = torch.ones(ROWS, 1, dtype=torch.bool) if present is None else present
    return judge_condition(judge_conditioner(conditioner), {"label": labels}, present)


def losses(judge, pictures, condition=None, labels=None, step=0, **options):
    game = AdversarialGame(AdversarialTraining(**options))
    real, fake = (images.clone() for images in pictures)
    rng = CounterNoise(0, range(ROWS))
    return game.discriminator_loss(judge, real, fake, condition, step=step, rng=rng, labels=labels)


def test_the_judge_s_turn_comes_first_and_each_learns_alone():
    """Frozen weights, as those of trained encoders, are no phase's."""
    judge, maker = nn.Linear(2, 1), nn.Linear(3, 2)
    maker.bias.requires_grad_(False)

    def on_judge(*_):
        return {}

    def on_maker(*_):
        return {}

    game = AdversarialGame(AdversarialTraining(discriminator_steps=3, discriminator_rate=4e-4))
    first, second = game.phases(
        discriminator=judge,
        discriminator_loss=on_judge,
        generator=maker,
        generator_loss=on_maker,
    )
    assert (first.name, second.name) == ("discriminator", "generator")
    assert (first.loss, second.loss) == (on_judge, on_maker)
    assert [id(p) for p in first.parameters] == [id(judge.weight), id(judge.bias)]
    assert [id(p) for p in second.parameters] == [id(maker.weight)]
    assert (first.repeat, second.repeat) == (3, 1)
    assert (first.learning_rate, second.learning_rate) == (4e-4, None)
    assert (tuple(first.ema), tuple(second.ema)) == ((), (maker,))


@pytest.mark.parametrize("penalty", ["none", "r1", "r1-r2", "wgan-gp"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_that_of_the_scores_and_the_penalty(judge, pictures, loss, penalty):
    figures = losses(judge, pictures, loss=loss, penalty=penalty, penalty_weight=3.0)
    game = AdversarialGame(AdversarialTraining(loss=loss))
    on_real, on_fake = (judge.score(judge.see(images), None) for images in pictures)
    expected = game.adversarial.discriminator(on_real, on_fake)
    if penalty != "none":
        expected = expected + 3 * figures["penalty"]
        assert figures["penalty"] > 0
    torch.testing.assert_close(figures["loss"], expected)
    assert figures["real"].item() == pytest.approx(on_real.mean().item())


def test_a_penalty_that_is_not_due_is_not_computed(judge, pictures):
    assert "penalty" not in losses(judge, pictures, step=3, penalty_every=4)
    due = losses(judge, pictures, step=4, penalty_every=4)
    always = losses(judge, pictures, step=4)
    difference = due["loss"] - always["loss"]
    torch.testing.assert_close(difference, 3 * due["penalty"])


@pytest.mark.parametrize("penalty", ["r1", "r1-r2"])
def test_zero_centred_penalties_are_the_slopes_at_the_pictures(judge, pictures, penalty):
    found = losses(judge, pictures, penalty=penalty)["penalty"]
    both = torch.cat(pictures).requires_grad_()
    judge.score(judge.see(both), None).sum().backward()
    of_real, of_fake = both.grad.square().flatten(1).sum(dim=1).chunk(2)
    expected = of_real.mean() / 2 + (of_fake.mean() / 2 if penalty == "r1-r2" else 0)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_generator_learns_from_its_own_pictures(judge, pictures, loss):
    game = AdversarialGame(AdversarialTraining(loss=loss))
    real, fake = pictures[0].clone().requires_grad_(), pictures[1].clone().requires_grad_()
    found = game.generator_loss(judge, real, fake, None, rng=CounterNoise(0, range(ROWS)))
    on_real, on_fake = (judge.score(judge.see(images), None) for images in pictures)
    torch.testing.assert_close(found, game.adversarial.generator(on_real, on_fake))
    found.backward()
    assert fake.grad.abs().sum() > 0
    assert real.grad is None


def test_both_sides_see_augmented_pictures(judge, pictures):
    game = AdversarialGame(AdversarialTraining(augment=("colour",), penalty="none"))
    rng = CounterNoise(0, range(ROWS))
    game.discriminator_loss(judge, *pictures, None, step=0, rng=rng)
    game.generator_loss(judge, *pictures, None, rng=rng)
    for seen in (judge.seen[0][:ROWS], judge.seen[2]):  # the real ones
        assert not torch.isclose(seen, pictures[0]).all(dim=(1, 2, 3)).any()


def test_a_real_picture_under_another_condition_counts_as_generated(judge, pictures, conditioner):
    """But not where rows were told of other slots, or of the same thing."""
    present = torch.ones(ROWS, 1, dtype=torch.bool)
    present[:2] = False  # rows 0 and 2 follow such that were told of another slot; 1 of nothing
    labels = torch.arange(ROWS) % 3
    labels[5] = labels[4]  # row 5 follows one like itself
    condition = told(conditioner, labels, present)
    figures = losses(judge, pictures, condition, penalty="none", mismatched=2.0)
    plain = losses(judge, pictures, condition, penalty="none")
    torch.testing.assert_close(figures["loss"], plain["loss"] + 2 * figures["mismatch"])

    seen = judge.see(pictures[0])
    others = condition.rows(torch.arange(ROWS).roll(1))
    on_real, on_other = judge.score(seen, condition), judge.score(seen, others)
    rows = torch.tensor([3, 4, 6, 7, 8, 9, 10, 11])
    expected = torch.nn.functional.softplus(on_other - on_real)[rows].mean()
    torch.testing.assert_close(figures["mismatch"], expected)


def test_the_hardest_mismatch_is_the_most_alike_of_the_others(judge, pictures):
    """Not one that says the same, nor one of other slots."""
    pooled = torch.tensor(
        [[3.0, 0, 0], [3.0, 0, 0], [2.0, 1, 0], [0, 0, 4], [0, 1, 4], [3.0, 0, 0]]
    )
    tokens = pooled[:, None].expand(-1, 2, -1).clone()
    tokens[1, 1, 2] = 1.0  # says the same as row 0 in sum, and another thing in its words
    present = torch.ones(6, 1, dtype=torch.bool)
    present[5] = False
    condition = Condition(tokens, torch.ones(6, 2, dtype=torch.bool), pooled, {}, present)
    rows, counts = _most_alike(condition, None)
    assert rows[:5].tolist() == [1, 0, 0, 4, 3]
    assert counts.tolist() == [True] * 5 + [False]


def test_pictures_of_the_same_label_are_no_mismatch_where_labels_say_all(
    judge, pictures, conditioner
):
    condition = told(conditioner)
    labels = torch.arange(ROWS) // 2  # rows 1, 3, … follow one of their own label
    figures = losses(judge, pictures, condition, labels, mismatched=1.0, labels_alike=True)
    seen, others = judge.see(pictures[0]), condition.rows(torch.arange(ROWS).roll(1))
    on_real, on_other = judge.score(seen, condition), judge.score(seen, others)
    expected = torch.nn.functional.softplus(on_other - on_real)[::2].mean()
    torch.testing.assert_close(figures["mismatch"], expected)
    alike = losses(judge, pictures, condition, labels, mismatched=1.0)
    assert not torch.isclose(alike["mismatch"], figures["mismatch"])
    one = torch.zeros(ROWS, dtype=torch.int64)
    options = {"mismatched": 1.0, "labels_alike": True, "hard_mismatched": True}
    assert losses(judge, pictures, condition, one, **options)["mismatch"] == 0


def test_the_hardest_mismatch_counts(judge, pictures, conditioner):
    condition = told(conditioner)
    options = {"penalty": "none", "mismatched": 2.0, "hard_mismatched": True}
    figures = losses(judge, pictures, condition, **options)
    seen, (rows, _) = judge.see(pictures[0]), _most_alike(condition, None)
    assert (rows % 3 != torch.arange(ROWS) % 3).all()
    on_real, on_other = (judge.score(seen, c) for c in (condition, condition.rows(rows)))
    expected = torch.nn.functional.softplus(on_other - on_real).mean()
    torch.testing.assert_close(figures["mismatch"], expected)


def test_there_is_no_mismatch_where_all_conditions_are_the_same(judge, pictures, conditioner):
    condition = told(conditioner, torch.zeros(ROWS, dtype=torch.int64))
    for hard in (False, True):
        figures = losses(judge, pictures, condition, mismatched=1.0, hard_mismatched=hard)
        assert figures["mismatch"] == 0


def test_the_judge_knows_what_the_generator_was_told(conditioner):
    present = torch.ones(ROWS, 1, dtype=torch.bool)
    present[::2] = False
    labels = torch.arange(ROWS) % 3
    one, two = (told(conditioner, found, present) for found in (labels, (labels + 1) % 3))
    assert torch.equal(one.pooled[::2], two.pooled[::2])
    assert not torch.isclose(one.pooled[1::2], two.pooled[1::2]).all(dim=1).any()
    assert torch.equal(one.present, present)


def test_the_judge_has_encoders_of_its_own(conditioner):
    own = judge_conditioner(conditioner)
    assert own.dropout == 0
    assert conditioner.dropout == 0.4
    theirs = {id(parameter) for parameter in conditioner.parameters()}
    assert not theirs & {id(parameter) for parameter in own.parameters()}
    for name, value in conditioner.state_dict().items():
        assert torch.equal(own.state_dict()[name], value)


def test_without_encoders_there_is_no_condition():
    assert judge_conditioner(Conditioner({}, width=1)) is None
    assert judge_condition(None, {}, torch.ones(2, 0, dtype=torch.bool)) is None
