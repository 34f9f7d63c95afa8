"""Samples: shown, cut, saved whole with their recipe, changed by plugins before that."""

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.errors import InputError, MmgenWarning, OutputError
from mmgen.families import API_VERSION
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Samples
from mmgen.interfaces.samples import select_rows
from mmgen.media.files import read_recipe
from mmgen.testing import temporary_plugin


def recipe(count: int) -> dict[str, Any]:
    return {
        "seed": 5,
        "indices": list(range(count)),
        "model": {"name": "tiny"},
        "conditions": {"label": [str(row) for row in range(count)], "text": ["for all"]},
        "hooks": [],
    }


def pictures(count: int = 5, channels: int = 1) -> Samples:
    torch.manual_seed(count)
    return Samples(torch.rand(count, channels, 4, 6), recipe(count))


def film(count: int = 2, channels: int = 3) -> Samples:
    torch.manual_seed(count)
    return Samples(torch.rand(count, 3, channels, 4, 6), recipe(count))


@pytest.mark.parametrize(("channels", "shape"), [(1, (4, 6)), (3, (4, 6, 3)), (4, (4, 6, 4))])
def test_pixels_are_the_nearest_bytes(channels: int, shape: tuple[int, ...]) -> None:
    samples = pictures(channels=channels)
    pixels = samples.pixels()
    assert pixels.shape == (5, *shape)
    assert pixels.dtype == np.uint8
    back = torch.from_numpy(pixels).reshape(5, 4, 6, channels).permute(0, 3, 1, 2) / 255
    assert (back - samples.images).abs().max() <= 0.5 / 255 + 1e-6


def test_they_become_pillow_pictures() -> None:
    found = pictures(channels=3).to_pil()
    assert [(picture.size, picture.mode) for picture in found] == [((6, 4), "RGB")] * 5


@pytest.mark.parametrize(
    ("arguments", "size"), [((), (22, 10)), ((5,), (38, 4)), ((1, 0), (6, 20)), ((9,), (38, 4))]
)
def test_the_grid_is_as_square_as_may_be_unless_told(
    arguments: tuple[int, ...], size: tuple[int, int]
) -> None:
    assert pictures().grid(*arguments).size == size


def test_a_grid_goes_row_by_row() -> None:
    samples = pictures(4)
    sheet = np.asarray(samples.grid(2, padding=1))
    np.testing.assert_array_equal(sheet[:4, 7:], samples.pixels()[1])
    np.testing.assert_array_equal(sheet[5:, :6], samples.pixels()[2])
    assert not sheet[4].any()


@pytest.mark.parametrize(
    ("rows", "chosen"), [(1, [1]), (-1, [4]), (slice(1, 4, 2), [1, 3]), ([4, 0], [4, 0])]
)
def test_some_rows_keep_their_recipe(rows: Any, chosen: list[int]) -> None:
    samples = pictures()
    part = samples[rows]
    assert torch.equal(part.images, samples.images[chosen])
    assert part.recipe["indices"] == chosen
    assert part.recipe["conditions"] == {"label": [str(row) for row in chosen], "text": ["for all"]}


def test_rows_that_there_are_not_are_an_error() -> None:
    with pytest.raises(IndexError):
        pictures()[5]


def test_the_recipe_of_some_rows_leaves_the_whole_one_alone() -> None:
    whole = recipe(3)
    select_rows(whole, [1])
    assert whole == recipe(3)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_one_picture_is_written_with_its_recipe(tmp_path: Path, kind: str) -> None:
    samples = pictures(1, channels=3)
    path = tmp_path / f"x.{kind}"
    assert samples.save(path) == [path]
    np.testing.assert_array_equal(np.asarray(Image.open(path)), samples.pixels()[0])
    assert read_recipe(path) == samples.recipe | {"layout": {"columns": 1, "padding": 2}}


def test_several_pictures_in_one_file_are_a_grid(tmp_path: Path) -> None:
    samples = pictures()
    samples.save(tmp_path / "x.png", columns=2, padding=3)
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "x.png")), np.asarray(samples.grid(2, 3))
    )
    found = read_recipe(tmp_path / "x.png")
    assert found["layout"] == {"columns": 2, "padding": 3}
    assert found["indices"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("format", "suffix"), [(None, "png"), ("png", "png"), ("WebP", "webp")])
def test_a_folder_gets_a_numbered_file_per_picture(
    tmp_path: Path, format: str | None, suffix: str
) -> None:
    samples = pictures(3)
    paths = samples.save(tmp_path / "new" / "folder", format=format)
    assert [path.name for path in paths] == [f"{row:04}.{suffix}" for row in range(3)]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        path.name for path in paths
    ]
    assert read_recipe(paths[2]) == select_rows(samples.recipe, [2])
    np.testing.assert_array_equal(
        np.asarray(Image.open(paths[1]).convert("L")), samples.pixels()[1]
    )


def test_a_folder_may_be_named_like_a_file_if_it_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "v1.png"
    folder.mkdir()
    assert pictures(1).save(folder) == [folder / "0000.png"]


