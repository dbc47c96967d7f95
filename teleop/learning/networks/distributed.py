"""One training on many processes or machines: `torchrun` starts them, gradients are averaged.

Each process draws its own part of every batch; weights, and so every decision that is made from
them, are the same everywhere. PyTorch's own engine does the work: nccl on GPUs, gloo elsewhere.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn


@contextlib.contextmanager
def spread_out() -> Iterator[int]:
    """Join the other processes, if `torchrun` started us; yields our number, 0 for the first."""
    if "TORCHELASTIC_RUN_ID" not in os.environ or not distributed.is_available():
        yield 0
        return
    number = int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available() and number < torch.cuda.device_count()
    if cuda:
        torch.cuda.set_device(number)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
    try:
        yield distributed.get_rank()
    finally:
        distributed.destroy_process_group()


def world() -> tuple[int, int]:
    """(our number, number of processes)."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def share(module: nn.Module) -> None:
    """Begin everywhere with the first process's weights."""
    for tensor in module.state_dict().values():
        distributed.broadcast(tensor, 0)


def agreed(value: float) -> float:
    """The first process's number, so that all decide the same."""
    if world()[1] == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    distributed.broadcast(shared, 0)
    return float(shared[0])


def average(gradient: Tensor) -> None:
    """Replace a gradient by the mean over all processes."""
    distributed.all_reduce(gradient)
    gradient.div_(distributed.get_world_size())
