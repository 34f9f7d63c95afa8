"""Names of splits and the rows that are held out."""

import numpy as np
import pytest

from mmgen.data.splits import find_part, find_split, held_out_rows, other_rows, split_in_name
from mmgen.errors import DataError


@pytest.mark.parametrize("word", ["valid", "validation", "val", "dev"])
def test_words_for_validation_mean_the_same(word: str) -> None:
    assert find_split(word, ("train", "validation"), source="x") == "validation"


def test_a_sources_own_word_wins_over_a_synonym() -> None:
    assert find_split("val", ("validation", "val"), source="x") == "val"


def test_unknown_split_names_those_there_are() -> None:
    with pytest.raises(DataError, match=r"no split 'tets'; did you mean 'test'.*train, test"):
        find_split("tets", ("train", "test"), source="x")


def test_split_is_found_in_a_file_name() -> None:
    assert split_in_name("data/train-00000-of-00002.parquet") == "train"
    assert split_in_name("emnist-letters-t10k") == "t10k"
    assert split_in_name("training_set_of_contests.parquet") == "training"
    assert split_in_name("contest.parquet") is None


def test_held_out_rows_are_these_for_ever() -> None:
    # Golden: a change here moves pictures between train and valid of every run there is.
    assert held_out_rows(20, 0.25, seed=0).tolist() == [4, 11, 15, 18, 19]
    assert held_out_rows(20, 5, seed=1).tolist() == [2, 3, 7, 9, 10]


def test_held_out_rows_and_the_others_make_up_all() -> None:
    held_out = held_out_rows(1000, 0.1, seed=3)
    rest = other_rows(1000, held_out)
    assert len(held_out) == 100
    assert sorted([*held_out, *rest]) == list(range(1000))


def test_held_out_rows_are_spread_evenly() -> None:
    held_out = held_out_rows(100_000, 0.1, seed=0)
    per_tenth = np.bincount(held_out // 10_000, minlength=10)
    assert (abs(per_tenth - 1000) < 5 * np.sqrt(900)).all()


def test_at_least_one_row_is_held_out_and_one_stays() -> None:
    assert len(held_out_rows(3, 0.01, seed=0)) == 1
    with pytest.raises(DataError, match="at least one picture must stay"):
        held_out_rows(1, 0.5, seed=0)


def test_train_is_split_only_where_valid_is_missing() -> None:
    assert find_part("train", ("train", "val"), held_out=0.1, source="x").rows == "all"
    assert find_part("train", ("train", "test"), held_out=0.1, source="x").rows == "kept"
    assert find_part("val", ("train", "test"), held_out=0.1, source="x").rows == "held out"
    assert find_part("test", ("train", "test"), held_out=0.1, source="x").rows == "all"


def test_holding_out_nothing_leaves_train_whole_and_no_valid() -> None:
    assert find_part("train", ("train",), held_out=0, source="x").rows == "all"
    with pytest.raises(DataError, match=r"set held_out=0\.05"):
        find_part("valid", ("train",), held_out=0, source="x")
