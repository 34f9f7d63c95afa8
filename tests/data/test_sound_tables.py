"""Tables with a column of sounds: parquet files, saved data sets and Hub names."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
import torch
from PIL import Image

from mmgen.data import DataOptions, PictureData, check, load
from mmgen.errors import DataError

WHOLE = DataOptions(held_out=0)
RATE = 8000
FILE = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
datasets = pytest.importorskip("datasets")


def wav(hundreds_hz: int) -> bytes:
    """Return a tenth of a second of a tone."""
    buffer, time = BytesIO(), np.arange(RATE // 10) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 100 * hundreds_hz * time)
    soundfile.write(buffer, tone, RATE, format="WAV")
    return buffer.getvalue()


def png(level: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (3, 2), level).save(buffer, "PNG")
    return buffer.getvalue()


def tones(*hundreds_hz: int) -> list[dict[str, Any]]:
    return [{"bytes": wav(tone), "path": f"{tone}.wav"} for tone in hundreds_hz]


def pictures(*levels: int) -> list[dict[str, Any]]:
    return [{"bytes": png(level), "path": f"{level}.png"} for level in levels]


def write(path: Path, *, kinds: dict[str, str] | None = None, **columns: Any) -> None:
    """Write a table; `kinds` is what `datasets` would say of columns in the file."""
    table = pyarrow.table(
        {
            name: pyarrow.array(cells, FILE) if _has_files(cells) else cells
            for name, cells in columns.items()
        }
    )
    if kinds is not None:
        features = {name: {"_type": kind} for name, kind in kinds.items()}
        described = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": described})
    pyarrow.parquet.write_table(table, path)


def _has_files(cells: list[Any]) -> bool:
    return any(isinstance(cell, dict) for cell in cells)


def heard(data: PictureData) -> list[int]:
    """Return the strongest frequency of each sound, in hundreds of Hz."""
    return [pitch(clip) for clip in data.column("audio")]


def pitch(clip: torch.Tensor) -> int:
    strongest = float(torch.fft.rfft(clip).abs().argmax())
    return round(strongest * RATE / len(clip) / 100)


def levels(data: PictureData) -> list[int]:
    images = data.images
    assert isinstance(images, torch.Tensor)
    return images[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("kinds", [None, {"audio": "Audio", "image": "Image"}])
def test_each_picture_has_the_sound_of_its_row(
    tmp_path: Path, kinds: dict[str, str] | None
) -> None:
    write(tmp_path / "train.parquet", audio=tones(3, 5), image=pictures(7, 9), kinds=kinds)
    data = load(tmp_path, "train", WHOLE)
    assert data.columns == ("audio",)
    assert (levels(data), heard(data), data.sample_rate) == ([7, 9], [3, 5], RATE)
    halved = load(tmp_path, "train", WHOLE.replace(sample_rate=RATE // 2))
    assert [len(clip) for clip in halved.column("audio")] == [RATE // 20] * 2


def test_a_table_of_sounds_alone_is_a_data_set_without_pictures(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", speech=tones(3, 5, 3), label=["no", "yes", "no"])
    data = load(tmp_path / "train.parquet", "train", WHOLE)
    assert not data.has_pictures
    assert data.columns == ("label", "audio")
    assert heard(data) == [3, 5, 3]
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 0]
    assert data.class_names == ("no", "yes")


def test_a_column_is_sound_by_what_is_said_of_it_whatever_its_name(tmp_path: Path) -> None:
    kinds = {"recording": "Audio", "scan": "Image", "film": "Video"}
    columns = {"recording": tones(4), "scan": pictures(6), "film": pictures(1)}
    write(tmp_path / "train.parquet", kinds=kinds, **columns)
    data = load(tmp_path, "train", WHOLE)
    assert (levels(data), heard(data)) == ([6], [4])


def test_a_picture_s_column_is_none_of_sounds_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", sound=pictures(6), kinds={"sound": "Image"})
    data = load(tmp_path, "train", WHOLE)
    assert (levels(data), data.columns) == ([6], ())
    write(tmp_path / "train.parquet", sound=pictures(6))
    assert levels(load(tmp_path, "train", WHOLE.replace(image_column="sound"))) == [6]


def test_the_column_of_sounds_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", clip=tones(2), take=tones(8), image=pictures(5))
    assert load(tmp_path, "train", WHOLE).columns == ()  # nothing says that they are sounds
    data = load(tmp_path, "train", WHOLE.replace(audio_column="take"))
    assert (levels(data), heard(data)) == ([5], [8])
    write(tmp_path / "train.parquet", clip=tones(2))
    alone = load(tmp_path, "train", WHOLE.replace(audio_column="clip"))
    assert (alone.has_pictures, heard(alone)) == (False, [2])


def test_of_several_columns_of_sounds_the_usual_one_is_taken_or_one_asked_for(
    tmp_path: Path,
) -> None:
    kinds = {"a": "Audio", "b": "Audio"}
    write(tmp_path / "train.parquet", a=tones(2), b=tones(4), kinds=kinds)
    with pytest.raises(DataError, match=r"several columns of sounds: a, b; .* audio_column"):
        load(tmp_path, "train", WHOLE)
    assert heard(load(tmp_path, "train", WHOLE.replace(audio_column="b"))) == [4]
    kinds = {"a": "Audio", "audio": "Audio"}
    write(tmp_path / "train.parquet", a=tones(2), audio=tones(4), kinds=kinds)
    assert heard(load(tmp_path, "train", WHOLE)) == [4]


@pytest.mark.parametrize("asked", ["recordin", "text", "image"])
def test_a_column_that_holds_no_sounds_is_refused(tmp_path: Path, asked: str) -> None:
    columns = {"recording": tones(2), "image": pictures(5), "text": ["a"]}
    kinds = {"recording": "Audio", "image": "Image", "text": "Value"}
    write(tmp_path / "train.parquet", kinds=kinds, **columns)
    words = rf"no column of sounds '{asked}' \(audio_column\).*columns of sounds: recording; all"
    with pytest.raises(DataError, match=words):
        load(tmp_path, "train", WHOLE.replace(audio_column=asked))
    with pytest.raises(DataError, match=r"no column of pictures 'recording' \(image_column\)"):
        load(tmp_path, "train", WHOLE.replace(image_column="recording"))


def test_what_cannot_be_heard_is_left_out_and_named(tmp_path: Path) -> None:
    broken = {"bytes": b"RIFF and no sound", "path": "b.wav"}
    empty = {"bytes": b"", "path": "c.wav"}
    cells = [*tones(3), broken, None, empty, {"bytes": None, "path": "gone.wav"}, *tones(6)]
    columns = {"audio": cells, "image": pictures(0, 1, 2, 3, 4, 5), "text": [*"abcdef"]}
    write(tmp_path / "train.parquet", **columns)
    data = load(tmp_path, "train", WHOLE)
    assert (levels(data), heard(data), data.texts) == ([0, 5], [3, 6], ["a", "f"])
    rows = ["row 2 (b.wav)", "row 3", "row 4 (c.wav)", "row 5 (gone.wav)"]
    assert [problem.name for problem in data.problems] == rows
    assert "is not sound that can be read" in data.problems[0].reason
    assert data.problems[1].reason == "the cell is empty"
    with pytest.raises(DataError, match=r"4 of 6 pictures cannot be used: row 2 \(b\.wav\)"):
        load(tmp_path, "train", WHOLE.replace(on_broken="stop"))


def test_paths_of_sounds_begin_at_the_table_s_folder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(7))
    write(tmp_path / "train.parquet", audio=[{"bytes": None, "path": "a.wav"}])
    assert heard(load(tmp_path, "train", WHOLE)) == [7]


def test_pictures_get_the_sounds_of_a_table(tmp_path: Path) -> None:
    write(tmp_path / "spoken.parquet", audio=tones(3, 5), label=["no", "yes"])
    write(tmp_path / "train.parquet", image=pictures(1, 2, 3), label=["yes", "no", "yes"])
    options = WHOLE.replace(sounds=str(tmp_path / "spoken.parquet"))
    data = load(tmp_path / "train.parquet", "train", options)
    clips = data.batch(torch.arange(3))["audio"]
    assert [pitch(clip) for clip in clips] == [5, 3, 5]


def test_a_check_hears_a_table(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", audio=[*tones(3), {"bytes": b"?", "path": "b.wav"}])
    (report,) = check(tmp_path).splits
    assert report.sounds is not None
    assert report.sounds.rates == {RATE: 1}
    assert [problem.name for problem in report.broken] == ["row 2 (b.wav)"]


def _dataset() -> Any:
    features = datasets.Features(
        {"speech": datasets.Audio(), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    columns = {"speech": tones(3, 5), "label": [1, 0]}
    return datasets.Dataset(pyarrow.table(columns, schema=features.arrow_schema))


def test_sounds_that_datasets_wrote_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _dataset().to_parquet(str(tmp_path / "parquet" / "train.parquet"))
    _dataset().select([1, 0]).save_to_disk(str(tmp_path / "saved"))
    monkeypatch.setattr(datasets, "get_dataset_split_names", lambda *_, **__: ["train"])
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: _dataset())
    for source in (tmp_path / "parquet", "some-org/spoken"):
        data = load(source, "train", WHOLE)
        assert (data.has_pictures, data.class_names, heard(data)) == (False, ("no", "yes"), [3, 5])
    assert heard(load(tmp_path / "saved", "train", WHOLE)) == [5, 3]


def test_tables_beyond_the_limit_are_mapped_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "set").mkdir()
    noise = np.random.default_rng(0).bytes(700_000).hex()  # of a column that is not read
    write(tmp_path / "set/train.parquet", audio=tones(3, 5), note=[noise, ""])
    options = WHOLE.replace(in_memory_limit_mb=1)
    data = load(tmp_path / "set", "train", options.replace(audio_column="audio"))
    assert list((tmp_path / "cache").iterdir())
    assert heard(data) == [3, 5]
