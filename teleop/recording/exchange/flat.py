"""Flatten nested observations and actions to named arrays for other programs' formats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import RecordingError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.episode import Arrays, Episode
from teleop.recording.journals.flattening import Kind, LeafSpec, is_image, iter_leaves
from teleop.text import tr
from teleop.types.metadata import EpisodeRow

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True, slots=True)
class Part:
    """One array of a nested value.

    Attributes:
        name: the path, joined with `_`; a given name if the space is not nested.
        leaf: the leaf of the space.
    """

    name: str
    leaf: LeafSpec

    @property
    def is_image(self) -> bool:
        """Whether the values are images: uint8 with height and width."""
        return self.leaf.kind is Kind.IMAGE or self._channels_come_first

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one value; images have their channels last."""
        shape = self.leaf.shape
        return (*shape[1:], shape[0]) if self._channels_come_first else shape

    @property
    def _channels_come_first(self) -> bool:
        shape = self.leaf.shape
        few = len(shape) == 3 and shape[0] in _CHANNELS
        return few and is_image((*shape[1:], shape[0]), np.dtype(self.leaf.dtype))

    @property
    def is_text(self) -> bool:
        """Whether the values are strings."""
        return self.leaf.kind is Kind.TEXT

    def of(self, tree: Arrays) -> NDArray[Any]:
        """Return the rows of this array from the nested arrays of an episode."""
        values = np.asarray(self.leaf.value_in(tree))
        return np.moveaxis(values, 1, -1) if self._channels_come_first else values


def parts_of(space: Space, alone: str) -> list[Part]:
    """Return the arrays that make up a space.

    Args:
        space: the observation space or action space.
        alone: the name of the array if the space is not nested.
    """
    names = [
        "_".join(part.removeprefix("_index_") for part in leaf.path) or alone
        for leaf in iter_leaves(space)
    ]
    if len(set(names)) < len(names):
        names = [f"{name}_{index}" for index, name in enumerate(names)]
    return [Part(name, leaf) for name, leaf in zip(names, iter_leaves(space), strict=True)]


def no_place(names: list[str]) -> list[str]:
    """Return a note on the parts that an export leaves out, if there are any."""
    return [tr("this format cannot store {names}", names=", ".join(names))] if names else []


def iter_trimmed(dataset: Dataset, rows: Sequence[EpisodeRow]) -> Iterator[Episode]:
    """Yield the episodes one by one, without the steps outside their trims.

    Raises:
        RecordingError: an episode is damaged.
    """
    for row in rows:
        yield dataset.read(row).trimmed()


def arrow_and_parquet(form: str) -> tuple[Any, Any]:
    """Return the modules pyarrow and pyarrow.parquet.

    Raises:
        RecordingError: pyarrow is missing.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as problem:
        raise RecordingError(
            tr("{form} needs pyarrow: pip install 'teleop-studio[lerobot]'", form=form)
        ) from problem
    return pyarrow, pyarrow.parquet


class ActionVector:
    """Converts actions of any space to (T, size) float32; discrete actions become one-hot."""

    def __init__(self, space: Space, *, scaled: bool) -> None:
        """Prepare the conversion for an action space.

        Args:
            space: the action space.
            scaled: whether to scale bounded Box actions to -1..1; others keep their scale.
        """
        self._codes = [
            _code(part.name, _leaf_space(space, part.leaf), part, scaled=scaled)
            for part in parts_of(space, "action")
            if not part.is_text
        ]
        self.names = tuple(name for code in self._codes for name in code.names)

    def rows(self, actions: Arrays) -> NDArray[np.float32]:
        """Return the actions as (T, size) float32."""
        blocks = [code.encode(code.part.of(actions)) for code in self._codes]
        flat = [np.reshape(block, (len(block), -1)) for block in blocks]
        return np.concatenate(flat, axis=1, dtype=np.float32)

    def bounds(self) -> tuple[list[float], list[float]]:
        """Return (lowest, highest) of each number before scaling."""
        low = [float(x) for code in self._codes for x in code.low]
        return low, [float(x) for code in self._codes for x in code.high]


@dataclass(frozen=True, slots=True)
class _Code:
    """How one array of an action becomes numbers."""

    part: Part
    names: tuple[str, ...]
    low: NDArray[Any]
    high: NDArray[Any]
    encode: Callable[[NDArray[Any]], NDArray[Any]]


def _code(name: str, space: Space, part: Part, *, scaled: bool) -> _Code:
    match space:
        case spaces.Discrete():
            n, start = int(space.n), int(space.start)
            names = tuple(f"{name}_{start + choice}" for choice in range(n))
            return _Code(part, names, np.zeros(n), np.ones(n), lambda a: np.eye(n)[a - start])
        case spaces.MultiDiscrete():
            return _multi_discrete(name, space, part)
    names = tuple(f"{name}_{index}" for index in range(int(np.prod(space.shape or (1,)))))
    if scaled and isinstance(space, spaces.Box) and np.isfinite([space.low, space.high]).all():
        low, high = space.low.astype(float), space.high.astype(float)
        width = np.where(high > low, high - low, 1)
        scale = lambda a: np.clip(2 * (a - low) / width - 1, -1, 1)  # noqa: E731
        return _Code(part, names, low.ravel(), high.ravel(), scale)
    size = len(names)
    return _Code(part, names, np.zeros(size), np.ones(size), lambda a: a)


def _multi_discrete(name: str, space: spaces.MultiDiscrete, part: Part) -> _Code:
    sizes, start = space.nvec.ravel(), space.start.ravel()
    names = tuple(
        f"{name}_{branch}_{choice}" for branch, n in enumerate(sizes) for choice in range(int(n))
    )

    def encode(actions: NDArray[Any]) -> NDArray[Any]:
        flat = actions.reshape(len(actions), -1) - start
        branches = [np.eye(int(n))[flat[:, branch]] for branch, n in enumerate(sizes)]
        return np.concatenate(branches, axis=1)

    return _Code(part, names, np.zeros(len(names)), np.ones(len(names)), encode)


def _leaf_space(space: Space, leaf: LeafSpec) -> Space:
    for key in leaf.keys:
        space = space[key]  # type: ignore[index]  # Dict and Tuple both accept their keys
    return space
