"""A model in a folder: config.json, model.safetensors, parts in sub-folders."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mmgen.errors import (
    AmbiguousNameError,
    MmgenError,
    ModelFileError,
    NotInstalledError,
    OutputError,
    PluginError,
)
from mmgen.interfaces.conditioner import Conditioner
from mmgen.interfaces.encoder import Encoder
from mmgen.interfaces.model import Model
from mmgen.media.targets import output_error
from mmgen.pretrained.build import build, build_conditioner, describe_conditioner, identify
from mmgen.pretrained.config_file import (
    CONFIG_NAME,
    ConfigFile,
    check_family,
    other_version,
    read_config,
)
from mmgen.pretrained.header import Header
from mmgen.pretrained.shards import write_weights
from mmgen.pretrained.skeleton import without_storage
from mmgen.pretrained.weights import check_tensors, load_weights, read_headers, weight_files

Tensors = dict[str, torch.Tensor]

_MAX_DEPTH = 8
_MAX_PARTS = 200
MAX_ASSET_BYTES = 64 * 2**20


@dataclass(frozen=True)
class _SavedModel:
    """What the files of a saved model say of it, before anything is built."""

    folder: Path
    config: ConfigFile
    headers: list[Header]
    parts: dict[str, "_SavedModel"]
    assets: dict[str, str]


def load_folder(folder: Path, *, mapped: bool = False) -> Model:
    """Load a saved model, with its parts, in eval mode on the CPU.

    The network is built without storage; its tensors are those of the file. Half precision in
    the file becomes the architecture's own type (float32). What all files say of themselves is
    checked before the first tensor is read.

    Args:
        mapped: let large tensors be the file's own pages. For files that nobody writes to again,
            as in the Hub's cache, where a file is replaced or removed, but never changed: that
            leaves the model as it is. Where a file is overwritten, the model changes with it, and
            where it is cut short the process dies.

    Raises:
        ModelFileError: names the file and what is wrong with it.
        NotInstalledError: no plugin brings the family.
        OutOfMemoryError: the memory does not suffice.
    """
    saved = _read(folder, 0, iter(range(_MAX_PARTS)))
    return _load(saved, mapped).eval()


def _read(folder: Path, depth: int, places: Iterator[int]) -> _SavedModel:
    if depth > _MAX_DEPTH:
        raise ModelFileError(f"{folder}: parts are nested more than {_MAX_DEPTH} deep")
    if next(places, None) is None:
        raise ModelFileError(f"{folder}: a model may be made of {_MAX_PARTS} models at most")
    path = folder / CONFIG_NAME
    config = read_config(path)
    check_family(config, path)
    headers = read_headers(weight_files(folder))
    parts = {name: _read(folder / name, depth + 1, places) for name in config.parts}
    assets = {name: _read_asset(folder / name) for name in config.assets}
    return _SavedModel(folder, config, headers, parts, assets)


def _read_asset(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_ASSET_BYTES:
            raise ModelFileError(
                f"{path} is larger than {MAX_ASSET_BYTES >> 20} MB: assets are small texts"
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ModelFileError(f"{path} is missing; {CONFIG_NAME} names it as an asset") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path} is no text in UTF-8: {error}") from error


def _load(saved: _SavedModel, mapped: bool) -> Model:
    parts = {name: _load(part, mapped) for name, part in saved.parts.items()}
    try:
        return _load_whole(saved, parts, mapped)
    except ModelFileError as error:
        other = other_version(saved.config)
        if not other:
            raise
        raise type(error)(f"{error}; {other}") from error


def _load_whole(saved: _SavedModel, parts: dict[str, Model], mapped: bool) -> Model:
    path = saved.folder / CONFIG_NAME
    model, own = _build(saved, dict(parts), path)
    if saved.config.kind != ("encoder" if isinstance(model, Encoder) else "generator"):
        raise ModelFileError(f"{path}: {saved.config.architecture!r} is no {saved.config.kind}")
    for name, (_, part) in model.parts().items():
        if part is not parts.get(name):
            raise ModelFileError(f"{path}: part {name!r} is not where the network keeps it")
    check_tensors(saved.headers, own, saved.folder)
    load_weights(model, own, saved.headers, mapped=mapped)
    _check_storage(model, saved.config)
    return model


def _check_storage(model: Model, config: ConfigFile) -> None:
    """Raise PluginError for a tensor that no file fills."""
    tensors = (*model.named_parameters(), *model.named_buffers())
    left = [name for name, tensor in tensors if tensor.is_meta]
    if left:
        raise PluginError(
            f"{config.architecture}: buffer {left[0]!r} is not saved, so it has no value when the "
            "model is loaded; register it as persistent, or compute it on first use"
        )


def _build(saved: _SavedModel, parts: dict[str, Model], path: Path) -> tuple[Model, Tensors]:
    """Return a model without storage, and its own tensors by name."""
    config = saved.config
    conditioner = None
    try:
        with without_storage(sum(len(header.tensors) for header in saved.headers)):
            if config.conditioner is not None:
                conditioner = build_conditioner(config.conditioner, parts)
                parts = {n: part for n, part in parts.items() if n not in conditioner.encoders}
            model = build(
                config.architecture,
                config.config,
                family=config.family,
                conditioner=conditioner,
                parts=parts,
                assets=saved.assets,
            )
        if sorted(model.assets()) != sorted(saved.assets):
            raise ModelFileError(
                f"{path}: {config.architecture!r} has the assets "
                f"{', '.join(sorted(model.assets())) or 'none'}; got "
                f"{', '.join(sorted(saved.assets)) or 'none'}"
            )
        return model, model.own_state()
    except (PluginError, AmbiguousNameError, NotInstalledError):
        raise
    except MmgenError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except Exception as error:  # a config that its own class takes, but that fits no network
        raise ModelFileError(
            f"{path}: {config.architecture!r} cannot be built from it: "
            f"{type(error).__name__}: {error}"
        ) from error


def save(
    model: Model,
    folder: str | Path,
    *,
    dtype: torch.dtype | None = None,
    extra: dict[str, Any] | None = None,
) -> Path:
    """Write a model into a folder, whole or not at all; an older model there is replaced.

    Args:
        dtype: of the floating tensors in the file; None keeps theirs.
        extra: further JSON files by name, e.g. {"training.json": {…}}.

    Raises:
        OutputError: the folder holds something else, or cannot be written to.
        UnsupportedOperationError: no plugin registers the model's class.
    """
    folder = Path(folder).absolute() if Path(folder).name in ("", "..") else Path(folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; a model is saved in a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG_NAME).is_file():
        raise OutputError(f"{folder} is not empty and holds no model; choose another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            temporary.chmod(0o755)
            _write(model, temporary, dtype)
            for name, data in (extra or {}).items():
                text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
                (temporary / name).write_text(text, encoding="utf-8")
            _replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


def is_same(model: Model, other: Model) -> bool:
    """Return whether two models would be saved as the same files."""
    parts, others = model.parts(), other.parts()
    if _describe(model, list(parts)) != _describe(other, list(others)):
        return False
    state, stored = model.own_state(), other.own_state()
    return (
        model.assets() == other.assets()
        and state.keys() == stored.keys()
        and all(_is_equal(tensor, stored[name]) for name, tensor in state.items())
        and all(is_same(part, others[name][1]) for name, (_, part) in parts.items())
    )


def _is_equal(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    return tensor.dtype == other.dtype and tensor.cpu().equal(other.cpu())


def _replace(temporary: Path, folder: Path) -> None:
    """Put the new folder in the old one's place; the old one is kept until then."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write(model: Model, folder: Path, dtype: torch.dtype | None) -> None:
    parts = model.parts()
    (folder / CONFIG_NAME).write_text(_describe(model, list(parts)).to_json(), encoding="utf-8")
    for name, text in model.assets().items():
        (folder / name).write_bytes(text.encode("utf-8"))
    tensors = {name: _stored(tensor, dtype) for name, tensor in model.own_state().items()}
    if tensors:
        write_weights(folder, tensors)
    for name, (_, part) in parts.items():
        (folder / name).mkdir()
        _write(part, folder / name, dtype)


def _stored(tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    tensor = tensor.detach().cpu()
    if dtype is not None and tensor.is_floating_point():
        tensor = tensor.to(dtype)
    return tensor.contiguous()


def _describe(model: Model, parts: list[str]) -> ConfigFile:
    identity = identify(model)
    held = getattr(model, "conditioner", None)
    conditioner = None
    if isinstance(held, Conditioner) and held.slot_names:
        conditioner = describe_conditioner(held)
    return ConfigFile(
        kind="encoder" if isinstance(model, Encoder) else "generator",
        family=identity.family,
        architecture=identity.architecture,
        plugin={"name": identity.distribution, "version": identity.version},
        config=model.config.to_dict(),
        conditioner=conditioner,
        parts=parts,
        assets=sorted(model.assets()),
    )
