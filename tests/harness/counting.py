"""An environment that counts its steps, and drivers for it."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from teleop.envs.conversion import ConvertingWrapper
from teleop.types import Actor


class Counting(gym.Env[Any, Any]):
    """Its observation is how many steps were taken; the reward is the action."""

    observation_space = spaces.Box(0, 100, (1,), np.float32)
    action_space = spaces.Discrete(100)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, length: int = 5, fails: str = "", reward: Any = "action") -> None:
        self.length, self.fails, self.reward = length, fails, reward
        self.steps, self.closed, self.draws_from = 0, False, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        if self.fails == "reset":
            raise KeyError("goal")
        self.steps = 0
        return self._seen(), {"seed": seed}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.steps += 1
        if self.fails == "step" and self.steps == 2:
            raise ZeroDivisionError("wheel")
        reward = int(action) if self.reward == "action" else self.reward
        return self._seen(), reward, self.steps == self.length, False, {"step": self.steps}

    def render(self) -> Any:
        if self.fails == "render" and self.steps:
            return None
        return np.full((4, 4, 3), self.steps, np.uint8)

    def close(self) -> None:
        self.closed = True

    def _seen(self) -> Any:
        return np.array([self.steps], np.float32)


class Echo:
    """Answers an observation with the same number plus one; None as often as it is told to."""

    actor, name = Actor.HUMAN, "you"

    def __init__(self, waits: int = 0) -> None:
        self.waits, self.seeds = waits, list[int]()

    def reset(self, seed: int) -> None:
        self.seeds.append(seed)

    def act(self, observation: Any) -> int | None:
        if self.waits:
            self.waits -= 1
            return None
        return int(observation[0]) + 1


def counting(**kwargs: Any) -> ConvertingWrapper:
    return ConvertingWrapper(Counting(**kwargs), name="Counting-v0")
