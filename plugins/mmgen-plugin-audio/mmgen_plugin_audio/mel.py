"""Mel spectrograms: Davis and Mermelstein 1980; Slaney 1998 ("Auditory Toolbox")."""

import math

import torch
from torch import Tensor

# Slaney's scale: linear up to 1,000 Hz, 15 mel; from there 27 steps for each factor of 6.4.
_LINEAR_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27
FLOOR = 1e-10


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
    clips: Tensor, filters: Tensor, window: Tensor, *, fft_size: int, hop: int
) -> Tensor:
    """Return the power in each band, float32 (N, mels, 1 + samples // hop).

    Frame t is centred on sample t · hop; outside a clip there is silence. So clips that are padded
    with zeros give what they would give alone.

    Args:
        clips: float32 (N, samples).
        filters: (fft_size // 2 + 1, mels), of `mel_filters`.
        window: (length,), at most fft_size long.
    """
    spectra = torch.stft(
        clips,
        fft_size,
        hop_length=hop,
        win_length=len(window),
        window=window,
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    power = torch.view_as_real(spectra).square().sum(dim=-1)  # without the root of an abs
    return (power.transpose(1, 2) @ filters).transpose(1, 2)


def log_mel(mel: Tensor) -> Tensor:
    """Return the natural logarithm of powers, from a floor of 1e-10."""
    return mel.clamp(min=FLOOR).log()


def fft_size_for(window: int) -> int:
    """Return the power of two that holds a window of so many samples."""
    return 1 << (window - 1).bit_length()
