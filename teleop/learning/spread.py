"""One training on many processes or machines: `torchrun` starts them, gradients are averaged.

Each process draws its own part of every batch; weights, and so every decision that is made from
them, are the same everywhere. PyTorch's own engine does the work: nccl on GPUs, gloo elsewhere.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed


@contextlib.contextmanager
def spread_out() -> Iterator[int]:
    """Join the other processes, if `torchrun` started us; yields our number, 0 for the first."""
    if "TORCHELASTIC_RUN_ID" not in os.environ or not distributed.is_available():
        yield 0
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
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


def average(gradient: Tensor) -> None:
    """Replace a gradient by the mean over all processes."""
    distributed.all_reduce(gradient)
    gradient.div_(distributed.get_world_size())
