"""The encoder of sound."""

import math

import pytest
import torch
from mmgen_plugin_audio.config import AudioEncoderConfig
from mmgen_plugin_audio.encoder import AudioEncoder
from mmgen_plugin_audio.mel import log_mel, mel_filters, mel_spectrogram

from mmgen.errors import MmgenWarning, OptionError
from mmgen.media.sound import read_sounds
from mmgen.slots import Size
from mmgen.testing import perturb

RATE = 4000


def make(**config):
    torch.manual_seed(0)
    tiny = {"sample_rate": RATE, "mels": 16, "widths": (8, 8), "width": 12, "heads": 2}
    encoder = AudioEncoder(AudioEncoderConfig(**{**tiny, **config}))
    perturb(encoder)
    return encoder.eval()


def tone(hertz, seconds=0.4):
    time = torch.arange(round(seconds * RATE)) / RATE
    return 0.5 * torch.sin(2 * math.pi * hertz * time)


def embed(encoder, *clips):
    with torch.no_grad():
        return encoder(**encoder.prepare([*clips]))


@pytest.mark.parametrize("depth", [0, 2])
def test_a_token_for_every_few_frames(depth):
    encoder = make(depth=depth)
    found = embed(encoder, tone(300, 0.4), tone(300, 0.1))
    # 41 and 11 frames of 10 ms, halved twice.
    assert found.token_mask.sum(dim=1).tolist() == [11, 3]
    assert found.tokens.shape == (2, 11, 12)


def test_the_spectrogram_is_the_one_that_is_set():
    encoder = make(window=16.0, hop=5.0, mels=8, lowest=300.0, highest=1500.0, scale="htk")
    clip = torch.rand(1, 700, generator=torch.Generator().manual_seed(0)) - 0.5
    filters = mel_filters(RATE, 64, 8, 300, 1500, "htk")
    expected = mel_spectrogram(clip, filters, torch.hann_window(64), fft_size=64, hop=20)
    torch.testing.assert_close(encoder.spectrogram(**encoder.prepare([*clip])), log_mel(expected))


def test_attention_knows_where_frames_are():
    """Of a clip whose frames are all the same, but for those at its ends."""
    clip = (torch.rand(40, generator=torch.Generator().manual_seed(0)) - 0.5).repeat(40)
    alike, told_apart = (embed(make(depth=depth), clip).tokens[0, 2:9] for depth in (0, 2))
    torch.testing.assert_close(alike, alike[:1].expand(7, -1))
    assert torch.pdist(told_apart).min() > 0.01


@pytest.mark.parametrize("depth", [0, 2])
def test_longer_neighbours_change_nothing(depth):
    encoder = make(depth=depth)
    clips = [tone(300, 0.103), tone(500, 1.0), torch.zeros(1), tone(200, 0.37)]
    together = embed(encoder, *clips)
    for row, clip in enumerate(clips):
        torch.testing.assert_close(together.pooled[row], embed(encoder, clip).pooled[0])


def test_tones_differ_and_loudness_does_not_count():
    encoder = make()
    low, high, soft = embed(encoder, tone(300), tone(900), 0.2 * tone(300)).pooled
    assert (low - high).norm() > 10 * (low - soft).norm()


def test_sound_of_any_rate_is_heard_alike():
    encoder = make()
    slot = encoder.slot("speech")
    assert (slot.modality, slot.sample_rate) == ("audio", RATE)
    time = torch.arange(16_000) / 16_000
    twice = 0.5 * torch.sin(2 * math.pi * 300 * time)
    size = Size(channels=1, height=8, width=8)
    clips = read_sounds([(twice, 16_000), tone(300, 1.0)], slot, size)
    one, other = embed(encoder, *clips).pooled
    assert (one - other).norm() < 0.05 * one.norm()


@pytest.mark.parametrize("clip", [torch.zeros(500), torch.ones(500), torch.zeros(1)])
def test_silence_and_single_samples_have_finite_embeddings_and_gradients(clip):
    encoder = make().train()
    found = encoder(**encoder.prepare([clip, tone(300)]))
    found.pooled.square().sum().backward()
    assert found.pooled.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())


def test_stripes_are_left_out_while_learning():
    encoder = make(masks=2, dropout=0.0).train()
    tensors = encoder.prepare([tone(300, 1.0)] * 2)
    one, other = encoder(**tensors).pooled
    assert not torch.allclose(one, other)
    without = make(masks=0, dropout=0.0).train()
    one, other = without(**tensors).pooled
    torch.testing.assert_close(one, other)


def test_stripes_are_at_most_a_fifth_each_and_lie_inside_the_clip():
    encoder = make(masks=1)
    maps = torch.ones(400, 16, 50)
    frames = torch.full((400,), 30)
    struck = encoder._striped(maps, frames) == 0
    of_bands, of_frames = struck.all(dim=2).sum(dim=1), struck.all(dim=1).sum(dim=1)
    assert of_bands.max() <= math.ceil(0.2 * 16)
    assert of_frames.max() <= math.ceil(0.2 * 30)
    assert of_bands.max() > 0
    assert of_frames.max() > 0
    assert not struck.all(dim=1)[:, 30:].any()


def test_a_long_clip_is_cut_with_a_warning():
    encoder = make(seconds=0.5)
    with pytest.warns(MmgenWarning, match=r"a clip has 2\.0 s; the encoder hears the first 0\.5"):
        found = embed(encoder, tone(300, 2.0))
    torch.testing.assert_close(found.pooled, embed(encoder, tone(300, 2.0)[:2000]).pooled)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"highest": 9000.0}, "half the rate, 8000 Hz; got 20 and 9000"),
        ({"lowest": 500.0, "highest": 400.0}, "got 500 and 400"),
        ({"hop": 30.0}, "hop must be at most window"),
        ({"widths": ()}, "widths needs one number"),
        ({"width": 10, "heads": 4}, "multiple of heads"),
    ],
)
def test_settings_must_fit_each_other(config, words):
    with pytest.raises(OptionError, match=words):
        AudioEncoderConfig(**config)
