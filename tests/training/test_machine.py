"""Several processes learn as one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmgen.training.machine import fast_arithmetic, precision_notes
from mmgen.training.tensor_file import read_tensors

SCRIPT = """
import sys
from pathlib import Path
import torch
from torch import nn
torch.set_num_threads(1)
from mmgen.data import PictureData
from mmgen.interfaces import Phase, Stage, Trainer
from mmgen.options import Options
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import make_source
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

class Line(Trainer):
    def __init__(self):
        torch.manual_seed(0)
        super().__init__(nn.Linear(4, 4), Options())
        self.unused = nn.Parameter(torch.zeros(2))

    def stages(self):
        parameters = list(self.parameters())
        phase = Phase(name="p", parameters=parameters, loss=self.loss, ema=[self.model])
        return [Stage(name="s", phases=[phase])]

    def loss(self, batch, step, rng):
        pixels = batch["target"].flatten(1)
        return {"loss": (self.model(pixels) - pixels.flip(1)).square().mean()}

    def evaluate(self, batch, rng):
        return {"mean": batch["target"].mean(dim=(1, 2, 3))}

config = TrainingConfig(
    steps=7, batch_size=12, accumulate=int(sys.argv[2]), learning_rate=0.05, clip_norm=0.1,
    device="cpu", evaluate_every=0, checkpoint_every=3, tensorboard=False, log_every=2,
)
machine = Machine(config)
generator = torch.Generator().manual_seed(1)
data = PictureData(images=torch.randint(0, 256, (25, 1, 2, 2), generator=generator,
                                        dtype=torch.uint8))
source = make_source(data, machine.device)
Loop._save_model = lambda loop: None
loop = Loop(Line(), source, source, config, machine, RunFolder(sys.argv[1]), reporter=Silence(),
            record={})
loop.run.path.mkdir(exist_ok=True)
state = loop.train()
measured = nn.BatchNorm1d(1).requires_grad_(False)
measured.running_mean.fill_(machine.index + 3)
machine.share_buffers(measured)
print(machine.num_processes, measured.running_mean.item(), state.evaluations[-1]["num_pictures"],
      round(state.evaluations[-1]["figures"]["mean"], 6))
"""


def start(path: Path, *, processes: int, accumulate: int) -> list[subprocess.Popen[str]]:
    """Start to train in that many processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = []
    for rank in range(processes):
        env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        if processes > 1:
            env |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
            env |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        command = [sys.executable, "-c", SCRIPT, str(path), str(accumulate)]
        running.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    return running


def last_line(process: subprocess.Popen[str]) -> str:
    """Return the last line that a process printed, once it has ended well."""
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    return output.strip().splitlines()[-1]


def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    alone = start(tmp_path / "one", processes=1, accumulate=1)
    both = start(tmp_path / "two", processes=2, accumulate=3)
    figures = last_line(alone[0]).removeprefix("1 ")
    assert [last_line(process) for process in both] == [f"2 {figures}"] * 2
    checkpoint = Path("checkpoints") / "step-00000007"
    for name in ("trainer", "ema-p", "optimizer-p"):
        one = read_tensors(tmp_path / "one" / checkpoint / f"{name}.safetensors")
        two = read_tensors(tmp_path / "two" / checkpoint / f"{name}.safetensors")
        torch.testing.assert_close(two, one, rtol=1e-4, atol=1e-6)
    assert (tmp_path / "two" / checkpoint / "random-1.safetensors").is_file()


@pytest.mark.parametrize(
    ("precision", "device", "capabilities", "told"),
    [
        ("bf16", "cpu", {"architecture": "x86_64", "avx512_bf16": False}, True),
        ("bf16", "cpu", {"architecture": "x86_64", "avx512_bf16": True}, False),
        ("bf16", "cpu", {"architecture": "x86_64", "amx_bf16": True}, False),
        ("fp32", "cpu", {"architecture": "x86_64"}, False),
        ("bf16", "meta", {"architecture": "x86_64"}, False),
        ("bf16", "cpu", {"architecture": "aarch64"}, False),  # not known
    ],
)
def test_a_processor_without_bf16_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    device: str,
    capabilities: dict[str, bool],
    told: bool,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    notes = precision_notes(precision, torch.device(device))
    assert [("precision=fp32" in note) for note in notes] == [True] * told


def test_learning_takes_denormal_numbers_for_zero():
    tiny = torch.tensor(1e-40)
    assert tiny.mul(1) > 0
    with fast_arithmetic(torch.device("cpu")):
        assert tiny.mul(1) == 0
    assert tiny.mul(1) > 0


def test_a_training_that_fails_leaves_arithmetic_as_it_was():
    with pytest.raises(KeyError), fast_arithmetic(torch.device("cpu")):
        raise KeyError
    assert torch.tensor(1e-40).mul(1) > 0


def test_who_took_denormal_numbers_for_zero_before_does_so_after():
    torch.set_flush_denormal(True)
    try:
        with fast_arithmetic(torch.device("cpu")):
            pass
        assert torch.tensor(1e-40).mul(1) == 0
    finally:
        torch.set_flush_denormal(False)
