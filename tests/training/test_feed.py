"""Batches: from memory, or made one ahead in a thread."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from mmgen.data import PictureData
from mmgen.data.choices import Choices
from mmgen.interfaces import Batch
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ReadAhead, make_source
from mmgen.training.machine import Machine
from mmgen.training.stage_run import encode_all

CPU = torch.device("cpu")


def test_a_batch_has_the_slots_names_and_pictures_in_the_unit_interval(
    pictures: PictureData,
) -> None:
    source = make_source(pictures, CPU)
    batch = source.batch(torch.tensor([5, 0, 5]), CPU)
    assert batch.keys() == {"target", "label"}
    assert batch["target"].dtype == torch.float32
    assert torch.equal(batch["target"][0], pictures.images[5].float() / 255)
    assert batch["label"].tolist() == [2, 0, 2]


def test_white_is_exactly_one() -> None:
    data = PictureData(images=torch.full((2, 1, 2, 2), 255, dtype=torch.uint8))
    assert make_source(data, CPU).batch(torch.arange(2), CPU)["target"].eq(1).all()


def test_captions_come_with_their_pictures() -> None:
    data = PictureData(
        images=torch.zeros(3, 1, 2, 2, dtype=torch.uint8), texts=["a cat", "a dog", ""]
    )
    assert make_source(data, CPU).batch(torch.tensor([2, 0]), CPU)["text"] == ["", "a cat"]


def test_read_ahead_gives_the_batches_in_order_and_starts_anywhere() -> None:
    threads = set()

    def make(draw: int) -> list[dict[str, int]]:
        threads.add(threading.current_thread().name)
        return [{"draw": draw}]

    ahead = ReadAhead(make)
    assert [ahead.get(draw)[0]["draw"] for draw in (0, 1, 2, 7, 8)] == [0, 1, 2, 7, 8]
    ahead.close()
    assert any(name.startswith("mmgen-feed") for name in threads)


def test_read_ahead_passes_errors_on() -> None:
    def make(draw: int) -> list[dict[str, int]]:
        if draw == 1:
            raise OSError("gone")
        return [{}]

    ahead = ReadAhead(make)
    ahead.get(0)
    with pytest.raises(OSError, match="gone"):
        ahead.get(1)
    ahead.close()


def test_encoded_rows_go_on_choosing_their_captions() -> None:
    texts = Choices.of_rows([["a", "b"], ["c", "d"]])
    data = PictureData(images=torch.zeros(2, 1, 2, 2, dtype=torch.uint8), texts=texts)
    machine, config = Machine(TrainingConfig(device="cpu", batch_size=2)), TrainingConfig()

    def encode(batch: Batch) -> Batch:
        return {"codes": batch["target"] + 1, "text": batch["text"]}

    source = encode_all(nn.Identity(), encode, make_source(data, CPU), machine, config)
    assert source.choices.keys() == {"text"}
    rows = torch.tensor([1, 0])
    assert source.batch(rows, CPU, np.array([1, 0], np.uint64))["text"] == ["d", "a"]
    assert source.batch(rows, CPU)["codes"].eq(1).all()


def test_processes_encode_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PictureData(images=torch.zeros(2, 1, 2, 2, dtype=torch.uint8))
    machine, config = Machine(TrainingConfig(device="cpu", batch_size=2)), TrainingConfig()
    measured = nn.BatchNorm1d(1)

    def share(module: nn.Module) -> None:
        next(module.buffers()).fill_(7.0)

    def encode(batch: Batch) -> Batch:
        return {"codes": batch["target"] + measured.running_mean}

    monkeypatch.setattr(machine, "share_buffers", share)
    source = encode_all(measured, encode, make_source(data, CPU), machine, config)
    assert source.batch(torch.tensor([0]), CPU)["codes"].eq(7).all()
