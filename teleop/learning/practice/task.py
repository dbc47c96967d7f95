"""What a learner of Stable-Baselines3 gets: one vector per observation, and plain actions."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import MAX_STEPS, iter_random_steps
from teleop.errors import LearningError, sentence
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import CLIP, Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import Head, Levels, full_head
from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.policy_models import Ensemble
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import make_policy
from teleop.learning.rewards.reward_models import RewardFunction
from teleop.text import tr

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv

RANDOM_STEPS = 2000  # that every task begins with, to know the scale of the inputs
_SHORTEST, _LONGEST = 30.0, 1000.0  # steps that the discount looks ahead


@dataclass(frozen=True, slots=True)
class Task:
    """An environment as a learner sees it.

    Attributes:
        demos: the demonstrations.
        normaliser: normalisation of the encoded observations.
        head: every action of the environment, whatever was recorded.
        gamma: discount that looks as far ahead as the demonstrated episodes are long.
        absorbs: whether a further input marks the absorbing state; the environment never is in it.
    """

    demos: Demonstrations
    normaliser: Normaliser
    head: Head
    gamma: float
    absorbs: bool = False

    @property
    def features(self) -> int:
        """Number of inputs."""
        return self.demos.encoding.features + self.absorbs

    def envs(self, count: int, reward: RewardFunction | None = None) -> "VecEnv":
        """Make environments that are stepped together.

        Args:
            count: number of environments.
            reward: replaces the environment's reward; None keeps it.

        Raises:
            EnvError: the environment cannot be made.
        """
        from stable_baselines3.common.vec_env import DummyVecEnv

        from teleop.learning.practice.rewarded_envs import RewardedEnvs

        envs = DummyVecEnv([self._made for _ in range(count)])
        return envs if reward is None else RewardedEnvs(envs, reward, self)

    def _made(self) -> gym.Env[Any, Any]:
        env = make_env(self.demos.env_id, render=False)
        return gym.wrappers.TimeLimit(EncodedEnv(env, self), MAX_STEPS)

    def demonstrated(self) -> NDArray[np.float32]:
        """Return the demonstrated actions as targets of the head: (N, branches)."""
        found = self.head.targets(self.demos.flat)
        numbers = [not isinstance(branch, Levels) for branch in self.head.branches]
        found[:, numbers] = found[:, numbers].clip(-1, 1)
        return found

    def policy(
        self, networks: tuple[Network, ...], recipe: dict[str, Any], learned: dict[str, Any]
    ) -> LearnedPolicy:
        """Return networks that take this task's inputs as a policy."""
        hidden = tuple(len(layer.bias) for layer in networks[0].trunk[:-1])
        shape = Architecture(hidden=hidden)
        demos = self.demos.with_head(self.head)
        model = Ensemble(networks, self.head, shape)
        return make_policy(demos, self.normaliser, model, shape, recipe, {"clip": CLIP} | learned)


class EncodedEnv(gym.Wrapper[NDArray[np.float32], Any, Any, Any]):
    """Encodes observations, and takes actions as indices of choices or as numbers in -1..1."""

    def __init__(self, env: gym.Env[Any, Any], task: Task) -> None:
        super().__init__(env)
        self._task, self._head = task, task.head
        self.observation_space = spaces.Box(-CLIP, CLIP, (task.features,), np.float32)
        sizes = task.head.sizes
        self.action_space: Any = spaces.Box(-1.0, 1.0, (len(sizes),), np.float32)
        if task.head.is_choice:
            self.action_space = spaces.MultiDiscrete(list(sizes))
            if len(sizes) == 1:
                self.action_space = spaces.Discrete(sizes[0])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode."""
        observation, _ = self.env.reset(seed=seed, options=options)
        return self._seen(observation), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Take one step."""
        flat = [
            branch.values[int(part)]
            if isinstance(branch, Levels)
            else min(branch.high, max(branch.low, branch.mean + branch.sd * float(part)))
            for branch, part in zip(self._head.branches, np.ravel(action), strict=True)
        ]
        observation, reward, terminated, truncated, _ = self.env.step(self._head.rebuilt(flat))
        return self._seen(observation), float(reward), terminated, truncated, {}

    def close(self) -> None:
        """Close the environment without disturbing others."""
        close_env(self.env)

    def _seen(self, observation: Any) -> NDArray[np.float32]:
        seen = self._task.normaliser(self._task.demos.encoding.row(observation))
        return np.append(seen, np.float32(0)) if self._task.absorbs else seen


def make_task(demos: Demonstrations, *, squashed: bool = False) -> Task:
    """Return the task of an environment.

    Args:
        demos: the demonstrations.
        squashed: whether the policy's numbers go through tanh.

    Raises:
        LearningError: the environment cannot be practised.
        EnvError: the environment cannot be made, or failed.
    """
    check(demos)
    env = make_env(demos.env_id, render=False)
    try:
        tried = [demos.encoding.row(s.observation) for s in iter_random_steps(env, RANDOM_STEPS, 0)]
    finally:
        close_env(env)
    vector = np.concatenate([demos.inputs.vector, np.stack(tried)])
    lengths = np.diff(demos.starts)[demos.used]
    ahead = float(np.clip(lengths.mean(), _SHORTEST, _LONGEST))
    normaliser = Normaliser.of(vector, np.arange(len(vector)))
    head = full_head(demos.action_space, squashed=squashed)
    return Task(demos, normaliser, head, 1 - 1 / ahead)


def check(demos: Demonstrations) -> None:
    """Check that the environment can be practised.

    Raises:
        LearningError: it cannot.
    """
    if problem := why_not(demos):
        raise LearningError(problem)


def why_not(demos: Demonstrations) -> str:
    """Return why nothing can be practised here; empty if something can."""
    if not find_spec("stable_baselines3"):
        return tr("Needs Stable-Baselines3. To install it: pip install 'stable-baselines3>=2.9'")
    if demos.encoding.pictures:
        return tr("Practice does not support images yet.")
    try:
        head = full_head(demos.action_space)
    except LearningError as problem:
        return sentence(problem)
    if not (head.is_choice or head.is_numbers):
        return tr("Practice does not support a mixture of choices and numbers yet.")
    return ""
