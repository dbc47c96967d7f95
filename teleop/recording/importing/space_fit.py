"""Finds the spaces of imported values, and makes values fit the spaces of an environment."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import RecordingError
from teleop.recording.episodes.episode import Arrays

_MOST_CHOICES = 10_000  # more whole numbers are no choices


class MisfitError(RecordingError):
    """Values do not belong to a space."""


def fitted(tree: Arrays, space: Space, *, scaled: bool = False) -> Arrays:
    """Return values as a space holds them: numbers of choices, shapes, types.

    Args:
        tree: (rows, ...), or a dict of such arrays.
        space: the space.
        scaled: whether bounded values are scaled to -1..1.

    Raises:
        MisfitError: the values do not belong to the space; the message says what is expected.
    """
    if isinstance(space, spaces.Dict):
        if not isinstance(tree, dict) or tree.keys() != space.keys():
            names = ", ".join(tree) if isinstance(tree, dict) else "a single array"
            raise MisfitError(f"{names} instead of {', '.join(space)}")
        return {name: fitted(tree[name], part, scaled=scaled) for name, part in space.items()}
    if isinstance(tree, dict):
        if len(tree) != 1:
            raise MisfitError(f"{len(tree)} arrays ({', '.join(tree)}) instead of one")
        tree = next(iter(tree.values()))
    return _fitted_array(np.asarray(tree), space, scaled=scaled)


def _fitted_array(values: NDArray[Any], space: Space, *, scaled: bool) -> NDArray[Any]:
    rows = len(values)
    match space:
        case spaces.Discrete():
            return _choices(values.reshape(rows, -1), int(space.n), int(space.start))
        case spaces.MultiDiscrete() | spaces.MultiBinary() | spaces.Box():
            shape = space.shape or ()
            if values[0].size != int(np.prod(shape)):
                raise MisfitError(f"{values[0].size} numbers instead of {int(np.prod(shape))}")
            values = values.reshape(rows, *shape)
            if scaled and isinstance(space, spaces.Box) and space.is_bounded():
                low, high = space.low.astype(float), space.high.astype(float)
                values = low + (np.clip(values, -1, 1) + 1) / 2 * (high - low)
            return _cast(values, np.dtype(space.dtype or np.float32))
    raise MisfitError(f"numbers instead of {type(space).__name__}")


def _choices(values: NDArray[Any], n: int, start: int) -> NDArray[np.int64]:
    """Return the numbers of choices, from numbers or from one-hot rows."""
    if values.shape[1] == n > 1 and (values.sum(axis=1) == 1).all():
        return np.asarray(values.argmax(axis=1) + start, np.int64)
    if values.shape[1] != 1:
        raise MisfitError(f"{values.shape[1]} numbers instead of the number of a choice")
    whole = values[:, 0].astype(np.int64)
    if not np.array_equal(whole, values[:, 0]):
        raise MisfitError("numbers with fractions instead of the numbers of choices")
    if not ((whole >= start) & (whole < start + n)).all():
        raise MisfitError(f"numbers other than {start} to {start + n - 1}")
    return whole


def _cast(values: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    cast = values.astype(kind)
    if kind.kind in "iub" and not np.array_equal(cast, values):
        raise MisfitError("numbers with fractions instead of whole numbers")
    return cast


class SeenSpace:
    """Collects the values of a file that describes no spaces, and finds a space for them."""

    def __init__(self, *, is_action: bool) -> None:
        self._is_action = is_action
        self._parts: dict[str, SeenSpace] = {}
        self._low, self._high = np.inf, -np.inf
        self._shape: tuple[int, ...] = ()
        self._kind = np.dtype(np.float32)

    def add(self, tree: Arrays) -> Arrays:
        """Add the values of an episode, and return them as they are stored.

        Raises:
            RecordingError: they differ in shape from those of earlier episodes.
        """
        if isinstance(tree, dict):
            for name in tree:
                self._parts.setdefault(name, SeenSpace(is_action=self._is_action))
            return {name: self._parts[name].add(value) for name, value in tree.items()}
        values = np.asarray(tree)
        if values.dtype.kind not in "iubf":
            raise RecordingError(f"An array holds {values.dtype}; only numbers can be imported.")
        if values.dtype == bool:
            values = values.astype(np.int64)
        first = not np.isfinite(self._low)
        if not first and values.shape[1:] != self._shape:
            raise RecordingError(
                f"Episodes differ: rows of shape {values.shape[1:]} after {self._shape}. Nothing "
                "was imported."
            )
        self._shape, self._kind = values.shape[1:], values.dtype
        if values.size:
            self._low = min(self._low, float(np.nanmin(values)))
            self._high = max(self._high, float(np.nanmax(values)))
        is_choice = self._is_choice
        return values.astype(np.int64) if is_choice else values

    @property
    def _is_choice(self) -> bool:
        return self._kind.kind in "iu" and not self._shape

    def space(self) -> Space:
        """Return a space that holds everything that was added."""
        if self._parts:
            return spaces.Dict({name: part.space() for name, part in self._parts.items()})
        if self._is_choice and self._high - self._low < _MOST_CHOICES:
            start = min(0, int(self._low))
            return spaces.Discrete(int(self._high) - start + 1, start=start)
        if self._kind == np.uint8:
            return spaces.Box(0, 255, self._shape, np.uint8)
        if self._kind.kind in "iu":
            kind = np.int64
            return spaces.Box(int(self._low), int(self._high), self._shape, kind)
        bounded = self._is_action and self._low >= -1 and self._high <= 1
        low, high = (-1.0, 1.0) if bounded else (-np.inf, np.inf)
        return spaces.Box(low, high, self._shape, np.dtype(self._kind).type)
