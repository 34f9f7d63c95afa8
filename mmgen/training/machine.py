"""What a training runs on: one device or many processes, through accelerate."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from mmgen.errors import NotInstalledError, TrainingError
from mmgen.interfaces.heap import keep_freed_memory
from mmgen.training.config import TrainingConfig


class Machine:
    """The device of this process, and the other processes of the run.

    Args:
        config: its `device`, `batch_size` and `accumulate`.

    Raises:
        NotInstalledError: the extra `train` is missing.
        TrainingError: the device is not there, or the batch cannot be shared by the processes.
    """

    def __init__(self, config: TrainingConfig) -> None:
        self._accelerator = _make_accelerator(config.device)
        self.num_processes: int = self._accelerator.num_processes
        self.index: int = self._accelerator.process_index
        self.device = self._choose_device(config.device)
        if config.batch_size % (self.num_processes * config.accumulate):
            raise TrainingError(
                f"batch_size must be a multiple of processes × accumulate "
                f"({self.num_processes} × {config.accumulate}); got {config.batch_size}"
            )
        self.part_size = config.batch_size // (self.num_processes * config.accumulate)

    def _choose_device(self, wanted: str) -> torch.device:
        if wanted == "auto" or self.num_processes > 1:
            return torch.device(self._accelerator.device)
        try:
            device = torch.device(wanted)
            torch.empty(1, device=device)
        except (RuntimeError, AssertionError) as error:
            raise TrainingError(
                f"device {wanted!r} cannot be used here ({str(error).splitlines()[0]}); "
                "see mmgen doctor"
            ) from error
        return device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and talks to the user."""
        return self.index == 0

    def prepare(self, module: nn.Module) -> nn.Module:
        """Wrap a module so that its gradients synchronise, where there are several processes."""
        return self._accelerator.prepare_model(module, device_placement=False)

    def mean(self, tensor: Tensor) -> Tensor:
        """Return the mean over all processes."""
        if self.num_processes == 1:
            return tensor
        return self._accelerator.reduce(tensor, reduction="mean")

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.num_processes == 1:
            return tensor
        return self._accelerator.reduce(tensor, reduction="sum")

    def most(self, value: float) -> float:
        """Return the largest value that any process has."""
        if self.num_processes == 1:
            return value
        gathered = self._accelerator.gather(torch.tensor([value], device=self.device))
        return float(gathered.max())

    def agree(self, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Return what the main process measures; the others wait for it."""
        if self.num_processes == 1:
            return measure()
        from accelerate.utils import broadcast_object_list

        found = [measure() if self.is_main else None]
        broadcast_object_list(found)
        return cast(dict[str, float], found[0])

    @torch.no_grad()
    def share_buffers(self, module: nn.Module) -> None:
        """Give every process the main one's buffers: each measures them on its own pictures."""
        if self.num_processes == 1:
            return
        from accelerate.utils import broadcast

        for buffer in module.buffers():
            buffer.copy_(broadcast(buffer))

    def gather(self, tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """Return every process's tensors, in the order of the processes."""
        if self.num_processes == 1:
            return [tensors]
        from accelerate.utils import gather_object

        return gather_object([tensors])

    def wait(self) -> None:
        """Return when all processes are here."""
        if self.num_processes > 1:
            self._accelerator.wait_for_everyone()


def _make_accelerator(device: str) -> Any:
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError as error:
        command = "pip install 'mmgen-core[train]'"
        raise NotInstalledError(f"training needs accelerate; run: {command}", command) from error
    # Left to itself, accelerate does not join processes that have no accelerator.
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    on_cpu = several and (device == "cpu" or not torch.accelerator.is_available())
    # Autocast is the phase's own: accelerate's precision is one for the whole process, for ever.
    # Not every parameter has a part in every loss: a family may not use a condition's tokens.
    parallel = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(
        mixed_precision="no", device_placement=False, cpu=on_cpu, kwargs_handlers=[parallel]
    )


def precision_notes(precision: str, device: torch.device) -> tuple[str, ...]:
    """Return what to tell a user whose processor has no arithmetic for the precision asked for."""
    read = getattr(torch.cpu, "get_capabilities", None)  # from torch 2.9 on
    capabilities: dict[str, Any] = read() if read else {}
    if precision != "bf16" or device.type != "cpu" or capabilities.get("architecture") != "x86_64":
        return ()
    if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        return ()
    return (
        "this processor has no bf16 arithmetic and imitates it slowly; "
        "--set training.precision=fp32 learns the same, mostly several times as fast",
    )


@contextmanager
def fast_arithmetic(device: torch.device) -> Iterator[None]:
    """Allow TF32 and let cuDNN find its fastest kernels on CUDA, for a while.

    On the CPU, take numbers below 1.2e-38 for 0: processors reckon with them many times as slowly,
    and gradients of saturated activations are full of them. And let the process keep freed memory;
    that stays so.
    """
    if device.type == "cpu":
        keep_freed_memory()
        with _no_denormals():
            yield
        return
    if device.type != "cuda":
        yield
        return
    precision = torch.get_float32_matmul_precision()
    benchmark = torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.benchmark = benchmark


@contextmanager
def _no_denormals() -> Iterator[None]:
    flushed = not torch.tensor(1e-40).mul(1).item()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
