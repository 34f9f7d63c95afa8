"""Palettes are read from what people write, and change what is drawn."""

import pytest
import torch
from mmgen_plugin_palette.network import palettes_of

import mmgen
from mmgen.errors import InputError
from mmgen.plugins import manager
from mmgen.pretrained import build
from mmgen.testing import perturb


@pytest.fixture
def model():
    torch.manual_seed(0)
    found = build("palette-flow", {"height": 4, "width": 4, "hidden": 32})
    perturb(found)
    return found


def test_the_modality_is_one_of_mmgen_s():
    assert manager().modality("palette").kind == "semantic"


@pytest.mark.parametrize(
    "palette",
    ["teal, #ff8800", "#008080,#FF8800", [["teal", (255, 136, 0)]], [("#008080", "#ff8800")]],
)
def test_a_palette_is_the_same_however_it_is_written(model, palette):
    samples = model.generate(palette=palette, seed=0)
    assert samples.recipe["conditions"]["palette"] == ["#008080,#ff8800"]


def test_colours_change_the_picture_and_their_order_does_not(model):
    one, two, other = model.generate(
        palette=["red, blue", "blue, red", "red, white"], indices=[0, 0, 0], seed=0
    ).images
    torch.testing.assert_close(one, two)
    assert not torch.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("palette", ["", "reddish", [], [[]], [[(1, 2)]], [[(0, 0, 300)]], 7])
def test_what_is_no_palette_is_refused(model, palette):
    with pytest.raises(InputError, match="palette"):
        model.generate(palette=palette, seed=0)


def test_a_saved_model_takes_palettes_again(model, tmp_path):
    model.save(tmp_path / "model")
    again = mmgen.from_pretrained(str(tmp_path / "model"))
    assert [slot.modality for slot in again.slots] == ["palette"]
    drawn = (item.generate(2, palette="teal", seed=3).images for item in (model, again))
    torch.testing.assert_close(*drawn)


def test_a_picture_s_palette_is_dark_middle_and_bright():
    picture = torch.zeros(1, 3, 3, 4)
    picture[:, 0, 1] = 0.6  # red, of which a row
    picture[:, :, 2] = 1.0
    assert palettes_of(picture) == ["#000000,#990000,#ffffff"]
    assert palettes_of(torch.zeros(2, 1, 1, 1)) == ["#000000"] * 2
