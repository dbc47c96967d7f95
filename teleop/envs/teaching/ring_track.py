"""Ring Track: drive along a wavy ring without leaving the road.

Made to show covariate shift (Ross & Bagnell 2010, section 3): recordings of a perfect driver never
show how to return to the middle of the road, so their clone drifts off it; recordings of a wobbly
driver do, and their clone stays on it. Every episode starts on the centre line.

    radius of the centre line   1 + 0.2 sin(3 angle), half the width of the road 0.1
    speed                       0.04 a step on the road, half of that on the grass
    steering                    -1 (left) .. 1 (right) turns by up to 0.16 rad a step
    observation                 x, y, cosine and sine of the heading
    reward                      percent of a lap gained in this step; 0 on the grass
    success                     260 steps (about 1.5 laps) without touching the grass
"""

import math
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.teaching.canvas import Backdrop, Canvas, shape_at

RING_TRACK = "teleop/RingTrack-v0"
STEPS = 260
HALF_WIDTH = 0.10
SPEED, SPEED_ON_GRASS = 0.04, 0.02
TURN = 0.16  # rad a step
_WAVE, _WAVES = 0.2, 3
_POINTS = 1440  # of the centre line
_GUST_EVERY, _GUST_STEPS = 20, 5  # a gust of 5 steps begins every 20 steps
_TRAIL = 60  # steps
_LINE = 0.012  # width of the white lines beside the road

_GRASS, _GRASS_INSIDE = (112, 158, 88), (121, 168, 97)
_ROAD, _EDGE, _MIDDLE = (74, 79, 89), (240, 241, 243), (205, 176, 70)
_CAR, _CAR_OFF, _GLASS, _SHADOW = (232, 116, 34), (200, 42, 42), (38, 43, 52), (58, 62, 70)
_ON_TRAIL, _OFF_TRAIL = (255, 202, 140), (226, 88, 82)
_BODY = np.array([(-0.055, -0.03), (0.045, -0.03), (0.065, 0.0), (0.045, 0.03), (-0.055, 0.03)])
_WINDOW = np.array([(0.0, -0.02), (0.028, -0.016), (0.028, 0.016), (0.0, 0.02)])


def _centre_line() -> NDArray[np.float64]:
    """Return the points of the centre line, counter-clockwise: (1440, 2)."""
    angles = np.linspace(0, math.tau, _POINTS, endpoint=False)
    radius = 1 + _WAVE * np.sin(_WAVES * angles)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


CENTRE_LINE = _centre_line()
_SECTIONS = np.linalg.norm(np.roll(CENTRE_LINE, -1, axis=0) - CENTRE_LINE, axis=1)
LAP = float(_SECTIONS.sum())  # length of the centre line
_OUTWARDS = np.roll(CENTRE_LINE, -1, axis=0) - np.roll(CENTRE_LINE, 1, axis=0)
_OUTWARDS = np.stack([_OUTWARDS[:, 1], -_OUTWARDS[:, 0]], axis=1)
_OUTWARDS /= np.linalg.norm(_OUTWARDS, axis=1, keepdims=True)  # unit vectors across the road
_ALONG = np.concatenate([[0.0], np.cumsum(_SECTIONS)[:-1]])  # distance from the first point


def nearest_point(place: NDArray[Any]) -> tuple[int, float]:
    """Return (index of the nearest point of the centre line, distance to it)."""
    apart = np.linalg.norm(CENTRE_LINE - place, axis=1)
    index = int(apart.argmin())
    return index, float(apart[index])


def point_ahead(index: int, distance: float) -> NDArray[np.float64]:
    """Return the point of the centre line at a distance ahead of one of its points."""
    wanted = (_ALONG[index] + distance) % LAP
    return np.asarray(CENTRE_LINE[np.searchsorted(_ALONG, wanted, side="right") - 1])


