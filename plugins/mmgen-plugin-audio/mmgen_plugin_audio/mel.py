"""Mel spectrograms: Davis and Mermelstein 1980; Slaney 1998 ("Auditory Toolbox")."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# Slaney's scale: linear up to 1,000 Hz, 15 mel; from there 27 steps for each factor of 6.4.
_LINEAR_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27
FLOOR = 1e-10
_FRAMES_IN_CACHE, _FRAMES_AT_ONCE = 256, 1 << 16
"""How many are worked on at once: on the CPU so few that they stay in its cache."""


def to_mel(hertz: Tensor, scale: str) -> Tensor:
    """Return frequencies in mel; scale is "slaney" or "htk" (O'Shaughnessy 1987)."""
    if scale == "htk":
        return 2595 * torch.log10(1 + hertz / 700)
    above = _BREAK_MEL + (hertz.clamp(min=_BREAK_HZ) / _BREAK_HZ).log() / _LOG_STEP
    return torch.where(hertz < _BREAK_HZ, hertz / _LINEAR_HZ_PER_MEL, above)


def to_hertz(mel: Tensor, scale: str) -> Tensor:
    """Return frequencies in Hz; the inverse of `to_mel`."""
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    above = _BREAK_HZ * ((mel.clamp(min=_BREAK_MEL) - _BREAK_MEL) * _LOG_STEP).exp()
    return torch.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, above)


def mel_filters(
    rate: int, fft_size: int, mels: int, lowest: float, highest: float, scale: str
) -> Tensor:
    """Return triangular bands, float32 (fft_size // 2 + 1, mels).

    Each rises from its lower neighbour's middle to its own, and falls to the upper one's. With
    "slaney" all have the area of 1 Hz, with "htk" the peak 1.
    """
    ends = torch.tensor([lowest, highest], dtype=torch.float64)
    low, high = to_mel(ends, scale).tolist()
    middles = to_hertz(torch.linspace(low, high, mels + 2, dtype=torch.float64), scale)
    bins = torch.linspace(0, rate / 2, fft_size // 2 + 1, dtype=torch.float64)[:, None]
    rising = (bins - middles[:-2]) / (middles[1:-1] - middles[:-2])
    falling = (middles[2:] - bins) / (middles[2:] - middles[1:-1])
    filters = torch.minimum(rising, falling).clamp(min=0)
    if scale == "slaney":
        filters = filters * (2 / (middles[2:] - middles[:-2]))
    return filters.float()


def mel_spectrogram(
    clips: Tensor,
    filters: Tensor,
    window: Tensor,
    *,
    fft_size: int,
    hop: int,
    lengths: Tensor | None = None,
) -> Tensor:
    """Return the power in each band, float32 (N, mels, 1 + samples // hop).

    Frame t is centred on sample t · hop; outside a clip there is silence. So clips that are padded
    with zeros give what they would give alone, and frames beyond their ends are not computed.

    Args:
        clips: float32 (N, samples).
        filters: (fft_size // 2 + 1, mels), of `mel_filters`.
        window: (length,), at most fft_size long.
        lengths: int64 (N,), the samples of each clip; the rest is padding. None: all are.
    """
    length = len(window)
    count = 1 + clips.shape[1] // hop
    before = fft_size // 2 - (fft_size - length) // 2
    after = (count - 1) * hop + length - before - clips.shape[1]
    frames = F.pad(clips, (before, max(0, after))).unfold(1, length, hop)[:, :count]
    if lengths is None:
        lengths = torch.full((len(clips),), clips.shape[1], device=clips.device)
    there = torch.arange(count, device=clips.device) <= (lengths // hop)[:, None]
    found = clips.new_zeros(*there.shape, filters.shape[1])
    # Real and imaginary parts are neighbours: one product with each filter twice adds them up.
    twice = filters.repeat_interleave(2, dim=0)
    at_once = _FRAMES_IN_CACHE if clips.device.type == "cpu" else _FRAMES_AT_ONCE
    for places in there.nonzero().split(at_once):
        rows, times = places.unbind(dim=1)
        spectra = torch.fft.rfft(frames[rows, times] * window, fft_size)
        found[rows, times] = torch.view_as_real(spectra).square().flatten(1) @ twice
    return found.transpose(1, 2)


def log_mel(mel: Tensor) -> Tensor:
    """Return the natural logarithm of powers, from a floor of 1e-10."""
    return mel.clamp(min=FLOOR).log()


def fft_size_for(window: int) -> int:
    """Return the power of two that holds a window of so many samples."""
    return 1 << (window - 1).bit_length()
