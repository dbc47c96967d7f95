"""Distributed training: `torchrun` starts the processes, and gradients are averaged.

Each process draws its own part of every batch. The weights, and all decisions based on them, are
the same in all processes. PyTorch does the communication: nccl on GPUs, gloo elsewhere.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn


@contextlib.contextmanager
def process_group() -> Iterator[int]:
    """Join the other processes if `torchrun` started this one; yield the rank, else 0."""
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
    """Return (rank, number of processes)."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def share(module: nn.Module) -> None:
    """Copy the first process's weights to all processes."""
    for tensor in module.state_dict().values():
        distributed.broadcast(tensor, 0)


def agreed(value: float) -> float:
    """Return the first process's value, so that all processes decide the same."""
    if world()[1] == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    distributed.broadcast(shared, 0)
    return float(shared[0])


def average(gradient: Tensor) -> None:
    """Replace a gradient with its mean over all processes."""
    distributed.all_reduce(gradient)
    gradient.div_(distributed.get_world_size())
