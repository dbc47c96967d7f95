"""Actions as network outputs: an action is a row of branches, each a choice of levels or a number.

Keyboard demonstrations of a continuous action have a few levels per axis. A softmax over these
levels beat regression in every comparison (Pendulum, LunarLanderContinuous). An axis with more than
7 values comes from a stick or a mouse and is a number.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import LearningError
from teleop.recording.journals.flattening import LeafSpec, iter_leaves, nested
from teleop.text import tr
from teleop.types import Action

MOST_LEVELS = 7
MOST_BRANCHES = 256
_EVEN_LEVELS = 11
_NUMBER_FIELDS = ("low", "high", "mean", "sd")
Distribution: TypeAlias = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """A choice of one of a few values, predicted with a softmax.

    Attributes:
        values: value of each output, ascending.
    """

    values: tuple[float, ...]

    @property
    def size(self) -> int:
        """Number of network outputs."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, predicted in standard deviations from the data's mean.

    Attributes:
        low: lower bound of the space.
        high: upper bound of the space.
        mean: mean of the data.
        sd: standard deviation of the data.
        squashed: whether the network's output goes through tanh first.
    """

    low: float
    high: float
    mean: float = 0.0
    sd: float = 1.0
    squashed: bool = False

    size = 1


Branch: TypeAlias = Levels | Number


@dataclass(frozen=True)
class Head:
    """The outputs of a policy.

    Attributes:
        branches: branches of the flattened action, in the order of its leaves.
        space: the action space.
    """

    branches: tuple[Branch, ...]
    space: Space

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of outputs of each branch."""
        return tuple(branch.size for branch in self.branches)

    @cached_property
    def size(self) -> int:
        """Number of network outputs."""
        return sum(self.sizes)

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """Slice of the outputs for each branch."""
        ends = np.cumsum(self.sizes).tolist()
        return tuple(slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True))

    @cached_property
    def is_choice(self) -> bool:
        """Whether every branch is a choice."""
        return all(isinstance(branch, Levels) for branch in self.branches)

    @cached_property
    def is_numbers(self) -> bool:
        """Whether every branch is a number."""
        return not any(isinstance(branch, Levels) for branch in self.branches)

    @cached_property
    def count_numbers(self) -> int:
        """Number of branches that are numbers."""
        return sum(isinstance(branch, Number) for branch in self.branches)

    def targets(self, flat: NDArray[Any]) -> NDArray[np.float32]:
        """Convert actions to targets: (T, branches) values -> level indices or scaled numbers."""
        columns = []
        for branch, column in zip(self.branches, np.asarray(flat, np.float64).T, strict=True):
            if isinstance(branch, Levels):
                columns.append(np.abs(column[:, None] - np.array(branch.values)).argmin(axis=1))
            else:
                columns.append((column - branch.mean) / branch.sd)
        return np.stack(columns, axis=1).astype(np.float32)

    def features(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return targets as inputs of a network, choices as one-hot numbers: (T, size)."""
        parts = [
            np.eye(size, dtype=np.float32)[column.astype(np.int64)] if size > 1 else column[:, None]
            for size, column in zip(self.sizes, targets.T, strict=True)
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def features_alike(self, other: "Head") -> bool:
        """Return whether another head makes the same inputs of actions."""
        pairs = zip(self.branches, other.branches, strict=False)
        alike = [
            (a.mean, a.sd) == (b.mean, b.sd)
            if isinstance(a, Number) and isinstance(b, Number)
            else a == b
            for a, b in pairs
        ]
        return all(alike) and len(self.branches) == len(other.branches)

    def probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply a softmax to each choice, and tanh to squashed numbers: (..., size), as before."""
        if len(self.branches) == 1 and self.is_choice:
            return _softmax(outputs)
        parts = [
            _answer(branch, outputs[..., span])
            for branch, span in zip(self.branches, self.spans, strict=True)
        ]
        return np.concatenate(parts, axis=-1)

    def action(self, probabilities: NDArray[np.float32]) -> Action:
        """Return the most likely action: (size,) -> an action of the space."""
        flat = [
            branch.values[int(probabilities[span].argmax())]
            if isinstance(branch, Levels)
            else min(
                branch.high,
                max(branch.low, branch.mean + branch.sd * float(probabilities[span.start])),
            )
            for branch, span in zip(self.branches, self.spans, strict=True)
        ]
        return self.rebuilt(flat)

    def actions(self, probabilities: NDArray[np.float32]) -> list[Action]:
        """Return the most likely action of each row: (B, size) -> B actions of the space."""
        flat = np.empty((len(probabilities), len(self.branches)))
        for index, (branch, span) in enumerate(zip(self.branches, self.spans, strict=True)):
            part = probabilities[:, span]
            if isinstance(branch, Levels):
                flat[:, index] = np.array(branch.values)[part.argmax(axis=1)]
            else:
                scaled = branch.mean + branch.sd * part[:, 0].astype(np.float64)
                flat[:, index] = scaled.clip(branch.low, branch.high)
        if isinstance(self.space, spaces.Discrete):
            return list(flat[:, 0].astype(self.space.dtype))
        return [self.rebuilt(row) for row in flat.tolist()]

    def distribution(self, probabilities: NDArray[np.float32]) -> Distribution:
        """Return the probabilities of each branch; empty if any branch is a number."""
        if not self.is_choice:
            return ()
        return tuple(tuple(float(p) for p in probabilities[span]) for span in self.spans)

    @cached_property
    def _makers(self) -> list[Callable[[Sequence[float]], Any]]:
        return [_maker(leaf) for leaf in iter_leaves(self.space)]

    def rebuilt(self, flat: Sequence[float]) -> Action:
        """Return the action of a flattened row: (branches,) -> an action of the space."""
        if len(self._makers) == 1 and not self._leaves[0].path:
            return self._makers[0](flat)
        values, start = [], 0
        for leaf, make in zip(self._leaves, self._makers, strict=True):
            end = start + math.prod(leaf.shape)
            values.append(make(flat[start:end]))
            start = end
        return nested(self._leaves, values)

    @cached_property
    def _leaves(self) -> list[LeafSpec]:
        return list(iter_leaves(self.space))


def _maker(leaf: LeafSpec) -> Callable[[Sequence[float]], Any]:
    dtype = np.dtype(leaf.dtype)
    if dtype.kind in "iu":
        return lambda values: np.rint(values).astype(dtype).reshape(leaf.shape)[()]
    return lambda values: np.array(values, np.float64).astype(dtype).reshape(leaf.shape)[()]


def _answer(branch: Branch, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    if isinstance(branch, Levels):
        return _softmax(outputs)
    return np.tanh(outputs) if branch.squashed else outputs


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: NDArray[np.float32] = exp / exp.sum(axis=-1, keepdims=True)
    return result


def check_learnable(space: Space) -> None:
    """Reject action spaces that cannot be learned.

    Raises:
        LearningError: the space contains text or too many numbers.
    """
    leaves = list(iter_leaves(space))
    if any(leaf.dtype == "O" for leaf in leaves):
        raise LearningError(
            "Text actions cannot be learned; Discrete, MultiDiscrete, MultiBinary, Box, and Dict "
            "and Tuple of those can."
        )
    count = sum(math.prod(leaf.shape) for leaf in leaves)
    if count > MOST_BRANCHES:
        raise LearningError(
            f"An action of {count:,} numbers is too large to learn (at most {MOST_BRANCHES})."
        )


def flat_actions(space: Space, tree: Any) -> NDArray[np.float64]:
    """Flatten actions to rows: (T, ...) arrays nested like the space -> (T, branches)."""
    parts = [
        np.asarray(leaf.value_in(tree), np.float64).reshape(-1, math.prod(leaf.shape))
        for leaf in iter_leaves(space)
    ]
    return np.concatenate(parts, axis=1)


def batched(action: Action) -> Any:
    """Return one action as a batch of one, nested alike."""
    if isinstance(action, dict):
        return {key: batched(part) for key, part in action.items()}
    if isinstance(action, tuple):
        return tuple(batched(part) for part in action)
    return np.asarray(action)[None]


def head_for(space: Space, flat: NDArray[Any]) -> Head:
    """Choose the head for an action space and the recorded actions.

    Args:
        space: the action space.
        flat: (N, branches) all recorded actions.

    Raises:
        LearningError: the space cannot be learned.
    """
    check_learnable(space)
    branches: list[Branch] = []
    for part in iter_parts(space):
        branches += _branches_of(part, flat[:, len(branches) :])
    return Head(tuple(branches), space)


def full_head(space: Space, *, squashed: bool = False) -> Head:
    """Return a head that reaches every action of a space, whatever was recorded.

    Args:
        space: the action space.
        squashed: whether numbers go through tanh, so that -1..1 is the whole range of an axis.

    Raises:
        LearningError: the space cannot be learned, or an axis has no bounds.
    """
    check_learnable(space)
    branches: list[Branch] = []
    for part in iter_parts(space):
        if not isinstance(part, spaces.Box):
            branches += _branches_of(part, np.zeros((1, _width(part))))
            continue
        for low, high in zip(np.ravel(part.low), np.ravel(part.high), strict=True):
            if not np.isfinite([low, high]).all():
                raise LearningError(tr("This algorithm needs actions with bounds."))
            middle, half = (float(low) + float(high)) / 2, (float(high) - float(low)) / 2
            branches.append(Number(float(low), float(high), middle, half or 1.0, squashed))
    return Head(tuple(branches), space)


def is_choice(space: Space) -> bool:
    """Return whether every action of a space is a choice, whatever was recorded."""
    return not any(isinstance(part, spaces.Box) for part in iter_parts(space))


def averaging_head(head: Head, flat: NDArray[Any]) -> Head:
    """Return a head that predicts the mean of every axis of a Box, also where keys were used.

    Args:
        head: the head that was chosen automatically.
        flat: (N, branches) all recorded actions.
    """
    return _with_axes(head, flat, lambda values, low, high: _number(values, low, high))


def choosing_head(head: Head, flat: NDArray[Any]) -> Head:
    """Return a head that chooses one of a few values for every axis of a Box, also for sticks.

    An axis with more than 7 values is divided evenly into 11 levels.

    Args:
        head: the head that was chosen automatically.
        flat: (N, branches) all recorded actions.
    """

    def levels(values: NDArray[Any], low: float, high: float) -> Branch:
        branch = _axis(values, low, high)
        if isinstance(branch, Levels):
            return branch
        return Levels(tuple(np.linspace(values.min(), values.max(), _EVEN_LEVELS).tolist()))

    return _with_axes(head, flat, levels)


def _with_axes(
    head: Head, flat: NDArray[Any], make: Callable[[NDArray[Any], float, float], Branch]
) -> Head:
    """Replace the branches of all axes of a Box."""
    branches: list[Branch] = []
    for part in iter_parts(head.space):
        known = head.branches[len(branches) :][: _width(part)]
        if isinstance(part, spaces.Box):
            columns = flat[:, len(branches) :].T
            ends = zip(columns, np.ravel(part.low), np.ravel(part.high), strict=False)
            known = tuple(make(column, float(a), float(b)) for column, a, b in ends)
        branches += known
    return Head(tuple(branches), head.space)


def _width(space: Space) -> int:
    """Return the number of branches of a leaf space."""
    return sum(math.prod(leaf.shape) for leaf in iter_leaves(space))


def iter_parts(space: Space) -> Iterator[Space]:
    """Yield the leaf spaces in the order of their leaves."""
    if isinstance(space, spaces.Dict):
        for sub in space.spaces.values():
            yield from iter_parts(sub)
    elif isinstance(space, spaces.Tuple):
        for sub in space.spaces:
            yield from iter_parts(sub)
    else:
        yield space


def _branches_of(space: Space, flat: NDArray[Any]) -> list[Branch]:
    match space:
        case spaces.Discrete():
            start = int(space.start)
            return [Levels(tuple(float(start + i) for i in range(int(space.n))))]
        case spaces.MultiDiscrete():
            pairs = zip(space.nvec.ravel(), np.ravel(space.start), strict=True)
            return [Levels(tuple(float(s + i) for i in range(int(n)))) for n, s in pairs]
        case spaces.MultiBinary():
            return [Levels((0.0, 1.0))] * int(np.prod(space.shape))
        case spaces.Box():
            ends = zip(np.ravel(space.low), np.ravel(space.high), strict=True)
            return [_axis(flat[:, i], float(a), float(b)) for i, (a, b) in enumerate(ends)]
    raise LearningError(f"{type(space).__name__} actions cannot be learned.")


def _axis(values: NDArray[Any], low: float, high: float) -> Branch:
    """Return a choice if keys produced only a few values, otherwise a number."""
    reach = float(values.max() - values.min()) or 1.0
    _, first = np.unique(np.round((values - values.min()) / reach, 6), return_index=True)
    if len(first) <= MOST_LEVELS:
        return Levels(tuple(float(values[row]) for row in first))  # exactly as recorded
    return _number(values, low, high)


def _number(values: NDArray[Any], low: float, high: float) -> Number:
    return Number(low, high, float(values.mean()), float(max(values.std(), 1e-3)))


def branches_to_json(head: Head) -> list[dict[str, Any]]:
    """Return the branches as JSON-able data."""
    return [
        {"levels": list(branch.values)} if isinstance(branch, Levels) else _number_to_json(branch)
        for branch in head.branches
    ]


def _number_to_json(branch: Number) -> dict[str, Any]:
    found: dict[str, Any] = {key: getattr(branch, key) for key in _NUMBER_FIELDS}
    return found | ({"squashed": True} if branch.squashed else {})


def head_from_json(data: list[dict[str, Any]], space: Space) -> Head:
    """Build a head from the data of `branches_to_json`.

    Raises:
        KeyError: a field is missing.
        ValueError: the branches do not fit the space.
    """
    check_learnable(space)
    branches = tuple(
        Levels(tuple(float(v) for v in item["levels"]))
        if "levels" in item
        else Number(
            **{key: float(item[key]) for key in _NUMBER_FIELDS},
            squashed=bool(item.get("squashed")),
        )
        for item in data
    )
    if len(branches) != sum(math.prod(leaf.shape) for leaf in iter_leaves(space)):
        raise ValueError("the head does not fit the action space")
    return Head(branches, space)
