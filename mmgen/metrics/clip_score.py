"""The CLIP score: how near pictures are to the captions that they were made from."""

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import RESAMPLED, mean_interval
from mmgen.metrics.compared import open_compared
from mmgen.metrics.matchers import Matcher, read_column, with_values
from mmgen.metrics.matching_options import ClipScoreOptions
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.samples import captions_of
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

_WEIGHT = 2.5


def clip_score(
    model: Model,
    data: PictureData,
    options: ClipScoreOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> MetricResult:
    """Return the mean of 2.5 · max(cos, 0) of samples and their captions (Hessel et al. 2021, 1).

    The floor, a ceiling here, is that of the real pictures and their own captions. Figures of two
    judges cannot be compared.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the judge does not embed
            pictures and texts together.
        UnsupportedConditionError: the model takes no text.
        DataError: the data has no captions.
    """
    workbench = workbench or Workbench()
    demand_captions("clip-score", data)
    data = with_values(data, ("text",))
    compared = open_compared("clip-score", model, data, options, workbench)
    judge = workbench.matcher(options.judge, compared.model.device)
    judge.demand("image", "text")
    resize = judge.resize(compared.real)
    notes = compared.notes()
    count, real = compared.request.count, len(compared.real)
    steps = in_stages(progress, count, count, real)
    captions = captions_of(compared.real, compared.request)
    scores = _scores(judge, compared.draw(steps[0]), captions, steps[1])
    own = read_column(compared.real, "text", torch.arange(real))
    real_scores = _scores(judge, compared.real, own, steps[2])
    floor = {
        "value": float(real_scores.mean()),
        "of": f"real {compared.real.split} and its own captions",
        "num_pictures": [real],
    }
    protocol = compared.protocol(resize, notes, judge=judge.to_dict(), interval=RESAMPLED)
    protocol["floor"] = floor
    interval = mean_interval(scores, seed=options.seed)
    return mean_result("clip-score", scores, "", protocol, interval)


def demand_captions(metric: str, data: PictureData) -> None:
    """Raise DataError for data without captions."""
    if data.texts is None:
        raise DataError(
            f"{metric} needs captions; {data.name} has none: take a captioned set, or name its "
            "text_column"
        )


def _scores(
    judge: Matcher, pictures: PictureData, captions: list[str], progress: Progress
) -> Tensor:
    seen, _ = judge.vectors(pictures, "image", progress)
    read = judge.model.embed(text=captions)["text"]
    return _WEIGHT * (seen.double() * read.double()).sum(dim=1).clamp(min=0)
