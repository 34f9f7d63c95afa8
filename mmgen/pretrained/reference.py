"""From what the user names to the files of a model, verified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import torch

from mmgen.catalogue import ModelEntry, catalogue
from mmgen.errors import (
    InputError,
    ModelFileError,
    UnknownNameError,
    UnsupportedOperationError,
)
from mmgen.interfaces.model import Model, Origin
from mmgen.plugins import manager
from mmgen.pretrained.folder import load_folder
from mmgen.pretrained.foreign import read_foreign

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """Where a model's files are, and what they must be.

    Attributes:
        sha256: by path; empty where nothing is known of them.
    """

    name: str
    folder: Path
    source: str
    revision: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)


def from_pretrained(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    revision: str | None = None,
) -> Model:
    """Load a model, verified, in eval mode.

    Args:
        name: a zoo name ("vae-mnist"), a folder ("./runs/x/model"; a path with a "/" that
            exists), or a Hub repository ("org/name", "org/name@revision").
        device: "cpu", "cuda", …; None keeps the CPU.
        dtype: "float32", "bfloat16" or "float16", or torch's own; None keeps float32.
        revision: of a Hub repository: a branch, tag or commit.

    Raises:
        UnknownNameError, NotInstalledError, ModelFileError: in words, with what to do.
    """
    wanted_type = None if dtype is None else read_dtype(dtype)
    wanted_device = None if device is None else read_device(device)
    if isinstance(name, Path) and not name.expanduser().is_absolute():
        name = f"./{name}"  # a Path is a folder, but has lost the "./" that says so
    files = resolve(str(name), revision=revision)
    hashes = verify(files)
    model = read_foreign(files.folder) or load_folder(files.folder)
    model.origin = Origin(
        name=files.name, source=files.source, revision=files.revision, sha256=hashes
    )
    return model.to(device=wanted_device, dtype=wanted_type)


def read_dtype(value: str | torch.dtype) -> torch.dtype:
    """Return the floating type of that name; raise InputError for another."""
    for name, dtype in DTYPES.items():
        if value in (name, dtype):
            return dtype
    raise InputError(f"dtype must be one of {', '.join(DTYPES)}; got {str(value)!r}")


def read_device(value: str | torch.device) -> torch.device:
    """Return a device that is there; raise UnsupportedOperationError for one that is not."""
    try:
        device = torch.device(value)
        torch.empty(1, device=device).tolist()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UnsupportedOperationError(
            f"device {str(value)!r} is not available here ({reason}); use cpu"
        ) from error
    return device


def resolve(name: str, *, revision: str | None = None) -> ModelFiles:
    """Find the files of a model: the catalogue first, then a folder, then the Hub."""
    path = Path(name).expanduser()
    if "/" not in name and "\\" not in name:
        if revision is not None:
            raise InputError(f"a revision is one of a Hub repository; {name!r} is a zoo name")
        entry = _find(name)
        return _bundled(entry) if not entry.repo else _from_hub(entry.repo, entry.revision, entry)
    if path.is_dir():
        inner = path / "model"  # a training run keeps its model there
        folder = inner if not (path / "config.json").exists() and inner.is_dir() else path
        return ModelFiles(name=name, folder=folder, source="folder")
    if name.startswith((".", "/", "~")) or not _HUB_NAME.fullmatch(name):
        raise ModelFileError(f"folder {name!r} does not exist; a zoo name has no '/'")
    repo, _, asked = name.partition("@")
    return _from_hub(repo, revision or asked or None, None)


def _find(name: str) -> ModelEntry:
    try:
        return catalogue().find_usable(name)
    except UnknownNameError as error:
        if Path(name).is_dir():
            raise UnknownNameError(f"{error} (a folder is named with a slash: ./{name})") from None
        raise


def _bundled(entry: ModelEntry) -> ModelFiles:
    if entry.folder is None or not entry.folder.is_dir():
        raise ModelFileError(
            f"the weights of {entry.name!r} are missing from {entry.plugin}; "
            f"run pip install --force-reinstall {entry.plugin}"
        )
    versions = {plugin.distribution: plugin.version for plugin in manager().plugins}
    return ModelFiles(
        name=entry.name,
        folder=entry.folder,
        source="package",
        revision=versions.get(entry.plugin, ""),
        sha256={file.path: file.sha256 for file in entry.files},
    )


def _from_hub(repo: str, revision: str | None, entry: ModelEntry | None) -> ModelFiles:
    from mmgen.pretrained.hub import download

    folder, commit, hashes = download(repo, revision)
    if entry is not None:
        hashes = {file.path: file.sha256 for file in entry.files}
    name = entry.name if entry is not None else repo
    return ModelFiles(name=name, folder=folder, source="hub", revision=commit, sha256=hashes)


def verify(files: ModelFiles) -> dict[str, str]:
    """Return the sha256 (hex) of every file that makes the model.

    Raises:
        ModelFileError: one differs from what the catalogue or the Hub says it is.
    """
    patterns = ("**/config.json", "**/*.safetensors", "**/*.safetensors.index.json")
    paths = sorted({path for pattern in patterns for path in files.folder.glob(pattern)})
    hashes = {}
    for path in paths:
        relative = path.relative_to(files.folder).as_posix()
        hashes[relative] = file_sha256(path)
        expected = files.sha256.get(relative)
        if expected is not None and expected != hashes[relative]:
            raise ModelFileError(
                f"{path} is not the file that was published: sha256 {hashes[relative][:12]}…, "
                f"expected {expected[:12]}…; install or fetch it again"
            )
    for relative in files.sha256:
        if not (files.folder / relative).is_file():
            raise ModelFileError(f"{files.folder / relative} is missing; install or fetch it again")
    return hashes


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
