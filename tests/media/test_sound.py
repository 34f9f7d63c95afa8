"""Sound at the door: any file, rate and channels become one channel at one rate."""

import io
import math
import struct
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


def test_silence_is_sound_and_is_said() -> None:
    with pytest.warns(MmgenWarning, match="is silent from beginning to end"):
        silence = read(np.zeros(100, np.float32))[0]
    assert silence.tolist() == [0] * 100


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


KINDS = [
    ("WAV", "PCM_16", "LITTLE"),
    ("WAV", "PCM_16", "BIG"),
    ("WAVEX", "PCM_24", "FILE"),
    ("RF64", "PCM_16", "FILE"),
    ("AIFF", "PCM_16", "FILE"),
    ("W64", "FLOAT", "FILE"),
]


def encoded(kind: str = "WAV", subtype: str = "PCM_16", endian: str = "FILE") -> bytes:
    """Return a file of 4,000 samples in two channels."""
    file = io.BytesIO()
    both = np.stack([tone(), tone()], axis=1)
    soundfile.write(file, both, RATE, format=kind, subtype=subtype, endian=endian)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "subtype", "endian"), KINDS)
def test_a_whole_file_of_chunks_is_read(kind: str, subtype: str, endian: str) -> None:
    np.testing.assert_allclose(read(encoded(kind, subtype, endian))[0], tone(), atol=1e-4)


@pytest.mark.parametrize(("kind", "subtype", "endian"), KINDS)
@pytest.mark.parametrize("missing", [1, 3, 5000])
def test_a_file_of_chunks_that_is_cut_is_refused(
    tmp_path: Path, kind: str, subtype: str, endian: str, missing: int
) -> None:
    content = encoded(kind, subtype, endian)[:-missing]
    path = tmp_path / "short.wav"
    path.write_bytes(content)
    words = r"is cut short: it has [\d,]+ of 4,000 samples"
    for value in (content, path, str(path)):
        with pytest.raises(InputError, match=words):
            read(value)


def test_a_file_that_is_cut_is_refused_by_name_with_what_it_has(tmp_path: Path) -> None:
    content = encoded()
    path = tmp_path / "half.wav"
    path.write_bytes(content[: 44 + (len(content) - 44) // 2])
    with pytest.raises(InputError, match=r"half\.wav' is cut short: it has 2,000 of 4,000 samples"):
        read(path)
    with pytest.raises(InputError, match="the sound is cut short: it has 0 of 4,000 samples"):
        read(content[:44])


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM"])
def test_a_file_of_packed_sound_that_is_cut_is_refused(subtype: str) -> None:
    content = encoded(subtype=subtype)
    assert len(read(content)[0]) >= 4000
    for missing in (3, len(content) // 2):
        with pytest.raises(InputError, match=r"is cut short: it has [\d,]+ of [\d,]+ samples"):
            read(content[:-missing])


def test_chunks_beside_the_sound_change_nothing() -> None:
    content = encoded()
    odd = b"note" + struct.pack("<I", 3) + b"abc\0"
    assert len(read(content[:36] + odd + content[36:])[0]) == 4000
    assert len(read(content + odd)[0]) == 4000
    assert len(read(content + odd[:-2])[0]) == 4000
    with pytest.raises(InputError, match="is cut short: it has 3,999 of 4,000 samples"):
        read((content[:36] + odd + content[36:])[:-2])


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7F000000, 0x7FFFF000, 0x80000000])
@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
def test_a_stream_whose_writer_did_not_know_its_length_is_read(kind: str, size: int) -> None:
    content = encoded(kind)
    name, order = (b"data", "<I") if kind == "WAV" else (b"SSND", ">I")
    stream = bytearray(content)
    stream[4:8] = struct.pack(order, size or 8)  # the size of the whole, as it is begun
    place = content.index(name) + 4
    stream[place : place + 4] = struct.pack(order, size)
    assert len(read(bytes(stream))[0]) == 4000


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
