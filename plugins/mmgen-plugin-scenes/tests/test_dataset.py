"""The data set by its name."""

import pytest
import torch
from mmgen_plugin_scenes.caption_reader import read_caption
from mmgen_plugin_scenes.combinations import is_withheld

from mmgen.data import DataOptions, available_splits, check
from mmgen.errors import DataError


def test_captions_tell_what_is_drawn(scenes):
    data = scenes()
    for text, objects in zip(data.texts, data.images.layout.objects(), strict=True):
        assert set(read_caption(text)) == set(objects)
    assert data.columns == ("text",)


def test_only_the_test_split_shows_withheld_combinations(scenes):
    for split, wanted in (("train", False), ("test", True)):
        texts = scenes(split).texts
        assert {any(map(is_withheld, read_caption(text))) for text in texts} == {wanted}


def test_a_part_of_train_is_held_out(scenes):
    assert available_splits("mnist-scenes") == ("train", "test")
    whole = scenes()
    train, valid = scenes(held_out=0.1), scenes("valid", held_out=0.1)
    assert (len(train), len(valid)) == (180, 20)
    assert sorted([*train.texts, *valid.texts]) == sorted(whole.texts)
    joined = scenes(held_out=0.1, train_on_valid=0.5)
    assert len(joined) == 190
    assert joined.batch(torch.arange(185, 190))["target"].shape == (5, 3, 64, 64)


def test_scenes_are_the_same_however_many_there_are(scenes):
    few, many = scenes(count=20), scenes(count=90)
    assert few.texts == many.texts[:20]
    rows = torch.arange(20)
    assert torch.equal(few.images[rows], many.images[rows])
    other = scenes(count=20, made_seed=1)
    assert other.texts != few.texts


def test_test_scenes_are_made_of_test_digits(digits, scenes):
    assert len(scenes("train").images.glyphs.masks[0]) == 1437
    assert len(scenes("test").images.glyphs.masks[0]) == 360


def test_it_says_what_it_is_made_of(scenes):
    assert "200 scenes of the 1,437 digits of digits" in scenes().notes[-1]


@pytest.mark.parametrize("options", [{"size": (32,)}, {"channels": 1}])
def test_other_sizes_are_refused(scenes, options):
    with pytest.raises(DataError, match="64×64 with 3 channels"):
        scenes(**options)


def test_a_check_looks_at_every_scene(digits):
    report = check("mnist-scenes", DataOptions(base=str(digits), made_pictures=30))
    assert report.sound
    assert [split.num_pictures for split in report.splits] == [30, 30]
    assert report.splits[0].captions.num_empty == 0
