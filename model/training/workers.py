"""The processes that train together. One process is a group of one and needs no torchrun."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Workers:
    """This process among `count`, and its device."""

    rank: int
    count: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and shows the progress."""
        return self.rank == 0

    def takes_bf16(self, precision: str) -> bool:
        """Whether to train in bfloat16: "auto" does so where the device computes in it.

        A ValueError where "bf16" is asked of a device that would only imitate it: a CPU then takes
        twenty times as long, and has no LSTM for it at all.
        """
        if self.device.type == "cuda":
            has_it = torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            has_it = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
        if precision == "bf16" and not has_it:
            raise ValueError(
                f"precision is bf16, but this {self.device.type} doesn't compute in it; "
                "use auto or fp32"
            )
        return has_it and precision != "fp32"

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over the workers."""
        if self.count == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=ids)

    def hold_back(self, module: nn.Module, hold: bool) -> AbstractContextManager[object]:
        """While gradients accumulate, nothing is exchanged."""
        if hold and isinstance(module, DistributedDataParallel):
            return module.no_sync()
        return contextlib.nullcontext()

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all workers."""
        if self.count > 1:
            distributed.all_reduce(values)
        return values

    def agree(self, minutes: float, stop: bool) -> tuple[float, bool]:
        """The first worker's clock, and whether any worker was told to stop.

        All workers must take the same learning rate and the same last step.
        """
        if self.count == 1:
            return minutes, stop
        values = torch.zeros(2, dtype=torch.float64, device=self.device)
        values[0] = minutes if self.leads else 0.0
        values[1] = float(stop)
        distributed.all_reduce(values)
        return float(values[0]), bool(values[1] > 0)

    def wait(self) -> None:
        """Until every worker is here."""
        if self.count > 1:
            distributed.barrier()


@contextlib.contextmanager
def open_workers(device: str) -> Iterator[Workers]:
    """Join the group that torchrun's environment describes, or be alone."""
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    place = _device(device)
    if count == 1:
        yield Workers(0, 1, place)
        return
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield Workers(rank, count, place)
    finally:
        distributed.destroy_process_group()


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r:.80}") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise ValueError(f"device is {name!r}, but no GPU is available")
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", device.index or 0)))
        torch.cuda.set_device(device)
        torch.backends.cuda.enable_cudnn_sdp(False)  # 13 ms of planning for every new length
    return device
