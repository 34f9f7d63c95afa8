"""What the metrics of one call share: pictures drawn once, networks loaded once, features."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.extractors import FeatureExtractor, open_extractor
from mmgen.metrics.judges import Judge, open_judge
from mmgen.metrics.matchers import Matcher
from mmgen.metrics.samples import SampleRequest, draw_samples
from mmgen.metrics.statistics import FeatureStatistics, gather_statistics
from mmgen.metrics.statistics_cache import keep_statistics, read_statistics, statistics_key
from mmgen.pretrained import from_pretrained

_KEPT_BYTES = 2**29


class Workbench:
    """Makes what metrics need when it is first asked for, and keeps it.

    It is for one state of the models: whoever trains on takes a new one.

    Args:
        models: encoders and classifiers by the names that options may give them, beside those
            that `from_pretrained` finds.
    """

    def __init__(self, models: Mapping[str, Model] | None = None) -> None:
        self._models = dict(models or {})
        self._extractors: dict[tuple[str, str], FeatureExtractor] = {}
        self._judges: dict[str, Judge] = {}
        self._matchers: dict[str, Matcher] = {}
        self._samples: dict[tuple[int, str, SampleRequest], tuple[Generator, PictureData]] = {}
        self._splits: dict[tuple[int, str], tuple[PictureData, PictureData | None]] = {}
        self._features: dict[tuple[str, ...], Tensor] = {}

    def model(self, name: str, device: torch.device) -> Model:
        """Return the model of that name, loaded once."""
        if name not in self._models:
            self._models[name] = from_pretrained(name, device=device)
        return self._models[name]

    def extractor(self, name: str, layer: str, device: torch.device) -> FeatureExtractor:
        """Return the extractor of that name and layer."""
        key = (name, layer)
        if key not in self._extractors:
            found = open_extractor(name, layer, lambda name: self.model(name, device), device)
            self._extractors[key] = found
        return self._extractors[key]

    def judge(self, name: str, device: torch.device) -> Judge:
        """Return the classifier of that name."""
        if name not in self._judges:
            self._judges[name] = open_judge(name, lambda name: self.model(name, device), device)
        return self._judges[name]

    def matcher(self, name: str, device: torch.device) -> Matcher:
        """Return the model of that name that embeds several modalities together."""
        if name not in self._matchers:
            self._matchers[name] = Matcher(self.model(name, device), name=name)
        return self._matchers[name]

    def samples(
        self,
        model: Generator,
        data: PictureData,
        request: SampleRequest,
        progress: Progress | None = None,
    ) -> PictureData:
        """Return the pictures of a request; see `draw_samples`."""
        from_data = request.labels == "data" or set(request.conditions) - {"label"}
        key = (id(model), data.fingerprint if from_data else "", request)
        if key not in self._samples:
            self._samples[key] = model, draw_samples(model, data, request, progress)
        return self._samples[key][1]

    def let_go(self, model: Model) -> None:
        """Forget a model's samples and their features; networks and real pictures' are kept."""
        for key in [key for key in self._samples if key[0] == id(model)]:
            _, samples = self._samples.pop(key)
            for other in [key for key in self._features if key[0] == samples.fingerprint]:
                del self._features[other]

    def other_split(self, data: PictureData, split: str) -> PictureData | None:
        """Return another split of the data's source; None where there is none of that size."""
        key = (id(data), split)
        if key not in self._splits:
            self._splits[key] = data, _read_split(data, split)
        return self._splits[key][1]

    def features(
        self, pictures: PictureData, extractor: FeatureExtractor, progress: Progress | None = None
    ) -> Tensor:
        """Return the features of all pictures, float32 (N, D)."""
        key = _key(pictures, extractor)
        if key not in self._features:
            found = torch.empty(len(pictures), extractor.dimension)
            start = 0
            for batch in extractor.features(pictures, progress):
                found[start : start + len(batch)] = batch
                start += len(batch)
            self._features[key] = found
        return self._features[key]

    def statistics(
        self,
        pictures: PictureData,
        extractor: FeatureExtractor,
        part: str,
        progress: Progress | None = None,
    ) -> FeatureStatistics:
        """Return the statistics of real pictures, from the disk where they are kept there.

        Args:
            part: which of the split's pictures they are, in words.
        """
        key = statistics_key(pictures, extractor, part)
        found = read_statistics(key)
        if found is None:
            small = len(pictures) * extractor.dimension * 4 <= _KEPT_BYTES
            if small or _key(pictures, extractor) in self._features:
                found = gather_statistics([self.features(pictures, extractor, progress)])
            else:
                found = gather_statistics(extractor.features(pictures, progress))
            keep_statistics(key, found)
        return found


def _key(pictures: PictureData, extractor: FeatureExtractor) -> tuple[str, ...]:
    return pictures.fingerprint, extractor.sha256, extractor.layer


def _read_split(data: PictureData, split: str) -> PictureData | None:
    if data.reader is None:
        return None
    try:
        found = data.other_split(split)
    except DataError:
        return None
    return found if found.images.shape[1:] == data.images.shape[1:] else None
