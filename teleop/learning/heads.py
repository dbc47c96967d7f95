"""Actions as network outputs: categorical branches, or numbers within bounds.

Keyboard demonstrations of a continuous action are a few levels per axis; a categorical head over
those levels beat regression in every comparison made (Pendulum, LunarLanderContinuous).
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import LearningError
from teleop.types import Action

MOST_LEVELS = 7
Distribution: TypeAlias = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class CategoricalHead:
    """One softmax a branch.

    Attributes:
        levels: of each branch, the value that each output stands for.
        shape: of the action.
        dtype: of the action.
    """

    levels: tuple[tuple[float, ...], ...]
    shape: tuple[int, ...]
    dtype: str

    kind = "categorical"

    @property
    def size(self) -> int:
        """Number of network outputs."""
        return sum(len(branch) for branch in self.levels)

    def targets(self, actions: NDArray[Any]) -> NDArray[np.int64]:
        """Index of the nearest level of each branch: (T, ...) -> (T, branches)."""
        flat = np.asarray(actions, dtype=np.float64).reshape(len(actions), -1)
        columns = [
            np.abs(flat[:, [branch]] - np.array(levels)).argmin(axis=1)
            for branch, levels in enumerate(self.levels)
        ]
        return np.stack(columns, axis=1).astype(np.int64)

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Softmax of each branch: (size,) -> (size,)."""
        parts = []
        for part in self._branches(logits):
            exp = np.exp(part - part.max())
            parts.append(exp / exp.sum())
        return np.concatenate(parts)

    def action(self, probabilities: NDArray[np.float32]) -> Action:
        """The most likely action."""
        best = [
            levels[int(part.argmax())]
            for levels, part in zip(self.levels, self._branches(probabilities), strict=True)
        ]
        value = np.array(best).reshape(self.shape).astype(self.dtype)
        return value if self.shape else value[()]

    def distribution(self, probabilities: NDArray[np.float32]) -> Distribution:
        """The probabilities, branch by branch."""
        return tuple(tuple(float(p) for p in part) for part in self._branches(probabilities))

    def _branches(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        ends = np.cumsum([len(branch) for branch in self.levels])[:-1]
        return np.split(values, ends)


@dataclass(frozen=True, slots=True)
class RegressionHead:
    """One number an axis, clipped to the space's bounds.

    Attributes:
        low: (axes,) lower bounds.
        high: (axes,) upper bounds.
        shape: of the action.
        dtype: of the action.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[int, ...]
    dtype: str

    kind = "regression"

    @property
    def size(self) -> int:
        """Number of network outputs."""
        return len(self.low)

    def targets(self, actions: NDArray[Any]) -> NDArray[np.float32]:
        """Flat actions: (T, ...) -> (T, axes)."""
        return np.asarray(actions, dtype=np.float32).reshape(len(actions), -1)

    def probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What members of an ensemble are averaged over: the outputs themselves."""
        return outputs

    def action(self, outputs: NDArray[np.float32]) -> Action:
        """The outputs within the bounds."""
        return np.clip(outputs, self.low, self.high).reshape(self.shape).astype(self.dtype)

    def distribution(self, outputs: NDArray[np.float32]) -> Distribution:
        """Numbers have no probabilities."""
        del outputs
        return ()


Head: TypeAlias = CategoricalHead | RegressionHead


def head_for(space: Space, actions: NDArray[Any]) -> Head:
    """The head for a space and what was actually done in it.

    Args:
        space: the action space.
        actions: (N, ...) every recorded action.

    Raises:
        LearningError: the space cannot be learned yet.
    """
    shape, dtype = tuple(space.shape or ()), str(space.dtype)
    match space:
        case spaces.Discrete():
            start = int(space.start)
            levels = tuple(float(start + i) for i in range(int(space.n)))
            return CategoricalHead((levels,), (), "int64")
        case spaces.MultiDiscrete():
            pairs = zip(space.nvec.ravel(), np.ravel(space.start), strict=True)
            branches = tuple(tuple(float(s + i) for i in range(int(n))) for n, s in pairs)
            return CategoricalHead(branches, shape, dtype)
        case spaces.MultiBinary():
            return CategoricalHead(((0.0, 1.0),) * int(np.prod(shape)), shape, dtype)
        case spaces.Box():
            found = levels_per_axis(actions)
            if found:
                return CategoricalHead(found, shape, dtype)
            low, high = (tuple(map(float, np.ravel(end))) for end in (space.low, space.high))
            return RegressionHead(low, high, shape, dtype)
    raise LearningError(
        f"{type(space).__name__} actions cannot be learned yet; Discrete, MultiDiscrete, "
        "MultiBinary and Box can."
    )


def levels_per_axis(actions: NDArray[Any]) -> tuple[tuple[float, ...], ...] | None:
    """The few values that keys produced on each axis; None if any axis has more than 7."""
    flat = np.asarray(actions).reshape(len(actions), -1)
    levels = [np.unique(np.round(axis, 6)) for axis in flat.T]
    if any(len(axis) > MOST_LEVELS for axis in levels):
        return None
    return tuple(tuple(float(level) for level in axis) for axis in levels)


def head_to_dict(head: Head) -> dict[str, Any]:
    """A head as JSON-able data."""
    shared = {"kind": head.kind, "shape": list(head.shape), "dtype": head.dtype}
    if isinstance(head, CategoricalHead):
        return shared | {"levels": [list(branch) for branch in head.levels]}
    return shared | {"low": list(head.low), "high": list(head.high)}


def head_from_dict(data: dict[str, Any]) -> Head:
    """What `head_to_dict` wrote.

    Raises:
        KeyError: something is missing.
    """
    shape, dtype = tuple(int(n) for n in data["shape"]), str(np.dtype(data["dtype"]))
    if data["kind"] == "categorical":
        levels = tuple(tuple(float(v) for v in branch) for branch in data["levels"])
        return CategoricalHead(levels, shape, dtype)
    low, high = (tuple(float(v) for v in data[end]) for end in ("low", "high"))
    return RegressionHead(low, high, shape, dtype)
