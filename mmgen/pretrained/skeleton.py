"""Networks without storage: built for their names, shapes and types alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mmgen.errors import ModelFileError

_FILLS = frozenset(
    {
        Tensor.normal_,
        Tensor.uniform_,
        Tensor.exponential_,
        Tensor.log_normal_,
        Tensor.bernoulli_,
        Tensor.random_,
        Tensor.fill_,
        Tensor.zero_,
    }
)
_MAKERS = frozenset(
    {
        torch.empty,
        torch.zeros,
        torch.ones,
        torch.full,
        torch.rand,
        torch.randn,
        torch.randint,
        torch.tensor,
        torch.arange,
        torch.linspace,
        torch.eye,
    }
)
_SPARE_TENSORS = 5_000


class _Sketch(TorchFunctionMode):
    """Leave out what only fills tensors with first values, and count those that are made.

    Torch does some of the filling (`normal_`, and so every nn.Embedding) for the "meta" device in
    Python, and imports its compiler for that: more than a second, most of the time to the first
    picture.
    """

    def __init__(self, max_tensors: int) -> None:
        super().__init__()
        self.left = max_tensors

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _FILLS or getattr(func, "__module__", "") == nn.init.__name__:
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta:
                return tensor
        if func in _MAKERS:
            self.left -= 1
            if self.left < 0:
                raise ModelFileError("it describes a network far larger than the weights beside it")
        return func(*args, **kwargs)


@contextmanager
def without_storage(num_stored: int) -> Iterator[None]:
    """Make the tensors of the modules that are built in this block on the "meta" device.

    Args:
        num_stored: how many tensors the model's files hold. Even a layer without storage takes
            some kilobytes, and a config may ask for a billion of them.

    Raises:
        ModelFileError: more are made in the block than those files can be for.
    """
    with torch.device("meta"), _Sketch(_SPARE_TENSORS + 2 * num_stored):
        yield
