"""Whatever is done to the files of a model: it loads whole, or it is refused in words.

    MMGEN_FUZZ_EXAMPLES=20000 pytest -n0 tests/pretrained/test_mutations.py

tries so many files of each kind, other ones at each run, and says how they ended.
"""

import json
import os
import re
import struct
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pretrained.mutations import damaged_json, damaged_weights
from safetensors.torch import load as load_bytes
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmgen.errors import MmgenError, ModelFileError, OutOfMemoryError
from mmgen.families import API_VERSION, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Generator, Model
from mmgen.options import option
from mmgen.pretrained import build, load_folder
from mmgen.pretrained.shards import write_weights
from mmgen.pretrained.skeleton import without_storage
from mmgen.pretrained.weights import (
    INDEX_NAME,
    check_tensors,
    load_weights,
    read_headers,
    weight_files,
)
from mmgen.testing import temporary_plugin
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyConfig

EXAMPLES = int(os.environ.get("MMGEN_FUZZ_EXAMPLES", "0"))
SPARE_BYTES = 64 * 2**20
MAX_SECONDS = 5.0


def tries(number: int) -> Any:
    """Settings of a test that tries so many files in the suite, always the same."""
    return settings(
        max_examples=EXAMPLES or number,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class CountBytes(TorchDispatchMode):
    """Add up the memory of all tensors that are made on the CPU, used or not."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for item in found if isinstance(found, tuple | list) else [found]:
            if isinstance(item, Tensor) and item.device.type == "cpu" and not item._is_view():
                self.bytes += item.untyped_storage().nbytes()
        return found


Outcome = tuple[str, str]
"""How a file ended: loaded or refused, and by which rule."""


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[Counter[Outcome]]:
    """How many files ended how."""
    counter: Counter[Outcome] = Counter()
    # What is imported late is not counted.
    with CountBytes(), TemporaryDirectory() as folder, temporary_plugin(tiny, "tiny"):
        load_folder(build("tiny-net", {}).save(Path(folder, "model")))
    tracemalloc.start()
    yield counter
    tracemalloc.stop()
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    if EXAMPLES and capture is not None:
        with capture.global_and_fixture_disabled():
            print(_report(counter))


def _report(counter: Counter[Outcome]) -> str:
    ends: Counter[str] = Counter()
    for (end, _), number in counter.items():
        ends[end] += number
    lines = [f"\n{counter.total()} files were tried"]
    lines += [f"{number:8d}  {end}" for end, number in ends.most_common()]
    lines += ["\nby rule"]
    for (end, rule), number in counter.most_common():
        lines.append(f"{number:8d}  {end}{rule and ': '}{rule}")
    return "\n".join(lines)


@dataclass
class Attempts:
    """Loads a folder again and again, with other bytes in one of its files."""

    folder: Path
    outcomes: Counter[Outcome]
    whole: dict[str, Tensor] | None = None

    def content(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def load(self, files: Mapping[str, bytes]) -> Model | None:
        """Return the model with these files damaged; None where it is refused."""
        before = {name: self.content(name) for name in files}
        try:
            for name, content in files.items():
                (self.folder / name).write_bytes(content)
            return self._load(sum(map(len, files.values())))
        finally:
            for name, content in before.items():
                (self.folder / name).write_bytes(content)

    def _load(self, num_bytes: int) -> Model | None:
        start = time.process_time()
        tracemalloc.reset_peak()
        used = tracemalloc.get_traced_memory()[0]
        model, error = None, None
        with CountBytes() as tensors:
            try:
                model = load_folder(self.folder)
            except MmgenError as refusal:
                error = refusal
        peak = tracemalloc.get_traced_memory()[1] - used + tensors.bytes
        assert peak <= SPARE_BYTES + num_bytes, f"{peak} bytes were used"
        assert time.process_time() - start < MAX_SECONDS
        if model is not None:
            demand_whole(model)
            demand_stored(model, self.folder)
            same = self.whole is not None and is_equal(model.state_dict(), self.whole)
            self.outcomes["loaded, with the weights that were saved", ""] += same
            self.outcomes["loaded, with other weights, as the file says", ""] += not same
        if error is not None:
            self.outcomes[f"refused, {type(error).__name__}", _rule(error, self.folder)] += 1
        return model


def is_equal(state: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Return whether two states are the same, bit for bit."""
    return state.keys() == other.keys() and all(
        tensor.dtype == other[name].dtype
        and tensor.shape == other[name].shape
        and tensor.numpy().tobytes() == other[name].numpy().tobytes()
        for name, tensor in state.items()
    )


def _rule(error: MmgenError, folder: Path) -> str:
    """Return what an error says, without what it says it of."""
    message = str(error)
    assert not isinstance(error, OutOfMemoryError)
    assert "MemoryError" not in message
    assert len(message) < 2_000
    message.encode()
    message = re.sub(rf"{re.escape(str(folder))}\S*", "·", message)
    message = re.sub(r"'[^']*['…]|\"[^\"]*\"", "·", message)
    return re.sub(r"[\d.]+", "0", message)[:70]


def demand_whole(model: Model) -> None:
    assert not model.training
    for tensor in model.state_dict().values():
        assert not tensor.is_meta
        assert bool(tensor.isfinite().all())


def demand_stored(model: Model, folder: Path) -> None:
    """Check that a model and its parts hold what the reference implementation reads."""
    stored: dict[str, Tensor] = {}
    for path in folder.glob("*.safetensors"):
        stored |= load_bytes(path.read_bytes())
    state = model.own_state()
    assert state.keys() == stored.keys()
    for name, tensor in state.items():
        assert tensor.equal(stored[name].to(tensor.dtype))
    for name, (_, part) in model.parts().items():
        demand_stored(part, folder / name)


@pytest.fixture
def attempts(saved: Path, model: Generator, outcomes: Counter[Outcome]) -> Attempts:
    return Attempts(saved, outcomes, model.state_dict())


@tries(200)
@given(data=st.data())
def test_damaged_weights(attempts: Attempts, data: st.DataObject) -> None:
    whole = attempts.content("model.safetensors")
    others = (attempts.content("label/model.safetensors"), attempts.content("config.json"))
    damaged = data.draw(damaged_weights(whole, others))
    attempts.load({"model.safetensors": damaged})


@tries(200)
@given(data=st.data())
def test_damaged_configs(attempts: Attempts, data: st.DataObject) -> None:
    damaged = data.draw(damaged_json(attempts.content("config.json")))
    attempts.load({"config.json": damaged})


@tries(60)
@given(data=st.data())
def test_damaged_parts(attempts: Attempts, data: st.DataObject) -> None:
    config = data.draw(damaged_json(attempts.content("label/config.json")))
    weights = attempts.content("label/model.safetensors")
    if data.draw(st.booleans()):
        weights = data.draw(damaged_weights(weights, (attempts.content("model.safetensors"),)))
    attempts.load({"label/config.json": config, "label/model.safetensors": weights})


@pytest.fixture
def sharded(attempts: Attempts) -> Attempts:
    tensors = load_bytes(attempts.content("model.safetensors"))
    (attempts.folder / "model.safetensors").unlink()
    write_weights(attempts.folder, tensors, max_bytes=500)
    return attempts


@tries(60)
@given(data=st.data())
def test_damaged_shards(sharded: Attempts, data: st.DataObject) -> None:
    attempts = sharded
    shards = sorted(path.name for path in attempts.folder.glob("model-*"))
    name = data.draw(st.sampled_from([INDEX_NAME, *shards]))
    others = tuple(map(attempts.content, shards))
    damage = damaged_json if name == INDEX_NAME else partial(damaged_weights, others=others)
    attempts.load({name: data.draw(damage(attempts.content(name)))})


@dataclass(frozen=True, kw_only=True)
class DeepConfig(TinyConfig):
    """A network as deep as is asked for."""

    layers: int = option(2, minimum=0, help="layers")


class Deep(TinyNet):
    """Many layers."""

    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.deep = nn.ModuleList(
            nn.Sequential(nn.Linear(config.hidden, config.hidden), nn.BatchNorm1d(3))
            for _ in range(config.layers)
        )


class DeepFamily:
    MMGEN_API = API_VERSION

    @hookimpl
    def mmgen_families(self) -> list[Family]:
        network = tiny.architecture("deep", f"{__name__}:Deep", config=DeepConfig)
        return [Family(name="deep", summary="deep networks", architectures=(network,))]


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": 10**9},
        {"hidden": 10**9},
        {"hidden": 10**5, "height": 10**6, "width": 10**6},
        {"height": 10**12},
        {"height": 10**400},
        {"layers": 10**9, "hidden": 10**9},
    ],
)
def test_gigantic_networks_are_refused_before_they_are_built(
    tmp_path: Path, outcomes: Counter[Outcome], changes: dict[str, int]
) -> None:
    with temporary_plugin(DeepFamily(), "deep"):
        folder = build("deep", {"hidden": 3}).save(tmp_path / "model")
        attempts = Attempts(folder, outcomes)
        config = json.loads(attempts.content("config.json"))
        config["config"] |= changes
        assert attempts.load({"config.json": json.dumps(config).encode()}) is None
        assert attempts.load({}) is not None


