"""The game of generator and discriminator."""

import pytest
import torch
from mmgen_plugin_gan.config import DcganConfig, GanTraining
from mmgen_plugin_gan.trainer import GanTrainer

from mmgen.errors import OptionError
from mmgen.interfaces import CounterNoise, TrainingNoise

ROWS = 12


def batch_of(rows=ROWS):
    pictures = torch.rand(rows, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return {"target": pictures, "label": torch.arange(rows) % 3}


def trainer(build, name="dcgan", *, labels=True, **options):
    model = build(name, labels=labels).train()
    torch.manual_seed(1)
    return GanTrainer(model, GanTraining(**options)).train()


def losses_of(subject, step=0):
    torch.manual_seed(0)
    judge, maker = (
        phase.loss(batch_of(), step, TrainingNoise(ROWS)) for phase in subject.stages()[0].phases
    )
    return judge, maker


LOSSES = ["minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"]


@pytest.mark.parametrize("penalty", ["none", "r1", "r1-r2", "wgan-gp"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_goes_with_every_penalty(build, architecture, loss, penalty):
    subject = trainer(build, architecture, loss=loss, penalty=penalty)
    for phase, losses in zip(subject.stages()[0].phases, losses_of(subject), strict=True):
        gradients = torch.autograd.grad(losses["loss"], phase.parameters, allow_unused=True)
        assert all(g is None or g.isfinite().all() for g in gradients)
        assert any(g is not None and g.abs().sum() > 0 for g in gradients)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "hinge"},
        {"penalty": "r1"},
        {"penalty": "none"},
        {"penalty_weight": 3.0},
        {"spectral_norm": True},
        {"discriminator_width": 2.0},
        {"augment": ("colour",)},
        {"mismatched": 1.0},
    ],
)
def test_every_option_changes_the_loss(build, options):
    plain, changed = (losses_of(trainer(build, **chosen))[0]["loss"] for chosen in ({}, options))
    assert plain.item() != changed.item()


def test_a_lazy_penalty_comes_seldom_and_weighs_more(build):
    lazy = trainer(build, penalty_every=4)
    eager = trainer(build)
    for step in range(1, 4):
        assert "penalty" not in losses_of(lazy, step)[0]
    at_once, now_and_then = losses_of(eager, 4)[0], losses_of(lazy, 4)[0]
    adversarial = at_once["loss"] - at_once["penalty"]
    assert now_and_then["loss"].item() == pytest.approx(
        (adversarial + 4 * now_and_then["penalty"]).item(), rel=1e-4
    )


@pytest.mark.parametrize("penalty", ["r1", "r1-r2"])
def test_zero_centred_penalties_are_the_slopes_at_the_pictures(build, architecture, penalty):
    """Mescheder et al. 2018, equation 9, on real pictures and on generated ones."""
    subject = trainer(build, architecture, labels=False, penalty=penalty)
    seen = []

    def keep(_, images):
        seen.append(images[0].detach().clone())

    with subject.discriminator.body.register_forward_pre_hook(keep):
        figures, _ = losses_of(subject)
    pictures = torch.cat(seen[: 1 if penalty == "r1-r2" else 2]).requires_grad_()
    subject.discriminator(pictures, None).sum().backward()
    of_real, of_fake = pictures.grad.square().flatten(1).sum(dim=1).chunk(2)
    expected = of_real.mean() / 2 + (of_fake.mean() / 2 if penalty == "r1-r2" else 0)
    torch.testing.assert_close(figures["penalty"], expected)


def test_the_phases_touch_their_own_networks(build):
    subject = trainer(build)
    (stage,) = subject.stages()
    judge, maker = stage.phases
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


