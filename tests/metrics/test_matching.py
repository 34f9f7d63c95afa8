"""clip-score, retrieval and zero-shot, by a judge whose vectors are known."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mmgen.data import PictureData
from mmgen.data.choices import Choices
from mmgen.errors import DataError, OptionError, UnsupportedOperationError
from mmgen.interfaces import Classification, Condition, Conditioner, Generator, Model, Noise
from mmgen.metrics import (
    ClipScoreOptions,
    RetrievalOptions,
    Workbench,
    ZeroShotOptions,
    evaluate,
)
from mmgen.metrics.clip_score import clip_score
from mmgen.metrics.retrieval import ranks, retrieval
from mmgen.metrics.zero_shot import zero_shot
from mmgen.options import Options
from mmgen.pretrained import build
from mmgen.slots import Size, Slot
from mmgen.testing import stand_in, temporary_plugin

COLOURS = {"red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}


class Eye(Model):
    """Sees the mean colour of pictures, and reads the names of colours."""

    slots = (Slot(name="image", modality="image"), Slot(name="text", modality="text"))

    def embed(self, **values: Any) -> dict[str, Tensor]:
        found = {}
        if "image" in values:
            found["image"] = functional.normalize(values["image"].mean(dim=(2, 3)))
        if "text" in values:
            rows = [sum(torch.tensor(COLOURS[word]) for word in COLOURS if word in text)
                    for text in values["text"]]  # fmt: skip
            found["text"] = functional.normalize(torch.stack(rows))  # type: ignore[arg-type]
        return found

    def classify(
        self, images: Any, classes: Sequence[str], *, templates: Sequence[str] = ("{}",)
    ) -> Classification:
        named = self.embed(text=[templates[0].replace("{}", name) for name in classes])["text"]
        cosines = self.embed(image=images)["image"] @ named.T
        return Classification(probabilities=(9 * cosines).softmax(dim=1), classes=tuple(classes))


class Painter(Generator):
    """Paints what is asked, by its first letter; every third picture green whatever is asked."""

    def __init__(self, config: Options) -> None:
        words = build(stand_in.NAME, {"width": 3})
        super().__init__(config, conditioner=Conditioner({"text": words}, width=3))  # type: ignore[dict-item]
        self.asked: list[str] = []

    @property
    def size(self) -> Size:
        return Size(channels=3, height=4, width=4)

    def encode_conditions(self, values: Any, num_images: int) -> Condition:
        self.asked = list(values["text"])
        return super().encode_conditions(values, num_images)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        colours = [COLOURS[text] for text in self.asked]
        for row in range(2, len(colours), 3):
            colours[row] = COLOURS["green"]
        return torch.tensor(colours)[:, :, None, None].expand(-1, 3, 4, 4)


def pictures(names: Sequence[str], **changes: Any) -> PictureData:
    pixels = torch.tensor([COLOURS[name] for name in names])[:, :, None, None] * 255
    data = PictureData(
        images=pixels.expand(-1, 3, 4, 4).to(torch.uint8),
        texts=list(names),
        labels=torch.tensor([list(COLOURS).index(name) for name in names]),
        class_names=tuple(COLOURS),
        name="colours",
        split="test",
    )
    return replace(data, **changes)


@pytest.fixture
def painter() -> Any:
    with temporary_plugin(stand_in, "contract"):
        yield Painter(Options())


@pytest.fixture
def workbench() -> Workbench:
    return Workbench({"eye": Eye(Options())})


SIX = ["red", "green", "blue", "green", "red", "blue"]


@pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")
def test_the_clip_score_is_two_and_a_half_times_the_cosine(
    painter: Painter, workbench: Workbench
) -> None:
    options = ClipScoreOptions(judge="eye", batch_size=6)
    found = clip_score(painter, pictures(SIX), options, workbench=workbench)
    # The third and the sixth are green, and were to be blue: their cosine is 0.
    assert found.value == pytest.approx(2.5 * 4 / 6)
    assert found.num_images == 6
    assert found.protocol["floor"]["value"] == pytest.approx(2.5)
    assert found.protocol["judge"]["name"] == "eye"
    assert found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]


@pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")
def test_pictures_without_a_caption_are_left_out(painter: Painter, workbench: Workbench) -> None:
    data = pictures(SIX, texts=["red", "", "blue", "green", "red", ""])
    found = clip_score(painter, data, ClipScoreOptions(judge="eye"), workbench=workbench)
    assert found.num_images == 4


@pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")
def test_of_several_captions_a_picture_is_held_against_its_own(
    painter: Painter, workbench: Workbench
) -> None:
    rows = [["red", "dark red"], ["green", ""], ["", "blue"], ["green"], [], ["blue", "sky blue"]]
    data = pictures(SIX, texts=Choices.of_rows([row or [""] for row in rows]))
    found = clip_score(painter, data, ClipScoreOptions(judge="eye"), workbench=workbench)
    assert found.num_images == 4  # the third's own is empty, and so is the fifth's
    together = retrieval(Eye(Options()), data, RetrievalOptions(candidates=4))
    assert together[0].num_images == 4
    assert together[0].value == 1


@pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")
def test_retrieval_of_a_generator_has_that_of_real_pictures_beside_it(
    painter: Painter, workbench: Workbench
) -> None:
    options = RetrievalOptions(judge="eye", candidates=6, batch_size=6)
    found = {
        item.name: item for item in retrieval(painter, pictures(SIX), options, None, workbench)
    }
    one = found["retrieval image to text R@1"]
    # Two of six are green in place of blue, so the caption green is nearer.
    assert one.value == pytest.approx(4 / 6)
    assert one.protocol["floor"]["value"] == 1
    # To "green" four pictures are as near, two of them not its own; to "blue" none is near.
    assert found["retrieval text to image R@1"].value == pytest.approx(2 / 6)


def test_retrieval_of_an_encoder_is_between_its_slots_both_ways() -> None:
    data = pictures(["red", "green", "blue"] * 4)
    found = retrieval(Eye(Options()), data, RetrievalOptions(candidates=6))
    assert [item.name for item in found] == [
        "retrieval image to text R@1",
        "retrieval image to text R@5",
        "retrieval text to image R@1",
        "retrieval text to image R@5",
    ]
    assert all(item.value == 1 and item.num_images == 12 for item in found)
    wrong = replace(data, texts=["green", "blue", "red"] * 4)
    assert retrieval(Eye(Options()), wrong, RetrievalOptions(candidates=6))[0].value == 0


def test_retrieval_may_take_rows_of_one_label_for_one() -> None:
    """Two red rows, one of whose texts says more: by label, and by text."""
    names, labels = ["red", "green", "blue", "red"], torch.tensor([0, 1, 2, 0])
    texts = ["red", "green", "blue", "red and green"]
    data = replace(pictures(names), texts=texts, labels=labels)
    apart = retrieval(Eye(Options()), data, RetrievalOptions(candidates=4))[0]
    alike = retrieval(Eye(Options()), data, RetrievalOptions(candidates=4, labels_alike=True))[0]
    assert (apart.value, alike.value) == (0.75, 1.0)
    bare = replace(data, labels=None, class_names=None)
    with pytest.raises(DataError, match="no 'label'"):
        retrieval(Eye(Options()), bare, RetrievalOptions(candidates=4, labels_alike=True))


def test_ranks_count_the_candidates_before_the_right_one() -> None:
    generator = torch.Generator().manual_seed(3)
    first = functional.normalize(torch.randn(20, 4, generator=generator))
    second = functional.normalize(torch.randn(20, 4, generator=generator))
    forth, back = ranks(first, second, candidates=20, seed=1)
    table = first @ second.T
    own = table.diagonal()
    assert sorted(forth.tolist()) == sorted((table > own[:, None]).sum(dim=1).tolist())
    assert sorted(back.tolist()) == sorted((table > own[None]).sum(dim=0).tolist())


def test_chance_is_one_in_as_many_as_there_are() -> None:
    generator = torch.Generator().manual_seed(3)
    first, second = (
        functional.normalize(torch.randn(4000, 16, generator=generator)) for _ in range(2)
    )
    forth, _ = ranks(first, second, candidates=100)
    assert float((forth < 1).double().mean()) == pytest.approx(0.01, abs=0.006)
    assert float((forth < 50).double().mean()) == pytest.approx(0.5, abs=0.03)


def test_where_all_are_alike_nothing_is_found_and_equal_texts_are_one() -> None:
    ones = functional.normalize(torch.ones(6, 3))
    assert ranks(ones, ones, candidates=6)[0].tolist() == [5] * 6
    assert ranks(ones, ones, ["a"] * 6, candidates=6)[0].tolist() == [0] * 6


def test_any_row_of_the_same_key_is_right() -> None:
    """The first row's own partner is behind a row of another key, another of its key is before."""
    first = functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    second = functional.normalize(torch.tensor([[0.3, 1.0], [0.9, 0.1], [0.5, 0.8]]))
    forth, _ = ranks(first, second, [0, 0, 1], candidates=3)
    apart, _ = ranks(first, second, candidates=3)
    assert sorted(forth.tolist()) == [0, 0, 1]
    assert sorted(apart.tolist()) == [0, 1, 2]


