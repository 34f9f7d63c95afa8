"""Classifiers of the zoo that say what is in a picture, drawn or real."""

from collections.abc import Callable

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.interfaces import Classifies, Encoder, Model, Progress
from mmgen.metrics.extractors import (
    BICUBIC,
    INCEPTION,
    InceptionExtractor,
    describe_resize,
    model_name,
    weights_sha256,
)
from mmgen.slots import Size

_AT_ONCE = 256


class Judge:
    """A classifier and what a protocol says of it.

    Args:
        model: on the device where it is to work.
        name: as it was asked for.

    Attributes:
        classes: the K names.

    Raises:
        UnsupportedOperationError: the model does not classify, or is of another modality.
    """

    filter: str = BICUBIC

    def __init__(self, model: Model, *, name: str = "") -> None:
        self.name = name or model_name(model)
        if isinstance(model, Encoder) and model.modality != "image":
            raise UnsupportedOperationError(
                f"a judge looks at pictures; {self.name!r} is an encoder of {model.modality}"
            )
        if not isinstance(model, Classifies) or not model.classes:
            raise UnsupportedOperationError(
                f"a judge tells classes apart (classify); {self.name!r} does not: take a "
                "classifier of pictures"
            )
        self.model = model.eval()
        self.classes = model.classes
        self.sha256 = weights_sha256(model)
        self.size: Size | None = model.size if isinstance(model, Encoder) else None

    def resize(self, pictures: PictureData) -> str:
        """Return in words what is done to pictures before they are judged.

        Raises:
            DataError: they are in colour and the judge sees grey alone.
        """
        return describe_resize(self.size, pictures, self.name, self.filter)

    def probabilities(self, pictures: PictureData, progress: Progress | None = None) -> Tensor:
        """Return float64 (N, K), each row adding up to 1.

        Raises:
            DataError: they are in colour and the judge sees grey alone, or a probability is no
                number.
        """
        self.resize(pictures)
        found = []
        for rows in torch.arange(len(pictures)).split(_AT_ONCE):
            found.append(self._look(pictures.batch(rows, columns=())["target"]))
            if progress is not None:
                progress(int(rows[-1]) + 1, len(pictures))
        probabilities = torch.cat(found).double()
        if not probabilities.isfinite().all():
            broken = int((~probabilities.isfinite().all(dim=1)).sum())
            raise DataError(
                f"probabilities must be numbers; the judge {self.name!r} gives NaN for {broken} of "
                f"{len(pictures)} pictures of {pictures.name}: its weights are damaged; take "
                "another"
            )
        return probabilities

    @torch.inference_mode()
    def _look(self, images: Tensor) -> Tensor:
        assert isinstance(self.model, Classifies)
        return self.model.classify(images).probabilities.cpu()


class InceptionJudge(Judge):
    """The thousand classes and eight of the first inception scores, without names."""

    filter = InceptionExtractor.filter

    def __init__(self, *, device: torch.device | str = "cpu") -> None:
        self.network = InceptionExtractor("logits_unbiased", device=device)
        self.name, self.sha256, self.size = INCEPTION, self.network.sha256, self.network.size
        self.classes = tuple(map(str, range(self.network.dimension)))

    @torch.inference_mode()
    def _look(self, images: Tensor) -> Tensor:
        return self.network.look(images).softmax(dim=1)


def open_judge(
    name: str, load: Callable[[str], Model], device: torch.device | str = "cpu"
) -> Judge:
    """Return the judge of that name, "inception" or a model that `load` finds."""
    return InceptionJudge(device=device) if name == INCEPTION else Judge(load(name), name=name)
