import copy

import pytest
import torch
from mmgen_plugin_vae.config import VaeTraining
from mmgen_plugin_vae.trainer import VaeTrainer

from mmgen.interfaces import TrainingNoise


def batch_of(pictures, rows=6):
    return {"target": pictures(rows), "label": torch.arange(rows) % 3}


def test_every_claimed_parameter_gets_a_gradient(architecture, build, pictures):
    model = build(architecture, labels=True).train()
    trainer = VaeTrainer(model, VaeTraining())
    (stage,) = trainer.stages()
    (phase,) = stage.phases
    torch.manual_seed(0)
    # In several batches, so that the label is both given and left out.
    for _ in range(8):
        phase.loss(batch_of(pictures), 0, TrainingNoise(6))["loss"].backward()
    claimed = {id(p) for p in phase.parameters}
    names = [n for n, p in model.named_parameters() if id(p) in claimed and p.grad is None]
    assert not names
    assert claimed == {id(p) for p in model.parameters()}
    assert list(phase.ema) == [model]


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize("likelihood", ["bernoulli", "discretised-logistic-mixture"])
def test_training_lowers_the_loss(architecture, build, pictures, likelihood, draws):
    torch.manual_seed(0)
    model = build(architecture, labels=True, likelihood=likelihood, perturb=0.0).train()
    trainer = VaeTrainer(model, VaeTraining(importance_samples=draws))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(40):
        optimizer.zero_grad()
        loss = trainer.loss(batch_of(pictures), step, TrainingNoise(6))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.95 * sum(losses[:5])


def test_the_loss_is_the_sum_of_its_terms(architecture, build, pictures):
    trainer = VaeTrainer(build(architecture), VaeTraining())
    values = trainer.loss(batch_of(pictures), 0, TrainingNoise(6))
    total = values["reconstruction"] + values["kl"]
    assert values["loss"].item() == pytest.approx(total.item(), rel=1e-5)


@pytest.mark.parametrize("options", [{"beta": 0.5}, {"kl_warmup_steps": 100}, {"free_bits": 50.0}])
def test_every_option_changes_the_loss(architecture, build, pictures, options):
    model = build(architecture)
    losses = []
    for chosen in ({}, options):
        torch.manual_seed(0)
        trainer = VaeTrainer(copy.deepcopy(model), VaeTraining(**chosen))
        losses.append(trainer.loss(batch_of(pictures), 10, TrainingNoise(6))["loss"].item())
    assert losses[0] != losses[1]


def test_free_bits_are_given_to_a_layer_or_to_each_channel(build, pictures):
    """With more than enough of them, all that is left of the divergence is what is free."""
    model = build("hierarchical-vae")
    batch = batch_of(pictures)
    groups = {"layer": len(model.latent_shapes), "channel": sum(s[0] for s in model.latent_shapes)}
    for scope, count in groups.items():
        options = VaeTraining(free_bits=1e4, free_bits_scope=scope)
        values = VaeTrainer(model, options).loss(batch, 0, TrainingNoise(6))
        free = values["loss"] - values["reconstruction"]
        assert free.item() == pytest.approx(1e4 * count, rel=1e-4)


def test_more_draws_tighten_the_bound(architecture, build, pictures):
    model = build(architecture)
    losses = []
    for draws in (1, 64):
        torch.manual_seed(0)
        trainer = VaeTrainer(model, VaeTraining(importance_samples=draws))
        batch = {"target": pictures(64)}
        losses.append(trainer.loss(batch, 0, TrainingNoise(64))["loss"].item())
    assert losses[1] < losses[0]


def test_evaluation_is_per_picture_and_the_bound_comes_first(architecture, build, pictures):
    trainer = VaeTrainer(build(architecture, labels=True), VaeTraining(beta=5, free_bits=9))
    with torch.no_grad():
        figures = trainer.evaluate(batch_of(pictures), TrainingNoise(6))
    assert next(iter(figures)) == "negative_elbo"
    assert all(value.shape == (6,) for value in figures.values())
    assert torch.allclose(figures["negative_elbo"], figures["reconstruction"] + figures["kl"])


@pytest.mark.filterwarnings("ignore:Guards may run slower:RuntimeWarning")  # Python 3.13.0 alone
def test_the_loss_compiles_into_one_graph_for_all_steps(build, pictures):
    """No data-dependent control flow, and no new graph as the steps go on."""
    torch._dynamo.reset()
    model = build("hierarchical-vae", labels=True)
    trainer = VaeTrainer(model, VaeTraining(kl_warmup_steps=4))
    graphs = []

    def count(graph, _):
        graphs.append(graph)
        return graph.forward

    loss = torch.compile(trainer.loss, backend=count, fullgraph=True)
    for step in range(8):
        loss(batch_of(pictures), step, TrainingNoise(6))
    assert len(graphs) <= 3
