"""Out of memory: which batch size to try."""

import pytest
import torch

from mmgen.errors import OutOfMemoryError
from mmgen.training.config import TrainingConfig
from mmgen.training.memory import advice, memory_advice


def test_running_out_of_memory_says_the_batch_size_to_try() -> None:
    with (
        pytest.raises(OutOfMemoryError, match=r"training\.batch_size=64.*training\.accumulate=2"),
        memory_advice(TrainingConfig(batch_size=128)),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")


def test_the_cpus_own_words_are_understood() -> None:
    with pytest.raises(OutOfMemoryError), memory_advice(TrainingConfig()):
        torch.empty(2**55)


def test_what_is_advised_can_be_set() -> None:
    config = TrainingConfig(batch_size=12, accumulate=2)
    assert "training.batch_size=6," in advice(config)
    assert "training.accumulate=4," in advice(config)
    TrainingConfig(batch_size=6, accumulate=2)
    TrainingConfig(batch_size=12, accumulate=4)


def test_one_picture_at_a_time_leaves_a_smaller_model_only() -> None:
    assert "smaller model" in advice(TrainingConfig(batch_size=4, accumulate=4))


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_advice(TrainingConfig()):
        raise RuntimeError("shapes do not match")
