"""Which rows grids of samples are asked for, and which conditions a model keeps."""

import numpy as np
import pytest
import torch

from mmgen.data import PictureData
from mmgen.data.choices import Choices
from mmgen.errors import DataError
from mmgen.training.sampling import choose_examples, choose_questions

IMAGES = torch.zeros(60, 1, 2, 2, dtype=torch.uint8)
LABELS = torch.arange(60) % 3 % 2  # twice as many of class 0


class NeverDecoded:
    """Pictures that nobody may read."""

    shape = (60, 1, 2, 2)
    problems = ()

    def __len__(self) -> int:
        return 60


def data_of(**columns: object) -> PictureData:
    named = {"labels": LABELS, "class_names": ("a", "b")}
    return PictureData(images=NeverDecoded(), **(named | columns))  # type: ignore[arg-type]


def test_of_each_class_as_many_as_its_share_in_every_slot() -> None:
    texts = [str(int(label)) for label in LABELS]
    kept = choose_examples(data_of(texts=texts), ("label", "text"), 30, seed=0)
    assert kept["label"].bincount().tolist() == [10, 5]
    assert sorted(kept["text"]) == ["0"] * 10 + ["1"] * 5


def test_other_rows_for_each_slot_and_each_seed() -> None:
    texts = [str(row) for row in range(60)]
    data = data_of(texts=texts, others={"mood": texts})
    one, two = (choose_examples(data, ("text", "mood"), 20, seed=seed) for seed in (0, 1))
    assert len(set(one["text"])) == 10
    assert one["text"] != one["mood"]
    assert one["text"] != two["text"]


def test_empty_texts_and_slots_without_a_column_are_passed_over() -> None:
    texts = ["" if row % 20 else "a cat" for row in range(60)]
    kept = choose_examples(data_of(texts=texts), ("text", "audio"), 30, seed=0)
    assert kept == {"text": ["a cat"] * 3}
    for data, slots in ((data_of(texts=[""] * 60), ("text",)), (data_of(), ("audio",))):
        with pytest.raises(DataError, match=f"no values of {slots[0]} for .* num_examples"):
            choose_examples(data, slots, 30, seed=0)


def test_of_several_wordings_any_may_be_kept() -> None:
    texts = Choices.of_rows([["one", "two", "three"]] * 60)
    kept = choose_examples(data_of(texts=texts), ("text",), 60, seed=0)
    assert len(set(kept["text"])) == 3


def test_questions_are_what_a_generator_takes() -> None:
    points = torch.rand(60, 2)
    found = choose_questions(data_of(texts=["x"] * 60, others={"point": points}), 8)
    assert found.values["label"] == [0, 1] * 4
    assert found.values["text"] == ["x"] * 8
    rows = [int(np.flatnonzero((points == point).all(dim=1))[0]) for point in found.values["point"]]
    assert LABELS[rows].tolist() == [0, 1] * 4
