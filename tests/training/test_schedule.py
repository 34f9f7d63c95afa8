"""Learning-rate schedules."""

import math

import pytest

from mmgen.training.config import TrainingConfig
from mmgen.training.schedule import rate_factor


def factors(num_steps: int, **settings: object) -> list[float]:
    config = TrainingConfig.build(settings)
    return [rate_factor(config, step, num_steps) for step in range(num_steps)]


def test_warm_up_rises_linearly_to_the_peak() -> None:
    assert factors(6, warmup_steps=4) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_falls_from_the_peak_to_the_final_rate_at_the_last_step(schedule: str) -> None:
    values = factors(11, schedule=schedule, final_learning_rate=0.1, warmup_steps=2)
    assert values[2] == 1.0
    assert values[-1] == pytest.approx(0.1)
    assert values[2:] == sorted(values[2:], reverse=True)


def test_cosine_is_half_way_in_the_middle() -> None:
    values = factors(9, schedule="cosine")
    assert values[4] == pytest.approx(0.5)
    assert values[2] == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_warm_up_longer_than_the_training_is_allowed() -> None:
    assert max(factors(3, warmup_steps=10, schedule="cosine")) < 1
