"""From what the user names to the files of a model, verified."""

import warnings
from pathlib import Path

import torch

from mmgen.errors import InputError, MmgenWarning, UnsupportedOperationError
from mmgen.hub.locate import locate, verify
from mmgen.interfaces.model import Model, Origin
from mmgen.pretrained.folder import load_folder
from mmgen.pretrained.foreign import read_foreign

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


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

    A mmgen.lock of the working folder or its parents is obeyed: see `mmgen.hub.lock`.

    Raises:
        UnknownNameError, NotInstalledError, ModelFileError, HubError, LockError: in words, with
            what to do.
    """
    wanted_type = None if dtype is None else read_dtype(dtype)
    wanted_device = None if device is None else read_device(device)
    if isinstance(name, Path) and not name.expanduser().is_absolute():
        name = f"./{name}"  # a Path is a folder, but has lost the "./" that says so
    files = locate(str(name), revision=revision, hear=_warn)
    hashes = verify(files)
    # Nobody writes into the files of the cache or of a package again; a folder is the user's own.
    kept = files.source in ("hub", "package")
    model = read_foreign(files.folder) or load_folder(files.folder, mapped=kept)
    model.origin = Origin(
        name=files.name, source=files.source, revision=files.revision, sha256=hashes
    )
    if wanted_device is None and wanted_type is None:
        return model
    return model.to(device=wanted_device, dtype=wanted_type)


def _warn(message: str) -> None:
    warnings.warn(message, MmgenWarning, stacklevel=2)


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
    except RuntimeError as error:
        raise UnsupportedOperationError(
            f"there is no device {str(value)!r}; a device is cpu, cuda, cuda:1, mps, …"
        ) from error
    try:
        torch.empty(1, device=device).tolist()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UnsupportedOperationError(
            f"device {str(value)!r} is not available here ({reason}); use cpu"
        ) from error
    return device
