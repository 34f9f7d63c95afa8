"""Picture files out: whole or not at all, with a recipe that reads back."""

import errno
import io
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmgen.errors import InputError, OutputError
from mmgen.media import files
from mmgen.media.files import (
    atomic_file,
    encode_picture,
    read_recipe,
    write_picture,
    write_pictures,
)

RECIPE = {"seed": 3, "conditions": {"text": ["Größe → 大きい"]}, "indices": list(range(5))}
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 4)])
def test_every_pixel_and_the_recipe_survive(
    tmp_path: Path, kind: str, shape: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / f"x.{kind}"
    write_picture(path, pixels, RECIPE, kind=kind)
    found = Image.open(path)
    mode = {2: "L", 3: "RGB" if shape[-1] == 3 else "RGBA"}[len(shape)]
    np.testing.assert_array_equal(np.asarray(found.convert(mode)), pixels)
    assert read_recipe(path) == RECIPE
    assert everything(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_recipe_may_be_long(tmp_path: Path, kind: str) -> None:
    recipe = RECIPE | {"indices": list(range(300_000))}
    write_picture(tmp_path / f"x.{kind}", PIXELS[0], recipe, kind=kind)
    assert read_recipe(tmp_path / f"x.{kind}") == recipe


def test_webp_that_would_be_too_large_says_what_to_use(tmp_path: Path) -> None:
    wide = np.zeros((1, 16_384), dtype=np.uint8)
    with pytest.raises(OutputError, match=r"at most 16383 px a side; got 16384×1: use \.png"):
        write_picture(tmp_path / "x.webp", wide, RECIPE, kind="webp")
    with pytest.raises(OutputError, match=r"use \.png"):
        write_pictures(tmp_path / "new", [wide], [RECIPE], kind="webp")
    assert everything(tmp_path) == []


def test_a_file_that_exists_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        write_picture(path, PIXELS[0], RECIPE, kind="png")
    assert path.read_text() == "mine"
    write_picture(path, PIXELS[0], RECIPE, kind="png", force=True)
    assert read_recipe(path) == RECIPE


def test_folders_get_all_pictures_in_order(tmp_path: Path) -> None:
    recipes = [RECIPE | {"seed": seed} for seed in range(5)]
    paths = write_pictures(tmp_path / "a" / "b", list(PIXELS), recipes, kind="png")
    assert everything(tmp_path / "a" / "b") == [f"{at:04}.png" for at in range(5)]
    for at, path in enumerate(paths):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), PIXELS[at])
        assert read_recipe(path)["seed"] == at


def test_what_is_in_a_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "0003.png").write_text("mine")
    with pytest.raises(OutputError, match=r"0003\.png exists"):
        write_pictures(tmp_path, list(PIXELS), [RECIPE] * 5, kind="png")
    assert everything(tmp_path) == ["0003.png", "notes.txt"]
    write_pictures(tmp_path, list(PIXELS), [RECIPE] * 5, kind="png", force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_in_a_pictures_place_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "0004.png").mkdir()
    with pytest.raises(OutputError, match=r"0004\.png exists"):
        write_pictures(tmp_path, list(PIXELS), [RECIPE] * 5, kind="png", force=True)
    assert everything(tmp_path) == ["0004.png"]


class FullDisk(io.BytesIO):
    """A file that takes a few bytes and no more."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 40:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = encode_picture

    def encode_some(file: Any, pixels: Any, recipe: Any, kind: str, speed: Any = None) -> None:
        if pixels[0, 0, 0] != PIXELS[0, 0, 0, 0]:
            encode(FullDisk(), pixels, recipe, kind, speed)
        encode(file, pixels, recipe, kind, speed)

    monkeypatch.setattr(files, "encode_picture", encode_some)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "0001.png").write_text("mine")
    with pytest.raises(OutputError, match=r"the disk is full: .*x\.png was not written"):
        write_picture(tmp_path / "x.png", PIXELS[1], RECIPE, kind="png")
    with pytest.raises(OutputError, match="the disk is full"):
        write_pictures(tmp_path / "new", list(PIXELS), [RECIPE] * 5, kind="png")
    with pytest.raises(OutputError, match="the disk is full"):
        write_pictures(tmp_path / "old", list(PIXELS), [RECIPE] * 5, kind="png", force=True)
    assert everything(tmp_path) == ["old", "old/0001.png"]
    assert (tmp_path / "old" / "0001.png").read_text() == "mine"


LIMITED = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from mmgen.errors import OutputError
from mmgen.media.files import write_picture, write_pictures
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
folder = Path(sys.argv[1])
for write in (
    lambda: write_picture(folder / "x.png", noise[0], {"seed": 0}, kind="png"),
    lambda: write_picture(folder / "x.webp", noise[0], {"seed": 0}, kind="webp"),
    lambda: write_pictures(folder / "new", list(noise), [{"seed": 0}] * 3, kind="png"),
):
    try:
        write()
    except OutputError as error:
        print("refused")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_system_that_refuses_to_write_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 3
    assert everything(tmp_path) == []


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def write_half() -> None:
        with atomic_file(path) as file:
            file.write(b"new, but only ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"old"
    assert everything(tmp_path) == ["x.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="not writable"):
        write_picture(folder / "x.png", PIXELS[0], RECIPE, kind="png")
    with pytest.raises(OutputError, match="not writable"):
        write_pictures(folder / "new", list(PIXELS), [RECIPE] * 5, kind="png")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO])
def test_what_the_system_says_while_writing_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "encode_picture", refuse)
    with pytest.raises(OutputError, match=r"x\.png"):
        write_picture(tmp_path / "x.png", PIXELS[0], RECIPE, kind="png")
    assert everything(tmp_path) == []


def save_with(path: Path, text: str | None, keyword: str = "mmgen") -> Path:
    info = PngInfo()
    if text is not None:
        info.add_itxt(keyword, text)
    Image.new("L", (2, 2)).save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    "text", [None, "", "not json", "[1, 2]", "5", "{}", '{"other": 1}', "[" * 50_000]
)
def test_a_picture_without_a_recipe_says_so(tmp_path: Path, text: str | None) -> None:
    with pytest.raises(InputError, match="holds no recipe"):
        read_recipe(save_with(tmp_path / "x.png", text))


def test_a_number_in_the_recipes_place_is_no_recipe(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = 5
    Image.new("L", (2, 2)).save(tmp_path / "x.webp", exif=exif)
    with pytest.raises(InputError, match="holds no recipe"):
        read_recipe(tmp_path / "x.webp")


def test_what_is_no_picture_holds_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(InputError, match="not a picture"):
        read_recipe(tmp_path / "x.png")
    with pytest.raises(InputError, match="does not exist"):
        read_recipe(tmp_path / "y.png")
