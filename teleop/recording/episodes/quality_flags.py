"""Flag unusual values of an episode, once each; the values are recorded unchanged."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.envs.spaces import Space
from teleop.recording.episodes.columns import Column, NumberColumn
from teleop.recording.journals.flattening import Codec, LeafSpec
from teleop.text import tr


class QualityFlags:
    """Collects flags while an episode file is written."""

    def __init__(self, meta: dict[str, Any], kept_as_text: Iterable[str] = ()) -> None:
        self.found: list[str] = list(meta.get("flags", ()))
        for key in sorted(kept_as_text):
            self.say(tr("info {key} is not a number and was saved as text", key=key))

    def watch(self, what: str, codec: Codec, columns: Sequence[Column]) -> None:
        """Check the rows of a space's number columns as they are written.

        Args:
            what: `observations` or `actions`.
            codec: the codec of the space.
            columns: the column of each leaf.
        """
        for leaf, column in zip(codec.leaves, columns, strict=True):
            if isinstance(column, NumberColumn):
                column.watch = _Watch(self, what, leaf, codec.space).look

    def rewards(self, rows: np.ndarray[Any, Any]) -> None:
        """Check rewards."""
        if not np.isfinite(rows).all():
            self.say(tr("rewards are NaN or infinite"))

    def say(self, text: str) -> None:
        """Add a flag, unless it is already there."""
        if text not in self.found:
            self.found.append(text)


class _Watch:
    def __init__(self, odd: QualityFlags, what: str, leaf: LeafSpec, space: Space) -> None:
        self._odd, self._name = odd, " ".join([what, *leaf.path])
        self._low, self._high = _bounds(_part(space, leaf), leaf.shape)

    def look(self, rows: np.ndarray[Any, Any]) -> None:
        if rows.dtype.kind == "f" and not np.isfinite(rows).all():
            self._odd.say(tr("{name} are NaN or infinite", name=self._name))
        if self._low is not None and ((rows < self._low) | (rows > self._high)).any():
            self._odd.say(tr("{name} are out of bounds", name=self._name))


def _part(space: Space, leaf: LeafSpec) -> Space:
    for key in leaf.keys:
        space = space[key]  # type: ignore[index]  # Dict and Tuple both accept their keys
    return space


def _bounds(space: Space, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return (lowest, highest) of a leaf's space; (None, None) if values cannot be compared."""
    if space.shape != shape:
        return None, None
    match space:
        case spaces.Box():
            return space.low, space.high
        case spaces.Discrete():
            return space.start, space.start + space.n - 1
        case spaces.MultiDiscrete():
            return space.start, space.start + space.nvec - 1
        case spaces.MultiBinary():
            return 0, 1
    return None, None