HUGE = {
    "lists": b"[" + b"[]," * 2_600_000 + b"[]]",
    "objects": b"[" + b"{}," * 2_600_000 + b"{}]",
    "keys": b"{" + b",".join(b'"%x":{}' % number for number in range(600_000)) + b"}",
    "a few keys": b"{" + b",".join(b'"%x":{}' % number for number in range(70_000)) + b"}",
    "numbers": b"[" + b"999," * 2_000_000 + b"9]",
    "a text": b'{"' + "\U0001f600".encode() * 2_000_000 + b'": 1}',
    "a wide text": b'{"' + "\U0001f600".encode() + b"x" * 8_000_000 + b'": 1}',
    "controls": b'{"' + b"\x7f" * 8_000_000 + b'": 1}',
    "escapes": b'{"' + b"\\u00e9" * 1_300_000 + b'": 1}',
    "depth": b"[" * 8_000_000,
    "metadata": b'{"__metadata__":{'
    + b",".join(b'"%x":"ab"' % number for number in range(500_000))
    + b"}}",
    "tensors": b"{"
    + b",".join(
        b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % number
        for number in range(120_000)
    )
    + b"}",
    "tensors that are allowed": b"{"
    + b",".join(
        b'"%d":{"dtype":"F32","shape":[0,2,3,4],"data_offsets":[0,0]}' % number
        for number in range(10_000)
    )
    + b"}",
}


