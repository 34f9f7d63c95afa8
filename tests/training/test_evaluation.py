"""Held-out evaluation."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.data import PictureData
from mmgen.errors import TrainingError
from mmgen.interfaces import Batch, Noise, Stage, Trainer
from mmgen.options import Options
from mmgen.training.config import TrainingConfig
from mmgen.training.evaluation import Evaluation, evaluate_held_out
from mmgen.training.feed import make_source
from mmgen.training.machine import Machine


class Brightness(Trainer[Options]):
    """Its figures are the pictures' mean brightness, and noise."""

    def stages(self) -> Sequence[Stage]:
        return []

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        return {"brightness": batch["target"].mean(dim=(1, 2, 3)), "noise": rng.normal(())}


def evaluate(trainer: Trainer[Any], pictures: PictureData, **settings: Any) -> Evaluation:
    machine = Machine(TrainingConfig(device="cpu"))
    source = make_source(pictures, machine.device)
    return evaluate_held_out(
        trainer.evaluate, source, machine, **{"batch_size": 7, "seed": 0, **settings}
    )


def test_figures_are_means_over_all_pictures_whatever_the_batch(pictures: PictureData) -> None:
    values = (pictures.images.double() / 255).mean(dim=(1, 2, 3))
    for batch_size in (1, 7, 100):
        result = evaluate(Brightness(nn.Identity(), Options()), pictures, batch_size=batch_size)
        assert result.num_pictures == 60
        assert result.figures["brightness"] == pytest.approx(float(values.mean()))
        assert result.standard_errors["brightness"] == pytest.approx(float(values.std() / 60**0.5))


def test_a_limit_takes_the_first_pictures(pictures: PictureData) -> None:
    result = evaluate(Brightness(nn.Identity(), Options()), pictures, limit=10)
    assert result.num_pictures == 10
    expected = (pictures.images[:10].double() / 255).mean()
    assert result.figures["brightness"] == pytest.approx(float(expected))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_processes_share_few_pictures_out_and_some_may_have_none(
    pictures: PictureData, count: int
) -> None:
    few = pictures.select(torch.arange(count))
    trainer = Brightness(nn.Identity(), Options())

    class OneOfThree(Machine):
        num_processes = 3

        def __init__(self, index: int, totals: list[Tensor]) -> None:
            super().__init__(TrainingConfig(device="cpu"))
            self.num_processes, self.index, self.totals = 3, index, totals

        def sum(self, tensor: Tensor) -> Tensor:
            self.totals.append(tensor)
            return torch.stack(self.totals).sum(dim=0)

    totals: list[Tensor] = []
    for index in range(3):
        machine = OneOfThree(index, totals)
        source = make_source(few, machine.device)
        found = evaluate_held_out(trainer.evaluate, source, machine, batch_size=2, seed=0)
    assert found.num_pictures == count
    expected = (few.images.double() / 255).mean()
    assert found.figures["brightness"] == pytest.approx(float(expected))


def test_noise_is_the_same_each_time_and_the_trainings_own_goes_on(
    pictures: PictureData,
) -> None:
    torch.manual_seed(4)
    expected = torch.rand(2)
    torch.manual_seed(4)
    first = evaluate(Brightness(nn.Identity(), Options()), pictures)
    assert torch.equal(torch.rand(2), expected)
    assert first.figures == evaluate(Brightness(nn.Identity(), Options()), pictures).figures


def test_a_figure_that_is_not_one_per_picture_is_refused(pictures: PictureData) -> None:
    class Wrong(Brightness):
        def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
            return {"brightness": batch["target"].mean()}

    with pytest.raises(TrainingError, match=r"one value per picture.*'brightness'"):
        evaluate(Wrong(nn.Identity(), Options()), pictures)


def test_nan_is_never_the_best() -> None:
    result = Evaluation(figures={"a": float("nan")}, standard_errors={"a": 0.0}, num_pictures=1)
    assert result.deciding() == float("inf")
