"""Colours whose answer is known."""

import pytest
import torch
from mmgen_plugin_hues.gradients import COLOURS
from mmgen_plugin_hues.metric import colourfulness

from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import DataError
from mmgen.metrics import evaluate
from mmgen.testing import stand_in, temporary_plugin
from mmgen.testing.measuring import tiny_generator
from mmgen.testing.stand_in import NAME


def test_grey_has_no_colour_and_one_colour_has_its_distance_from_grey():
    grey, red = torch.full((1, 3, 4, 4), 0.4), torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    assert colourfulness(grey).item() == 0
    assert colourfulness(red).item() == pytest.approx(0.3 * (255**2 + 127.5**2) ** 0.5)


def test_two_colours_side_by_side_have_the_spread_between_them():
    both = torch.zeros(1, 3, 2, 2)
    both[:, 0, :, 0], both[:, 1, :, 1] = 1, 1  # red and green: opponents ±255, and 127.5 both
    assert colourfulness(both).item() == pytest.approx(255 + 0.3 * 127.5)


def test_a_gradient_begins_and_ends_as_its_caption_says():
    data = load("gradients", "test", DataOptions(made_pictures=30, size=(1, 9)))
    for picture, text in zip(data.images, data.texts, strict=True):
        left, right = text.split(" to ")
        assert tuple(picture[:, 0, 0].tolist()) == COLOURS[left]
        assert tuple(picture[:, 0, -1].tolist()) == COLOURS[right]


def test_other_channels_are_refused():
    with pytest.raises(DataError, match="3 channels"):
        load("gradients", "test", DataOptions(channels=1))


@pytest.mark.filterwarnings("ignore:.*pictures are few:mmgen.errors.MmgenWarning")
def test_grey_pictures_cannot_be_measured():
    grey = PictureData(images=torch.zeros(4, 1, 4, 4, dtype=torch.uint8), name="grey")
    with temporary_plugin(stand_in, NAME), pytest.raises(DataError, match="those of grey are grey"):
        evaluate(tiny_generator(grey), grey, ["colourfulness"])
