"""Values for encoders: pictures keep their sizes, all else goes by its reader."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.errors import InputError
from mmgen.media.values import read_values
from mmgen.slots import Slot

IMAGE = Slot(name="image", modality="image")


def test_one_picture_or_several_of_one_size_are_a_tensor():
    batch = torch.rand(3, 3, 4, 5)
    assert torch.equal(read_values(IMAGE, batch), batch)
    assert torch.equal(read_values(IMAGE, list(batch)), batch)
    assert read_values(IMAGE, batch[0]).shape == (1, 3, 4, 5)


def test_pictures_of_unequal_sizes_and_channels_stay_as_they_are():
    values = [torch.rand(3, 4, 5), torch.rand(1, 2, 2), np.zeros((6, 7, 4), np.uint8)]
    found = read_values(IMAGE, values)
    assert [tuple(picture.shape) for picture in found] == [(3, 4, 5), (1, 2, 2), (4, 6, 7)]


def test_files_are_decoded_to_the_channels_wanted(tmp_path):
    Image.new("L", (4, 3), 128).save(tmp_path / "grey.png")
    assert read_values(IMAGE, str(tmp_path / "grey.png")).shape == (1, 3, 3, 4)
    assert read_values(IMAGE, str(tmp_path / "grey.png"), 1).shape == (1, 1, 3, 4)


def test_other_kinds_go_by_their_readers():
    assert read_values(Slot(name="text", modality="text"), "a fox") == ["a fox"]
    label = Slot(name="label", modality="label", classes=("a", "b"))
    assert read_values(label, ["b", "a"]).tolist() == [1, 0]


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match="a list of pictures must not be empty"):
        read_values(IMAGE, [])
    with pytest.raises(InputError, match="a picture is a path"):
        read_values(IMAGE, 7)
