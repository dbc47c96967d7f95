"""Environments whose reward is replaced by a learned one."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

if TYPE_CHECKING:
    from teleop.learning.practice.task import Task
    from teleop.learning.rewards.reward_models import RewardFunction


class RewardedEnvs(VecEnvWrapper):
    """Replaces the rewards of environments that are stepped together."""

    def __init__(self, envs: VecEnv, reward: "RewardFunction", task: "Task") -> None:
        super().__init__(envs)
        self._reward, self._task = reward, task
        self._seen: NDArray[np.float32] = np.zeros((0, task.features), np.float32)
        self._acts: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in each environment."""
        self._seen = np.asarray(self.venv.reset(), np.float32)
        return self._seen

    def step_async(self, actions: NDArray[Any]) -> None:
        """Begin a step."""
        targets = np.asarray(actions, np.float32).reshape(len(actions), -1)
        self._acts = self._task.head.features(targets)
        self.venv.step_async(actions)

    def step_wait(self) -> Any:
        """End the step, with the learned reward in place of the environment's."""
        seen, _, over, infos = self.venv.step_wait()
        following = np.asarray(seen, np.float32).copy()
        terminated = np.array(over, np.bool_)
        for index in np.flatnonzero(over):
            following[index] = infos[index]["terminal_observation"]
            terminated[index] = not infos[index].get("TimeLimit.truncated", False)
        rewards = self._reward(self._seen, self._acts, following, terminated)
        self._seen = np.asarray(seen, np.float32).copy()
        return seen, rewards.astype(np.float32), over, infos
