"""Mel spectrograms, against their definition."""

import math

import numpy as np
import pytest
import torch
from mmgen_plugin_audio.mel import (
    fft_size_for,
    log_mel,
    mel_filters,
    mel_spectrogram,
    to_hertz,
    to_mel,
)


def noise(rows, samples):
    return torch.rand(rows, samples, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(
    ("scale", "hertz", "mel"),
    [
        ("slaney", 0.0, 0.0),
        ("slaney", 500.0, 7.5),
        ("slaney", 1000.0, 15.0),
        ("slaney", 6400.0, 42.0),
        ("htk", 700.0, 2595 * math.log10(2)),
        ("htk", 6300.0, 2595.0),
    ],
)
def test_the_scales_are_those_of_their_authors(scale, hertz, mel):
    value = torch.tensor([hertz], dtype=torch.float64)
    assert to_mel(value, scale).item() == pytest.approx(mel, abs=1e-9)
    assert to_hertz(torch.tensor([mel], dtype=torch.float64), scale).item() == pytest.approx(hertz)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_a_scale_and_its_inverse_cancel(scale):
    hertz = torch.linspace(0, 24_000, 500, dtype=torch.float64)
    torch.testing.assert_close(to_hertz(to_mel(hertz, scale), scale), hertz)


def test_bands_are_triangles_between_their_neighbours_middles():
    filters = mel_filters(16_000, 4096, 12, 101, 7001, "htk")
    ends = to_mel(torch.tensor([101, 7001], dtype=torch.float64), "htk").tolist()
    middles = to_hertz(torch.linspace(*ends, 14, dtype=torch.float64), "htk")
    bins = torch.linspace(0, 8000, 2049, dtype=torch.float64)
    for band, (low, middle, high) in enumerate(
        zip(middles[:-2], middles[1:-1], middles[2:], strict=True)
    ):
        inside = (bins > low) & (bins < high)
        assert torch.equal(filters[:, band] > 0, inside)
        peak = bins[filters[:, band].argmax()]
        assert abs(peak - middle) < 8000 / 2048
        assert filters[:, band].max() == pytest.approx(1, abs=0.02)


def test_slaney_s_bands_have_the_area_of_one_hertz():
    filters = mel_filters(16_000, 1 << 15, 20, 0, 8000, "slaney")
    area = filters.sum(dim=0) * 16_000 / (1 << 15)
    torch.testing.assert_close(area, torch.ones(20), atol=1e-3, rtol=0)


@pytest.mark.parametrize(("window", "fft_size"), [(64, 64), (50, 64)])
def test_power_is_that_of_the_windowed_fourier_transform(window, fft_size):
    clips, hop = noise(2, 300), 20
    filters = mel_filters(1000, fft_size, 8, 0, 500, "slaney")
    shape = torch.hann_window(window)
    assert mel_spectrogram(clips[:, :1], filters, shape, fft_size=fft_size, hop=hop).shape[2] == 1
    found = mel_spectrogram(clips, filters, shape, fft_size=fft_size, hop=hop)
    before = (fft_size - window) // 2
    padded = np.zeros(fft_size)
    padded[before : before + window] = shape
    around = np.pad(clips.numpy(), ((0, 0), (fft_size // 2,) * 2))
    frames = [around[:, hop * t : hop * t + fft_size] * padded for t in range(300 // hop + 1)]
    power = np.abs(np.fft.rfft(np.stack(frames, axis=1), axis=2)) ** 2
    expected = np.einsum("ntf,fm->nmt", power, filters.numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_silence_after_a_clip_changes_nothing():
    clips, filters = noise(1, 410), mel_filters(1000, 64, 8, 0, 500, "slaney")
    settings = {"fft_size": 64, "hop": 20}
    alone = mel_spectrogram(clips, filters, torch.hann_window(64), **settings)
    padded = torch.nn.functional.pad(clips, (0, 333))
    longer = mel_spectrogram(padded, filters, torch.hann_window(64), **settings)
    torch.testing.assert_close(longer[..., : alone.shape[2]], alone)
    both = torch.cat([padded, noise(1, 743)])
    told = mel_spectrogram(
        both, filters, torch.hann_window(64), lengths=torch.tensor([410, 743]), **settings
    )
    torch.testing.assert_close(told[:1, :, : alone.shape[2]], alone)
    assert told[0, :, alone.shape[2] :].abs().max() == 0
    whole = mel_spectrogram(both[1:], filters, torch.hann_window(64), **settings)
    torch.testing.assert_close(told[1:], whole)


def test_the_logarithm_has_a_floor():
    values = log_mel(torch.tensor([0.0, 1e-12, 1.0]))
    assert values.tolist() == pytest.approx([math.log(1e-10), math.log(1e-10), 0])


@pytest.mark.parametrize(("window", "size"), [(2, 2), (200, 256), (256, 256), (400, 512)])
def test_the_transform_holds_the_window(window, size):
    assert fft_size_for(window) == size
