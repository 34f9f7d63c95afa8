"""Sound at the door: any file, rate and channels become one channel at one rate."""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from mmgen.errors import InputError, MmgenWarning, NotInstalledError
from mmgen.media import sound
from mmgen.media.sound import pad_clips, read_sounds
from mmgen.slots import Size, Slot

RATE = 8000
SLOT = Slot(name="speech", modality="audio", sample_rate=RATE)
SIZE = Size(channels=1, height=8, width=8)


def tone(seconds: float = 0.5, rate: int = RATE, hertz: float = 440.0) -> np.ndarray:
    """A sine with soft ends, float32 (samples,)."""
    time = np.arange(round(seconds * rate)) / rate
    fade = np.minimum(1, 20 * np.minimum(time, seconds - time))
    return (0.5 * fade * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def read(value: Any) -> list[Tensor]:
    return read_sounds(value, SLOT, SIZE)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_files_of_each_kind_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, tone(), RATE)
    (from_path,) = read(str(path))
    (from_bytes,) = read(path.read_bytes())
    assert from_path.dtype == torch.float32
    assert torch.equal(from_path, from_bytes)
    np.testing.assert_allclose(from_path, tone(), atol=0.03 if name.endswith("ogg") else 1e-4)


@pytest.mark.parametrize("rate", [4000, 11025, 16000, 44100, 192_000])
def test_any_rate_is_brought_to_the_slot_s(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(rate=rate), rate)
    (found,) = read(path)
    assert len(found) == pytest.approx(0.5 * RATE, abs=1)
    np.testing.assert_allclose(found[:-1], tone()[: len(found) - 1], atol=0.01)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    left, right = tone(hertz=440), tone(hertz=600)
    soundfile.write(path, np.stack([left, right], axis=1), RATE)
    (found,) = read(path)
    np.testing.assert_allclose(found, (left + right) / 2, atol=1e-4)
    np.testing.assert_allclose(read(np.stack([left, right]))[0], (left + right) / 2, atol=1e-6)


def test_samples_are_taken_at_the_slot_s_rate_or_their_own() -> None:
    samples = tone()
    assert torch.equal(read(samples)[0], torch.from_numpy(samples))
    assert torch.equal(read(torch.from_numpy(samples))[0], torch.from_numpy(samples))
    (found,) = read((tone(rate=16000), 16000))
    np.testing.assert_allclose(found, samples, atol=0.01)


@pytest.mark.parametrize(
    ("dtype", "scale", "middle"),
    [(np.int16, 2**15, 0), (np.int32, 2**31, 0), (np.uint8, 2**7, 128)],
)
def test_whole_numbers_count_to_the_ends_of_their_type(dtype: Any, scale: int, middle: int) -> None:
    values = (tone() * scale + middle).round().astype(dtype)
    np.testing.assert_allclose(read(values)[0], tone(), atol=1.01 / scale if scale < 999 else 1e-4)


def test_a_list_has_several_clips_of_any_length() -> None:
    found = read([tone(0.5), tone(0.25), (tone(0.1, 16000), 16000)])
    assert [len(clip) for clip in found] == [4000, 2000, 800]
    clips, lengths = pad_clips(found)
    assert clips.shape == (3, 4000)
    assert lengths.tolist() == [4000, 2000, 800]
    assert torch.equal(clips[1, :2000], found[1])
    assert clips[1, 2000:].abs().max() == 0


def test_silence_is_sound() -> None:
    assert read(np.zeros(100, np.float32))[0].tolist() == [0] * 100


def test_what_is_too_loud_is_cut_with_a_warning() -> None:
    words = r"'speech' has samples up to 1\.5; those beyond 1"
    with pytest.warns(MmgenWarning, match=words):
        (found,) = read(3 * tone())
    assert found.abs().max() == 1
    with pytest.warns(MmgenWarning, match=words):
        (found,) = read((3 * tone(rate=16000), 16000))
    assert found.abs().max() == 1


def test_what_resampling_adds_at_the_edges_of_clipped_sound_is_no_reason_to_warn() -> None:
    square = np.sign(tone(rate=16000)).astype(np.float32)
    (found,) = read((square, 16000))
    assert found.abs().max() <= 1


def cut_short(tmp_path: Path) -> Path:
    path = tmp_path / "short.flac"
    noise = np.random.default_rng(0).uniform(-1, 1, 20_000)
    soundfile.write(path, noise, RATE)
    path.write_bytes(path.read_bytes()[:9000])
    return path


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("nothing.wav", r"'nothing\.wav' does not exist; give the path of a sound file"),
        (b"\x89PNG\r\n\x1a\n not a sound at all", "the sound is not sound that can be read"),
        (b"", "the sound is not sound that can be read"),
        (np.zeros(0, np.float32), "has no samples: it is empty"),
        (np.array([0.0, np.nan]), "no finite numbers"),
        (np.zeros((2, 3, 4)), r"got the shape \(2, 3, 4\)"),
        (np.zeros((400, 2)), r"\(channels, samples\); got the shape \(400, 2\)"),
        (np.array(["a"]), "got an array of <U1"),
        (np.array([True]), "got an array of bool"),
        ({"a": 1}, "got an array of object"),
        ((np.zeros(10), 0), "a rate is a whole number of samples a second; got 0"),
        ((np.zeros(10), 8000.5), r"got 8000\.5"),
        ((np.zeros(10), "fast"), "got 'fast'"),
        ((np.zeros(10), math.inf), "got inf"),
        ((np.zeros(1), 192_000), "is shorter than one sample at 8,000 Hz"),
        ([], "got an empty list; give at least one clip"),
    ],
)
def test_what_is_no_sound_is_refused(value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    for path in (cut_short(tmp_path), tmp_path):
        with pytest.raises(InputError, match=r"is cut short|cannot be read|not sound"):
            read(path)


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0, np.float32), RATE)
    with pytest.raises(InputError, match=r"empty\.wav' has no samples"):
        read(path)


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(sound, "import_module", missing)
    with pytest.raises(NotInstalledError, match=r"needs the library 'soundfile'") as caught:
        read("a.wav")
    assert caught.value.command == "pip install 'mmgen-core[audio]'"
    assert len(read(tone())[0]) == 4000  # samples at the right rate need none
    with pytest.raises(NotInstalledError, match="'soxr'"):
        read((tone(), 16000))


def test_bytes_of_a_wav_are_the_same_as_its_samples() -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(), RATE, format="WAV", subtype="FLOAT")
    assert torch.equal(read(file.getvalue())[0], torch.from_numpy(tone()))
