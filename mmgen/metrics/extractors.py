"""Features of pictures, by which sets of pictures are compared: any encoder of the zoo."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, NotInstalledError, OfflineError, UnsupportedOperationError
from mmgen.interfaces import Encoder, HasFeatures, Model, Progress
from mmgen.media.fitting import fit_pictures
from mmgen.slots import Size

INCEPTION = "inception"
BICUBIC = "bicubic, antialiased"
_AT_ONCE = 256
_INCEPTION_LAYERS = ("64", "192", "768", "2048", "logits_unbiased")
_INCEPTION_PX = 299


class FeatureExtractor(ABC):
    """From pictures to features (N, D).

    Attributes:
        name: as it was asked for.
        sha256: of its weights, in hexadecimal.
        layer: where in the network the features are taken.
        dimension: D.
        size: the pictures it looks at; None where any size and channels will do.
        filter: how pictures of another size are resized, in words.
    """

    name: str
    sha256: str
    layer: str
    dimension: int
    size: Size | None
    filter: str = BICUBIC

    @abstractmethod
    def look(self, images: Tensor) -> Tensor:
        """Return float32 (N, D) on the CPU, of images (N, C, H, W) in [0, 1]."""

    def resize(self, pictures: PictureData) -> str:
        """Return in words what is done to pictures before they are looked at.

        Raises:
            DataError: they are in colour and the extractor sees grey alone.
        """
        return describe_resize(self.size, pictures, self.name, self.filter)

    def features(self, pictures: PictureData, progress: Progress | None = None) -> Iterator[Tensor]:
        """Yield features, float32 (n, D) on the CPU, of all pictures, batch by batch.

        Raises:
            DataError: the pictures are in colour and the extractor sees grey alone, or a feature
                is no finite number.
        """
        self.resize(pictures)
        for rows in torch.arange(len(pictures)).split(_AT_ONCE):
            found = self.look(pictures.batch(rows, columns=())["target"])
            self._check_finite(found, pictures, rows)
            yield found
            if progress is not None:
                progress(int(rows[-1]) + 1, len(pictures))

    def _check_finite(self, features: Tensor, pictures: PictureData, rows: Tensor) -> None:
        broken = ~features.isfinite().all(dim=1)
        if broken.any():
            first = int(rows[broken][0])
            raise DataError(
                f"features must be finite numbers; the extractor {self.name!r} gives NaN or "
                f"infinity at layer {self.layer!r} for {int(broken.sum())} of {len(rows)} pictures "
                f"of {pictures.name}, picture {first} the first: its weights are damaged, or the "
                "layer overflows; take another layer, or another extractor"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return what a protocol says of it."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "layer": self.layer,
            "dimension": self.dimension,
        }


class ZooExtractor(FeatureExtractor):
    """The features of a model of the zoo at one of its layers; maps are averaged over space.

    Args:
        model: with features of pictures, on the device where it is to work.
        layer: of `model.layers`.
        name: as it was asked for.

    Raises:
        UnsupportedOperationError: the model shows no features, has no such layer, or is one of
            another modality.
    """

    def __init__(self, model: Model, layer: str = "pooled", *, name: str = "") -> None:
        self.name = name or model_name(model)
        self.layer = layer
        if isinstance(model, Encoder) and model.modality != "image":
            raise UnsupportedOperationError(
                f"an extractor looks at pictures; {self.name!r} is an encoder of {model.modality}: "
                "take one of pictures (mmgen list --json tells their tasks)"
            )
        if not isinstance(model, HasFeatures):
            raise UnsupportedOperationError(
                f"an extractor shows what it sees, layer by layer; {self.name!r} does not: take a "
                "classifier or an encoder of pictures"
            )
        if layer not in model.layers:
            raise UnsupportedOperationError(
                f"{self.name!r} has no layer {layer!r}; it has {', '.join(model.layers)}"
            )
        self.model = model.eval()
        self.sha256 = weights_sha256(model)
        self.size = model.size if isinstance(model, Encoder) else None
        self.dimension = self._probe().shape[1]

    def _probe(self) -> Tensor:
        size = self.size or Size(channels=3, height=32, width=32)
        return self.look(torch.zeros(1, size.channels, size.height, size.width))

    @torch.inference_mode()
    def look(self, images: Tensor) -> Tensor:
        """Return float32 (N, D) on the CPU, of images (N, C, H, W) in [0, 1]."""
        if self.size is not None:
            size = self.size
            images = fit_pictures(images, size.channels, size.height, size.width)
        assert isinstance(self.model, HasFeatures)
        found = self.model.encode(images, layers=(self.layer,))[self.layer]
        return found.flatten(2).mean(dim=2) if found.ndim > 2 else found


class InceptionExtractor(FeatureExtractor):
    """The network of the first Fréchet distances, as torch-fidelity ported it; its weights are
    fetched when it is first used.

    Args:
        layer: "pooled", which is "2048", or "64", "192", "768", "logits_unbiased".
        device: where it works.

    Raises:
        NotInstalledError: torchmetrics or torch-fidelity is missing.
        OfflineError: the weights are not here and cannot be fetched.
        UnsupportedOperationError: there is no such layer.
    """

    filter = "bilinear, antialiased"

    def __init__(self, layer: str = "pooled", *, device: torch.device | str = "cpu") -> None:
        inner = "2048" if layer == "pooled" else layer
        if inner not in _INCEPTION_LAYERS:
            raise UnsupportedOperationError(
                f"{INCEPTION!r} has no layer {layer!r}; it has pooled, "
                f"{', '.join(_INCEPTION_LAYERS)}"
            )
        self.name, self.layer = INCEPTION, layer
        self.network = _open_inception(inner).to(device)
        self.device = torch.device(device)
        self.sha256 = state_sha256(self.network)
        self.size = Size(channels=3, height=_INCEPTION_PX, width=_INCEPTION_PX)
        self.dimension = self.look(torch.zeros(1, 3, 8, 8)).shape[1]

    @torch.inference_mode()
    def look(self, images: Tensor) -> Tensor:
        """Return float32 (N, D) on the CPU, of images (N, C, H, W) in [0, 1]."""
        colour = fit_pictures(images, 3, *images.shape[2:])
        pixels = colour.mul(255).round().to(self.device, torch.uint8)
        return self.network(pixels).flatten(1).float().cpu()


def _open_inception(layer: str) -> torch.nn.Module:
    command = "pip install 'mmgen-core[metrics]' torch-fidelity"
    try:
        build = import_module("torchmetrics.image.fid").NoTrainInceptionV3
        network: torch.nn.Module = build(name="inception-v3-compat", features_list=[layer])
    except ImportError as error:
        raise NotInstalledError(
            f"the extractor {INCEPTION!r} needs torchmetrics and torch-fidelity: {error}; "
            f"install them: {command}; or take an encoder of the zoo",
            command=command,
        ) from error
    except OSError as error:
        raise OfflineError(
            f"the weights of {INCEPTION!r} are not here and cannot be fetched: {error}; go "
            "online, or take an encoder of the zoo"
        ) from error
    return network.eval()


def open_extractor(
    name: str, layer: str, load: Callable[[str], Model], device: torch.device | str = "cpu"
) -> FeatureExtractor:
    """Return the extractor of that name, "inception" or a model that `load` finds."""
    if name == INCEPTION:
        return InceptionExtractor(layer, device=device)
    return ZooExtractor(load(name), layer, name=name)


def describe_resize(
    size: Size | None, pictures: PictureData, name: str, filter: str = BICUBIC
) -> str:
    """Return in words what is done to pictures before a network of that size looks at them.

    Args:
        size: None where any size and channels will do.
        name: of the network.
        filter: how it resizes, in words.

    Raises:
        DataError: the pictures are in colour and the network sees grey alone.
    """
    if size is None:
        return "none"
    channels, height, width = pictures.images.shape[1:]
    if size.channels == 1 and channels > 1:
        raise DataError(
            f"{name!r} sees grey alone, and {pictures.name} is in colour, which it would not "
            "measure; take a network of colour, or for a model of grey pictures set "
            "data.channels=1"
        )
    done = []
    if (height, width) != (size.height, size.width):
        done.append(f"{width}×{height} to {size.width}×{size.height}, {filter}")
    if channels == 1 and size.channels == 3:
        done.append("grey repeated as colour")
    if channels == 4:
        done.append("transparent parts over white")
    return "; ".join(done) or "none"


def model_name(model: Model) -> str:
    """Return what a protocol calls a model."""
    if model.origin is not None:
        return model.origin.name
    return model.identity.architecture or type(model).__name__


def weights_sha256(model: Model) -> str:
    """Return the sha256 of the file that the weights came from, else of the weights themselves.

    Of several files it is that of their own hashes, in the order of their names. Who changes the
    weights of a model that was loaded sets its `origin` to None.
    """
    files = {} if model.origin is None else model.origin.sha256
    weights = {
        path: found for path, found in sorted(files.items()) if path.endswith(".safetensors")
    }
    if len(weights) == 1:
        return next(iter(weights.values()))
    if weights:
        listed = "".join(f"{path}\n{found}\n" for path, found in weights.items())
        return hashlib.sha256(listed.encode()).hexdigest()
    return state_sha256(model)


def state_sha256(network: torch.nn.Module) -> str:
    """Return the sha256 over names, types, shapes and bytes of all tensors of a network."""
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        flat = tensor.detach().cpu().contiguous()
        total.update(f"{name} {flat.dtype} {tuple(flat.shape)}\n".encode())
        total.update(flat.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()
