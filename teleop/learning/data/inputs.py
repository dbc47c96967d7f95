"""Encoding of observations as network inputs: one row of numbers, and small images.

The numbers of all leaves are joined in one row: Box values unchanged, discrete values as one-hot, a
state number by its factors if the environment can decode it, and a periodic angle (its bounds are
2 pi apart) as cosine and sine. Each leaf that is an image remains an image, averaged down to at
most 64 pixels per side. Text that varies becomes a bag of words.
"""

import copy
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.factors import Factors
from teleop.envs.spaces import Space
from teleop.errors import LearningError, TeleopError, sentence
from teleop.recording.journals.flattening import Kind, LeafSpec, iter_leaves

Rows = NDArray[np.float32]
Picture = NDArray[np.uint8]
LARGEST_SIDE = 64
_LARGEST_ONE_HOT = 4096
_LARGEST_ROW = 1 << 16
_LEAST_SIDE = 32
_MOST_WORDS = 512
TASK_KINDS = ("one-hot", "tokens")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Encoded observations.

    Attributes:
        vector: (N, features) numbers.
        pictures: one (N, height, width, channels) array for each leaf that is an image.
    """

    vector: Rows
    pictures: tuple[Picture, ...] = ()

    def __len__(self) -> int:
        return len(self.vector)

    def __getitem__(self, rows: Any) -> "Inputs":
        return Inputs(self.vector[rows], tuple(part[rows] for part in self.pictures))


@dataclass(frozen=True, slots=True)
class TaskInputs:
    """How a task becomes inputs.

    Attributes:
        kind: `one-hot` (an input for each task) or `tokens` (an input for each word of the tasks).
        tasks: the known tasks, the most frequent first.
    """

    kind: str
    tasks: tuple[str, ...]

    @property
    def features(self) -> int:
        """Number of inputs."""
        return len(self.tasks) if self.kind == "one-hot" else len(self._words)

    def knows(self, task: str) -> bool:
        """Return whether a task can be told from nothing."""
        return task in self.tasks if self.kind == "one-hot" else bool(self.row(task).any())

    def row(self, task: str) -> Rows:
        """Return the inputs of a task: (features,); zeros if it is not known."""
        if self.kind == "one-hot":
            return np.array([task == each for each in self.tasks], np.float32)
        row: Rows = _bags(self._words, [task])[0]
        return row

    @property
    def _words(self) -> tuple[str, ...]:
        return tuple(sorted({word for task in self.tasks for word in _split(task)}))


class Encoding:
    """Turns observations of one space into `Inputs`.

    Attributes:
        task_inputs: how the task is encoded; None if it is not.
        task: the task that is encoded in each row.
    """

    task_inputs: TaskInputs | None = None
    task = ""

    def __init__(
        self,
        space: Space,
        factors: Factors = (),
        words: tuple[str, ...] = (),
        *,
        angles: bool = True,
    ) -> None:
        """Prepare the encoding of a space.

        Args:
            space: the observation space.
            factors: factors of each number of a Discrete observation; empty if it has none.
            words: words that text may contain; empty if text is ignored.
            angles: encode angles as cosine and sine.

        Raises:
            LearningError: nothing in the space can be learned from, or a part is too large.
        """
        self._numbers: list[tuple[LeafSpec, _Choices]] = []
        self._pictures: list[tuple[LeafSpec, _Shrink]] = []
        self.factors, self.words, self.angles = factors, words, angles
        texts = [leaf for leaf in iter_leaves(space) if leaf.kind is Kind.TEXT]
        self._texts = texts if words else []
        left_out = [] if words else ["/".join(leaf.path) or "the observation" for leaf in texts]
        for leaf in iter_leaves(space):
            if leaf.kind is Kind.TEXT:
                continue
            if _is_picture(leaf):
                self._pictures.append((leaf, _Shrink(leaf.shape)))
            else:
                choices = _factored(factors) or _choices(_sub_space(space, leaf), angles=angles)
                self._numbers.append((leaf, choices))
        self.left_out = tuple(left_out)
        self.features = sum(
            sum(choices.sizes) or math.prod(leaf.shape) + len(choices.angles)
            for leaf, choices in self._numbers
        ) + len(words) * len(self._texts)
        self.pictures = tuple(shrink.small for _, shrink in self._pictures)
        self._check_size()

    def with_tasks(self, task_inputs: TaskInputs) -> "Encoding":
        """Return an encoding whose rows also hold the task; it begins with the most frequent."""
        other = copy.copy(self)
        other.task_inputs, other.task = task_inputs, task_inputs.tasks[0]
        other.features += task_inputs.features
        return other

    def _check_size(self) -> None:
        if not self.features and not self.pictures:
            raise LearningError("The observations are text that is always the same.")
        if self.features > _LARGEST_ROW:
            raise LearningError(
                f"An observation of {self.features:,} numbers is too large to learn from (at most "
                f"{_LARGEST_ROW:,}). Pictures of uint8 may be larger; wrap the environment."
            )

    def inputs(self, tree: Any) -> Inputs:
        """Encode the observations of a whole episode: (T, ...) arrays, nested like the space."""
        parts = [_columns(choices, leaf.value_in(tree)) for leaf, choices in self._numbers]
        parts += [_bags(self.words, leaf.value_in(tree)) for leaf in self._texts]
        count = len(self._any_leaf.value_in(tree))
        if self.task_inputs is not None:
            parts.append(np.tile(self.task_inputs.row(self.task), (count, 1)))
        vector = np.concatenate(parts, axis=1) if parts else np.zeros((count, 0), np.float32)
        return Inputs(vector, tuple(shrink(leaf.value_in(tree)) for leaf, shrink in self._pictures))

    def is_batch(self, observation: Any) -> bool:
        """Return whether this is a batch of observations, as from a vector environment."""
        if not (self._numbers or self._pictures):
            return not isinstance(self._any_leaf.value_in(observation), str)
        leaf = self._any_leaf
        return bool(np.ndim(leaf.value_in(observation)) > len(leaf.shape))

    def row(self, observation: Any) -> Rows:
        """Return the numbers of one observation: (features,)."""
        parts = [
            _columns(choices, np.asarray(leaf.value_in(observation))[None])[0]
            for leaf, choices in self._numbers
        ]
        parts += [_bags(self.words, [leaf.value_in(observation)])[0] for leaf in self._texts]
        if self.task_inputs is not None:
            parts.append(self.task_inputs.row(self.task))
        if len(parts) == 1:
            only: Rows = parts[0]
            return only
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    @property
    def _any_leaf(self) -> LeafSpec:
        if self._numbers or self._pictures:
            return (self._numbers or self._pictures)[0][0]
        return self._texts[0]

    def small_pictures(self, observation: Any) -> tuple[Picture, ...]:
        """Return the small images of one observation: (height, width, channels) each."""
        return tuple(
            shrink(np.asarray(leaf.value_in(observation))[None])[0]
            for leaf, shrink in self._pictures
        )


def text_words(space: Space, trees: Iterable[Any]) -> tuple[str, ...]:
    """Return the words of all texts; empty if the texts are all equal or have too many words.

    Args:
        space: the observation space.
        trees: observations of whole episodes: (T, ...) arrays, nested like the space.
    """
    leaves = [leaf for leaf in iter_leaves(space) if leaf.kind is Kind.TEXT]
    texts = {str(text) for tree in trees for leaf in leaves for text in leaf.value_in(tree)}
    if len(texts) < 2:
        return ()
    found = sorted({word for text in texts for word in _split(text)})
    return tuple(found) if len(found) <= _MOST_WORDS else ()


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _bags(words: tuple[str, ...], texts: Any) -> Rows:
    """Count how often each word occurs in each text: (T,) texts -> (T, words)."""
    place = {word: index for index, word in enumerate(words)}
    bags = np.zeros((len(texts), len(words)), np.float32)
    for row, text in enumerate(texts):
        for word in _split(str(text)):
            if word in place:
                bags[row, place[word]] += 1
    return bags


class _Shrink:
    """Makes images of one shape smaller, with channels last."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._order = _channels_last(shape)
        height, width, *rest = (shape[axis] for axis in self._order)
        self._factors = tuple(math.ceil(side / LARGEST_SIDE) for side in (height, width))
        self._shape = (height, width, math.prod(rest))
        down, across = self._factors
        self.small = (height // down, width // across, math.prod(rest))

    def __call__(self, pictures: NDArray[Any]) -> Picture:
        """Average blocks of pixels: (N, *shape) -> (N, height, width, channels)."""
        axes = (0, *(axis + 1 for axis in self._order))
        moved = np.transpose(pictures, axes).reshape(len(pictures), *self._shape)
        height, width, channels = self.small
        down, across = self._factors
        if down == across == 1:
            return np.ascontiguousarray(moved)
        cut = moved[:, : height * down, : width * across]
        blocks = cut.reshape(-1, height, down, width, across, channels)
        summed = np.zeros((len(pictures), height, width, channels), np.uint32)
        for row, column in np.ndindex(down, across):  # `mean` over two axes is 8 times slower
            summed += blocks[:, :, row, :, column]
        return (summed // (down * across)).astype(np.uint8)


def _is_picture(leaf: LeafSpec) -> bool:
    """Return whether a leaf is uint8 with two long sides, also if stacked or channels first."""
    if leaf.dtype not in ("|u1", "<u1") or len(leaf.shape) not in (2, 3, 4):
        return False
    return sum(side >= _LEAST_SIDE for side in leaf.shape) >= 2


def _channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axis order with height and width first: the longest two adjacent axes."""
    neighbours = range(len(shape) - 1)
    first = max(neighbours, key=lambda axis: min(shape[axis], shape[axis + 1]))
    rest = [axis for axis in range(len(shape)) if axis not in (first, first + 1)]
    return (first, first + 1, *rest)


def _sub_space(space: Space, leaf: LeafSpec) -> Any:
    part: Any = space
    for key in leaf.keys:
        part = part[key]
    return part


@dataclass(frozen=True, slots=True)
class _Choices:
    """The categorical values of a leaf: number of values and first value of each.

    `table` (n, factors) lists the factors of each state number, `angles` the indices of angles.
    """

    sizes: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    table: NDArray[np.int64] | None = None
    angles: tuple[int, ...] = ()


def _factored(factors: Factors) -> _Choices | None:
    """Return the factors of a state number; None if it has none."""
    if not factors:
        return None
    table = np.array(factors, np.int64)  # (n, factors)
    if table.ndim != 2 or table.min() < 0 or table.max() >= _LARGEST_ONE_HOT:
        raise LearningError("The policy's observation factors are invalid. Train it again.")
    sizes = tuple(int(most) + 1 for most in table.max(axis=0))
    return _Choices(sizes, (0,) * len(sizes), table)


def _choices(space: Any, *, angles: bool) -> _Choices:
    """Return the categorical values of a leaf; none for plain numbers."""
    if isinstance(space, spaces.Discrete):
        choices = _Choices((int(space.n),), (int(space.start),))
    elif isinstance(space, spaces.MultiDiscrete):
        starts = tuple(int(n) for n in np.ravel(space.start))
        choices = _Choices(tuple(int(n) for n in space.nvec.ravel()), starts)
    else:
        return _Choices(angles=_angles(space) if angles else ())
    total = sum(choices.sizes)
    if total > _LARGEST_ONE_HOT:
        raise LearningError(f"A discrete observation of {total} values is too large to learn.")
    return choices


def _columns(choices: _Choices, values: NDArray[Any]) -> Rows:
    flat = np.asarray(values).reshape(len(values), -1)  # (T, width)
    if not choices.sizes:
        return _turned(flat.astype(np.float32), list(choices.angles))
    if choices.table is not None:
        flat = choices.table[np.clip(flat[:, 0].astype(np.int64), 0, len(choices.table) - 1)]
    hot = np.zeros((len(flat), sum(choices.sizes)), np.float32)
    offset = 0
    for branch, (size, start) in enumerate(zip(choices.sizes, choices.starts, strict=True)):
        index = np.clip(flat[:, branch].astype(np.int64) - start, 0, size - 1)
        hot[np.arange(len(flat)), offset + index] = 1.0
        offset += size
    return hot


def _angles(space: Any) -> tuple[int, ...]:
    """Return which numbers of a Box are angles: from 0 to 2 pi, or from -pi to pi."""
    if not isinstance(space, spaces.Box) or space.dtype.kind != "f":
        return ()
    low, high = space.low.ravel().astype(np.float64), space.high.ravel().astype(np.float64)
    begins = np.isclose(low, 0, atol=1e-3) | np.isclose(low, -math.pi, atol=1e-3)
    return tuple(np.flatnonzero(begins & np.isclose(high - low, math.tau, atol=1e-3)).tolist())


def _turned(rows: Rows, angles: list[int]) -> Rows:
    """Replace angles with their cosines, and append their sines after all numbers."""
    if not angles:
        return rows
    turned = np.concatenate([rows, np.sin(rows[:, angles])], axis=1)
    turned[:, angles] = np.cos(rows[:, angles])
    return turned


def why_not(observation: Space, action: Space) -> str:
    """Return why nothing can be learned with these spaces; empty if something can."""
    from teleop.learning.networks.heads import check_learnable

    try:
        Encoding(observation, words=("any",))
        check_learnable(action)
    except TeleopError as problem:
        return sentence(problem)
    return ""
