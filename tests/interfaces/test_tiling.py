"""Large pictures: tiled equals untiled, whatever the tiles."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from mmgen.interfaces import Condition, CounterNoise, Generator, Noise
from mmgen.interfaces.tiling import Tile, TileNoise, plan_tiles
from mmgen.options import Options, option
from mmgen.slots import Size, Slot


@dataclass(frozen=True, kw_only=True)
class RestorerConfig(Options):
    """A restorer that enlarges."""

    scale: int = option(1, minimum=1, help="how much larger")
    multiple_of: int = option(1, minimum=1, help="of the sides")


class Restorer(Generator):
    """Two convolutions, 5 px wide each: 9 px of the input reach a pixel."""

    config: RestorerConfig
    spatial_slots = (Slot(name="image", modality="image", required=True),)
    receptive_field = 9
    tile_px = 32
    largest = 0

    def __init__(self, config: RestorerConfig) -> None:
        super().__init__(config)
        self.first = nn.Conv2d(3, 4, 5, padding=2)
        self.second = nn.Conv2d(4, 3, 5, padding=2)

    @property
    def size(self) -> Size:
        config = self.config
        return Size(
            channels=3, height=32, width=32, multiple_of=config.multiple_of, scale=config.scale
        )

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        image = condition.spatial["image"]
        self.largest = max(self.largest, *image.shape[-2:])
        image = image + 0.5 * rng.normal(image.shape[1:], stream="noise")
        image = torch.sigmoid(self.second(torch.relu(self.first(image))))
        if self.config.scale > 1:
            image = functional.interpolate(image, scale_factor=self.config.scale)
        return image


class FilmRestorer(Restorer):
    """Makes two frames of a picture."""

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        image = super().sample(condition, rng, options)
        return torch.stack([image, 1 - image], dim=1)


def both(model: Restorer, image: Tensor, **settings: Any) -> tuple[Tensor, Tensor]:
    """Return what is made in tiles, and in one go."""
    tiled = model.generate(image=image, seed=3, **settings).images
    tile_px, model.tile_px = model.tile_px, 10_000
    whole = model.generate(image=image, seed=3, **settings).images
    model.tile_px = tile_px
    return tiled, whole


@pytest.mark.parametrize("size", [(100, 70), (33, 200), (64, 31)])
@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("network", [Restorer, FilmRestorer])
def test_tiled_equals_untiled(network: type[Restorer], scale: int, size: tuple[int, int]) -> None:
    model = network(RestorerConfig(scale=scale)).eval()
    tiled, whole = both(model, torch.rand(2, 3, *size))
    assert tiled.shape[-2:] == (size[0] * scale, size[1] * scale)
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


def test_no_tile_is_as_large_as_the_picture() -> None:
    model = Restorer(RestorerConfig()).eval()
    model.generate(image=torch.rand(3, 200, 300))
    assert model.largest < 100


def test_a_picture_that_fits_is_made_in_one_go() -> None:
    model = Restorer(RestorerConfig()).eval()
    model.generate(image=torch.rand(3, 32, 20))
    assert model.largest == 32


def test_a_receptive_field_that_is_too_small_shows() -> None:
    model = Restorer(RestorerConfig()).eval()
    model.receptive_field = 1
    tiled, whole = both(model, torch.rand(1, 3, 100, 70))
    assert (tiled - whole).abs().max() > 1e-4


def test_without_a_receptive_field_nothing_is_tiled() -> None:
    model = Restorer(RestorerConfig()).eval()
    model.receptive_field = None
    model.generate(image=torch.rand(3, 100, 100))
    assert model.largest == 100


def test_large_pictures_come_in_small_batches() -> None:
    done: list[int] = []
    model = Restorer(RestorerConfig()).eval()
    model.receptive_field = None
    model.generate(
        image=torch.rand(2, 3, 640, 640), progress=lambda done_now, _: done.append(done_now)
    )
    assert done == [1, 2]


lengths = st.integers(1, 40)


@given(lengths, lengths, st.integers(1, 80), st.integers(0, 20), st.sampled_from([1, 2, 8]))
def test_tiles_cover_the_picture_and_overlap_enough(
    rows: int, columns: int, side: int, margin: int, step: int
) -> None:
    picture = rows * step, columns * step
    tiles = plan_tiles(picture, side, margin, step)
    covered = torch.zeros(picture)
    for tile in tiles:
        covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
        assert all(n % step == 0 for n in (tile.top, tile.left, tile.height, tile.width))
    assert covered.min() > 0
    tops = sorted({tile.top for tile in tiles})
    assert all(after < before + tiles[0].height - 2 * margin for before, after in pairwise(tops))


@pytest.mark.parametrize("name", ["normal", "uniform"])
@pytest.mark.parametrize("factor", [1, 2, 0.25])
def test_a_tiles_noise_is_its_part_of_the_pictures(name: str, factor: float) -> None:
    rng = CounterNoise(5, range(2))
    tile = Tile((64, 96), top=16, left=32, height=32, width=32)
    whole = getattr(rng, name)((3, int(64 * factor), int(96 * factor)), stream="s", step=2)
    part = getattr(TileNoise(rng, tile), name)(
        (3, int(32 * factor), int(32 * factor)), stream="s", step=2
    )
    top, left, side = int(16 * factor), int(32 * factor), int(32 * factor)
    assert torch.equal(part, whole[..., top : top + side, left : left + side])


@pytest.mark.parametrize("shape", [(7,), (4, 1, 1), (3, 32, 16), ()])
def test_noise_of_another_shape_is_the_same_for_all_tiles(shape: tuple[int, ...]) -> None:
    rng = CounterNoise(5, range(2))
    tile = Tile((64, 96), top=16, left=32, height=32, width=32)
    assert torch.equal(TileNoise(rng, tile).normal(shape), rng.normal(shape))
