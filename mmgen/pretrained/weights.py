"""A model's weights: found in its folder, checked against the architecture, and put into it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgen.errors import ModelFileError, shown
from mmgen.interfaces.model import Model
from mmgen.pretrained.header import Header, StoredTensor, read_header
from mmgen.pretrained.strict_json import parse_json
from mmgen.pretrained.tensors import DTYPES, read_tensors

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
_MAX_INDEX_BYTES = 8 * 2**20
_MAX_TENSORS = 50_000


def weight_files(folder: Path) -> list[Path]:
    """Return the file with a model's tensors, or its shards; nothing where there is none.

    Raises:
        ModelFileError: the index is damaged, or names a file that is not there.
    """
    single = folder / WEIGHTS_NAME
    index = folder / INDEX_NAME
    if single.is_file():
        return [single]
    if not index.is_file():
        return []
    try:
        if index.stat().st_size > _MAX_INDEX_BYTES:
            raise ValueError(f"it is larger than {_MAX_INDEX_BYTES >> 20} MB")
        data = parse_json(index.read_bytes(), max_values=2 * _MAX_TENSORS)
        places = data.get("weight_map") if isinstance(data, dict) else None
        if not isinstance(places, dict) or not places:
            raise ValueError("it names no file")
        names = list(dict.fromkeys(map(_file_name, places.values())))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{index} is not a shard index: {error}") from error
    for name in names:
        if not (folder / name).is_file():
            raise ModelFileError(f"{index} names {shown(name)}, which is not beside it")
    return [folder / name for name in sorted(names)]


def _file_name(name: object) -> str:
    if not isinstance(name, str) or Path(name).name != name or not name.isprintable():
        raise ValueError(f"{shown(name)} is not the name of a file beside it")
    return name


def read_headers(files: Sequence[Path]) -> list[Header]:
    """Return what the weight files of one model say of themselves.

    Raises:
        ModelFileError: one is damaged; a tensor is in two of them; there are too many.
    """
    headers: list[Header] = []
    seen: set[str] = set()
    for path in files:
        header = read_header(path)
        twice = sorted(header.tensors.keys() & seen)
        if twice:
            raise ModelFileError(f"{path}: tensor {shown(twice[0])} is in another shard too")
        seen |= header.tensors.keys()
        if len(seen) > _MAX_TENSORS:
            raise ModelFileError(f"{path}: a model may have {_MAX_TENSORS} tensors at most")
        headers.append(header)
    return headers


def check_tensors(headers: Sequence[Header], expected: Mapping[str, Tensor], folder: Path) -> None:
    """Check that files hold the tensors of an architecture, and no others.

    Args:
        expected: the architecture's tensors by name.
        folder: where the files are, or should be.

    Raises:
        ModelFileError: a missing, extra or misshapen tensor, or one of a type that does not fit.
    """
    missing = set(expected)
    for header in headers:
        for name, stored in header.tensors.items():
            _check_tensor(header.path, name, stored, expected)
            missing.discard(name)
    if not missing:
        return
    if not headers:
        pickles = [path.name for path in folder.glob("*") if path.suffix in (".bin", ".pt", ".pth")]
        more = f"; {pickles[0]} is a pickle, which mmgen never opens" if pickles else ""
        raise ModelFileError(f"{folder} has no {WEIGHTS_NAME}{more}")
    first = next(name for name in expected if name in missing)
    raise ModelFileError(
        f"{headers[0].path} lacks {len(missing)} tensors of this architecture, first {first!r}"
    )


def _check_tensor(
    path: Path, name: str, stored: StoredTensor, expected: Mapping[str, Tensor]
) -> None:
    like = expected.get(name)
    if like is None:
        raise ModelFileError(f"{path}: tensor {shown(name)} does not belong to this architecture")
    if stored.shape != tuple(like.shape):
        raise ModelFileError(
            f"{path}: tensor {name!r} must have shape {tuple(like.shape)}; "
            f"got {shown(stored.shape)}"
        )
    if not _fits(DTYPES[stored.dtype], like.dtype):
        raise ModelFileError(
            f"{path}: tensor {name!r} must be {like.dtype}; got {DTYPES[stored.dtype]}"
        )


_COUNTING = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def _fits(stored: torch.dtype, expected: torch.dtype) -> bool:
    """Whether a type becomes another: any floating one, and integers where none can be lost."""
    if stored == expected:
        return True
    if stored.is_floating_point and expected.is_floating_point:
        return True
    counting = stored in _COUNTING and expected in _COUNTING
    return counting and torch.promote_types(stored, expected) == expected


def load_weights(
    model: Model, expected: Mapping[str, Tensor], headers: Sequence[Header], *, mapped: bool
) -> None:
    """Give a model without storage its tensors, whole or not at all; tied ones stay tied.

    Args:
        model: built on the "meta" device.
        expected: its own tensors by name (those of its parts left out).
        headers: of one safetensors file, or of the shards; they pass `check_tensors`.
        mapped: see `read_tensors`.

    Raises:
        ModelFileError: a file has changed, or holds NaN or Inf.
        OutOfMemoryError: the memory does not suffice.
    """
    found: dict[str, Tensor] = {}
    for header in headers:
        found |= read_tensors(header, expected, mapped=mapped)
    _assign(model, found)


def _assign(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors in the places of those of their names, and of what is tied to them."""
    modules = dict(model.named_modules(remove_duplicate=False))
    places = dict(model.named_parameters(remove_duplicate=False))
    new = {
        id(places[name]): nn.Parameter(tensor, requires_grad=places[name].requires_grad)
        for name, tensor in tensors.items()
        if name in places
    }
    for name, old in places.items():
        owner, _, attribute = name.rpartition(".")
        if id(old) in new:
            setattr(modules[owner], attribute, new[id(old)])
    for name in tensors.keys() - places.keys():
        owner, _, attribute = name.rpartition(".")
        setattr(modules[owner], attribute, tensors[name])
