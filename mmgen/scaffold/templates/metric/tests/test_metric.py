"""The figure, of pictures whose answer is known."""

import pytest
import torch
from mmgen_plugin_example.metric import roughness

from mmgen import Generator, Options, Size
from mmgen.data import PictureData
from mmgen.errors import DataError, OptionError
from mmgen.metrics import evaluate

pytestmark = pytest.mark.filterwarnings("ignore:.*pictures are few:mmgen.errors.MmgenWarning")

BOARD = (torch.arange(6)[:, None] + torch.arange(4)) % 2  # 6×4 px, black and white by turns


class Painter(Generator):
    """Draws chessboards, one row of squares moved where the seed says so."""

    size = Size(channels=1, height=6, width=4)

    def __init__(self):
        super().__init__(Options())

    def sample(self, condition, rng, options):
        turned = rng.uniform((1, 1, 1)).round()
        return (BOARD - turned).abs().float()


def grey(count=8, shade=100):
    return PictureData(images=torch.full((count, 1, 6, 4), shade, dtype=torch.uint8), name="grey")


def measure(data, **options):
    (result,) = evaluate(Painter(), data, ["example"], options=options)
    return result


def test_one_colour_is_smooth_and_a_chessboard_as_rough_as_can_be():
    pictures = torch.stack([torch.full((6, 4), 0.3), BOARD.float()])[:, None]
    assert roughness(pictures, 1).tolist() == [0, 1]
    assert roughness(pictures, 2).tolist() == [0, 0]


def test_a_slope_has_the_square_of_its_step():
    slope = torch.linspace(0, 1, 5).expand(1, 1, 3, 5)
    across, down = 3 * 4, 2 * 5  # pairs of neighbours
    expected = across * 0.25**2 / (across + down)
    torch.testing.assert_close(roughness(slope, 1), torch.tensor([expected]))


def test_samples_are_measured_and_real_pictures_are_the_floor():
    result = measure(grey(), num_samples=5)
    assert (result.value, result.num_images) == (1, 5)
    assert result.interval == (1, 1)
    assert result.protocol["floor"]["value"] == 0
    assert result.protocol["sampling"]["seed"] == 0


def test_the_distance_counts():
    assert measure(grey(), distance=2).value == 0
    with pytest.raises(DataError, match="larger than the distance of 4 px"):
        measure(grey(), distance=4)
    with pytest.raises(OptionError, match="must be at least 1"):
        measure(grey(), distance=0)