def test_the_discriminator_knows_what_the_generator_was_told(build):
    """Where the generator was not told the label, neither is the discriminator."""
    subject = trainer(build)
    judge = subject.discriminator
    told = torch.ones(ROWS, 1, dtype=torch.bool)
    told[::2] = False
    batch = batch_of()
    other = batch | {"label": (batch["label"] + 1) % 3}
    first, second = (judge.condition(chosen, told).pooled for chosen in (batch, other))
    assert torch.equal(first[::2], second[::2])
    assert not torch.isclose(first[1::2], second[1::2]).all(dim=1).any()


def test_the_label_moves_the_scores(build, architecture):
    subject = trainer(build, architecture).eval()
    images = torch.rand(6, 1, 8, 8)
    present = torch.ones(6, 1, dtype=torch.bool)
    scores = [
        subject.discriminator(
            images, subject.discriminator.condition({"label": torch.full((6,), label)}, present)
        )
        for label in (0, 1)
    ]
    assert not torch.allclose(*scores)


def test_a_real_picture_under_another_condition_counts_as_generated(build):
    subject = trainer(build, mismatched=2.0, penalty="none")
    losses = losses_of(subject)[0]
    without = losses_of(trainer(build, penalty="none"))[0]["loss"]
    assert losses["loss"].item() == pytest.approx(
        (without + 2 * losses["mismatch"]).item(), rel=1e-5
    )


def test_there_is_no_mismatch_where_all_conditions_are_the_same(build):
    subject = trainer(build, mismatched=1.0)
    batch = batch_of() | {"label": torch.zeros(ROWS, dtype=torch.int64)}
    subject.discriminator.conditioner.dropout = 0.0
    subject.model.conditioner.dropout = 0.0
    (judge, _) = subject.stages()[0].phases
    assert judge.loss(batch, 0, TrainingNoise(ROWS))["mismatch"] == 0


def test_spectral_norm_bounds_every_layer(build):
    subject = trainer(build, spectral_norm=True, labels=False)
    for _ in range(30):  # power iterations
        losses_of(subject)
    for layer in subject.discriminator.modules():
        if isinstance(layer, torch.nn.Linear):
            assert torch.linalg.matrix_norm(layer.weight, 2) <= 1.05


def test_the_energy_score_is_lowest_for_the_true_distribution(build):
    """Against a generator that is right, one that is wrong and one that always draws the same."""
    subject = trainer(build, "gan", labels=False, score_samples=64).eval()
    truth = build("gan")
    wanted = {"target": truth.generate(400, seed=3).images}

    def score():
        return subject.evaluate(wanted, CounterNoise(9, range(400)))["energy_score"].mean().item()

    with torch.no_grad():
        subject.model.load_state_dict(truth.state_dict())
        right = score()
        subject.model.head.bias.add_(0.5)
        wrong = score()
        subject.model.load_state_dict(truth.state_dict())
        for layer in subject.model.layers:
            layer.weight.zero_()
        collapsed = score()
    assert right < wrong
    assert right < collapsed


@pytest.mark.parametrize("channels", [1, 3])
def test_the_energy_score_is_that_of_the_paper(build, architecture, channels):
    """Gneiting and Raftery 2007, equation 22, picture by picture."""
    model = build(architecture, channels=channels)
    subject = GanTrainer(model, GanTraining(score_samples=3)).eval()
    wanted = torch.rand(2, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = CounterNoise(9, range(2))
    latents = noise.normal((3, model.latent_dim), stream="score")
    expected = []
    with torch.no_grad():
        for picture, own in zip(wanted, latents, strict=True):
            made = model.render(own, None)
            to_wanted = (made - picture).flatten(1).norm(dim=1).mean()
            among = torch.stack([(a - b).norm() for a in made for b in made]).sum() / 6
            expected.append(to_wanted - among / 2)
    found = subject.evaluate({"target": wanted}, noise)["energy_score"]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-4)


def test_sides_must_be_halved_once_per_width():
    with pytest.raises(OptionError, match="multiples of 8 px; got 28×28"):
        DcganConfig(widths=(8, 4, 2))


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(OptionError, match="colour"):
        GanTraining(augment=("blur",))
