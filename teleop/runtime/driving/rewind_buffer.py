"""Stores small frames of the last minute, and finds the step to rewind to."""

import math
import zlib
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EVERY_S = 0.2
_PICTURES = 300  # one minute
_SIDE = 240  # pixels: takes half a millisecond to store, large enough to recognise a moment
_DEFLATE = 1  # frames are kept in memory only: speed matters more than size
_AT_LEAST_S = 0.4  # minimum time that a short press goes back
_FASTER = 2.0  # seconds of the episode for each squared second that the key is held
_TURN_S = 0.4  # seconds that the key must be held for each further turn


class RewindBuffer:
    """Small frames of the episode so far, each with the step it was taken after."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, bytes, tuple[int, ...]]] = deque(maxlen=_PICTURES)
        self._kept_s = float("-inf")

    def forget(self) -> None:
        """Forget all frames when a new episode begins."""
        self._pictures.clear()
        self._kept_s = float("-inf")

    def cut(self, steps: int) -> None:
        """Forget the frames taken after this number of steps."""
        while self._pictures and self._pictures[-1][0] > steps:
            self._pictures.pop()

    def see(self, step: int, picture: NDArray[np.uint8], now: float) -> None:
        """Store a frame, if the last stored one is old enough."""
        if now - self._kept_s < _EVERY_S:
            return
        self._kept_s = now
        stride = math.ceil(max(picture.shape[:2]) / _SIDE)
        small = np.ascontiguousarray(picture[::stride, ::stride])
        self._pictures.append((step, zlib.compress(small.tobytes(), _DEFLATE), small.shape))

    def at(self, step: int) -> NDArray[np.uint8] | None:
        """Return the last frame at or before a step."""
        found = next((p for p in reversed(self._pictures) if p[0] <= step), None)
        if found is None:
            return None
        _, data, shape = found
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)


class RewindCursor:
    """The step that rewinding has reached while its key is held.

    Attributes:
        held: whether the key is held.
    """

    def __init__(self) -> None:
        self.held = False
        self._times = np.zeros(0)
        self._began_s = 0.0
        self._turns = False

    def begin(self, times_s: Any, now: float, *, turns: bool) -> None:
        """Start rewinding when the key is pressed.

        Args:
            times_s: (T) time of each step in seconds since the start.
            now: monotonic seconds.
            turns: whether to go back by turns, not by time.
        """
        self.held, self._times, self._began_s = True, np.array(times_s), now
        self._turns = turns

    def step(self, now: float) -> int:
        """Return the step to rewind to if the key is released now; rewinding becomes faster."""
        held = now - self._began_s
        if self._turns:
            return max(0, len(self._times) - 1 - int(held / _TURN_S))
        back = _AT_LEAST_S + held + _FASTER * held * held
        last = float(self._times[-1]) if len(self._times) else 0.0
        return int(np.searchsorted(self._times, max(0.0, last - back)))
