"""Picture files that explain themselves: each holds the recipe that makes it again.

PNG keeps the recipe in an iTXt chunk "mmgen", WebP (lossless) in its EXIF description.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import IO, Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmgen.errors import InputError, OutputError
from mmgen.media.decoding import decode_picture
from mmgen.media.png import encode_png
from mmgen.media.targets import check_folder, check_output, output_error

KEYWORD = "mmgen"
_EXIF_DESCRIPTION = 0x010E
_PNG_COMPRESSION = 1  # several times faster than the default, a few percent larger
_WEBP_MAX_PX = 16383
_WORTH_A_THREAD = 2**15


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file whole or not at all: a temporary one beside it is renamed at the end.

    Raises:
        OutputError: the disk is full, or the folder cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.part")
    try:
        try:
            with temporary.open("wb") as file:
                yield file
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error


def encode_picture(
    file: IO[bytes],
    pixels: np.ndarray,
    recipe: dict[str, Any],
    kind: str,
    speed: float | None = None,
) -> None:
    """Write uint8 pixels with their recipe as PNG or lossless WebP.

    Args:
        pixels: (H, W[, C]), or with a speed (T, H, W[, C]).
        speed: frames per second of film; None for a still picture.

    Raises:
        OutputError: larger than the format allows.
    """
    height, width = pixels.shape[:2] if speed is None else pixels.shape[1:3]
    if kind == "webp" and max(height, width) > _WEBP_MAX_PX:
        raise OutputError(
            f"WebP holds at most {_WEBP_MAX_PX} px a side; got {width}×{height}: use .png"
        )
    text = json.dumps(recipe, separators=(",", ":"))
    if kind == "png" and speed is None:
        file.write(encode_png(pixels, KEYWORD, text))
        return
    picture, *others = map(Image.fromarray, pixels[None] if speed is None else pixels)
    moving: dict[str, Any] = {}
    if speed is not None:
        moving = {"save_all": True, "append_images": others, "duration": 1000 / speed, "loop": 0}
    if kind == "png":
        info = PngInfo()
        info.add_itxt(KEYWORD, text)
        picture.save(file, "PNG", pnginfo=info, compress_level=_PNG_COMPRESSION, **moving)
    else:
        exif = Image.Exif()
        exif[_EXIF_DESCRIPTION] = text
        moving |= {"duration": round(1000 / speed)} if speed else {}
        picture.save(file, "WEBP", lossless=True, exact=True, method=2, exif=exif, **moving)


def write_picture(
    path: Path,
    pixels: np.ndarray,
    recipe: dict[str, Any],
    *,
    kind: str,
    force: bool = False,
    speed: float | None = None,
) -> None:
    """Write one picture or film, as `encode_picture` takes it, whole or not at all.

    Raises:
        OutputError: it exists, or cannot be written.
    """
    check_output(path, force=force)
    with atomic_file(path) as file:
        encode_picture(file, pixels, recipe, kind, speed)


def write_pictures(
    folder: Path,
    pixels: Sequence[np.ndarray],
    recipes: Sequence[dict[str, Any]],
    *,
    kind: str,
    force: bool = False,
    speed: float | None = None,
) -> list[Path]:
    """Write one numbered file per picture or film into a folder: all of them or none.

    The files are encoded in threads into a temporary folder. A new folder is that one renamed; into
    one that is there they are moved when all are done.

    Raises:
        OutputError: one exists (and not `force`), or they cannot be written.
    """
    names = check_folder(folder, len(pixels), kind=kind, force=force)
    try:
        if not folder.is_dir():
            with _new_folder(folder) as place:
                _encode_all(place, names, pixels, recipes, kind, speed)
        else:
            with tempfile.TemporaryDirectory(prefix=".mmgen-", dir=folder) as temporary:
                _encode_all(Path(temporary), names, pixels, recipes, kind, speed)
                for name in names:
                    os.replace(os.path.join(temporary, name), folder / name)  # noqa: PTH105, PTH118
    except OSError as error:
        raise output_error(folder, error) from error
    return [folder / name for name in names]


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder whole or not at all: a temporary one beside it is renamed at the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f".mmgen-{os.getpid()}-{get_ident()}.part"
    temporary.mkdir()
    try:
        yield temporary
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _encode_all(
    folder: Path,
    names: Sequence[str],
    pixels: Sequence[np.ndarray],
    recipes: Sequence[dict[str, Any]],
    kind: str,
    speed: float | None,
) -> None:
    def encode_every(start: int) -> None:
        for index in range(start, len(names), workers):
            with open(os.path.join(folder, names[index]), "wb") as file:  # noqa: PTH118, PTH123
                encode_picture(file, pixels[index], recipes[index], kind, speed)

    # Threads that encode small pictures wait for each other more than they gain.
    largest = max((item.nbytes for item in pixels), default=0)
    workers = (os.cpu_count() or 1) if largest >= _WORTH_A_THREAD else 1
    if workers == 1:
        encode_every(0)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(encode_every, range(workers)))


def read_recipe(path: Path) -> dict[str, Any]:
    """Return the recipe that a picture holds.

    Raises:
        InputError: not a picture, or one without a recipe of mmgen.
    """
    decode_picture(path, 3)
    with Image.open(path) as picture:
        picture.load()
        text = picture.info.get(KEYWORD) or picture.getexif().get(_EXIF_DESCRIPTION)
    try:
        recipe = json.loads(text) if text else None
    except (ValueError, TypeError, RecursionError):
        recipe = None
    if not isinstance(recipe, dict) or "seed" not in recipe:
        raise InputError(
            f"{path} holds no recipe; only PNG and WebP files written by mmgen, "
            "and not changed since, can be replayed"
        )
    return recipe
