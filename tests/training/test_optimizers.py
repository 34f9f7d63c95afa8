"""AdamW: groups, clipping, and its state as plain tensors."""

import pytest
import torch
from torch import nn

from mmgen.errors import TrainingError
from mmgen.interfaces import Phase
from mmgen.training.config import TrainingConfig
from mmgen.training.optimizers import (
    clip_gradients,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)


def phase(parameters: list[nn.Parameter], **settings: object) -> Phase:
    return Phase(name="p", parameters=parameters, loss=lambda *_: {}, **settings)  # type: ignore[arg-type]


def make_layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def take_step(layer: nn.Linear, optimizer: torch.optim.Optimizer, scale: float) -> None:
    optimizer.zero_grad()
    (scale * layer(torch.ones(1, 3)).square().sum()).backward()
    optimizer.step()


def test_only_matrices_decay() -> None:
    layer = make_layer()
    optimizer = make_optimizer(
        phase(list(layer.parameters())), TrainingConfig(weight_decay=0.2, learning_rate=0.1)
    )
    decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decays == {id(layer.weight): 0.2, id(layer.bias): 0.0}


def test_a_phase_settings_go_before_the_loops() -> None:
    optimizer = make_optimizer(
        phase(list(make_layer().parameters()), learning_rate=0.5, betas=(0.0, 0.9)),
        TrainingConfig(),
    )
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["betas"] == (0.0, 0.9)


def test_a_phase_without_parameters_is_refused() -> None:
    with pytest.raises(TrainingError, match="'p' has no parameters"):
        make_optimizer(phase([]), TrainingConfig())


def test_restored_optimizer_goes_on_bit_for_bit() -> None:
    config = TrainingConfig(learning_rate=0.05, weight_decay=0.1)
    whole, parted = make_layer(), make_layer()
    optimizer = make_optimizer(phase(list(whole.parameters())), config)
    for scale in (1.0, 3.0, 0.5):
        take_step(whole, optimizer, scale)
    first = make_optimizer(phase(list(parted.parameters())), config)
    take_step(parted, first, 1.0)
    state = optimizer_tensors(first, list(parted.parameters()))
    tensors = {name: value.clone() for name, value in state.items()}
    second = make_optimizer(phase(list(parted.parameters())), config)
    restore_optimizer(second, list(parted.parameters()), tensors)
    for scale in (3.0, 0.5):
        take_step(parted, second, scale)
    assert torch.equal(whole.weight, parted.weight)
    assert torch.equal(whole.bias, parted.bias)


@pytest.mark.parametrize("key", ["2.exp_avg", "x.exp_avg"])
def test_a_foreign_tensor_is_refused(key: str) -> None:
    parameters = list(make_layer().parameters())
    optimizer = make_optimizer(phase(parameters), TrainingConfig())
    with pytest.raises(TrainingError, match=key):
        restore_optimizer(optimizer, parameters, {key: torch.ones(2)})


def test_a_tensor_of_another_shape_is_refused() -> None:
    parameters = list(make_layer().parameters())
    optimizer = make_optimizer(phase(parameters), TrainingConfig())
    with pytest.raises(TrainingError, match=r"\(5,\).*\(2, 3\)"):
        restore_optimizer(optimizer, parameters, {"0.exp_avg": torch.ones(5)})


@pytest.mark.parametrize("most", [0.01, 1.0, 100.0])
def test_clipping_agrees_with_torch(most: float) -> None:
    ours, theirs = make_layer(), make_layer()
    for layer in (ours, theirs):
        layer(torch.full((4, 3), 2.0)).square().sum().backward()
    norm = clip_gradients(ours.parameters(), most)
    expected = nn.utils.clip_grad_norm_(theirs.parameters(), most)
    torch.testing.assert_close(norm, expected)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_clipping_passes_over_parameters_without_gradient() -> None:
    assert clip_gradients(make_layer().parameters(), 1.0) == 0
