"""How often a classifier is right."""

from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.metrics import ClassificationOptions, evaluate
from mmgen.metrics.classification import classification, count_confusion


def shades(*levels: int, labels: list[int], names: tuple[str, ...] = ("day", "night")) -> Any:
    images = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    return PictureData(
        images=images.contiguous(), labels=torch.tensor(labels), class_names=names, name="shades"
    )


# Bright, bright, dark, dark, dark; the third is called a day, the rest are what they seem.
PICTURES = shades(200, 255, 10, 0, 90, labels=[0, 0, 0, 1, 1])


@pytest.mark.parametrize("batch_size", [2, 100])
def test_the_figures_are_those_of_the_mistakes(brightness: Any, batch_size: int) -> None:
    options = ClassificationOptions(batch_size=batch_size)
    results = {r.name: r for r in classification(brightness, PICTURES, options)}
    assert results["accuracy"].value == pytest.approx(4 / 5)
    assert results["accuracy"].num_images == 5
    assert results["recall of day"].value == pytest.approx(2 / 3)
    assert results["precision of day"].value == pytest.approx(1)
    assert results["recall of night"].value == pytest.approx(1)
    assert results["precision of night"].value == pytest.approx(2 / 3)
    assert results["precision of night"].num_images == 3


def test_the_confusion_matrix_is_a_picture(brightness: Any) -> None:
    accuracy, *_ = classification(brightness, PICTURES, ClassificationOptions())
    picture = accuracy.pictures["confusion"]
    assert picture.dtype == "uint8"
    assert picture.shape[2] == 3
    assert "pictures" not in accuracy.to_dict()


def test_rows_are_what_it_is_and_columns_what_it_is_taken_for() -> None:
    counts = count_confusion(torch.tensor([0, 0, 2]), torch.tensor([1, 1, 0]), 3)
    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]


def test_a_class_never_taken_has_no_precision(brightness: Any) -> None:
    results = classification(brightness, shades(0, labels=[1]), ClassificationOptions())
    figures = {result.name: result.value for result in results}
    assert figures["precision of day"] == figures["recall of day"] == 0


def test_the_first_pictures_alone(brightness: Any) -> None:
    accuracy, *_ = evaluate(brightness, PICTURES, ["classification"], options={"num_images": 2})
    assert (accuracy.value, accuracy.num_images) == (1, 2)
    assert accuracy.protocol["classes"] == ["night", "day"]


def test_what_cannot_be_measured_is_refused_in_words(brightness: Any, coin: Any) -> None:
    options = ClassificationOptions()
    with pytest.raises(UnsupportedOperationError, match="classification needs a model"):
        classification(coin, PICTURES, options)
    with pytest.raises(DataError, match="needs labels"):
        classification(brightness, PictureData(images=PICTURES.images), options)
    with pytest.raises(DataError, match="'dusk'"):
        classification(brightness, shades(1, labels=[0], names=("dusk",)), options)
