"""Networks without storage: built for their names, shapes and types alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
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
_MAKER_NAMES = (
    "empty, empty_strided, empty_permuted, empty_quantized, zeros, ones, full, tensor, as_tensor, "
    "asarray, scalar_tensor, arange, range, linspace, logspace, eye, rand, randn, randint, "
    "randperm, tril_indices, triu_indices, bartlett_window, blackman_window, hamming_window, "
    "hann_window, kaiser_window, sparse_coo_tensor, sparse_compressed_tensor, sparse_csr_tensor, "
    "sparse_csc_tensor, sparse_bsr_tensor, sparse_bsc_tensor"
)
_MAKERS = frozenset(
    [
        *(getattr(torch, name) for name in _MAKER_NAMES.split(", ")),
        torch.fft.fftfreq,
        torch.fft.rfftfreq,
        torch.nested.nested_tensor,
    ]
)
"""The functions that torch's own device context turns to its device."""
_SPARE_TENSORS = 5_000
_META = torch.device("meta")


class _Sketch(TorchFunctionMode):
    """Make tensors on the "meta" device, count them, and leave out what only fills them.

    One mode does all of it, as each takes its time at every call into torch. Torch does some of the
    filling (`normal_`, and so every nn.Embedding) for the "meta" device in Python, and imports its
    compiler for that: more than a second, most of the time to the first picture.
    """

    def __init__(self, max_tensors: int) -> None:
        super().__init__()
        self.left = max_tensors

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        fills, makes = _role(func)
        if fills:
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta:
                return tensor
        elif makes:
            self.left -= 1
            if self.left < 0:
                raise ModelFileError("it describes a network far larger than the weights beside it")
            if kwargs.get("device") is None:
                kwargs = {**kwargs, "device": _META}
        return func(*args, **kwargs)


@lru_cache(maxsize=1000)
def _role(func: Any) -> tuple[bool, bool]:
    """Whether a function of torch fills a tensor with first values, and whether it makes one."""
    fills = func in _FILLS or getattr(func, "__module__", "") == nn.init.__name__
    return fills, func in _MAKERS


@contextmanager
def without_storage(num_stored: int) -> Iterator[None]:
    """Make the tensors of the modules that are built in this block on the "meta" device.

    Args:
        num_stored: how many tensors the model's files hold. Even a layer without storage takes
            some kilobytes, and a config may ask for a billion of them.

    Raises:
        ModelFileError: more are made in the block than those files can be for.
    """
    with _Sketch(_SPARE_TENSORS + 2 * num_stored):
        yield
