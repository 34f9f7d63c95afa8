"""`mmgen compare`: a table, and a page that needs nothing beside it."""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgen.cli.compare import _cell, tabulate
from mmgen.metrics import MetricResult
from mmgen.metrics.comparison import Comparison, Contestant

Run = Callable[..., Any]


@pytest.fixture
def pictures(zoo: Path) -> Path:
    """Six grey pictures of the test split."""
    folder = zoo / "pictures" / "test"
    folder.mkdir(parents=True)
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return folder.parent


@pytest.fixture
def words(pictures: Path, zoo_folder: Path, run: Run) -> list[object]:
    """Two models, one of them a folder without a slash, and the data."""
    assert run("train", "tiny-net", "--data", pictures, "--set", "held_out=0", "-o", "x").code == 1
    train = pictures / "train"
    train.mkdir()
    for path in (pictures / "test").iterdir():
        (train / path.name).write_bytes(path.read_bytes())
    few = ["--set", "steps=2", "--set", "batch_size=2", "--set", "tensorboard=no"]
    assert run("train", "tiny-net", "--data", pictures, *few, "-o", "mine").code == 0
    return ["compare", "tiny-pets", "mine", "--data", pictures, "--metric", "reconstruction"]


class Pictures(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_a_table_and_a_page(words: list[object], run: Run) -> None:
    result = run(*words, "--metric", "nll", "-n", "6", "-o", "page.html")
    assert result.code == 0, result.err
    heading, *rows = result.out.splitlines()
    assert re.split(r"\s{2,}", heading)[0] == "model"
    assert [row.split()[0] for row in rows] == ["tiny-pets", "./mine"]
    assert "6 pictures of pictures, test; on cpu" in result.err
    assert "tiny-pets has no nll" in result.err
    page = Path("page.html").read_text()
    parser = Pictures()
    parser.feed(page)
    assert len(parser.sources) == 2
    for source in parser.sources:
        head, _, data = source.partition(",")
        assert head == "data:image/png;base64"
        # Of tiny-pets two rows of its three classes, of the other a grid of its own making.
        assert Image.open(io.BytesIO(base64.b64decode(data))).width > 8
    assert "tiny-pets has no nll" in page


def test_json_and_no_page_in_place_of_another(words: list[object], run: Run) -> None:
    result = run(*words, "--json")
    content = json.loads(result.out)
    assert [one["model"] for one in content["models"]] == ["tiny-pets", "./mine"]
    assert {item["name"] for item in content["models"][0]["results"]} >= {"mse", "psnr"}
    Path("page.html").write_text("mine")
    refused = run(*words, "-o", "page.html")
    assert refused.code == 1
    assert "page.html" in refused.err
    assert Path("page.html").read_text() == "mine"
    assert run(*words, "-o", "page.html", "--force").code == 0


def test_a_figure_stands_with_its_error_or_its_interval() -> None:
    def figure(**known: Any) -> MetricResult:
        return MetricResult(name="kid", value=1.25, unit="", num_images=9, **known)

    assert _cell(figure(standard_error=0.5, interval=(0.25, 2.25))) == "1.25 ± 0.5"
    assert _cell(figure(interval=(1, 1.5))) == "1.25 (1 to 1.5)"
    assert _cell(figure()) == "1.25"
    assert _cell(None) == "–"


def test_many_figures_stand_below_each_other() -> None:
    def contestant(name: str, count: int) -> Contestant:
        return Contestant(
            name=name,
            architecture="any",
            num_parameters=1,
            pictures_per_second=None,
            samples=None,
            columns=None,
            results=tuple(
                MetricResult(name=f"figure {number}", value=number, unit="", num_images=1)
                for number in range(count)
            ),
        )

    def comparison(count: int) -> Comparison:
        both = (contestant("one", count), contestant("other", count))
        return Comparison(data="d", split="test", num_images=1, device="cpu", contestants=both)

    headings, rows = tabulate(comparison(6))
    assert headings[:2] == ["model", "figure 0"]
    assert [row[0] for row in rows] == ["one", "other"]
    headings, rows = tabulate(comparison(7))
    assert headings == ["model", "one", "other"]
    assert rows[3] == ["figure 3", "3", "3"]
    assert rows[-1] == ["pictures/s", "–", "–"]


def test_it_tells_how_far_it_is_and_what_was_left_out(
    words: list[object], pictures: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    @contextmanager
    def hear(what: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: told.setdefault(what, []).append((done, total))

    monkeypatch.setattr("mmgen.cli.compare.progress_bar", hear)
    (pictures / "test" / "broken.png").write_bytes(b"no picture")
    result = run(*words)
    assert result.code == 0, result.err
    assert told["measuring"] == [(6, 6), (6, 6)]  # of each model
    assert "1 broken picture was left out of test" in result.err


def test_one_model_is_no_comparison(words: list[object], run: Run) -> None:
    result = run(*[word for word in words if word != "mine"])
    assert result.code == 1
    assert "at least two models" in result.err
