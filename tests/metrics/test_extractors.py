"""Features of pictures: whose they are, how pictures are brought to them, what is refused."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from bars import Ear, Eye, Painter, bars
from torch import Tensor, nn

from mmgen.data import PictureData
from mmgen.errors import DataError, NotInstalledError, OfflineError, UnsupportedOperationError
from mmgen.interfaces.model import Origin
from mmgen.media.fitting import fit_pictures
from mmgen.metrics.extractors import InceptionExtractor, ZooExtractor, state_sha256
from mmgen.metrics.judges import InceptionJudge, Judge

COLOUR = PictureData(images=torch.full((5, 3, 6, 6), 9, dtype=torch.uint8), name="photographs")


def test_features_come_in_batches_and_are_those_of_the_encoder() -> None:
    eye, data = Eye(), bars(600)
    done: list[tuple[int, int]] = []
    batches = list(ZooExtractor(eye).features(data, lambda *news: done.append(news)))
    assert [len(batch) for batch in batches] == [256, 256, 88]
    assert done == [(256, 600), (512, 600), (600, 600)]
    expected = eye.encode(data.batch(torch.arange(600))["target"])["pooled"]
    assert torch.equal(torch.cat(batches), expected)


def test_maps_are_averaged_over_space() -> None:
    data = bars(10)
    extractor = ZooExtractor(Eye(), "map")
    features = torch.cat(list(extractor.features(data)))
    assert extractor.dimension == 3
    expected = data.batch(torch.arange(10))["target"].mean(dim=(1, 2, 3))
    assert torch.allclose(features, expected[:, None].expand(-1, 3))


def test_pictures_of_another_size_are_brought_to_the_encoders() -> None:
    eye, data = Eye(channels=3, side=9), bars(10)
    extractor = ZooExtractor(eye)
    assert extractor.resize(data) == "6×6 to 9×9, bicubic, antialiased; grey repeated as colour"
    assert extractor.resize(COLOUR) == "6×6 to 9×9, bicubic, antialiased"
    images = fit_pictures(data.batch(torch.arange(10))["target"], 3, 9, 9)
    assert torch.equal(next(extractor.features(data)), eye.encode(images)["pooled"])
    assert ZooExtractor(Eye()).resize(data) == "none"


def test_colour_before_a_grey_network_is_refused() -> None:
    with pytest.raises(DataError, match=r"'Eye' sees grey alone, and photographs is in colour"):
        next(ZooExtractor(Eye()).features(COLOUR))
    with pytest.raises(DataError, match=r"sees grey alone"):
        Judge(Eye()).probabilities(COLOUR)


def test_the_sha256_is_that_of_the_file_or_of_the_tensors() -> None:
    eye, same, other = Eye(), Eye(), Eye()
    other.weights.data[0, 0] += 1
    assert ZooExtractor(eye).sha256 == ZooExtractor(same).sha256 == state_sha256(eye)
    assert ZooExtractor(other).sha256 != ZooExtractor(eye).sha256
    files = {"config.json": "c" * 64, "model.safetensors": "a" * 64}
    eye.origin = Origin(name="eye", source="hub", sha256=files)
    found = ZooExtractor(eye)
    assert found.to_dict() == {
        "name": "eye",
        "sha256": "a" * 64,
        "layer": "pooled",
        "dimension": 8,
    }
    parts = files | {"head/model.safetensors": "b" * 64}
    same.origin = Origin(name="eye", source="hub", sha256=parts)
    assert len(ZooExtractor(same).sha256) == 64
    assert ZooExtractor(same).sha256 not in ("a" * 64, "b" * 64)


def test_what_is_no_extractor_is_refused_in_words() -> None:
    with pytest.raises(UnsupportedOperationError, match=r"'Ear' is an encoder of label"):
        ZooExtractor(Ear())
    with pytest.raises(UnsupportedOperationError, match="'Painter' does not: take a classifier"):
        ZooExtractor(Painter())
    with pytest.raises(UnsupportedOperationError, match=r"no layer 'poled'; it has map, pooled"):
        ZooExtractor(Eye(), "poled")
    with pytest.raises(UnsupportedOperationError, match=r"'Ear' is an encoder of label"):
        Judge(Ear())
    with pytest.raises(UnsupportedOperationError, match=r"tells classes apart.*'Painter'"):
        Judge(Painter())


def test_features_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"'Eye' gives NaN.*'pooled' for 1 of 256 pictures of bars, picture 1"
    ):
        list(ZooExtractor(Eye(broken=True)).features(bars(300)))
    with pytest.raises(DataError, match=r"the judge 'Eye' gives NaN for 2 of 300 pictures"):
        Judge(Eye(broken=True)).probabilities(bars(300))


class _Inception(nn.Module):
    """Stands for the real one: takes bytes in colour, gives vectors."""

    def __init__(self, name: str, features_list: list[str]) -> None:
        super().__init__()
        self.asked = features_list
        self.scale = nn.Parameter(torch.ones(5))

    def forward(self, pixels: Tensor) -> Tensor:
        assert pixels.dtype == torch.uint8
        assert pixels.shape[1] == 3
        return pixels.float().mean(dim=(1, 2, 3))[:, None] * self.scale


def test_inception_takes_bytes_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(NoTrainInceptionV3=_Inception)
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", module)
    extractor, data = InceptionExtractor(), bars(10)
    network: Any = extractor.network
    assert network.asked == ["2048"]
    assert extractor.dimension == 5
    assert extractor.resize(data) == (
        "6×6 to 299×299, bilinear, antialiased; grey repeated as colour"
    )
    means = data.images[:].float().mean(dim=(1, 2, 3))
    assert torch.allclose(next(extractor.features(data)), means[:, None].expand(-1, 5))
    judge = InceptionJudge()
    assert judge.resize(data) == extractor.resize(data)
    assert torch.allclose(judge.probabilities(data), torch.full((10, 5), 0.2).double())
    with pytest.raises(UnsupportedOperationError, match=r"no layer '17'; it has pooled, 64"):
        InceptionExtractor("17")


def test_inception_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> Any:
        def build(**_: Any) -> None:
            raise error

        return SimpleNamespace(NoTrainInceptionV3=build)

    missing = fail(ModuleNotFoundError("Torch-fidelity is not installed"))
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", missing)
    with pytest.raises(NotInstalledError, match=r"pip install 'mmgen-core\[metrics\]'") as caught:
        InceptionExtractor()
    assert caught.value.command.endswith("torch-fidelity")
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", fail(OSError("no route")))
    with pytest.raises(OfflineError, match=r"cannot be fetched: no route; go online, or take"):
        InceptionExtractor()
