"""Statistics of real pictures, kept on the disk: a safetensors file whose header is JSON.

A file is named by data, split, part, extractor, layer and resize; it holds the fingerprint of the
pictures, so that a folder that has changed is noticed. Below the Hub's home (HF_HOME).
"""

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mmgen.data import PictureData
from mmgen.errors import MmgenWarning, OutputError
from mmgen.media.files import atomic_file
from mmgen.media.targets import output_error
from mmgen.metrics.extractors import FeatureExtractor
from mmgen.metrics.statistics import FeatureStatistics
from mmgen.metrics.statistics_folder import statistics_folder

_FORMAT = 1


@dataclass(frozen=True)
class StatisticsKey:
    """What statistics are of.

    Attributes:
        fingerprint: of the pictures.
        name: what stays where the pictures of a folder change; JSON-able.
    """

    fingerprint: str
    name: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """The file that holds them."""
        data = re.sub(r"[^a-z0-9]+", "-", str(self.name["data"]).lower()).strip("-")[:40]
        digest = hashlib.sha256(json.dumps(self.name, sort_keys=True).encode()).hexdigest()
        return statistics_folder() / f"{data}-{digest[:24]}.safetensors"


def statistics_key(
    pictures: PictureData, extractor: FeatureExtractor, part: str = "all"
) -> StatisticsKey:
    """Return what the statistics of pictures under an extractor are kept by.

    Args:
        part: which of the split's pictures, in words.
    """
    return StatisticsKey(
        pictures.fingerprint,
        {
            "data": pictures.name,
            "split": pictures.split,
            "part": part,
            "extractor": extractor.sha256,
            "layer": extractor.layer,
            "resize": extractor.resize(pictures),
        },
    )


def read_statistics(key: StatisticsKey) -> FeatureStatistics | None:
    """Return what is kept; None where there is nothing, a damaged file, or that of other pictures.

    Warns:
        MmgenWarning: the pictures are others than those that are kept by that name.
    """
    try:
        with safe_open(key.path, "pt") as file:
            header = json.loads((file.metadata() or {}).get("mmgen", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError):
        return None
    if header.get("format") != _FORMAT or header.get("name") != dict(key.name):
        return None
    before = header.get("fingerprint")
    if before != key.fingerprint:
        warnings.warn(
            f"{key.name['data']} ({key.name['split']}) has changed since its statistics were "
            f"cached, or is another set of that name, or read with other options: fingerprint "
            f"{str(before)[:12]}, now {key.fingerprint[:12]}; they are measured anew, and figures "
            "taken before are of other pictures",
            MmgenWarning,
            stacklevel=2,
        )
        return None
    if "mean" not in tensors or len(tensors) != 2:
        return None
    return FeatureStatistics(count=header["count"], **tensors)


def keep_statistics(key: StatisticsKey, statistics: FeatureStatistics) -> None:
    """Write statistics, whole or not at all; a disk that takes none is warned of."""
    header = {
        "format": _FORMAT,
        "name": dict(key.name),
        "fingerprint": key.fingerprint,
        "count": statistics.count,
    }
    parts = {
        "mean": statistics.mean,
        "covariance": statistics.covariance,
        "factor": statistics.factor,
    }
    tensors = {name: part.contiguous() for name, part in parts.items() if part is not None}
    content = save(tensors, {"mmgen": json.dumps(header)})
    try:
        _write(key.path, content)
    except OutputError as error:
        warnings.warn(f"statistics are not cached: {error}", MmgenWarning, stacklevel=2)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path.parent, error) from error
    with atomic_file(path) as file:
        file.write(content)