def test_rows_beyond_whole_groups_are_left_out_and_few_are_said() -> None:
    data = pictures(["red", "green", "blue", "red"])
    (found, *_) = retrieval(Eye(Options()), data, RetrievalOptions(candidates=3))
    assert found.num_images == 3
    (found, *_) = retrieval(Eye(Options()), data, RetrievalOptions())
    assert found.protocol["candidates"] == 4
    assert found.protocol["notes"] == ["among 4 candidates, all there are, not 100"]


def test_zero_shot_is_the_share_of_names_that_are_nearest() -> None:
    data = pictures(SIX)
    found = zero_shot(Eye(Options()), data, ZeroShotOptions(templates=("a {} thing",)))
    assert found.value == 1
    assert "confusion" in found.pictures
    swapped = replace(data, class_names=("green", "red", "blue"))
    assert zero_shot(Eye(Options()), swapped, ZeroShotOptions()).value == pytest.approx(2 / 6)


def test_they_are_registered() -> None:
    (found,) = evaluate(Eye(Options()), pictures(SIX), ["zero-shot"])
    assert found.protocol["metric"] == "zero-shot"
    assert (
        len(evaluate(Eye(Options()), pictures(SIX), ["retrieval"], options={"candidates": 4})) == 2
    )


def test_what_they_cannot_measure_is_refused(
    painter: Painter, workbench: Workbench, brightness: Model
) -> None:
    judged = ClipScoreOptions(judge="eye")
    with pytest.raises(DataError, match="clip-score needs captions"):
        clip_score(painter, pictures(SIX, texts=None), judged, workbench=workbench)
    with pytest.raises(DataError, match="captions are needed; those of colours are all empty"):
        clip_score(painter, pictures(SIX, texts=[""] * 6), judged, workbench=workbench)
    with pytest.raises(OptionError, match="retrieval of a generator needs judge"):
        retrieval(painter, pictures(SIX), RetrievalOptions(), None, workbench)
    told = RetrievalOptions(judge="eye", labels_alike=True)
    with pytest.raises(OptionError, match="labels_alike is of encoders"):
        retrieval(painter, pictures(SIX), told, None, workbench)
    with pytest.raises(UnsupportedOperationError, match="take a contrastive one"):
        retrieval(brightness, pictures(SIX), RetrievalOptions())
    with pytest.raises(DataError, match="zero-shot needs labels"):
        zero_shot(Eye(Options()), pictures(SIX, labels=None, class_names=None), ZeroShotOptions())
    with pytest.raises(OptionError, match="conditions must have text"):
        ClipScoreOptions(judge="eye", conditions=("label",))
    with pytest.raises(OptionError, match="where the class's name goes"):
        ZeroShotOptions(templates=("a photo",))
