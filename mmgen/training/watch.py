"""How a generator's samples compare with held-out pictures while it learns, and an alarm."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.data import PictureData
from mmgen.data.splits import held_out_rows
from mmgen.errors import TrainingError
from mmgen.interfaces import Generator, Model
from mmgen.metrics.distances import frechet_distance, kernel_distances
from mmgen.metrics.extractors import FeatureExtractor, open_extractor
from mmgen.metrics.manifold import manifold_scores, mean_distances
from mmgen.metrics.samples import SampleRequest, draw_samples
from mmgen.metrics.statistics import gather_statistics
from mmgen.pretrained import from_pretrained
from mmgen.training.config import TrainingConfig

_FEWEST = 16
_SOME = 64
_SUBSETS = 50
_PIXELS = 16
_FALL = 0.5
_ASKED = ("label", "text")
_ADVICE = {"spread": (0.2, "the samples' pairwise distance, 1 that of real pictures,"),
           "coverage": (0.1, "the share of held-out pictures with a sample near them")}  # fmt: skip


class SampleWatch:
    """Draws samples at every evaluation and compares them with pictures held out.

    Args:
        model: whose samples; drawn with the conditions of the pictures, where it takes them.
        pictures: held out.
        extractor: in whose features they are compared.
        count: samples each time; as many pictures, or all where there are fewer.
        seed: of the samples, the same each time.

    Raises:
        DataError: the extractor cannot look at the pictures, or they are too few.
    """

    def __init__(
        self,
        model: Generator,
        pictures: PictureData,
        extractor: FeatureExtractor,
        *,
        count: int,
        seed: int,
    ) -> None:
        if count < len(pictures):
            pictures = pictures.select(held_out_rows(len(pictures), count, seed))
        slots = {slot.name for slot in model.slots if slot.required or slot.name in _ASKED}
        self._model = model
        self._pictures = pictures
        self._extractor = extractor
        self._request = SampleRequest(
            count=count,
            seed=seed,
            conditions=tuple(sorted(slots & set(pictures.columns))),
            labels="data",
        )
        self._real = torch.cat(list(extractor.features(pictures)))
        self._statistics = gather_statistics([self._real])
        self._spread = float(mean_distances(self._real).mean())

    def look(self) -> dict[str, float]:
        """Draw and compare, with the model as it is: "fid", "kid", "coverage" and "spread".

        The two distances are those of `mmgen.metrics.distances`, in few samples: for their
        course, not for a paper. The spread is the samples' mean pairwise distance over that of
        the pictures.
        """
        drawn = draw_samples(self._model, self._pictures, self._request)
        made = torch.cat(list(self._extractor.features(drawn)))
        size = min(1000, min(len(made), len(self._real)) // 2)
        kernel = kernel_distances(self._real, made, subsets=_SUBSETS, subset_size=size)
        return {
            "fid": frechet_distance(self._statistics, gather_statistics([made])),
            "kid": float(kernel.mean()),
            "coverage": float(manifold_scores(self._real, made).coverage.mean()),
            "spread": float(mean_distances(made).mean()) / max(self._spread, 1e-12),
        }


def open_watch(
    config: TrainingConfig, model: Model, pictures: PictureData | None, device: torch.device
) -> SampleWatch | None:
    """Return the watch that `watch_encoder` asks for; None where it asks for none.

    Args:
        pictures: held out; None where none are.
        device: where the encoder works.

    Raises:
        TrainingError: the model draws nothing, or only from what the pictures lack, or there are
            too few of them.
        MmgenError: the encoder cannot be had, or cannot look at the pictures.
    """
    if config.watch_encoder is None:
        return None
    if not isinstance(model, Generator):
        raise TrainingError(
            f"watch_encoder looks at samples, and {model.identity.architecture!r} draws none: "
            "leave it out"
        )
    count = 0 if pictures is None else len(pictures)
    if pictures is None or count < _FEWEST:
        raise TrainingError(
            f"samples are compared with at least {_FEWEST} held-out pictures; there are {count}: "
            "set data.held_out, or leave watch_encoder out"
        )

    for slot in model.slots:
        if slot.required and slot.name not in pictures.columns:
            raise TrainingError(
                f"watch_encoder looks at samples, and {model.identity.architecture!r} draws none "
                f"without {slot.name!r}, which the data does not have: leave it out"
            )

    def load(name: str) -> Model:
        return from_pretrained(name, device=device)

    extractor = open_extractor(config.watch_encoder, "pooled", load, device)
    return SampleWatch(model, pictures, extractor, count=config.watch_samples, seed=config.seed)


def some_pictures(pictures: PictureData) -> Tensor:
    """Return a few pictures from everywhere in a set: float32 (n, C, H, W) in [0, 1]."""
    count = len(pictures)
    rows = held_out_rows(count, _SOME, 0) if count > _SOME else np.arange(count)
    images: Tensor = pictures.batch(torch.from_numpy(rows), columns=())["target"]
    return images


def pixel_spread(images: Tensor, others: Tensor) -> float:
    """Return the mean pairwise distance of pictures over that of others, at 16 × 16 px or less.

    Args:
        images: (N, C, H, W) in [0, 1], N >= 2.
        others: (M, C, H, W) likewise, M >= 2.
    """
    of_images, of_others = (
        float(mean_distances(_shrink(part)).mean()) for part in (images, others)
    )
    return of_images / max(of_others, 1e-12)


def _shrink(images: Tensor) -> Tensor:
    height, width = (min(_PIXELS, side) for side in images.shape[2:])
    return F.adaptive_avg_pool2d(images.float(), (height, width)).flatten(1)


def collapse_warning(name: str, history: Sequence[tuple[int, float]]) -> str:
    """Return a warning where a figure of variety has just fallen to half its best, or "".

    Args:
        name: "spread" or "coverage".
        history: (step, value) of all looks, the last one now. Above 1 counts as 1: what varies
            more than real pictures is noise.
    """
    least, what = _ADVICE[name]
    values = [min(value, 1.0) for _, value in history]
    if len(values) < 2 or not _has_fallen(values, least) or _has_fallen(values[:-1], least):
        return ""
    best = max(range(len(values) - 1), key=values.__getitem__)
    return (
        f"the model may be collapsing: {what} is {history[-1][1]:.2g}, after "
        f"{history[best][1]:.2g} at step {history[best][0]:,}; what usually helps: a stronger "
        "penalty on the judge or a slower one, augmentation where pictures are few, a lower "
        "learning_rate, a larger batch"
    )


def _has_fallen(values: Sequence[float], least: float) -> bool:
    before = max(values[:-1], default=0.0)
    return before >= least and values[-1] < _FALL * before
