"""The encoder of sound."""

import math
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import MmgenWarning
from mmgen.interfaces import ClassifyingEncoder, Embedding
from mmgen.media.sound import pad_clips
from mmgen.nn import AttentionPooling, transformer_encoder
from mmgen.slots import Slot
from mmgen_plugin_audio.config import AudioEncoderConfig
from mmgen_plugin_audio.mel import fft_size_for, log_mel, mel_filters, mel_spectrogram

_WIDEST_BANDS, _WIDEST_FRAMES = 0.2, 0.2  # of what there is, for one stripe


class AudioEncoder(ClassifyingEncoder):
    """Convolutions on a log-mel spectrogram, a token for every few frames.

    The pooled vector is a mean of the tokens with learned weights. Where a clip has ended every
    map is zero, as it would be at the edge: so a clip's embedding does not depend on its batch.
    """

    config: AudioEncoderConfig
    modality = "audio"

    def __init__(self, config: AudioEncoderConfig) -> None:
        super().__init__(config)
        rate = config.sample_rate
        self.window_length = max(2, round(config.window * rate / 1000))
        self.hop = max(1, round(config.hop * rate / 1000))
        self.fft_size = fft_size_for(self.window_length)
        self.width = config.width
        self._spectral: dict[torch.device, tuple[Tensor, Tensor]] = {}
        before = (1, *config.widths[:-1])
        self.halves = nn.ModuleList(
            [Half(a, b) for a, b in zip(before, config.widths, strict=True)]
        )
        bands = config.mels
        for _ in config.widths:
            bands = (bands + 1) // 2
        self.enter = nn.Linear(bands * config.widths[-1], config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.attention: nn.TransformerEncoder | None = None
        if config.depth:
            self.attention = transformer_encoder(
                config.width, config.depth, config.heads, dropout=config.dropout
            )
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentionPooling(config.width)
        self.add_head(config.classes)

    def slot(self, name: str, *, required: bool = False) -> Slot:
        """Return the slot with the rate."""
        rate = self.config.sample_rate
        return Slot(name=name, modality="audio", required=required, sample_rate=rate)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return clips float32 (N, samples), zeros after each, and their lengths int64 (N,).

        Clips longer than the encoder's seconds are cut, with a warning.
        """
        most = round(self.config.seconds * self.config.sample_rate)
        longest = max(len(clip) for clip in values)
        if longest > most:
            warnings.warn(
                f"a clip has {longest / self.config.sample_rate:.1f} s; the encoder hears the "
                f"first {self.config.seconds:g}",
                MmgenWarning,
                stacklevel=2,
            )
        clips, lengths = pad_clips([clip[:most] for clip in values])
        return {"clips": clips, "lengths": lengths}

    def spectrogram(self, clips: Tensor, lengths: Tensor) -> Tensor:
        """Return the log-mel spectrogram (N, mels, frames) of what `prepare` returned.

        In float32 whatever the training's precision: powers span more than half precision holds.
        """
        window, filters = self._window_and_filters(clips.device)
        with torch.autocast(clips.device.type, enabled=False):
            mel = mel_spectrogram(
                clips.float(), filters, window, fft_size=self.fft_size, hop=self.hop,
                lengths=lengths,
            )  # fmt: skip
            return log_mel(mel)

    def forward(self, *, clips: Tensor, lengths: Tensor) -> Embedding:  # type: ignore[override]
        """Embed what `prepare` returned."""
        frames = 1 + lengths // self.hop
        maps = self.spectrogram(clips, lengths)
        mask = _until(frames, maps.shape[2])
        maps = _standardised(maps, mask)
        if self.training and self.config.masks:
            maps = self._striped(maps, frames)
        features = maps[:, None].to(self.enter.weight.dtype)
        for half in self.halves:
            frames = (frames + 1) // 2
            features = half(features)
            mask = _until(frames, features.shape[3])
            features = features * mask[:, None, None]
        tokens = self.enter(features.permute(0, 3, 1, 2).flatten(2))
        tokens = self.dropout(tokens)
        if self.attention is not None:
            places = _places(tokens.shape[1], tokens.shape[2], tokens.device)
            tokens = self.attention(tokens + places.to(tokens.dtype), src_key_padding_mask=~mask)
        tokens = self.norm(tokens)
        return Embedding(tokens, mask, self.pool(tokens, mask))

    def _window_and_filters(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return what the spectrum needs; made on first use, since it is not learned."""
        found = self._spectral.get(device)
        if found is None:
            config = self.config
            top = config.sample_rate / 2 if config.highest is None else config.highest
            filters = mel_filters(
                config.sample_rate, self.fft_size, config.mels, config.lowest, top, config.scale
            )
            window = torch.hann_window(self.window_length)
            found = window.to(device), filters.to(device)
            self._spectral[device] = found
        return found

    def _striped(self, maps: Tensor, frames: Tensor) -> Tensor:
        """Set random stripes of bands and of frames to the mean: Park et al. 2019."""
        count, device = len(maps), maps.device
        for axis, lengths, widest in (
            (1, torch.full_like(frames, maps.shape[1]), _WIDEST_BANDS),
            (2, frames, _WIDEST_FRAMES),
        ):
            places = torch.arange(maps.shape[axis], device=device)
            for _ in range(self.config.masks):
                extent = torch.rand(count, device=device) * widest * lengths
                start = torch.rand(count, device=device) * (lengths - extent)
                inside = places >= start[:, None]
                inside &= places < (start + extent)[:, None]
                maps = maps.masked_fill(inside[:, :, None] if axis == 1 else inside[:, None], 0)
        return maps


class Half(nn.Module):
    """A convolution that halves both sides, one of single places, and a way around the second."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, out_width, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(out_width)  # of each place alone: frames do not mix
        self.second = nn.Conv2d(out_width, out_width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, bands, frames) to (N, out_width, bands / 2, frames / 2), rounded up."""
        features = self.first(features)
        normal = self.norm(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return features + self.second(F.gelu(normal))


def _until(lengths: Tensor, count: int) -> Tensor:
    """Return bool (N, count): the places before each length."""
    return torch.arange(count, device=lengths.device) < lengths[:, None]


def _standardised(maps: Tensor, mask: Tensor) -> Tensor:
    """Return log-mel maps whose mean is 0 in each clip, divided by a usual deviation.

    So loudness does not count; what lies beyond a clip's end is 0.
    """
    weights = mask[:, None].to(maps.dtype)
    total = weights.sum(dim=(1, 2), keepdim=True) * maps.shape[1]
    centred = (maps - (maps * weights).sum(dim=(1, 2), keepdim=True) / total) * weights
    variance = centred.square().sum(dim=(1, 2), keepdim=True) / total
    return centred / (variance + 1).sqrt()


def _places(length: int, width: int, device: torch.device) -> Tensor:
    """Return sines and cosines of the places, (length, width): Vaswani et al. 2017, section 3.5."""
    half = (width + 1) // 2
    rates = torch.exp(-torch.arange(half, device=device) / half * math.log(1e4))
    angles = torch.arange(length, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width]
