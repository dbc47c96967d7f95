"""Trial episodes: policies play during training, where this is cheap and safe.

Trial episodes begin from other start states than the episodes that score the final policy.
"""

import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.conversion import RewardError
from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_random_steps
from teleop.errors import EnvError, TeleopError, sentence
from teleop.evaluation.scoring import Lanes, SideBySidePolicy
from teleop.evaluation.success import Result
from teleop.learning.data.demonstrations import Demonstrations
from teleop.text import tr

FIRST_SEED = 90_000  # far from the seeds for scoring and for recording
_SLOWEST_STEP_S = 0.05
_FEWEST_EPISODES = 60  # must fit into the budget, or playing says too little
_STEPS = 30


class Trials:
    """Plays trial episodes and counts them."""

    def __init__(self, env_id: str) -> None:
        self._lanes = Lanes(env_id)
        self.played = 0

    def play(self, policy: SideBySidePolicy, first: int, count: int) -> list[Result]:
        """Play `count` trial episodes, beginning with number `first`.

        Raises:
            EnvError: the environment failed.
        """
        self.played += count
        return self._lanes.play(policy, range(FIRST_SEED + first, FIRST_SEED + first + count))

    def close(self) -> None:
        """Close the environments."""
        self._lanes.close()


def why_not(
    demos: Demonstrations, budget_s: float, clock: Callable[[], float] = time.perf_counter
) -> str:
    """Return why candidates cannot be tried by playing here; empty if they can.

    Args:
        demos: demonstrations of the environment.
        budget_s: time budget for playing, in seconds.
        clock: returns the time in seconds.
    """
    if not budget_s > 0:
        return tr("The budget for trial episodes is 0")
    try:
        env = make_env(demos.env_id, render=False)
    except TeleopError as problem:
        return sentence(problem)
    try:
        return _odd(env) or _too_slow(demos, _step_s(env, clock), budget_s)
    except EnvError as problem:
        why = sentence(problem.__cause__ or problem)
        return tr("This environment failed when it was tried ({why})", why=why)
    finally:
        close_env(env)


def _odd(env: gym.Env[Any, Any]) -> str:
    """Return what makes trial episodes unsafe or meaningless; empty if nothing does."""
    if env.metadata.get("real_time"):
        return tr("This environment is a real device")
    if env.metadata.get("imitation_only"):
        return tr("This environment shows imitation without a reward")
    first, _ = env.reset(seed=FIRST_SEED)
    again, _ = env.reset(seed=FIRST_SEED)
    if not _same(first, again):
        return tr("This environment starts differently each time, whatever its seed")
    try:
        reward = next(iter_random_steps(env, 1, FIRST_SEED)).reward
    except RewardError:
        reward = np.nan
    if not np.isfinite(reward):
        return tr("This environment gives no reward that is one number")
    return ""


def _step_s(env: gym.Env[Any, Any], clock: Callable[[], float]) -> float:
    """Measure the seconds per step."""
    env.reset(seed=FIRST_SEED)  # the first reset may load what the environment needs
    began, done = clock(), 0
    for _ in iter_random_steps(env, _STEPS, FIRST_SEED):
        done += 1
        if clock() - began > _STEPS * _SLOWEST_STEP_S:
            break
    return (clock() - began) / done


def _too_slow(demos: Demonstrations, step_s: float, budget_s: float) -> str:
    if step_s > _SLOWEST_STEP_S:
        return tr("This environment needs {ms:.0f} ms a step", ms=1000 * step_s)
    mean_steps = demos.total_steps / max(1, demos.count)
    episode_s = step_s * mean_steps
    if episode_s * _FEWEST_EPISODES > budget_s:
        return tr("An episode takes about {episode_s:.1f} s to play here", episode_s=episode_s)
    return ""


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))
