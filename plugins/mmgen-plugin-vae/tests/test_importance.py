import json
import math

import pytest
import torch
from mmgen_plugin_vae.importance import ImportanceSampling, estimate

from mmgen.errors import InputError


@torch.inference_mode()
def log_likelihood_by_quadrature(model, images, *, span=8.0, points=4001):
    """Return log ∫ p(x | z) p(z) dz of a model with one latent, by the trapezoidal rule."""
    z = torch.linspace(-span, span, points)
    parameters = model.top_down(None, (z[:, None],)).parameters
    log_prior = -0.5 * z.double() ** 2 - 0.5 * math.log(2 * math.pi)
    values = []
    for image in images:
        rows = image.expand(points, -1, -1, -1)
        log_joint = model.pixels.log_prob(parameters, rows).double() + log_prior
        values.append(torch.logsumexp(log_joint, 0) + math.log(2 * span / (points - 1)))
    return torch.stack(values)


def widen_posterior(model):
    """Make q a little wider than the prior, and off its centre.

    A q narrower than the true posterior misses its tails: the weights would have no variance and
    the estimate would lie below the truth for any affordable number of draws.
    """
    with torch.no_grad():
        model.statistics.weight.mul_(0.3)
        model.statistics.bias.copy_(torch.tensor([0.4, 0.25]))


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretised-logistic-mixture"])
@pytest.mark.parametrize("name", ["vae", "conv-vae"])
@torch.inference_mode()
def test_the_estimate_is_the_integral_over_the_latent(build, pictures, name, likelihood):
    model = build(name, latent_dim=1, likelihood=likelihood, mixtures=2, perturb=0.15)
    widen_posterior(model)
    images = pictures(4)
    truth = log_likelihood_by_quadrature(model, images)
    result = model.log_likelihood(images, num_samples=5000)
    assert result.values.dtype == torch.float64
    assert torch.allclose(result.values, truth, atol=0.03)
    assert result.kind == "importance-sampled bound"
    assert result.data_space == model.pixels.data_space
    assert (result.num_samples, result.unit) == (5000, "nats")


@torch.inference_mode()
def test_elbo_below_importance_bound_below_the_truth(build, pictures):
    model = build("vae", latent_dim=1, perturb=0.25)
    widen_posterior(model)
    images = pictures(3)
    truth = log_likelihood_by_quadrature(model, images)
    bounds = {k: mean_bound(model, images, k) for k in (1, 5, 50)}
    noise = torch.randn(2000 * len(images), 1)
    passed = model(images, noise, None)
    rows = images.repeat_interleave(2000, dim=0)
    terms = model.pixels.log_prob(passed.parameters, rows) - passed.divergences().sum(dim=0)
    elbo = terms.view(len(images), 2000).mean(dim=1).double()
    assert torch.allclose(elbo, bounds[1], atol=0.15)  # with the analytic divergence
    assert (elbo < bounds[5]).all()
    assert (bounds[1] < bounds[5]).all()
    assert (bounds[5] < bounds[50]).all()
    assert (bounds[50] < truth + 0.02).all()


def mean_bound(model, images, k, repeats=400):
    values = [model.log_likelihood(images, num_samples=k, seed=s).values for s in range(repeats)]
    return torch.stack(values).mean(dim=0)


def test_the_ladder_estimates_without_bias(build, pictures):
    """E[exp(estimate)] is p(x) for any k: one draw and many agree in the mean."""
    model = build("hierarchical-vae", perturb=0.05)
    images = pictures(2)
    single = [model.log_likelihood(images, num_samples=1, seed=s).values for s in range(600)]
    mean = torch.logsumexp(torch.stack(single), 0) - math.log(600)
    many = model.log_likelihood(images, num_samples=3000).values
    assert torch.allclose(mean, many, atol=0.15)


def misplace_posterior(model):
    """Put q where the truth is not, and make it narrow: an encoder that guesses badly."""
    with torch.no_grad():
        model.statistics.weight.mul_(0.3)
        model.statistics.bias.copy_(torch.tensor([2.5, -1.2]))


def test_a_refined_proposal_makes_up_for_a_bad_guess_and_stays_a_bound(build, pictures):
    model = build("vae", latent_dim=1, perturb=0.25)
    misplace_posterior(model)
    images = pictures(4)
    truth = log_likelihood_by_quadrature(model, images)

    def gap(steps, num_samples):
        values = [
            model.log_likelihood(
                images, num_samples=num_samples, refine_steps=steps, seed=seed
            ).values
            for seed in range(6)
        ]
        return float((truth - torch.stack(values).mean(dim=0)).mean())

    assert gap(0, 5000) > 0.5
    assert -0.05 < gap(80, 200) < 0.05


