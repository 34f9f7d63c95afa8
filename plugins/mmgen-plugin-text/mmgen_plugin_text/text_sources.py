"""Models of the library `transformers` in a folder or on the Hub: JSON and safetensors alone."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmgen.errors import ModelFileError
from mmgen.hub.fetch import fetch, resolve
from mmgen.hub.statements import state_files
from mmgen.pretrained.folder import MAX_ASSET_BYTES
from mmgen.pretrained.tensors import DTYPES, read_tensors
from mmgen.pretrained.weights import INDEX_NAME, WEIGHTS_NAME, read_headers, weight_files

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
_OF_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>.+))?")
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")


@dataclass(frozen=True)
class Source:
    """A model's files.

    Attributes:
        folder: where its weights are.
        config, tokenizer: the texts of its config.json and tokenizer.json.
    """

    folder: Path
    config: str
    tokenizer: str

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of its safetensors files by name; floating ones as float32.

        Raises:
            ModelFileError: there are none, or one is damaged.
        """
        found: dict[str, Tensor] = {}
        for header in read_headers(weight_files(self.folder)):
            like = {}
            for name, stored in header.tensors.items():
                dtype = DTYPES[stored.dtype]
                dtype = torch.float32 if dtype.is_floating_point else dtype
                like[name] = torch.empty(0, dtype=dtype, device="meta")
            found |= read_tensors(header, like, mapped=False)
        return found


def open_source(name: str) -> Source:
    """Return the files of a model, fetched where it is named as one of the Hub's.

    Args:
        name: a folder here, or "org/name", or "org/name@revision".

    Raises:
        ModelFileError: no such folder; no weights in safetensors, or no fast tokenizer.
        HubError: one of its classes says which trouble it was.
    """
    folder = _located(name)
    if not weight_files(folder):
        pickles = sorted(path.name for path in folder.glob("*") if path.suffix in _PICKLES)
        more = f"; {pickles[0]} can run code, and is never opened" if pickles else ""
        raise ModelFileError(f"{name} has no {WEIGHTS_NAME}{more}: {_ADVICE}")
    return Source(folder, _text(folder, CONFIG, name), _text(folder, TOKENIZER, name))


_ADVICE = "load it once with transformers, and save model and tokenizer with save_pretrained"


def _located(name: str) -> Path:
    folder = Path(name).expanduser()
    of_hub = _OF_HUB.fullmatch(name)
    if folder.is_dir():
        return folder
    if of_hub is None:
        raise ModelFileError(
            f"{name!r} is neither a folder nor the name of a repository, as org/name[@revision]"
        )
    repo = of_hub["repo"]
    commit = resolve(repo, of_hub["revision"])
    names = {file.path for file in state_files(repo, commit)}
    wanted = {CONFIG, TOKENIZER}
    if WEIGHTS_NAME in names:
        wanted.add(WEIGHTS_NAME)
    else:
        wanted |= {INDEX_NAME, *filter(_SHARD.fullmatch, names)}
    return fetch(repo, commit, wanted=wanted).folder


def _text(folder: Path, file: str, name: str) -> str:
    path = folder / file
    if not path.is_file():
        why = ": only fast tokenizers are read" if file == TOKENIZER else ""
        raise ModelFileError(f"{name} has no {file}{why}; {_ADVICE}")
    try:
        if path.stat().st_size > MAX_ASSET_BYTES:
            raise ModelFileError(f"{path} is larger than {MAX_ASSET_BYTES >> 20} MB")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
