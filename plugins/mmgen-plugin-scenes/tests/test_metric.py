"""Whether pictures show what captions say, by painters and readers with known answers."""

from pathlib import Path

import pytest
import torch
from mmgen_plugin_scenes.attributes import score
from mmgen_plugin_scenes.config import SceneAttributesOptions, SceneReaderConfig
from mmgen_plugin_scenes.reader import SceneReader
from mmgen_plugin_scenes.readings import Readings, read_captions

from mmgen.data import PictureData
from mmgen.errors import (
    DataError,
    InputError,
    MmgenWarning,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Conditioner, Generator
from mmgen.metrics import Workbench, evaluate
from mmgen.options import Options
from mmgen.pretrained import build
from mmgen.slots import Size
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder

pytestmark = pytest.mark.filterwarnings("ignore:.*pictures are few:mmgen.errors.MmgenWarning")


class Painter(Generator):
    """Shows the scene of a caption, or the one so many rows further on."""

    def __init__(self, data, shift=0, slot="text"):
        words = WordsEncoder(WordsConfig())
        super().__init__(Options(), conditioner=Conditioner({slot: words}, width=2))
        self.data, self.shift = data, shift
        self.rows = {text: row for row, text in enumerate(data.texts)}

    size = Size(channels=3, height=64, width=64)

    def encode_conditions(self, values, num_images):
        self.asked = values["text"]
        return super().encode_conditions(values, num_images)

    def sample(self, condition, rng, options):
        rows = torch.tensor([self.rows[text] + self.shift for text in self.asked])
        return self.data.batch(rows % len(self.data), columns=())["target"]


class Oracle(SceneReader):
    """Knows the pictures of a set by heart."""

    def __init__(self, data):
        super().__init__(SceneReaderConfig(widths=(4,)))
        pixels = data.images[torch.arange(len(data))]
        self.rows = {picture.numpy().tobytes(): row for row, picture in enumerate(pixels)}
        self.said = read_captions(data.texts)

    def read(self, images):
        pixels = images.mul(255).round().to(torch.uint8)
        rows = torch.tensor([self.rows[picture.numpy().tobytes()] for picture in pixels])
        return Readings(*(column[rows] for column in self.said.columns))


@pytest.fixture(scope="module")
def data(scenes):
    return scenes("test", count=60)


def measure(model, data, metric="scene-attributes", **options):
    given = options if metric == "scene-reading" else {"reader": "oracle", **options}
    bench = Workbench({"oracle": Oracle(data)} if data.texts else {"oracle": model})
    results = evaluate(model, data, [metric], options=given, workbench=bench)
    return {result.name: result for result in results}


def test_scenes_that_are_as_their_captions_score_one(data):
    found = measure(Painter(data), data)
    assert set(found) == {
        *(f"scene-{name}" for name in ("number", "place", "value", "colour", "size", "all")),
        *(f"scene-{name} of withheld" for name in ("place", "value", "colour")),
    }
    for result in found.values():
        assert result.value == 1
        assert 0.9 < result.interval[0] < result.interval[1] == 1
        assert result.num_images == 60
        floor = result.protocol["floor"]
        assert (floor["value"], floor["of"], floor["num_pictures"]) == (1, "real test", [60])
        assert floor["interval"] == list(result.interval)
        assert result.protocol["classifier"]["name"] == "oracle"
        assert result.protocol["sampling"]["conditions"] == ["text"]


def test_scenes_of_other_captions_score_what_they_share(data):
    found = measure(Painter(data, shift=1), data, num_samples=90)
    said = read_captions([data.texts[row % 60] for row in range(90)])
    seen = read_captions([data.texts[(row + 1) % 60] for row in range(90)])
    for name, share in score(said, seen).items():
        result = found[f"scene-{name}"]
        assert result.value == pytest.approx(share.value)
        low, high = result.interval
        assert low <= result.value <= high
        assert 0 < high - low < 0.3
        assert result.protocol["floor"]["value"] == 1
    assert found["scene-value"].value < 0.3


def test_a_reader_is_measured_on_real_scenes(data):
    found = measure(Oracle(data), data, metric="scene-reading", num_images=40)
    assert (found["scene-value"].value, found["scene-value"].num_images) == (1, 40)
    with pytest.raises(UnsupportedOperationError, match="read by a scene-reader"):
        measure(Painter(data), data, metric="scene-reading")


def test_captions_of_train_are_warned_of(scenes):
    train = scenes(count=20)
    with pytest.warns(MmgenWarning, match="seen in training: take the test split"):
        found = measure(Painter(train), train)
    assert not any("withheld" in name for name in found)


def test_what_cannot_be_measured_is_refused(data):
    model = Painter(data)
    with pytest.raises(OptionError, match="conditions must have text"):
        SceneAttributesOptions(reader="x", conditions=("label",))
    with pytest.raises(UnsupportedConditionError, match="takes no text, but caption"):
        measure(Painter(data, slot="caption"), data)
    pictures = data.images[torch.arange(60)]
    with pytest.raises(DataError, match="needs the captions"):
        measure(model, PictureData(images=pictures, name="bare"))
    others = PictureData(images=pictures, texts=["a dog"] * 60, split="test")
    bench, options = Workbench({"oracle": Oracle(data), "painter": model}), {"reader": "oracle"}
    with pytest.raises(InputError, match="a dog"):
        evaluate(model, others, ["scene-attributes"], options=options, workbench=bench)
    options = {"reader": "painter"}
    with pytest.raises(UnsupportedOperationError, match="read by a scene-reader"):
        evaluate(model, data, ["scene-attributes"], options=options, workbench=bench)


def test_a_reader_is_saved_and_found_by_its_folder(data, tmp_path: Path):
    reader = build("scene-reader", {"widths": [4], "looks": 1, "embedding_width": 4})
    folder = reader.save(tmp_path / "reader")
    results = evaluate(Painter(data), data, ["scene-attributes"], options={"reader": str(folder)})
    assert results[0].protocol["classifier"]["name"] == str(folder)
