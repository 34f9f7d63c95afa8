"""The pictures are what labels and captions say."""

import pytest
import torch
from mmgen_plugin_example.dataset import draw
from mmgen_plugin_example.painting import COLOURS, SHAPES, outside, paint

from mmgen.data import DataOptions, available_splits, check, load
from mmgen.errors import DataError


def load_some(split="train", count=60, **options):
    return load("example", split, DataOptions(made_pictures=count, held_out=0.0, **options))


def test_labels_and_captions_name_what_is_drawn():
    data = load_some()
    for row, (label, text) in enumerate(zip(data.labels.tolist(), data.texts, strict=True)):
        drawing = draw("train", 0, row)
        assert SHAPES[label] == SHAPES[drawing.shape]
        assert text == f"a {list(COLOURS)[drawing.colour]} {SHAPES[drawing.shape]}"


def test_the_darkest_pixel_has_the_colour_of_the_caption():
    data = load_some(size=(32,))
    for picture, text in zip(data.images, data.texts, strict=True):
        pixels = picture.flatten(1).int()
        ink = torch.tensor(COLOURS[text.split()[1]])
        assert (pixels - ink[:, None]).abs().sum(dim=0).min() < 20


@pytest.mark.parametrize(
    ("shape", "middle", "corner"),
    [("disc", True, False), ("square", True, True), ("diamond", True, False),
     ("ring", False, False)],
)  # fmt: skip
def test_shapes_differ_in_their_middle_and_their_corners(shape, middle, corner):
    places = torch.tensor([0.0, 0.3], dtype=torch.float64)
    inside = outside(shape, places, places, torch.tensor(0.4, dtype=torch.float64)) < 0
    assert inside.tolist() == [middle, corner]


def test_pictures_are_the_same_however_many_there_are_and_differ_by_seed_and_split():
    few, many = load_some(count=10), load_some(count=40)
    assert torch.equal(few.images, many.images[:10])
    assert few.texts == many.texts[:10]
    for other in (load_some(count=10, made_seed=1), load_some("test", count=10)):
        assert not torch.equal(other.images, few.images)


def test_pictures_have_any_size_but_three_channels():
    assert load_some(count=3, size=(8, 24)).images.shape == (3, 3, 8, 24)
    with pytest.raises(DataError, match="3 channels: leave out"):
        load_some(channels=1)


def test_a_shape_is_painted_inside_of_the_picture():
    for row in range(200):
        drawing = draw("test", 0, row)
        for middle in (drawing.x, drawing.y):
            assert drawing.radius <= middle <= 1 - drawing.radius
    edges = paint([draw("test", 0, 0)], 64, 64)[0]
    assert edges[:, 0].unique(dim=1).shape[1] == 1  # paper


def test_a_check_finds_it_sound():
    assert available_splits("example") == ("train", "test")
    assert check("example", DataOptions(made_pictures=30)).sound