def test_refinement_serves_every_architecture_and_does_not_mix_pictures(
    architecture, build, pictures
):
    model = build(architecture, labels=True)
    images, labels = pictures(3), torch.tensor([0, 2, 1])

    def measure(**settings):
        return model.log_likelihood(images, num_samples=5, label=labels, **settings)

    refined = [measure(refine_steps=40, seed=seed) for seed in range(4)]
    guessed = [measure(seed=seed) for seed in range(4)]
    gains = torch.stack([a.values - b.values for a, b in zip(refined, guessed, strict=True)])
    assert gains.mean() > 0
    assert (refined[0].refine_steps, guessed[0].refine_steps) == (40, 0)
    assert torch.equal(refined[0].values, measure(refine_steps=40).values)
    alone = measure(refine_steps=40, batch_size=1).values
    assert torch.allclose(refined[0].values, alone, atol=1e-2)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_refinement_keeps_to_the_rows_that_go_through_at_once(build, pictures, monkeypatch):
    model, rows = build("vae"), []
    top_down = model.top_down

    def count(vector, noise, evidence):
        rows.append(len(noise[0]))
        return top_down(vector, noise, evidence)

    monkeypatch.setattr(model, "top_down", count)
    model.log_likelihood(pictures(6), num_samples=1, refine_steps=2, batch_size=16)
    assert max(rows) == 16


def test_refinement_works_where_gradients_are_off(build, pictures):
    model, images = build("vae"), pictures(2)
    outside = model.log_likelihood(images, num_samples=3, refine_steps=5).values
    with torch.inference_mode():
        copy = images.clone()
        inside = model.log_likelihood(copy, num_samples=3, refine_steps=5).values
    assert torch.equal(inside, outside)


@pytest.mark.parametrize("num_samples", [7, 230])
def test_values_do_not_depend_on_the_batches(architecture, build, pictures, num_samples):
    model = build(architecture, labels=True)
    images, labels = pictures(5), torch.tensor([0, 1, 2, 0, 1])
    values = [
        model.log_likelihood(images, num_samples=num_samples, batch_size=size, label=labels).values
        for size in (None, 3, 250)
    ]
    assert torch.allclose(values[0], values[1], atol=1e-4)
    assert torch.allclose(values[0], values[2], atol=1e-4)
    other = model.log_likelihood(images, num_samples=num_samples, seed=1, label=labels).values
    assert not torch.allclose(values[0], other, atol=1e-6)


def test_the_label_changes_the_likelihood(architecture, build, pictures):
    model = build(architecture, labels=True)
    one, other = (
        model.log_likelihood(pictures(2), num_samples=20, label=torch.tensor([label])).values
        for label in (0, 1)
    )
    assert not torch.allclose(one, other, atol=1e-3)


def test_an_interrupted_estimate_goes_on_where_it_stopped(build, pictures, tmp_path):
    model = build("vae")
    images = pictures(200)
    path = tmp_path / "deep" / "nll.json"
    settings = {"num_samples": 10, "batch_size": 100, "checkpoint": path}

    def stop_half_way(done, total):
        if done >= total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.log_likelihood(images, progress=stop_half_way, **settings)
    kept = json.loads(path.read_text())["values"]
    assert 0 < len(kept) < 200
    reported = []
    result = model.log_likelihood(
        images, progress=lambda done, total: reported.append((done, total)), **settings
    )
    assert reported[0][0] > len(kept)
    assert reported[-1] == (200, 200)
    assert torch.equal(result.values[: len(kept)], torch.tensor(kept, dtype=torch.float64))
    whole = model.log_likelihood(images, num_samples=10, batch_size=100)
    assert torch.equal(result.values, whole.values)
    assert list(path.parent.iterdir()) == [path]


def test_a_checkpoint_of_something_else_is_refused(build, pictures, tmp_path):
    model, path = build("vae"), tmp_path / "nll.json"
    model.log_likelihood(pictures(3), num_samples=5, checkpoint=path)
    changes = (
        {"num_samples": 6},
        {"num_samples": 5, "seed": 1},
        {"num_samples": 5, "refine_steps": 2},
    )
    for change in changes:
        with pytest.raises(InputError, match="another"):
            model.log_likelihood(pictures(3), checkpoint=path, **change)
    with pytest.raises(InputError, match="another"):
        build("vae", seed=1).log_likelihood(pictures(3), num_samples=5, checkpoint=path)
    path.write_text("{}")
    with pytest.raises(InputError, match="not a likelihood checkpoint"):
        model.log_likelihood(pictures(3), num_samples=5, checkpoint=path)


def test_no_draws_are_refused(build, pictures):
    model = build("vae")
    with pytest.raises(InputError, match="at least 1"):
        estimate(model, pictures(1), None, ImportanceSampling(num_samples=0, seed=0, rows=1))


def test_negative_steps_are_refused(build, pictures):
    with pytest.raises(InputError, match="refine_steps must be at least 0; got -1"):
        build("vae").log_likelihood(pictures(1), num_samples=1, refine_steps=-1)
