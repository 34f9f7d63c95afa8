"""A network with its config, and the parts it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mmgen.options import Options

if TYPE_CHECKING:
    from mmgen.publishing import Publication


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a model's files came from.

    Attributes:
        name: what the user asked for: a zoo name, a folder, a Hub repo.
        source: "package", "folder" or "hub".
        revision: 40-hex commit on the Hub, or the plugin's version for bundled weights.
        sha256: by path in the model's folder.
    """

    name: str
    source: str
    revision: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what a recipe records."""
        return {
            "name": self.name,
            "source": self.source,
            "revision": self.revision,
            "sha256": dict(self.sha256),
        }


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which registered architecture a model is, and which distribution brought it."""

    family: str = ""
    architecture: str = ""
    distribution: str = ""
    version: str = ""


class Model(nn.Module):
    """A network built from a config.

    A submodule that is itself a Model is a part: it is saved in a sub-folder of the same form,
    named by the last component of its path, and loads alone.

    Buffers must be persistent, or made on first use: models are built without storage and take
    their tensors from the file.

    What a network needs beside config and weights (a vocabulary) are its assets: small files of
    JSON or text. It returns them from `assets`, and takes them when it is built again by the
    keyword `assets`, the same texts by name.
    """

    config: Options
    identity: Identity = Identity()
    origin: Origin | None = None

    def __init__(self, config: Options) -> None:
        super().__init__()
        self.config = config

    def assets(self) -> dict[str, str]:
        """Return {file name: text} of what is saved beside config and weights; usually nothing.

        Names end in .json or .txt.
        """
        return {}

    def parts(self) -> dict[str, tuple[str, "Model"]]:
        """Return {folder name: (dotted path, part)} for the topmost parts."""
        found: dict[str, tuple[str, Model]] = {}
        for path, module in self.named_modules():
            inside = any(path.startswith(f"{outer}.") for outer, _ in found.values())
            if not path or inside or not isinstance(module, Model):
                continue
            name = path.rpartition(".")[2]
            if name in found:
                raise ValueError(f"two parts are named {name!r}: {found[name][0]} and {path}")
            found[name] = (path, module)
        return found

    def own_state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that belong to no part, by name; one with several names once."""
        parts = [part for _, part in self.parts().values()]
        seen = {id(t) for part in parts for t in (*part.parameters(), *part.buffers())}
        own = {}
        for name, tensor in self.state_dict(keep_vars=True).items():
            if id(tensor) not in seen:
                own[name] = tensor.detach()
            if isinstance(tensor, nn.Parameter):
                seen.add(id(tensor))
        return own

    def tied_names(self) -> dict[str, str]:
        """Return {further name: first name} of the parameters that have several (tied weights)."""
        first: dict[int, str] = {}
        named = self.named_parameters(remove_duplicate=False)
        tied = {name: first.setdefault(id(parameter), name) for name, parameter in named}
        return {name: source for name, source in tied.items() if name != source}

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next((tensor.device for tensor in self.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """The parameters' floating type."""
        floating = (p.dtype for p in self.parameters() if p.is_floating_point())
        return next(floating, torch.float32)

    @property
    def num_parameters(self) -> int:
        """How many numbers were learned, parts included."""
        return sum(parameter.numel() for parameter in self.parameters())

    def save(self, folder: str | Path, *, dtype: torch.dtype | None = None) -> Path:
        """Write the model into a folder, whole or not at all; see `mmgen.pretrained.save`."""
        from mmgen.pretrained import save

        return save(self, folder, dtype=dtype)

    def push_to_hub(self, to: str, **settings: Any) -> "Publication":
        """Publish the model as "org/name", with its card; see `mmgen.publishing.publish`."""
        # The one arrow that points up: people look for this on the model.
        from mmgen.publishing import publish

        return publish(self, to, **settings)
