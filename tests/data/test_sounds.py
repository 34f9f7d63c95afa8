"""Sounds of data sets: folders of recordings, and recordings that go with pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mmgen.data import DataOptions, PictureData, check, load
from mmgen.data.sounds import pair_with_sounds
from mmgen.errors import DataError

RATE = 8000


def write_tone(path: Path, hertz: float, *, seconds: float = 0.1, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * rate)) / rate
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hertz * time), rate)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Ten classes, of 3 recordings in train and 1 in test; the tone tells the class."""
    for digit in range(10):
        for take in range(3):
            write_tone(tmp_path / f"spoken/train/{digit}/{take}.wav", 100 * (digit + 1) + take)
        write_tone(tmp_path / f"spoken/test/{digit}/0.flac", 100 * (digit + 1))
    return tmp_path / "spoken"


def pitch(clip: torch.Tensor) -> int:
    """Return the strongest frequency in hundreds of Hz: a class's number + 1."""
    spectrum = torch.fft.rfft(clip).abs()
    return round(float(spectrum.argmax()) * RATE / len(clip) / 100)


def test_a_folder_of_recordings_is_a_data_set_without_pictures(recordings: Path) -> None:
    data = load(recordings, "test")
    assert data.columns == ("label", "audio")
    assert not data.has_pictures
    assert data.class_names == tuple("0123456789")
    assert data.sample_rate == RATE
    batch = data.batch(torch.tensor([9, 2]))
    assert batch["target"].shape == (2, 0, 0, 0)
    assert batch["label"].tolist() == [9, 2]
    assert [pitch(clip) for clip in batch["audio"]] == [10, 3]


def test_recordings_are_brought_to_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 400, rate=16000)
    write_tone(tmp_path / "b.wav", 400, rate=8000)
    with pytest.raises(DataError, match=r"8,000 and 16,000 samples a second.*set sample_rate"):
        load(tmp_path, "train", DataOptions(held_out=0))
    data = load(tmp_path, "train", DataOptions(held_out=0, sample_rate=4000))
    assert data.sample_rate == 4000
    assert [len(clip) for clip in data.column("audio")] == [400, 400]


def test_pictures_get_the_sounds_of_their_class(digits: Path, recordings: Path) -> None:
    for digit in range(10):
        write_tone(recordings / f"valid/{digit}/0.wav", 100 * (digit + 1) + 20)
    options = DataOptions(sounds=str(recordings))
    data = load(digits, "train", options)
    assert data.columns == ("label", "audio")
    rows = torch.arange(len(data))
    drawn = [
        data.batch(rows, draws=np.full(len(data), draw, np.uint64))["audio"] for draw in range(3)
    ]
    for clips in drawn:
        assert [pitch(clip) - 1 for clip in clips] == data.labels.tolist()
    assert not any(torch.equal(a, b) for a, b in zip(drawn[0], drawn[1], strict=True))
    held_out = load(digits, "valid", options)
    own = {clip.numpy().tobytes() for clip in data.column("audio")}
    assert not own.intersection(clip.numpy().tobytes() for clip in held_out.column("audio"))


def test_a_class_without_a_sound_is_named(digits: Path, recordings: Path) -> None:
    for path in (recordings / "test/3").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="has none for '3' in test"):
        load(digits, "test", DataOptions(sounds=str(recordings)))


def test_sounds_and_pictures_meet_by_their_labels(recordings: Path) -> None:
    bare = PictureData(images=torch.zeros(2, 1, 2, 2, dtype=torch.uint8))
    sounds = load(recordings, "test")
    with pytest.raises(DataError, match="no picture of data has a label"):
        pair_with_sounds(bare, sounds)
    labelled = PictureData(
        images=bare.images, labels=torch.tensor([0, 1]), class_names=("0", "1"), name="pictures"
    )
    with pytest.raises(DataError, match="has the class '2'"):
        pair_with_sounds(labelled, sounds)
    ten = sounds.select(torch.tensor([0, 1])).with_labels(tuple("0123456789"))
    with pytest.raises(DataError, match="pictures has no sounds; give a folder of recordings"):
        pair_with_sounds(ten, labelled)


def test_metadata_names_the_sound_of_each_picture(
    tmp_path: Path, write_picture: Callable[..., np.ndarray]
) -> None:
    rows = []
    for name, hertz in (("a", 300), ("b", 500)):
        write_picture(tmp_path / f"{name}.png")
        write_tone(tmp_path / f"sounds/{name}.wav", hertz)
        rows.append({"file_name": f"{name}.png", "audio_file_name": f"sounds/{name}.wav"})
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    data = load(tmp_path, "train", DataOptions(held_out=0))
    assert data.columns == ("audio",)
    assert [pitch(clip) for clip in data.column("audio")] == [3, 5]
    rows[1].pop("audio_file_name")
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=r"every picture needs a sound.*'b\.png' has none"):
        load(tmp_path, "train", DataOptions(held_out=0))


def test_what_cannot_be_heard_is_left_out_and_named(recordings: Path) -> None:
    (recordings / "test/4/0.flac").write_bytes(b"no sound")
    data = load(recordings, "test")
    assert data.labels.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert [pitch(clip) - 1 for clip in data.column("audio")] == data.labels.tolist()
    assert "4/0.flac" in data.left_out
    with pytest.raises(DataError, match=r"4/0\.flac"):
        load(recordings, "test", DataOptions(on_broken="stop"))


def test_sounds_too_many_for_the_memory_are_refused(recordings: Path) -> None:
    with pytest.raises(DataError, match=r"in_memory_limit_mb is 0; raise it, or lower sample_rate"):
        load(recordings, "test", DataOptions(in_memory_limit_mb=0))


def test_a_check_hears_every_recording(recordings: Path) -> None:
    (recordings / "test/4/0.flac").write_bytes(b"no sound")
    (recordings / "test/5/0.flac").write_bytes((recordings / "test/6/0.flac").read_bytes())
    report = check(recordings)
    train, test = report.splits
    assert train.sounds is not None
    assert train.sounds.num_sounds == 30
    assert train.sounds.rates == {RATE: 30}
    assert train.sounds.mean == pytest.approx(0.1, abs=0.01)
    assert [problem.name for problem in test.broken] == ["test/4/0.flac"]
    assert test.duplicates == (("test/5/0.flac", "test/6/0.flac"),)
    assert "30 sounds, 8,000 Hz; 0.10 to 0.10 s" in report.to_text()
    assert json.dumps(report.splits[0].to_dict()["sounds"])


def test_sounds_are_part_of_the_fingerprint(recordings: Path) -> None:
    before = load(recordings, "test").fingerprint
    assert load(recordings, "test").fingerprint == before
    write_tone(recordings / "test/4/0.flac", 555)
    assert load(recordings, "test").fingerprint != before
