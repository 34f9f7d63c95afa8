"""Statistics on the disk: found again, and never for other pictures."""

from pathlib import Path

import pytest
import torch
from bars import Eye, bars

from mmgen.cli import main
from mmgen.cli.words import file_size
from mmgen.data import PictureData
from mmgen.errors import MmgenWarning
from mmgen.metrics.extractors import ZooExtractor
from mmgen.metrics.statistics_cache import keep_statistics, read_statistics, statistics_key
from mmgen.metrics.workbench import Workbench


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path / "mmgen" / "statistics"


@pytest.mark.parametrize("count", [5, 50])
def test_they_are_measured_once(cache: Path, count: int) -> None:
    eye, data = Eye(), bars(count)
    first = Workbench().statistics(data, ZooExtractor(eye), "all")
    seen = eye.seen
    extractor = ZooExtractor(eye)
    again = Workbench().statistics(bars(count), extractor, "all")
    assert eye.seen == seen + 1  # the extractor's own trial picture
    assert again.count == count
    assert torch.equal(again.mean, first.mean)
    assert torch.equal(again.root(), first.root())
    assert (again.factor is None) == (count > 8)
    assert [path.name[:5] for path in cache.iterdir()] == ["bars-"]


def test_another_split_part_layer_or_network_is_another_file(cache: Path) -> None:
    bench, eye = Workbench(), Eye()
    other = Eye()
    other.weights.data += 1
    bench.statistics(bars(20), ZooExtractor(eye), "all")
    bench.statistics(bars(20), ZooExtractor(eye), "10 drawn by seed 0")
    bench.statistics(bars(20, split="train"), ZooExtractor(eye), "all")
    bench.statistics(bars(20), ZooExtractor(eye, "map"), "all")
    bench.statistics(bars(20), ZooExtractor(other), "all")
    assert len(list(cache.iterdir())) == 5


def test_data_that_changed_is_noticed_and_measured_anew(cache: Path) -> None:
    extractor = ZooExtractor(Eye())
    before = Workbench().statistics(bars(20), extractor, "all")
    images = bars(20).images[:].clone()
    images[3] = 255
    changed = PictureData(images=images, name="bars", split="test")
    with pytest.warns(MmgenWarning, match=r"bars \(test\) has changed.*other options: fingerprint"):
        found = Workbench().statistics(changed, extractor, "all")
    assert not torch.equal(found.mean, before.mean)
    again = Workbench().statistics(changed, extractor, "all")
    assert torch.equal(again.mean, found.mean)


def test_a_damaged_file_is_none(cache: Path) -> None:
    extractor = ZooExtractor(Eye())
    key = statistics_key(bars(20), extractor)
    assert read_statistics(key) is None
    found = Workbench().statistics(bars(20), extractor, "all")
    key.path.write_bytes(key.path.read_bytes()[:-9])
    assert read_statistics(key) is None
    key.path.write_bytes(b"what")
    assert read_statistics(key) is None
    keep_statistics(key, found)
    assert read_statistics(key) is not None
    assert [path.suffix for path in cache.iterdir()] == [".safetensors"]


def test_a_disk_that_takes_nothing_costs_the_cache_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.warns(MmgenWarning, match="statistics are not cached"):
        assert Workbench().statistics(bars(20), ZooExtractor(Eye()), "all").count == 20


def test_many_pictures_are_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = ZooExtractor(Eye())
    expected = Workbench().statistics(bars(300), extractor, "once")
    monkeypatch.setattr("mmgen.metrics.workbench._KEPT_BYTES", 100)
    bench = Workbench()
    found = bench.statistics(bars(300), extractor, "again")
    assert not bench._features
    assert torch.allclose(found.mean, expected.mean)
    assert torch.allclose(found.root(), expected.root(), atol=1e-9) or torch.allclose(
        found.sandwich(torch.eye(8).double()), expected.sandwich(torch.eye(8).double())
    )


def test_the_cache_command_tells_of_them_and_clears_them(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "list"]) == 0
    assert "statistics" not in capsys.readouterr().err
    Workbench().statistics(bars(20), ZooExtractor(Eye()), "all")
    size = sum(path.stat().st_size for path in cache.iterdir())
    assert main(["cache", "list"]) == 0
    assert "statistics of pictures, 1 in number" in capsys.readouterr().err
    assert main(["cache", "prune"]) == 0
    assert len(list(cache.iterdir())) == 1
    assert main(["cache", "prune", "--statistics"]) == 0
    assert list(cache.iterdir()) == []
    assert f"freed {file_size(size)}" in capsys.readouterr().out
