"""The optimiser of a phase, and its state as plain tensors."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmgen.errors import TrainingError
from mmgen.interfaces.trainer import Phase
from mmgen.training.config import TrainingConfig


def make_optimizer(phase: Phase, config: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019) over a phase's parameters.

    Only matrices and kernels decay: biases and the scales of norms are vectors.
    """
    parameters = list(phase.parameters)
    if not parameters:
        raise TrainingError(f"phase {phase.name!r} has no parameters to update")
    decay = config.weight_decay if phase.weight_decay is None else phase.weight_decay
    groups = [
        {"params": [item for item in parameters if item.ndim >= 2], "weight_decay": decay},
        {"params": [item for item in parameters if item.ndim < 2], "weight_decay": 0.0},
    ]
    if decay == 0:
        groups = [{"params": parameters, "weight_decay": 0.0}]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=peak_rate(phase, config),
        betas=phase.betas or config.beta_pair,
        fused=_can_fuse(parameters),
    )


def peak_rate(phase: Phase, config: TrainingConfig) -> float:
    """Return the phase's highest learning rate."""
    return config.learning_rate if phase.learning_rate is None else phase.learning_rate


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate


@torch.no_grad()
def clip_gradients(parameters: Iterable[nn.Parameter], most: float) -> Tensor:
    """Scale all gradients down together so that their joint norm is at most `most`.

    Pascanu, Mikolov and Bengio 2013, algorithm 1; as `torch.nn.utils.clip_grad_norm_`, in a third
    of its time: the gradients are of one type and on one device. Nothing waits for the device.

    Returns:
        The norm before, a scalar.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return torch.zeros(())
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    torch._foreach_mul_(gradients, (most / (norm + 1e-6)).clamp_(max=1.0))
    return norm


def _can_fuse(parameters: Iterable[nn.Parameter]) -> bool:
    supported = ("cpu", "cuda", "xpu")
    return all(p.is_floating_point() and p.device.type in supported for p in parameters)


def optimizer_tensors(
    optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]
) -> dict[str, Tensor]:
    """Return an optimiser's state as {"<index of parameter>.<name>": tensor}."""
    tensors = {}
    for index, parameter in enumerate(parameters):
        for name, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{index}.{name}"] = torch.as_tensor(value)
    return tensors


def restore_optimizer(
    optimizer: torch.optim.Optimizer,
    parameters: Sequence[nn.Parameter],
    tensors: Mapping[str, Tensor],
) -> None:
    """Put back what `optimizer_tensors` returned for the same parameters.

    Raises:
        TrainingError: a tensor belongs to no parameter, or has another shape.
    """
    optimizer.state.clear()
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        if not index.isdecimal() or int(index) >= len(parameters):
            raise TrainingError(f"the checkpoint's optimiser state has a foreign tensor {key!r}")
        parameter = parameters[int(index)]
        if value.ndim and value.shape != parameter.shape:
            raise TrainingError(
                f"the checkpoint's optimiser state {key!r} has shape {tuple(value.shape)}; "
                f"its parameter has {tuple(parameter.shape)}"
            )
        optimizer.state[parameter][name] = _place(value, parameter)


def _place(value: Tensor, parameter: nn.Parameter) -> Tensor:
    """Copy a state tensor to its parameter's device, in its memory format."""
    if value.ndim == 0:
        return value.clone().to(parameter.device)
    like = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False)
    return like.copy_(value)
