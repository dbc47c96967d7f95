"""Two Gates: pass a rock on its left or on its right.

Made to show that the average of two right answers can be wrong: half of the recordings turn left
at once, half turn right, and a policy that predicts the mean goes straight on, into the rock. A
policy that chooses one of the answers passes.

    the boat moves forward by 0.16 a step; the rock's front is 6 steps away
    steering     -1 (left) .. 1 (right) moves it sideways by up to 0.1 a step
    observation  x (sideways), y (forward), sideways movement in the last step, -1 .. 1
    start        x within 0.02 of the middle
    passing      needs |x| of 0.4 or more at the rock: the first steps must go to one side
    reward       1 for passing, -1 for hitting the rock
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.teaching.canvas import Backdrop, Canvas, shape_at

TWO_GATES = "teleop/TwoGates-v0"
DECISIONS = 6  # steps before the rock
ROCK = 0.4  # half its width
_SIDEWAYS, _FORWARD = 0.1, 0.16
_START = 0.02
_AFTER = 2  # steps beside and behind the rock
_END = (DECISIONS + _AFTER) * _FORWARD

_WATER, _WAVE, _WAKE = (52, 118, 176), (62, 129, 187), (150, 196, 230)
_ROCK, _ROCK_LIGHT, _FOAM = (88, 84, 82), (128, 122, 117), (214, 232, 244)
_BUOY, _BUOY_TOP = (224, 74, 62), (250, 250, 250)
_BOAT, _DECK, _HIT = (247, 246, 240), (232, 116, 34), (200, 42, 42)
_MOSS = (122, 148, 96)
_ROCK_DEPTH = 0.15  # half its length
_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)
_ROUGH = 1 - 0.05 * np.abs(np.sin(7 * _ANGLES)) - 0.03 * np.sin(11 * _ANGLES + 1) ** 2
_OUTLINE = np.stack(
    [
        ROCK * _ROUGH * np.sign(np.cos(_ANGLES)) * np.abs(np.cos(_ANGLES)) ** 0.6,
        _ROCK_DEPTH * _ROUGH * np.sign(np.sin(_ANGLES)) * np.abs(np.sin(_ANGLES)) ** 0.6,
    ],
    axis=1,
)
_HULL = np.array(
    [(0.075, 0.0), (0.03, 0.036), (-0.06, 0.032), (-0.06, -0.032), (0.03, -0.036)], np.float64
)


class TwoGates(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """The environment; see the module for its rules."""

    metadata = {  # noqa: RUF012
        "render_modes": ["rgb_array"],
        "render_fps": 3,
        "imitation_only": True,
    }

    def __init__(self, render_mode: str | None = None, render_size: int = 600) -> None:
        """Create the environment.

        Args:
            render_mode: `rgb_array` or None.
            render_size: pixels of each side of the picture.

        Raises:
            ValueError: the size is not from 32 to 2048.
        """
        self.render_mode = render_mode
        self.observation_space = spaces.Box(
            np.array([-1, 0, -1], np.float32), np.array([1, 1.5, 1], np.float32)
        )
        self.action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
        self._canvas = Canvas(int(render_size), 0.82, (0.0, _END / 2 + 0.02))
        self._backdrop: Backdrop | None = None
        self._x, self._steering, self._steps, self._hit = 0.0, 0.0, 0, False
        self._path: list[tuple[float, float]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start near the middle."""
        super().reset(seed=seed, options=options)
        self._x = float(self.np_random.uniform(-_START, _START))
        self._steering, self._steps, self._hit = 0.0, 0, False
        self._path = [(self._x, 0.0)]
        return self._observed(), {"is_success": False}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Move forward and sideways."""
        self._steps += 1
        self._steering = 0.0
        if self._steps <= DECISIONS:
            self._steering = float(np.clip(np.ravel(action)[0], -1.0, 1.0))
            self._x = float(np.clip(self._x + _SIDEWAYS * self._steering, -0.7, 0.7))
        self._path.append((self._x, self._y))
        self._hit = self._steps == DECISIONS and abs(self._x) < ROCK
        passed = not self._hit and self._steps >= DECISIONS + _AFTER
        reward = -1.0 if self._hit else float(passed)
        return self._observed(), reward, self._hit or passed, False, {"is_success": passed}

    @property
    def _y(self) -> float:
        return self._steps * _FORWARD

    def _observed(self) -> NDArray[np.float32]:
        return np.array([self._x, self._y, self._steering], np.float32)

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the water, the rock and the boat: (render_size, render_size, 3)."""
        if self.render_mode != "rgb_array":
            return None
        canvas = self._canvas
        if self._backdrop is None:
            self._draw_water(canvas)
            self._backdrop = canvas.keep()
        canvas.restore(self._backdrop)
        if len(self._path) > 1:
            canvas.line(self._path, _WAKE, 0.022)
        before = self._path[-2] if len(self._path) > 1 else (self._x, self._y - 1)
        heading = float(np.arctan2(self._y - before[1], self._x - before[0]))
        here = (self._x, self._y)
        canvas.polygon(shape_at(_HULL * 1.5, here, heading), _HIT if self._hit else _BOAT)
        canvas.polygon(shape_at(_HULL * 0.8, here, heading), _DECK)
        return canvas.picture()

    def _draw_water(self, canvas: Canvas) -> None:
        canvas.fill(_WATER)
        for row, y in enumerate(np.arange(-0.3, 1.7, 0.11)):
            x = np.linspace(-1, 1, 90)
            waves = np.stack([x, y + 0.012 * np.sin(14 * x + 1.7 * row)], axis=1)
            canvas.line(waves, _WAVE, 0.012)
        front = DECISIONS * _FORWARD
        middle = np.array([0.0, front + _ROCK_DEPTH])
        for share, colour in ((1.07, _FOAM), (1.0, _ROCK), (0.72, _ROCK_LIGHT), (0.36, _MOSS)):
            canvas.polygon(middle + share * _OUTLINE + (0, 0.06 * (1 - share)), colour)
        for side in (-1, 1):
            for apart in (ROCK + 0.06, ROCK + 0.34):
                canvas.disc((side * apart, front), 0.032, _BUOY)
                canvas.disc((side * apart, front), 0.014, _BUOY_TOP)
