"""Running out of memory says which batch size fits."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.errors import OutOfMemoryError
from mmgen.interfaces import Condition, Noise
from mmgen.interfaces.memory import is_out_of_memory, report_out_of_memory, room_for
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyConfig


class Hungry(TinyNet):
    """Has memory for a few pictures."""

    most = 5
    error: Callable[[], Exception] = MemoryError
    calls: list[int]

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        self.calls = [*getattr(self, "calls", []), len(condition)]
        assert torch.is_inference_mode_enabled()  # in the search for a size that fits, too
        if len(condition) > self.most:
            raise type(self).error()
        return super().sample(condition, rng, options)


def torch_error(words: str) -> Callable[[], Exception]:
    return lambda: RuntimeError(words)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError,
        lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        torch_error("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        torch_error("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
        torch_error("MPS backend out of memory (MPS allocated: 1 GB)"),
    ],
)
def test_the_error_says_which_batch_size_fits(
    monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    monkeypatch.setattr(Hungry, "error", staticmethod(error))
    model = Hungry(TinyConfig())
    with pytest.raises(OutOfMemoryError, match=r"batch_size=20; try batch_size=5$"):
        model.generate(20, batch_size=20)
    assert model.calls == [20, 10, 5]
    assert len(model.generate(20, batch_size=5)) == 20


def test_the_size_that_is_named_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Hungry(TinyConfig())
    monkeypatch.setattr(Hungry, "most", 1)
    with pytest.raises(OutOfMemoryError, match=r"try batch_size=1$"):
        model.generate(7, label=None)


def test_when_nothing_fits_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hungry, "most", 0)
    with pytest.raises(OutOfMemoryError, match="not even one picture fits"):
        Hungry(TinyConfig()).generate(4)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), report_out_of_memory(lambda _: None, 4):
        raise RuntimeError("shapes do not match")
    assert not is_out_of_memory(ValueError("out of memory"))
    with pytest.raises(ValueError, match="mine"), report_out_of_memory(lambda _: None, 4):
        raise ValueError("mine")


def test_another_error_while_trying_is_not_hidden() -> None:
    def draw(_: int) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"), report_out_of_memory(draw, 4):
        raise MemoryError


def test_more_pictures_than_fit_in_memory_are_an_error_in_words() -> None:
    with pytest.raises(OutOfMemoryError, match=r"1,000,000,000,000 pictures of 1×8×6 numbers do"):
        TinyNet(TinyConfig()).generate(10**12, batch_size=2)


def test_pictures_are_float32_on_the_cpu_whatever_the_defaults_are() -> None:
    assert room_for(2, (1, 3)).shape == (2, 1, 3)
    with torch.device("meta"):
        assert room_for(2, (3,)).device.type == "cpu"
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert room_for(2, (3,)).dtype == torch.float32
    finally:
        torch.set_default_dtype(before)


def test_a_model_that_makes_too_few_pictures_is_told_so() -> None:
    class Sparing(TinyNet):
        def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
            return super().sample(condition, rng, options)[:1]

    with pytest.raises(ValueError, match=r"made \(1, 1, 8, 6\) for 2 pictures"):
        Sparing(TinyConfig()).generate(4, batch_size=2)
