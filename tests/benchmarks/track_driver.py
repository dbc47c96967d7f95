"""A scripted driver for CarRacing with five keys, which reads the track, not the image.

Pure pursuit (Coulter 1992): steer for a point on the centre line some distance ahead. Each bend
allows a speed, v^2 = grip / curvature; before it, braking allows v^2 + 2 a distance.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.types import Action, Actor, Observation

NOTHING, RIGHT, LEFT, GAS, BRAKE = range(5)
_AHEAD = 16  # tiles that are checked for bends
_STEER = 0.07  # heading error in radians that needs a key
_FASTEST = 60.0
_GRIP = 90.0
_BRAKING = 20.0
_PATIENCE = 0.3  # additional radians while standing: gas first


class TrackDriver:
    """Drives the environment that was created last."""

    actor = Actor.SCRIPT
    name = "track driver"

    def __init__(self) -> None:
        self.env: gym.Env[Any, Any] | None = None
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start from the first tile of the environment's track."""
        del seed
        self._tile = 0
        self._centre: NDArray[np.float64] | None = None

    def act(self, observation: Observation) -> Action:
        """Return one of the five actions."""
        del observation
        assert self.env is not None
        inner: Any = self.env.unwrapped
        centre = self._track(inner)
        hull = inner.car.hull
        place, speed = np.array(hull.position), float(np.hypot(*hull.linearVelocity))
        around = (self._tile + np.arange(-4, 20)) % len(centre)
        self._tile = int(around[((centre[around] - place) ** 2).sum(axis=1).argmin()])
        ahead = centre[(self._tile + 4 + int(speed / 15)) % len(centre)] - place
        forward, right = (np.array(hull.GetWorldVector(v)) for v in ((0, 1), (1, 0)))
        off = float(np.arctan2(ahead @ right, ahead @ forward))
        wanted = self._speed()
        if speed > wanted + 8:
            return np.int64(BRAKE)
        slow = max(0.0, 1 - speed / wanted)
        if abs(off) > _STEER + _PATIENCE * slow:
            return np.int64(RIGHT if off > 0 else LEFT)
        return np.int64(GAS if speed < wanted else NOTHING)

    def _track(self, inner: Any) -> NDArray[np.float64]:
        """Return the centre line, and compute the curvature at each tile (radians per metre)."""
        if self._centre is None:
            centre = np.array([tile[2:4] for tile in inner.track])
            steps = np.roll(centre, -1, axis=0) - centre
            headings = np.arctan2(steps[:, 1], steps[:, 0])
            turns = np.angle(np.exp(1j * (np.roll(headings, -1) - headings)))
            smooth = sum(np.roll(turns, shift) for shift in range(-2, 3)) / 5
            self._bends = np.abs(smooth) / np.maximum(np.hypot(*steps.T), 1e-3)
            self._centre = centre
        return self._centre

    def _speed(self) -> float:
        """Return the highest speed that the bends ahead allow."""
        tiles = (self._tile + np.arange(1, _AHEAD + 1)) % len(self._bends)
        metres = 3.5 * np.arange(1, _AHEAD + 1)
        allowed = np.sqrt(_GRIP / np.maximum(self._bends[tiles], 1e-3) + 2 * _BRAKING * metres)
        return min(_FASTEST, float(allowed.min()))
