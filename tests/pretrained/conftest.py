"""A tiny saved model, and ways to damage it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from safetensors.torch import load_file, save_file

from mmgen.interfaces import Conditioner, Encoder, Generator
from mmgen.pretrained import build
from mmgen.testing import perturb, stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny

Edit = Callable[..., None]


@pytest.fixture(autouse=True)
def _tiny_family() -> Iterator[None]:
    with (
        temporary_plugin(tiny, "tiny"),
        temporary_plugin(stand_in, "stand_in"),
        torch.random.fork_rng(devices=[]),
    ):
        torch.manual_seed(0)
        yield


@pytest.fixture
def model() -> Generator:
    """A tiny model with two encoders."""
    encoders = {
        "label": cast(Encoder, build("label-embedding", {"classes": ("a", "b"), "width": 4})),
        "text": cast(Encoder, build(stand_in.NAME, {})),
    }
    conditioner = Conditioner(encoders, width=5, dropout=0.25)
    made = build("tiny-net", {"height": 4, "width": 4}, conditioner=conditioner)
    perturb(made)
    return cast(Generator, made).eval()


@pytest.fixture
def saved(model: Generator, tmp_path: Path) -> Path:
    return model.save(tmp_path / "model")


@pytest.fixture
def edit_config(saved: Path) -> Edit:
    """Change keys of config.json; a value of ... removes the key."""

    def edit(part: str = "", **changes: Any) -> None:
        path = saved / part / "config.json"
        data = json.loads(path.read_text()) | changes
        data = {key: value for key, value in data.items() if value is not ...}
        path.write_text(json.dumps(data))

    return edit


@pytest.fixture
def edit_tensors(saved: Path) -> Edit:
    """Rewrite model.safetensors with what a function makes of its tensors."""

    def edit(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
        path = saved / "model.safetensors"
        save_file(change(load_file(path)), path)

    return edit
