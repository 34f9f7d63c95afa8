"""From what a user writes behind `--data` to the source that reads it."""

from pathlib import Path
from typing import Protocol

from mmgen.data.filetree import Directory, ZipArchive, is_picture_name
from mmgen.data.hub import HubDataset, SavedDataset, is_hub_name, is_saved_dataset
from mmgen.data.idx import IdxFolder, is_idx_name
from mmgen.data.imagefolder import ImageFolder
from mmgen.data.npz import Npz
from mmgen.data.options import DataOptions
from mmgen.data.parquet import Parquet
from mmgen.data.records import Records
from mmgen.errors import DataError, did_you_mean

_ARCHIVES = (".zip", ".npz")


class Source(Protocol):
    """A data set before anything of it is decoded."""

    name: str

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits by the source's own names, train first."""

    def read(self, split: str, options: DataOptions) -> Records:
        """Return one of `splits`."""


def open_source(source: str | Path) -> Source:
    """Open a folder, a file or a Hub name (org/name).

    Raises:
        DataError: there is no such thing, or it holds no pictures.
        NotInstalledError: reading it needs the extra `train`.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return _open_folder(path)
    if path.exists():
        return _open_file(path)
    if isinstance(source, str) and is_hub_name(source) and not path.parent.exists():
        return HubDataset(source)
    raise DataError(_missing(str(source), path))


def _open_file(path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return ImageFolder(ZipArchive(path))
    if suffix in (".npz", ".npy"):
        return Npz(path)
    if suffix == ".parquet":
        return Parquet(path, [path])
    if is_idx_name(path.name):
        return IdxFolder(path.parent)
    raise DataError(
        f"a data set is a folder, or a .zip, .npz, .npy or .parquet file; got {path}"
        + (", a single picture; name its folder" if is_picture_name(path.name) else "")
    )


def _open_folder(path: Path) -> Source:
    for folder in (path, path / "raw"):  # "raw" is where torchvision keeps its idx files
        if folder.is_dir() and any(is_idx_name(file.name) for file in folder.iterdir()):
            return IdxFolder(folder)
    if is_saved_dataset(path):
        return SavedDataset(path)
    tree = Directory(path)
    parquet = [path / name for name in tree.names if name.endswith(".parquet")]
    if parquet:
        return Parquet(path, parquet)
    archives = [name for name in tree.names if name.lower().endswith(_ARCHIVES)]
    if archives and not any(map(is_picture_name, tree.names)):
        if len(archives) == 1:
            return _open_file(path / archives[0])
        raise DataError(
            f"{path} holds {len(archives)} archives, each a data set; name one: "
            + ", ".join(str(path / name) for name in archives[:5])
        )
    return ImageFolder(tree)


def _missing(source: str, path: Path) -> str:
    parent = path.parent
    siblings = [item.name for item in parent.iterdir()] if parent.is_dir() else []
    hint = did_you_mean(path.name, siblings)
    return (
        f"there is no folder or file {source!r}{hint or '.'} A data set is a folder of pictures, "
        "an .npz, .zip or .parquet file, a name that a plugin registered, or a Hub name (org/name)"
    )
