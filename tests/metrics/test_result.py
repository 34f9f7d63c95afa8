"""A figure, as it is read and as JSON holds it."""

import torch

from mmgen.metrics.result import MetricResult, mean_result


def test_an_interval_is_shown_and_kept() -> None:
    result = MetricResult(name="fid", value=2.5, unit="", num_images=2000, interval=(2.25, 2.75))
    assert str(result) == "fid 2.5 (N = 2,000; 95 % 2.25 to 2.75)"
    assert result.to_dict()["interval"] == [2.25, 2.75]


def test_without_one_nothing_is_said_of_it() -> None:
    result = mean_result("mse", torch.tensor([1.0, 3.0]), "units")
    assert str(result) == "mse 2 ± 1 units (N = 2)"
    assert result.to_dict()["interval"] is None
