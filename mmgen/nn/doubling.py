"""Transposed convolutions that double the sides, fast where few channels come out."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FEW = 4
"""Channels of a picture. CPU kernels compute transposed convolutions for 16 channels at least."""


class DoublingConv(nn.ConvTranspose2d):
    """A transposed convolution of stride 2, from (N, width, h, w) to (N, out_width, 2h, 2w).

    It has the parameters, the start and the result of torch's. Where no more than four channels
    come out, as at the end of a generator, the CPU finds the four pixels that each position becomes
    as channels of one small convolution (Shi et al. 2016): two to three times as fast for batches
    that lie channels-last.

    Args:
        width: channels in.
        out_width: channels out.
        kernel: side of the kernel, 3 or 4. 4 is a multiple of the stride: no checkerboard (Odena et
            al. 2016).
    """

    def __init__(self, width: int, out_width: int, *, kernel: int = 4) -> None:
        if kernel not in (3, 4):
            raise ValueError(f"kernel must be 3 or 4; got {kernel}")
        super().__init__(width, out_width, kernel, 2, padding=1, output_padding=4 - kernel)

    def forward(self, features: Tensor) -> Tensor:  # type: ignore[override]
        """Map (N, width, h, w) to (N, out_width, 2h, 2w)."""
        if self.out_channels > _FEW or features.device.type != "cpu":
            return super().forward(features)
        assert self.bias is not None
        inputs = [features, self.weight, self.bias]
        if torch.is_autocast_enabled("cpu"):
            inputs = [tensor.to(torch.get_autocast_dtype("cpu")) for tensor in inputs]
        return _Doubling.apply(*inputs)


class _Doubling(torch.autograd.Function):
    """Forward as a small convolution; backward, where torch's own is the faster one, as torch."""

    @staticmethod
    def forward(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        width, out_width, kernel, _ = weight.shape
        # Output pixel 2i + a is tap 1 + a of position i and tap 3 - 3a of its neighbour i - 1 + 2a.
        taps = F.pad(weight, (0, 4 - kernel, 0, 4 - kernel)).view(width, out_width, 2, 2, 2, 2)
        taps = taps.flip(2, 3, 4, 5).permute(3, 5, 1, 0, 2, 4).reshape(-1, width, 2, 2)
        taps = taps.contiguous(memory_format=torch.channels_last)
        pairs = F.conv2d(features, taps, bias.repeat(4), padding=1).permute(0, 2, 3, 1)
        pairs = pairs.unflatten(3, (2, 2, out_width))  # (N, h + 1, w + 1, a, b, out_width)
        upper = torch.stack([pairs[:, :-1, :-1, 0, 0], pairs[:, :-1, 1:, 0, 1]], dim=3)
        lower = torch.stack([pairs[:, 1:, :-1, 1, 0], pairs[:, 1:, 1:, 1, 1]], dim=3)
        return torch.stack([upper, lower], dim=2).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG004
        features, weight, _ = inputs
        ctx.save_for_backward(features, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        _, out_width, kernel, _ = weight.shape
        return torch.ops.aten.convolution_backward(
            gradient,
            features,
            weight,
            [out_width],
            [2, 2],
            [1, 1],
            [1, 1],
            True,
            [4 - kernel, 4 - kernel],
            1,
            ctx.needs_input_grad,
        )
