"""Models: their parts, their own tensors, their device and type."""

from typing import Any

import pytest
import torch
from torch import nn

from mmgen.interfaces import Model, Origin
from mmgen.options import Options


class Leaf(Model):
    def __init__(self) -> None:
        super().__init__(Options())
        self.layer = nn.Linear(2, 3)
        self.register_buffer("scale", torch.ones(2))


class Whole(Model):
    """Two parts, one of them deep inside, and tensors of its own."""

    def __init__(self) -> None:
        super().__init__(Options())
        self.tokenizer = Leaf()
        self.stages = nn.ModuleDict({"prior": nn.Sequential(Leaf())})
        self.own = nn.Linear(3, 1)


class Nested(Model):
    def __init__(self) -> None:
        super().__init__(Options())
        self.inner = Whole()


class Twins(Model):
    def __init__(self) -> None:
        super().__init__(Options())
        self.a = nn.ModuleDict({"part": Leaf()})
        self.b = nn.ModuleDict({"part": Leaf()})


def test_parts_are_the_topmost_models_inside() -> None:
    parts = Whole().parts()
    assert {name: path for name, (path, _) in parts.items()} == {
        "tokenizer": "tokenizer",
        "0": "stages.prior.0",
    }
    assert list(Nested().parts()) == ["inner"]
    assert Leaf().parts() == {}


def test_two_parts_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"two parts are named 'part': a.part and b.part"):
        Twins().parts()


def test_own_tensors_are_those_of_no_part() -> None:
    assert list(Whole().own_state()) == ["own.weight", "own.bias"]
    assert list(Leaf().own_state()) == ["scale", "layer.weight", "layer.bias"]
    assert Nested().own_state() == {}


class Tied(Model):
    def __init__(self, part: Model | None = None) -> None:
        super().__init__(Options())
        self.first = nn.Linear(2, 2, bias=False)
        self.second = nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight
        if part is not None:
            self.part = part
            self.third = nn.Linear(2, 3)
            self.third.weight = part.layer.weight  # type: ignore[union-attr]


def test_tied_weights_are_one_tensor_with_two_names() -> None:
    assert list(Tied().own_state()) == ["first.weight"]
    assert Tied().tied_names() == {"second.weight": "first.weight"}
    assert Tied().num_parameters == 4


def test_a_weight_that_is_tied_to_a_parts_is_the_parts() -> None:
    assert list(Tied(Leaf()).own_state()) == ["first.weight", "third.bias"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_device_and_type_are_those_of_the_parameters(dtype: torch.dtype) -> None:
    model = Whole().to(dtype)
    assert model.dtype == dtype
    assert model.device == torch.device("cpu")
    assert Whole().to("meta").device == torch.device("meta")


def test_a_model_without_parameters_is_on_the_cpu() -> None:
    model = Model(Options())
    assert (model.device, model.dtype, model.num_parameters) == (
        torch.device("cpu"),
        torch.float32,
        0,
    )


def test_an_origin_is_recorded_whole() -> None:
    data: dict[str, Any] = {
        "name": "vae-mnist",
        "source": "hub",
        "revision": "a" * 40,
        "sha256": {"config.json": "b" * 64},
    }
    assert Origin(**data).to_dict() == data