@pytest.mark.parametrize("kind", HUGE)
def test_huge_headers_and_configs_take_little_memory(attempts: Attempts, kind: str) -> None:
    text = HUGE[kind]
    assert attempts.load({"model.safetensors": struct.pack("<Q", len(text)) + text}) is None
    assert attempts.load({"config.json": text}) is None
    assert attempts.load({"config.json": text[:2_000_000]}) is None


def test_a_model_is_given_all_its_tensors_or_none(attempts: Attempts, model: Generator) -> None:
    folder = attempts.folder
    write_weights(folder, model.own_state(), max_bytes=500)
    (folder / "model.safetensors").unlink()
    headers = read_headers(weight_files(folder))
    assert len(headers) > 1
    last = headers[-1]
    start = list(last.tensors.values())[-1].start
    content = bytearray(last.path.read_bytes())
    content[start : start + 4] = struct.pack("<f", float("nan"))
    last.path.write_bytes(content)
    headers = read_headers(weight_files(folder))
    with without_storage(100):
        empty = build("tiny-net", model.config, conditioner=model.conditioner)
    before = dict(empty.named_parameters())
    check_tensors(headers, empty.own_state(), folder)
    with pytest.raises(ModelFileError, match="holds NaN or Inf"):
        load_weights(empty, empty.own_state(), headers, mapped=False)
    after = dict(empty.named_parameters())
    assert all(after[name] is parameter for name, parameter in before.items())
