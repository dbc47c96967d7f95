"""A LunarLander that paints its latest action into its picture and never ends, in two players.

`python -m tests.benchmarks.flash teleop|play`: ours, or `gymnasium.utils.play`; 50 steps a second.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.lunar_lander import LunarLander

ENV_ID = "FlashLander-v0"
COLOURS = {0: (40, 40, 40), 1: (20, 60, 250), 2: (250, 40, 30), 3: (30, 200, 60)}
MARK = (slice(140, 220), slice(260, 340))
KEYS = {"2": 1, "3": 2}  # number keys, as Teleop gives to an environment it does not know


class FlashLander(LunarLander):
    """LunarLander with a coloured square in the middle of its picture."""

    action = 0

    def step(self, action: Any) -> Any:
        """Step, remember the action, never end."""
        self.action = int(action)
        observation, reward, _, _, info = super().step(action)  # type: ignore[no-untyped-call]
        return observation, reward, False, False, info

    def render(self) -> Any:
        """The picture with its mark."""
        picture = np.array(super().render())  # type: ignore[no-untyped-call]
        picture[MARK] = COLOURS[self.action]
        return picture


gym.register(ENV_ID, entry_point=f"{__name__}:FlashLander")


def run_teleop() -> None:
    """Ours."""
    from teleop import paths
    from teleop.ui.app import App, AppConfig

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        App(AppConfig(ENV_ID, root, Path(folder), paths.assets_folder(), 0, pace_hz=50.0)).run()


def run_play() -> None:
    """Gymnasium's."""
    from gymnasium.utils.play import play

    env = gym.make(ENV_ID, render_mode="rgb_array", disable_env_checker=True)
    play(env, fps=50, keys_to_action=KEYS, noop=0)


if __name__ == "__main__":
    {"teleop": run_teleop, "play": run_play}[sys.argv[1]]()
