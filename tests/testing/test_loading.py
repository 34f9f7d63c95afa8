"""Data sets that break the contract, one sentence at a time."""

import itertools
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.data import DataOptions, PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.families import DatasetSource
from mmgen.slots import Size
from mmgen.testing import ContractError, DatasetCase, NotApplicable
from mmgen.testing import loading as kit
from mmgen.testing.values import picture_data

Register = Callable[..., DatasetCase]
CALLS = itertools.count()
_current: Callable[[PictureData], PictureData] = lambda data: data  # noqa: E731


def sound(split: str, options: DataOptions) -> PictureData:
    """Return pictures with labels and captions, others in each split."""
    data = picture_data(Size(channels=3, height=4, width=6), options.made_pictures or 9)
    if split == "test":
        assert isinstance(data.images, torch.Tensor)
        data = replace(data, images=255 - data.images)
    return replace(data, split=split)


def changed(split: str, options: DataOptions) -> PictureData:
    """Return the sound data with the change of the test."""
    return _current(sound(split, options))


def without_words(split: str, options: DataOptions) -> PictureData:
    return sound(split, options)


def unmade(split: str, options: DataOptions) -> PictureData:
    """Return the sound data, which is not made."""
    if options.base or options.made_pictures:
        raise DataError("nothing is made here")
    return sound(split, options)


def fetched(split: str, options: DataOptions) -> PictureData:
    """Ask another machine."""
    socket.create_connection(("pictures.invalid", 80))
    raise AssertionError("there was a connection")


@pytest.fixture
def register(bring: Callable[[str, Any], None]) -> Register:
    """Register a data set whose loader is a function of this module; return its case."""

    def make(loader: Callable[..., PictureData] = changed, **source: Any) -> DatasetCase:
        found = DatasetSource(
            name="broken", loader=f"{__name__}:{loader.__name__}", **{"summary": "x", **source}
        )
        bring("mmgen_datasets", found)
        return DatasetCase(dataset="broken")

    return make


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """References name this module as it is, wherever pytest has imported it from."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[sound.__module__])


def change(monkeypatch: pytest.MonkeyPatch, function: Callable[[PictureData], PictureData]) -> None:
    monkeypatch.setitem(globals(), "_current", function)


IN_PROCESS = [item for item in kit.DATASET_CHECKS if item is not kit.check_dataset_is_light]


@pytest.mark.parametrize("check", IN_PROCESS, ids=lambda item: item.__name__)
def test_a_sound_data_set_keeps_every_sentence(register: Register, check: Any) -> None:
    check(register())


def test_a_data_set_is_described(register: Register) -> None:
    with pytest.raises(ContractError, match="must have a docstring"):
        kit.check_dataset_is_described(register(without_words))


def test_splits_have_names_of_their_own(register: Register) -> None:
    with pytest.raises(ContractError, match="splits must have names of their own"):
        kit.check_dataset_is_described(register(splits=("valid", "validation")))


def test_a_summary_is_not_empty(register: Register) -> None:
    with pytest.raises(ContractError, match="must have a summary"):
        kit.check_dataset_is_described(register(summary=" "))


def to_floats(data: PictureData) -> PictureData:
    return replace(data, images=data.images / 255)  # type: ignore[operator]


def to_two_channels(data: PictureData) -> PictureData:
    return replace(data, images=data.images[:, :2])  # type: ignore[index]


def to_nothing(data: PictureData) -> PictureData:
    return data.select(torch.arange(0))


def to_wrong_labels(data: PictureData) -> PictureData:
    return replace(data, labels=data.labels + 3)  # type: ignore[operator]


def to_empty_captions(data: PictureData) -> PictureData:
    return replace(data, texts=[""] * len(data))


@pytest.mark.parametrize(
    ("function", "check", "words"),
    [
        (to_floats, kit.check_dataset_loads, "must be uint8; got torch.float32"),
        (to_two_channels, kit.check_dataset_loads, r"must have shape \(N, 1, 3 or 4, H, W\)"),
        (to_nothing, kit.check_dataset_loads, "train must have a row"),
        (to_wrong_labels, kit.check_labels_and_captions, "numbers of its 3 class names; got 3"),
        (to_empty_captions, kit.check_labels_and_captions, "must have a caption"),
    ],
)  # fmt: skip
def test_a_broken_sentence_is_found(
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    function: Callable[[PictureData], PictureData],
    check: Any,
    words: str,
) -> None:
    change(monkeypatch, function)
    with pytest.raises(ContractError, match=words):
        check(register())


def test_what_differs_when_it_is_loaded_again_is_found(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drift(data: PictureData) -> PictureData:
        return replace(data, texts=[f"number {next(CALLS)}"] * len(data))

    change(monkeypatch, drift)
    with pytest.raises(ContractError, match="train must be the same when it is loaded again"):
        kit.check_dataset_is_the_same_twice(register())


def test_a_copy_of_another_split_is_found(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(data: PictureData) -> PictureData:
        return replace(data, images=torch.zeros(9, 1, 2, 2, dtype=torch.uint8), labels=None,
                       class_names=None, texts=None)  # fmt: skip

    change(monkeypatch, copy)
    with pytest.raises(ContractError, match="test must not be the same as train"):
        kit.check_splits_differ(register())
    with pytest.raises(NotApplicable, match="pictures only"):
        kit.check_labels_and_captions(DatasetCase(dataset="broken"))


class Shifted:
    """Pictures that are made when they are read, brighter the more are read at once."""

    problems = ()

    def __init__(self, images: torch.Tensor) -> None:
        self.images = images
        self.shape = tuple(images.shape)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: torch.Tensor) -> torch.Tensor:
        return self.images[rows] // 2 + len(rows)

    def read(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self[rows], rows

    def select(self, rows: Any) -> "Shifted":
        return Shifted(self.images[torch.as_tensor(rows)])


def test_rows_that_depend_on_their_batch_are_found(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, lambda data: replace(data, images=Shifted(data.images)))  # type: ignore[arg-type]
    with pytest.raises(ContractError, match="target of row 23 of train, alone in a batch, must be"):
        kit.check_rows_stay_theirs(register())


def test_nothing_is_fetched_for_a_check(register: Register, tmp_path: Path) -> None:
    before = socket.socket.connect, socket.getaddrinfo
    case = register(fetched)
    with pytest.raises(UnsupportedOperationError, match=r"fetched from pictures\.invalid"):
        kit.guess_dataset_case(case.registered, tmp_path)
    assert (socket.socket.connect, socket.getaddrinfo) == before


def test_what_stays_on_this_machine_is_no_connection() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/here")
        listener.listen()
        with kit.offline() as wanted, socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{folder}/here")
        assert wanted == []


def test_a_mistake_of_a_loader_is_left_to_the_checks(
    register: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(data: PictureData) -> PictureData:
        raise ZeroDivisionError

    change(monkeypatch, fail)
    case = kit.guess_dataset_case(register().registered, tmp_path)
    with pytest.raises(ZeroDivisionError):
        kit.check_dataset_loads(case)


def test_options_that_a_data_set_refuses_are_left_out(register: Register, tmp_path: Path) -> None:
    case = register(unmade)
    assert kit.guess_dataset_case(case.registered, tmp_path).options == {}