class RingTrack(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """The environment; see the module for its rules."""

    metadata = {  # noqa: RUF012
        "render_modes": ["rgb_array"],
        "render_fps": 15,
        "imitation_only": True,
    }

    def __init__(
        self, render_mode: str | None = None, gusts: float = 0.0, render_size: int = 600
    ) -> None:
        """Create the environment.

        Args:
            render_mode: `rgb_array` or None.
            gusts: strength of gusts of wind that turn the car, as a share of the full steering.
                They depend on the seed alone, so everyone meets the same ones.
            render_size: pixels of each side of the picture.

        Raises:
            ValueError: the strength of gusts is negative, or the size is not from 32 to 2048.
        """
        if not 0 <= gusts <= 2:
            raise ValueError(f"gusts is {gusts}; expected 0 to 2")
        self.render_mode, self._gusts = render_mode, float(gusts)
        self.observation_space = spaces.Box(
            np.array([-2, -2, -1, -1], np.float32), np.array([2, 2, 1, 1], np.float32)
        )
        self.action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
        self._canvas = Canvas(int(render_size), 1.3, (0.0, -0.12))
        self._backdrop: Backdrop | None = None
        self._place, self._heading = np.zeros(2), 0.0
        self._steps, self._gust = 0, 0.0
        self._ever_off = False
        self._trail: list[tuple[NDArray[np.float64], bool]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start anywhere on the centre line, along its tangent."""
        super().reset(seed=seed, options=options)
        index = int(self.np_random.integers(_POINTS))
        self._place = CENTRE_LINE[index].copy()
        ahead = CENTRE_LINE[(index + 1) % _POINTS] - CENTRE_LINE[index - 1]
        self._heading = math.atan2(ahead[1], ahead[0])
        self._steps, self._gust, self._ever_off = 0, 0.0, False
        self._trail = [(self._place.copy(), False)]
        return self._observed(), self._info(index, 0.0)

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Steer, and drive on for one step."""
        steering = float(np.clip(np.ravel(action)[0], -1.0, 1.0))
        self._blow()
        before, apart = nearest_point(self._place)
        self._heading -= TURN * (steering + self._gust)
        speed = SPEED_ON_GRASS if apart > HALF_WIDTH else SPEED
        self._place = self._place + speed * np.array(
            [math.cos(self._heading), math.sin(self._heading)]
        )
        self._place = np.clip(self._place, -2.0, 2.0)
        self._steps += 1
        index, apart = nearest_point(self._place)
        off = apart > HALF_WIDTH
        self._ever_off = self._ever_off or off
        self._trail = [*self._trail[-_TRAIL:], (self._place.copy(), off)]
        gained = (_ALONG[index] - _ALONG[before] + LAP / 2) % LAP - LAP / 2
        reward = 0.0 if off else float(100 * gained / LAP)
        return self._observed(), reward, False, False, self._info(index, apart)

    def _blow(self) -> None:
        """Draw the strength of the wind; every step draws the same amount of random numbers."""
        drawn = float(self.np_random.uniform(-1, 1))
        phase = self._steps % _GUST_EVERY
        if phase == 0:
            self._gust = self._gusts * drawn
        elif phase == _GUST_STEPS:
            self._gust = 0.0

    def _observed(self) -> NDArray[np.float32]:
        x, y = self._place
        return np.array([x, y, math.cos(self._heading), math.sin(self._heading)], np.float32)

    def _info(self, index: int, apart: float) -> dict[str, Any]:
        return {
            "is_success": bool(self._steps >= STEPS and not self._ever_off),
            "distance": apart,
            "along": float(_ALONG[index] / LAP),
            "gust": self._gust,
        }

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the track and the car: (render_size, render_size, 3)."""
        if self.render_mode != "rgb_array":
            return None
        canvas = self._canvas
        if self._backdrop is None:
            self._draw_track(canvas)
            self._backdrop = canvas.keep()
        canvas.restore(self._backdrop)
        self._draw_trail(canvas)
        self._draw_wind(canvas)
        off = self._trail[-1][1]
        drop = self._place + np.array((0.012, -0.016))
        canvas.polygon(shape_at(_BODY * 1.08, drop, self._heading), _SHADOW)
        canvas.polygon(shape_at(_BODY * 1.25, self._place, self._heading), _EDGE)
        body = _CAR_OFF if off else _CAR
        canvas.polygon(shape_at(_BODY, self._place, self._heading), body)
        canvas.polygon(shape_at(_WINDOW, self._place, self._heading), _GLASS)
        return canvas.picture()

    def _draw_track(self, canvas: Canvas) -> None:
        canvas.fill(_GRASS)
        edge = HALF_WIDTH + _LINE
        rings = ((edge, _EDGE), (HALF_WIDTH, _ROAD), (-HALF_WIDTH, _EDGE), (-edge, _GRASS_INSIDE))
        for aside, colour in rings:
            canvas.polygon(CENTRE_LINE + aside * _OUTWARDS, colour)
        for first in range(0, _POINTS, 24):
            dash = CENTRE_LINE[np.arange(first, first + 11) % _POINTS]
            canvas.line(dash, _MIDDLE, 0.009)

    def _draw_trail(self, canvas: Canvas) -> None:
        for (start, _), (end, off) in zip(self._trail, self._trail[1:], strict=False):
            canvas.line([start, end], _OFF_TRAIL if off else _ON_TRAIL, 0.014)

    def _draw_wind(self, canvas: Canvas) -> None:
        """Draw an arrow in the middle: the side to which the wind turns the car."""
        if not self._gust:
            return
        side = -math.copysign(1.0, self._gust)
        strength = 0.12 + 0.2 * min(1.0, abs(self._gust))
        angles = np.linspace(0, 1.9 * min(1.0, strength * 3), 24) * side + math.pi / 2
        arc = 0.22 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        canvas.line(arc, _EDGE, 0.03)
        tip = shape_at([(0.09, 0), (-0.03, 0.07), (-0.03, -0.07)], arc[-1], angles[-1] + side * 1.6)
        canvas.polygon(tip, _EDGE)


def steer_along(observation: Any) -> NDArray[np.float32]:
    """Steer towards a point 0.2 ahead on the centre line: a driver that stays in the middle."""
    x, y, cosine, sine = (float(value) for value in observation)
    index, _ = nearest_point(np.array([x, y]))
    ahead = point_ahead(index, 0.2) - np.array((x, y))
    error = math.atan2(ahead[1], ahead[0]) - math.atan2(sine, cosine)
    error = (error + math.pi) % math.tau - math.pi
    return np.clip(np.array([-0.7 * error / TURN], np.float32), -1, 1)
