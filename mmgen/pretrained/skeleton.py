"""Networks without storage: built for their names, shapes and types alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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


class _NoFilling(TorchFunctionMode):
    """Leave out what only fills tensors with first values.

    Torch does some of it (`normal_`, and so every nn.Embedding) for the "meta" device in Python,
    and imports its compiler for that: more than a second, most of the time to the first picture.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _FILLS or getattr(func, "__module__", "") == nn.init.__name__:
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta:
                return tensor
        return func(*args, **kwargs)


@contextmanager
def without_storage() -> Iterator[None]:
    """Make the tensors of the modules that are built in this block on the "meta" device."""
    with torch.device("meta"), _NoFilling():
        yield
