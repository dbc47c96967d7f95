"""A package of environments that hang, crash, are slow or render unusual frames."""

import ctypes
import os
import time
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

CALM = "TELEOP_TESTS_CALM"  # environment variable: nothing misbehaves
_EDGE = 0.75  # out of reach of the random steps that test whether rewinding works


class Cart(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """A cart on a line. Subclasses misbehave once it is far to the right."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012  as Gymnasium wants
    observation_space = spaces.Box(-2, 2, (1,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.t = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self.t, self.x, self.misbehaved = 0, 0.0, CALM in os.environ
        return np.array([self.x], np.float32), {}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        self.t += 1
        self.x = float(np.clip(self.x + 0.1 * float(action[0]), -2, 2))
        if not self.misbehaved and self.x > _EDGE:
            self.misbehaved = True
            self.misbehave()
        return np.array([self.x], np.float32), self.x, False, self.t >= 300, {}

    def misbehave(self) -> None:
        """Do nothing; subclasses override this."""

    def render(self) -> Any:
        picture = np.full((60, 120, 3), 40, np.uint8)
        picture[20:40, 50 + int(20 * self.x) : 60 + int(20 * self.x)] = 220
        return picture


class Hangs(Cart):
    """A step never returns."""

    def misbehave(self) -> None:
        while True:
            time.sleep(0.01)


class Crashes(Cart):
    """A step reads invalid memory."""

    def misbehave(self) -> None:
        ctypes.string_at(0)


class HangsInReset(Cart):
    """The reset never returns."""

    def reset(self, **kwargs: Any) -> tuple[NDArray[np.float32], dict[str, Any]]:  # noqa: ARG002
        while True:
            time.sleep(0.01)


class Pauses(Cart):
    """A step takes four seconds."""

    def misbehave(self) -> None:
        time.sleep(4)


class Resizes(Cart):
    """The frame has another size at each step."""

    def render(self) -> Any:
        return np.pad(super().render(), ((0, 10 * (self.t % 3)), (0, 20 * (self.t % 2)), (0, 0)))


class DrawsLate(Cart):
    """There is no frame before the first step."""

    def render(self) -> Any:
        return super().render() if self.t else None


class Dark(Cart):
    """The frame is black."""

    def render(self) -> Any:
        return np.zeros((60, 120, 3), np.uint8)


for made in (Resizes, DrawsLate, Dark, Hangs, Crashes, HangsInReset, Pauses):
    gym.register(
        f"{made.__name__}-v0", entry_point=f"tests.harness.rough_environments:{made.__name__}"
    )