@pytest.mark.parametrize("name", ["x.png", "folder"])
def test_nothing_is_overwritten_unless_forced(tmp_path: Path, name: str) -> None:
    pictures(2).save(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    with pytest.raises(OutputError, match="exists; choose another"):
        pictures(3).save(tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.png")} == before
    pictures(3).save(tmp_path / name, force=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.png")} != before


@pytest.mark.parametrize(
    ("name", "format", "words"),
    [
        ("x.jpg", None, "as .png or .webp"),
        ("x.png", "webp", "contradict"),
        ("folder", "gif", "as .png or .webp"),
        ("no/such/folder/x.png", None, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, name: str, format: str | None, words: str
) -> None:
    with pytest.raises(OutputError, match=words):
        pictures(2).save(tmp_path / name, format=format)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        pictures(2).save(tmp_path / "taken", force=True)


def test_a_notebook_shows_all_pictures() -> None:
    shown = Image.open(io.BytesIO(pictures()._repr_png_()))
    assert shown.size == pictures().grid().size


def test_they_say_what_they_are() -> None:
    assert repr(pictures()) == "Samples(5 × 1×4×6, 'tiny', seed=5)"
    assert repr(film()) == "Samples(2 × 3×3×4×6, 'tiny', seed=5)"


def test_pictures_have_no_frames_and_film_has() -> None:
    assert pictures().frames is None
    samples = film()
    assert samples.frames is samples.images
    assert len(samples) == 2
    assert samples[1].frames is not None
    assert torch.equal(samples[1].images[0], samples.images[1])


@pytest.mark.parametrize("channels", [1, 3])
def test_film_is_shown_as_strips(channels: int) -> None:
    samples = film(channels=channels)
    assert samples.pixels().shape[:4] == (2, 3, 4, 6)
    assert len(samples.to_pil()) == 6
    assert samples.grid().size == (3 * 6 + 2 * 2, 2 * 4 + 2)
    assert Image.open(io.BytesIO(samples._repr_png_())).size == samples.grid().size


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_film_is_written_as_a_moving_picture_with_its_recipe(
    tmp_path: Path, kind: str, channels: int
) -> None:
    samples = film(1, channels)
    (path,) = samples.save(tmp_path / f"x.{kind}", frames_per_second=5)
    with Image.open(path) as moving:
        assert moving.n_frames == 3
        for at in range(3):
            moving.seek(at)
            moving.load()
            assert moving.info["duration"] == 200
            frame = np.asarray(moving.convert("L" if channels == 1 else "RGB"))
            np.testing.assert_array_equal(frame, samples.pixels()[0, at])
    assert read_recipe(path)["seed"] == 5


def test_several_films_move_side_by_side_or_in_files_of_their_own(tmp_path: Path) -> None:
    samples = film(4)
    samples.save(tmp_path / "grid.png", padding=0)
    with Image.open(tmp_path / "grid.png") as sheet:
        assert (sheet.size, sheet.n_frames) == ((12, 8), 3)
    paths = samples.save(tmp_path / "films", format="webp")
    assert len(paths) == 4
    with Image.open(paths[3]) as moving:
        assert moving.n_frames == 3
    assert read_recipe(paths[3])["indices"] == [3]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_pictures_may_be_the_frames_of_one(tmp_path: Path, kind: str) -> None:
    samples = pictures(3)
    (path,) = samples.save(tmp_path / f"x.{kind}", animate=True, frames_per_second=4)
    with Image.open(path) as moving:
        assert moving.n_frames == 3
        for at in range(3):
            moving.seek(at)
            moving.load()
            assert moving.info["duration"] == 250
            frame = np.asarray(moving.convert("RGB"))
            expected = Image.fromarray(samples.pixels()[at]).convert("RGB")
            np.testing.assert_array_equal(frame, np.asarray(expected))
    assert read_recipe(path)["layout"] == {"animate": True, "frames_per_second": 4}
    with pytest.raises(OutputError, match="what moves is one file"):
        samples.save(tmp_path / "folder", animate=True)
    for speed in (0, -1, float("nan"), 1001):
        with pytest.raises(InputError, match="frames_per_second must be above 0"):
            samples.save(tmp_path / "y.png", animate=True, frames_per_second=speed)
    assert not (tmp_path / "y.png").exists()
    films = film(2)
    films.save(tmp_path / "films.png", animate=True)
    assert read_recipe(tmp_path / "films.png")["layout"]["columns"] == 2


def plugin(hook: Any) -> Any:
    return SimpleNamespace(
        MMGEN_API=API_VERSION, mmgen_before_save=hookimpl(specname="mmgen_before_save")(hook)
    )


def test_plugins_have_a_last_word_one_after_the_other_and_are_named(tmp_path: Path) -> None:
    def halve(samples: Samples) -> Samples:
        return replace(samples, images=samples.images / 2)

    def mark(samples: Samples) -> Samples:
        images = samples.images.clone()
        images[..., 0, 0] = 1
        return replace(samples, images=images)

    original = pictures(1)
    with temporary_plugin(plugin(halve), "halve"), temporary_plugin(plugin(mark), "mark"):
        original.save(tmp_path / "x.png")
    found = np.asarray(Image.open(tmp_path / "x.png"))
    assert found[0, 0] == 255
    np.testing.assert_allclose(found[1:], original.pixels()[0, 1:] / 2, atol=1)
    assert read_recipe(tmp_path / "x.png")["hooks"] == ["halve", "mark"]
    assert original.recipe["hooks"] == []


def test_a_plugin_that_only_looks_is_not_named(tmp_path: Path) -> None:
    with temporary_plugin(plugin(lambda samples: None), "look"):
        pictures(1).save(tmp_path / "x.png")
    assert read_recipe(tmp_path / "x.png")["hooks"] == []


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (lambda samples: samples.images, "must return Samples or None; got Tensor"),
        (lambda samples: samples[:1], "as many pictures as it got"),
        (lambda samples: samples / 0, "raised TypeError"),
    ],
)
def test_a_plugin_that_returns_nonsense_is_blocked_and_the_pictures_are_saved(
    tmp_path: Path, hook: Any, why: str
) -> None:
    samples = pictures(2)
    with temporary_plugin(plugin(hook), "bad") as bad:
        with pytest.warns(MmgenWarning, match="'bad' is broken and left out: mmgen_before_save"):
            samples.save(tmp_path / "folder")
        assert why in bad.broken
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "folder" / "0001.png")), samples.pixels()[1]
    )
