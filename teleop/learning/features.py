"""Observations as rows of numbers: what a network sees."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import LearningError, sentence
from teleop.recording.leaves import Kind, Leaf, iter_leaves

Rows = NDArray[np.float32]
_LARGEST_ONE_HOT = 4096


class Features:
    """Flattens observations of one space: boxes as they are, discrete values as one-hot."""

    def __init__(self, space: Space) -> None:
        """Prepare for a space.

        Raises:
            LearningError: a part of it cannot be learned from yet.
        """
        self._leaves = [
            (leaf, _sizes(leaf, _sub_space(space, leaf))) for leaf in iter_leaves(space)
        ]
        self.size = sum(sum(sizes) or _width(leaf) for leaf, sizes in self._leaves)

    def rows(self, tree: Any) -> Rows:
        """Rows of a whole episode: (T, ...) arrays, nested like the space -> (T, size)."""
        parts = [_columns(sizes, leaf.value_in(tree)) for leaf, sizes in self._leaves]
        return np.concatenate(parts, axis=1)

    def row(self, observation: Any) -> Rows:
        """One observation as a row: (size,)."""
        parts = [
            _columns(sizes, np.asarray(leaf.value_in(observation))[None])
            for leaf, sizes in self._leaves
        ]
        return parts[0][0] if len(parts) == 1 else np.concatenate([part[0] for part in parts])


def _sub_space(space: Space, leaf: Leaf) -> Any:
    part: Any = space
    for key in leaf.keys:
        part = part[key]
    return part


def _sizes(leaf: Leaf, space: Any) -> tuple[int, ...]:
    """Number of values of each categorical of a leaf; empty for plain numbers."""
    if leaf.kind is Kind.IMAGE:
        raise LearningError(
            "This environment's observations are pictures; learning from pictures is not in this "
            "version. Choose an environment with vector observations."
        )
    if leaf.kind is Kind.TEXT:
        raise LearningError("This environment's observations hold text, which cannot be learned.")
    if isinstance(space, spaces.Discrete):
        sizes: tuple[int, ...] = (int(space.n),)
    elif isinstance(space, spaces.MultiDiscrete):
        sizes = tuple(int(n) for n in space.nvec.ravel())
    else:
        return ()
    if sum(sizes) > _LARGEST_ONE_HOT:
        raise LearningError(f"A discrete observation of {sum(sizes)} values is too large to learn.")
    return sizes


def _width(leaf: Leaf) -> int:
    return int(np.prod(leaf.shape, dtype=np.int64))


def _columns(sizes: tuple[int, ...], values: NDArray[Any]) -> Rows:
    flat = np.asarray(values).reshape(len(values), -1)  # (T, width)
    if not sizes:
        return flat.astype(np.float32)
    hot = np.zeros((len(flat), sum(sizes)), np.float32)
    offset = 0
    for branch, size in enumerate(sizes):
        index = np.clip(flat[:, branch].astype(np.int64), 0, size - 1)
        hot[np.arange(len(flat)), offset + index] = 1.0
        offset += size
    return hot


def why_not(space: Space) -> str:
    """Why nothing can be learned from observations of this space; empty if something can."""
    try:
        Features(space)
    except LearningError as problem:
        return sentence(problem)
    return ""
