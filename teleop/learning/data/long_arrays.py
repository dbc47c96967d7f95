"""Long arrays for training data: in memory if they are small, else in an unnamed file."""

import os
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_IN_MEMORY = 1 << 30  # bytes of observations


def long_array(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Create an empty array in memory, or in an unnamed file if it is large."""
    if int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize <= LARGEST_IN_MEMORY:
        return np.empty(shape, dtype)
    folder = os.environ.get("TMPDIR") or ("/var/tmp" if os.path.isdir("/var/tmp") else None)  # noqa: PTH112
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype, "w+", shape=shape)


def without_last(tree: Any) -> Any:
    """Return nested (T + 1, ...) arrays without their last row."""
    if isinstance(tree, dict):
        return {key: without_last(part) for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(without_last(part) for part in tree)
    return tree[:-1]
