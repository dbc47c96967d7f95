"""Environments that paint their latest action into the frame and never end, in two players.

`python -m tests.benchmarks.flash teleop|play ENV` opens Teleop or `gymnasium.utils.play` at 50 Hz.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

ENV_ID = "FlashLander-v0"
COLOURS = {0: (40, 40, 40), 1: (20, 60, 250), 2: (250, 40, 30), 3: (30, 200, 60)}
# wrapped environment, action of `play` without a key, and two keys with other actions, as
# Teleop binds them for an unknown environment
FLASHES: dict[str, tuple[str, int, dict[str, int]]] = {
    ENV_ID: ("LunarLander-v3", 0, {"2": 1, "3": 2}),
    "FlashMountain-v0": ("MountainCar-v0", 1, {"1": 0, "3": 2}),
    "FlashAcrobot-v0": ("Acrobot-v1", 1, {"1": 0, "3": 2}),
}


class Flash(gym.Env[Any, Any]):
    """Another environment with a coloured square in the middle of its frame."""

    def __init__(self, beneath: str, render_mode: str | None = None) -> None:
        self._env = gym.make(beneath, render_mode=render_mode, disable_env_checker=True)
        self.render_mode = render_mode
        self.metadata = dict(self._env.metadata)
        self.observation_space, self.action_space = (
            self._env.observation_space,
            self._env.action_space,
        )
        self.action = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Reset the wrapped environment."""
        return self._env.reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """Take a step, remember the action, and never end."""
        self.action = int(action)
        observation, reward, terminated, truncated, info = self._env.step(action)
        if terminated or truncated:
            observation, info = self._env.reset()
        return observation, reward, False, False, info

    def render(self) -> Any:
        """Render the frame with the square."""
        picture = np.array(self._env.render())
        y, x = picture.shape[0] // 2, picture.shape[1] // 2
        picture[y - 40 : y + 40, x - 40 : x + 40] = COLOURS[self.action]
        return picture


for _env_id, _flash in FLASHES.items():
    gym.register(_env_id, entry_point=f"{__name__}:Flash", kwargs={"beneath": _flash[0]})


def run_teleop(env_id: str) -> None:
    """Open Teleop."""
    from teleop import paths
    from teleop.ui.app import App
    from teleop.ui.app_config import AppConfig

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        App(AppConfig(env_id, root, Path(folder), paths.assets_folder(), 0, pace_hz=50.0)).run()


def run_play(env_id: str) -> None:
    """Open `gymnasium.utils.play`."""
    from gymnasium.utils.play import play

    env = gym.make(env_id, render_mode="rgb_array", disable_env_checker=True)
    _, noop, keys = FLASHES[env_id]
    keys_to_action: dict[Any, Any] = dict(keys)
    play(env, fps=50, keys_to_action=keys_to_action, noop=noop)


if __name__ == "__main__":
    {"teleop": run_teleop, "play": run_play}[sys.argv[1]](sys.argv[2])
