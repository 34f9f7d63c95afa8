"""Architecture, data set and metrics keep the contract of `mmgen.testing`."""

import pytest
import torch
from mmgen_plugin_scenes.config import SceneReaderConfig
from mmgen_plugin_scenes.reader import SceneReader

from mmgen.testing import (
    DatasetCase,
    DatasetContract,
    EncoderCase,
    EncoderContract,
    MetricCase,
    MetricContract,
)

PICTURES = torch.rand(4, 3, 16, 24, generator=torch.Generator().manual_seed(0))
CAPTIONS = (
    "a red seven on the left",
    "a small blue 2 at the top and a big white nine in the middle",
    "three digits: a cyan 1 on the right, a green zero below, a yellow 4 on the left",
)


class TestSceneReader(EncoderContract):
    case = EncoderCase(
        architecture="scene-reader",
        config={"height": 16, "width": 24, "widths": (4, 6), "looks": 3, "embedding_width": 8},
        values=PICTURES,
        texts=CAPTIONS,
    )


class TestMnistScenes(DatasetContract):
    @pytest.fixture(autouse=True)
    def from_digits(self, digits):
        options = {"base": str(digits), "made_pictures": 20}
        type(self).case = DatasetCase(dataset="mnist-scenes", options=options)


class TestSceneAttributes(MetricContract):
    @pytest.fixture(autouse=True)
    def of_scenes(self, scenes):
        type(self).case = MetricCase(
            metric="scene-attributes", data=lambda: scenes("test", count=12)
        )


class TestSceneReading(MetricContract):
    @pytest.fixture(autouse=True)
    def of_scenes(self, scenes):
        type(self).case = MetricCase(
            metric="scene-reading",
            data=lambda: scenes("test", count=12),
            model=lambda _: SceneReader(SceneReaderConfig(widths=(4, 6))).eval(),
        )
