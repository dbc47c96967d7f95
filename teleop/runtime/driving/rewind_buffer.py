"""The last minute in pictures, and the way back through it while a key is held."""

import math
import zlib
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EVERY_S = 0.2
_PICTURES = 300  # a minute
_SIDE = 240  # pixels: half a millisecond to keep, large enough to know where one was
_DEFLATE = 1  # they live in memory only: quick before small
_AT_LEAST_S = 0.4  # that a tap goes back
_FASTER = 2.0  # seconds of play for each second squared that the key is held
_TURN_S = 0.4  # that the key is held for each turn more


class RewindBuffer:
    """Small pictures of what was, by the step they were taken after."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, bytes, tuple[int, ...]]] = deque(maxlen=_PICTURES)
        self._kept_s = float("-inf")

    def forget(self) -> None:
        """A new episode."""
        self._pictures.clear()
        self._kept_s = float("-inf")

    def cut(self, steps: int) -> None:
        """Forget what came after so many steps."""
        while self._pictures and self._pictures[-1][0] > steps:
            self._pictures.pop()

    def see(self, step: int, picture: NDArray[np.uint8], now: float) -> None:
        """Keep a picture, if the last one is old enough."""
        if now - self._kept_s < _EVERY_S:
            return
        self._kept_s = now
        stride = math.ceil(max(picture.shape[:2]) / _SIDE)
        small = np.ascontiguousarray(picture[::stride, ::stride])
        self._pictures.append((step, zlib.compress(small.tobytes(), _DEFLATE), small.shape))

    def at(self, step: int) -> NDArray[np.uint8] | None:
        """The picture nearest before a step."""
        found = next((p for p in reversed(self._pictures) if p[0] <= step), None)
        if found is None:
            return None
        _, data, shape = found
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)


class RewindCursor:
    """Where rewinding has come to, while its key is held.

    Attributes:
        held: the key is held.
    """

    def __init__(self) -> None:
        self.held = False
        self._times = np.zeros(0)
        self._began_s = 0.0
        self._turns = False

    def begin(self, times_s: Any, now: float, *, turns: bool) -> None:
        """The key is pressed.

        Args:
            times_s: (T) seconds since the start, of each step.
            now: monotonic seconds.
            turns: steps are turns: go back by them, not by time.
        """
        self.held, self._times, self._began_s = True, np.array(times_s), now
        self._turns = turns

    def step(self, now: float) -> int:
        """The step that letting go now would lead to: slowly at first, then faster."""
        held = now - self._began_s
        if self._turns:
            return max(0, len(self._times) - 1 - int(held / _TURN_S))
        back = _AT_LEAST_S + held + _FASTER * held * held
        last = float(self._times[-1]) if len(self._times) else 0.0
        return int(np.searchsorted(self._times, max(0.0, last - back)))
