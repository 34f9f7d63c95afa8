"""From a folder to data: shapes, broken files, held-out rows, large sets."""

import logging
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mmgen.data import DataOptions, PictureData, available_splits, load
from mmgen.errors import DataError, OptionError, PluginError
from mmgen.families import DatasetSource

WritePicture = Callable[..., np.ndarray]
WHOLE = DataOptions(held_out=0)


@pytest.fixture
def folder(tmp_path: Path, write_picture: WritePicture) -> Path:
    """Twenty RGB pictures of two classes, 8×6 px."""
    for number in range(20):
        write_picture(tmp_path / "set" / "ab"[number % 2] / f"{number:02}.png", seed=number)
    return tmp_path / "set"


def break_picture(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def test_pictures_are_decoded_in_order(folder: Path, write_picture: WritePicture) -> None:
    data = load(folder, "train", WHOLE)
    assert data.images.shape == (20, 3, 6, 8)
    assert data.images.dtype == torch.uint8
    expected = write_picture(folder.parent / "other.png", seed=2)  # a/02.png is the second of a
    assert np.array_equal(data.images[1].permute(1, 2, 0).numpy(), expected)
    assert data.labels.tolist() == [0] * 10 + [1] * 10


def test_without_a_validation_split_valid_is_the_part_that_train_leaves_out(folder: Path) -> None:
    options = DataOptions(held_out=0.2)
    train, valid = load(folder, "train", options), load(folder, "val", options)
    assert (len(train), len(valid), valid.split) == (16, 4, "valid")
    every = {picture.numpy().tobytes() for picture in load(folder, "train", WHOLE).images}
    parts = [{picture.numpy().tobytes() for picture in part.images} for part in (train, valid)]
    assert parts[0] | parts[1] == every
    assert not parts[0] & parts[1]
    assert "4 of its 20 train pictures are held out" in train.notes[0]


@pytest.mark.parametrize("in_memory_limit_mb", [4096, 0])
def test_a_last_fit_may_take_a_part_of_the_validation_split(
    folder: Path, write_picture: WritePicture, in_memory_limit_mb: int
) -> None:
    for part, count in (("train", 6), ("val", 10)):
        for number in range(count):
            path = folder.parent / "two" / part / "ab"[number % 2] / f"{number:02}.png"
            write_picture(path, seed=100 * count + number)
    options = DataOptions(in_memory_limit_mb=in_memory_limit_mb)
    last = options.replace(train_on_valid=0.7)
    before = [load(folder.parent / "two", split, options) for split in ("train", "valid")]
    train, valid = (load(folder.parent / "two", split, last) for split in ("train", "valid"))
    assert (len(train), len(valid), train.split, valid.split) == (13, 3, "train", "valid")
    every = torch.arange(6), torch.arange(10), torch.arange(13), torch.arange(3)
    rows = [data.batch(ids) for data, ids in zip([*before, train, valid], every, strict=True)]
    assert torch.equal(rows[2]["target"][:6], rows[0]["target"])
    assert torch.equal(rows[2]["label"][:6], rows[0]["label"])
    ours = [
        (label, *pixels.flatten().tolist())
        for part, first in ((rows[2], 6), (rows[3], 0))
        for label, pixels in zip(
            part["label"][first:].tolist(), part["target"][first:], strict=True
        )
    ]
    theirs = zip(rows[1]["label"].tolist(), rows[1]["target"], strict=True)
    assert sorted(ours) == sorted((label, *pixels.flatten().tolist()) for label, pixels in theirs)
    assert "7 of the 10 'valid' pictures of two are trained on" in train.notes[-1]
    assert train.notes[-1] in valid.notes


def test_a_part_of_held_out_pictures_may_be_taken_too(folder: Path) -> None:
    options = DataOptions(held_out=0.5, train_on_valid=0.5)
    train, valid = load(folder, "train", options), load(folder, "valid", options)
    assert (len(train), len(valid)) == (15, 5)
    parts = [{picture.numpy().tobytes() for picture in part.images} for part in (train, valid)]
    assert not parts[0] & parts[1]


def test_a_broken_picture_moves_no_other_between_train_and_valid(folder: Path) -> None:
    options = DataOptions(held_out=0.2)
    before = load(folder, "valid", options)
    train_rows = {image.numpy().tobytes() for image in load(folder, "train", options).images}
    victim = next(
        path
        for path in sorted(folder.rglob("*.png"))
        if load_one(path) in train_rows  # one of train
    )
    break_picture(victim)
    assert torch.equal(load(folder, "valid", options).images, before.images)


def load_one(path: Path) -> bytes:
    from PIL import Image

    return np.asarray(Image.open(path)).transpose(2, 0, 1).tobytes()


def test_one_broken_picture_is_left_out_named_and_counted(folder: Path) -> None:
    break_picture(folder / "a" / "04.png")
    data = load(folder, "train", WHOLE)
    assert len(data) == len(data.labels) == 19
    (problem,) = data.problems
    assert problem.name == "a/04.png"
    assert "truncated" in problem.reason


def test_broken_pictures_stop_where_the_option_says_so(folder: Path) -> None:
    for name in ("a/04.png", "b/05.png"):
        break_picture(folder / name)
    (folder / "b" / "07.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3 of 20 pictures cannot be used: .*07\.png: the file is"):
        load(folder, "train", WHOLE.replace(on_broken="stop"))


def test_nothing_but_broken_pictures_is_an_error(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        path.write_bytes(b"x")
    with pytest.raises(DataError, match=r"nothing that can be decoded: 20 of 20 .* and 17 more"):
        load(folder, "train", WHOLE)


def test_mixed_sizes_are_counted_and_the_option_named(
    folder: Path, write_picture: WritePicture
) -> None:
    write_picture(folder / "a" / "x.png", size=(20, 10))
    write_picture(folder / "a" / "y.png", size=(20, 10))
    with pytest.raises(DataError, match=r"sizes 8×6 px \(20\), 20×10 px \(2\); set size=6"):
        load(folder, "train", WHOLE)
    assert load(folder, "train", WHOLE.replace(size=6)).images.shape == (22, 3, 6, 6)
    assert load(folder, "train", WHOLE.replace(size="4,7")).images.shape == (22, 3, 4, 7)


def test_mixed_channels_are_counted_and_the_option_named(
    folder: Path, write_picture: WritePicture
) -> None:
    write_picture(folder / "a" / "x.png", mode="L")
    write_picture(folder / "a" / "y.png", mode="RGBA")
    with pytest.raises(DataError, match=r"RGB \(20\), grey \(1\), RGBA \(1\); set channels=3"):
        load(folder, "train", WHOLE)
    for channels in (1, 3, 4):
        assert load(folder, "train", WHOLE.replace(channels=channels)).images.shape[1] == channels


def test_size_and_channels_together_need_no_look_at_headers(
    folder: Path, write_picture: WritePicture
) -> None:
    write_picture(folder / "a" / "x.png", mode="L", size=(30, 40))
    (folder / "a" / "z.png").write_bytes(b"?")
    data = load(folder, "train", WHOLE.replace(size=5, channels=3))
    assert data.images.shape == (21, 3, 5, 5)
    assert [problem.name for problem in data.problems] == ["a/z.png"]


def test_arrays_are_scaled_too(digits: Path) -> None:
    data = load(digits, "test", DataOptions(size=(10, 8), channels=3))
    assert data.images.shape == (10, 3, 10, 8)
    assert torch.equal(data.images[:, 0], data.images[:, 2])


def test_classes_are_named_by_the_option(digits: Path) -> None:
    names = tuple("abcdefghij")
    assert load(digits, "test", DataOptions(class_names=names)).class_names == names
    with pytest.raises(DataError, match="got 2 names for 10 classes"):
        load(digits, "test", DataOptions(class_names=("a", "b")))


def test_progress_ends_with_all_pictures(folder: Path) -> None:
    heard: list[tuple[int, int]] = []
    load(folder, "train", WHOLE, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (20, 20)


def test_large_sets_are_decoded_when_read_and_give_the_same_batches(folder: Path) -> None:
    data, lazy = load(folder), load(folder, "train", DataOptions(in_memory_limit_mb=0))
    assert data.in_memory
    assert not lazy.in_memory
    assert tuple(lazy.images.shape) == tuple(data.images.shape)
    rows = torch.tensor([3, 0, 18])
    ours, theirs = lazy.batch(rows), data.batch(rows)
    assert torch.equal(ours["target"], theirs["target"])
    assert torch.equal(ours["label"], theirs["label"])
    assert lazy.fingerprint == data.fingerprint
    train, held_out = lazy.split_off(0.25)
    assert torch.equal(
        held_out.batch(torch.tensor([1]))["target"],
        data.split_off(0.25)[1].batch(torch.tensor([1]))["target"],
    )
    assert train.fingerprint == data.split_off(0.25)[0].fingerprint


def test_the_fingerprint_of_files_knows_their_bytes_and_their_scaling(folder: Path) -> None:
    prints = {
        load(folder).fingerprint,
        load(folder, "train", DataOptions(size=4)).fingerprint,
        load(folder, "train", DataOptions(size=4, crop="none")).fingerprint,
        load(folder, "valid").fingerprint,
    }
    assert len(prints) == 4
    assert load(folder).fingerprint in prints


def test_a_picture_that_breaks_late_gives_way_to_the_next_with_its_label(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    break_picture(folder / "a" / "18.png")  # the last of class a; its header is sound
    data = load(folder, "train", WHOLE.replace(in_memory_limit_mb=0))
    with caplog.at_level(logging.WARNING, "mmgen.data"):
        batch = data.batch(torch.tensor([9, 10]))
    assert torch.equal(batch["target"][0], batch["target"][1])
    assert batch["label"].tolist() == [1, 1]
    assert [problem.name for problem in data.problems] == ["a/18.png"]
    assert "a/18.png" in caplog.text
    stopping = load(folder, "train", WHOLE.replace(in_memory_limit_mb=0, on_broken="stop"))
    with pytest.raises(DataError, match=r"a/18\.png"):
        stopping.batch(torch.tensor([9]))


def test_an_unknown_split_names_those_there_are(folder: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"set has no split 'test'; its splits: train, of which held_out=0\.05 are 'valid'",
    ):
        load(folder, "test")
    assert available_splits(folder) == ("train",)


@pytest.mark.parametrize(
    "values",
    [{"size": "1,2,3"}, {"size": 0}, {"image_shape": "28,28"}, {"channels": 2}, {"crop": "left"}],
)
def test_senseless_options_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        DataOptions.build(values)


class FakeManager:
    """Plugins that registered one data set."""

    def __init__(self, source: DatasetSource) -> None:
        self.plugins = [ModuleType("plugin")]
        self.plugins[0].datasets = [source]
        self.dataset = {source.name: source}.__getitem__


def toys(split: str, options: DataOptions) -> PictureData:
    levels = torch.arange(20, dtype=torch.uint8).reshape(20, 1, 1, 1).expand(20, 1, 2, 2)
    return PictureData(images=levels.contiguous(), name="toys", split=split)


def no_data(split: str, options: DataOptions) -> str:
    return "nothing"


def register(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, "toy_plugin", module := ModuleType("toy_plugin"))
    module.toys, module.no_data = toys, no_data
    source = DatasetSource(
        name="toys", summary="", loader=f"toy_plugin:{function}", splits=("train",)
    )
    monkeypatch.setattr("mmgen.data.registered.manager", lambda: FakeManager(source))


def test_a_name_that_a_plugin_registered_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toys").mkdir()
    monkeypatch.chdir(tmp_path)
    register(monkeypatch, "toys")
    train, valid = (load("toys", split, DataOptions(held_out=0.1)) for split in ("train", "valid"))
    levels = [data.images[:, 0, 0, 0].tolist() for data in (train, valid)]
    assert sorted(levels[0] + levels[1]) == list(range(20))
    assert (len(valid), valid.split) == (2, "valid")
    assert available_splits("toys") == ("train",)


def test_a_loader_that_returns_something_else_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "no_data")
    with pytest.raises(PluginError, match=r"'toys' \(toy_plugin:no_data\) returned str"):
        load("toys")


@pytest.mark.parametrize("name", ["base", "made_pictures", "made_seed"])
def test_only_sets_that_are_made_take_what_they_are_made_of(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"data.{name} is for data sets that are made"):
        load(folder, "train", DataOptions.build({name: "3"}))
