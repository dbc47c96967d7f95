"""What a policy sees of an environment: numbers by name, and an image if there is one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import RecordingError
from teleop.recording.journals.flattening import Kind, LeafSpec, iter_leaves

_MOST = 16


class PolicyView:
    """Splits observations of one space into numbers and images."""

    def __init__(self, space: Space, words: tuple[str, ...] = ()) -> None:
        """Prepare for an observation space.

        Args:
            space: the observation space.
            words: a name for each number, if the environment is known.
        """
        self._words = words
        try:
            self._leaves: tuple[LeafSpec, ...] = tuple(iter_leaves(space))
        except RecordingError:  # it cannot be recorded, so nothing is shown
            self._leaves = ()

    def numbers(self, observation: Any) -> tuple[tuple[str, float], ...]:
        """Return the first numbers with names from the environment, or with their path."""
        shown: list[tuple[str, float]] = []
        for leaf in self._leaves:
            if leaf.kind is not Kind.NUMBER or len(shown) >= _MOST:
                continue
            values = np.asarray(leaf.value_in(observation), dtype=np.float64).ravel()
            name = ".".join(leaf.path)
            shown += [
                (f"{name} {index}".strip() if values.size > 1 else name or "0", float(value))
                for index, value in enumerate(values[: _MOST - len(shown)])
            ]
        if len(self._words) < len(shown):
            return tuple(shown)
        return tuple((word, value) for word, (_, value) in zip(self._words, shown, strict=False))

    def picture(self, observation: Any) -> NDArray[np.uint8] | None:
        """Return the first image in an observation: (height, width, 3)."""
        leaf = next((leaf for leaf in self._leaves if leaf.kind is Kind.IMAGE), None)
        if leaf is None:
            return None
        picture = np.asarray(leaf.value_in(observation), dtype=np.uint8)
        if picture.ndim == 2:
            picture = picture[:, :, None]
        if picture.shape[2] not in (1, 3, 4):
            picture = picture[:, :, :1]  # stacked frames: show the first
        return np.ascontiguousarray(np.broadcast_to(picture[:, :, :3], (*picture.shape[:2], 3)))
