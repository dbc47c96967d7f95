"""How good a policy is: returns over seeds, with their spread and a bootstrap interval."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import SyncVectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array
from numpy.typing import NDArray

from teleop.envs.catalogue import find_entry
from teleop.envs.making import close_env, make_env
from teleop.errors import EnvError, LearningError, sentence
from teleop.types import Action, Actor, Observation, Policy

MAX_STEPS = 10_000  # for environments without a time limit of their own
FIRST_SEED = 50_000  # far from the seeds that people are given
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Result:
    """One evaluation episode."""

    seed: int
    total_reward: float
    total_steps: int


@dataclass(frozen=True, slots=True)
class Score:
    """Many evaluation episodes.

    Attributes:
        name: who drove.
        episodes: how many.
        mean: of the returns.
        sd: of the returns, over episodes (n - 1).
        low: lower end of the 95 % percentile bootstrap interval of the mean.
        high: its upper end.
        success: share of episodes that reach the environment's solved return; None if it has none.
        mean_steps: mean length.
    """

    name: str
    episodes: int
    mean: float
    sd: float
    low: float
    high: float
    success: float | None
    mean_steps: float


class RandomPolicy:
    """Any action, with equal probability."""

    actor = Actor.SCRIPT
    name = "random"

    def __init__(self, env_id: str) -> None:
        env = make_env(env_id, render=False)
        self._space = env.action_space
        close_env(env)

    def reset(self, seed: int) -> None:
        """The same seed gives the same actions."""
        self._space.seed(seed)

    def act(self, observation: Observation) -> Action:
        """A random action."""
        del observation
        return self._space.sample()


def evaluate(
    env_id: str, policy: Policy, episodes: int = 20, first_seed: int = FIRST_SEED
) -> Iterator[Result]:
    """Play whole episodes from consecutive seeds, each in a fresh environment.

    A policy that answers many observations at once plays several episodes at a time.

    Raises:
        EnvError: the environment cannot be made, or broke.
        LearningError: the policy's actions do not fit the environment.
    """
    seeds = range(first_seed, first_seed + episodes)
    if getattr(policy, "is_stateless", False):
        for start in range(0, episodes, _AT_ONCE):
            yield from _play_together(env_id, policy, seeds[start : start + _AT_ONCE])
        return
    for seed in seeds:
        yield _play(env_id, policy, seed)


def score(env_id: str, name: str, results: list[Result], seed: int = 0) -> Score:
    """Sum results up.

    Args:
        env_id: for what counts as success.
        name: who drove.
        results: at least one.
        seed: of the bootstrap's resampling.
    """
    returns = np.array([result.total_reward for result in results])
    low, high = bootstrap_interval(returns, seed)
    solved = find_entry(env_id).solved
    return Score(
        name=name,
        episodes=len(results),
        mean=float(returns.mean()),
        sd=float(returns.std(ddof=1)) if len(returns) > 1 else 0.0,
        low=low,
        high=high,
        success=None if solved is None else float(np.mean(returns >= solved)),
        mean_steps=float(np.mean([result.total_steps for result in results])),
    )


def bootstrap_interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (Efron & Tibshirani 1993, section 13.3).

    Args:
        values: (n,) numbers.
        seed: of the 10,000 resamples.
    """
    draws = np.random.default_rng(seed).integers(len(values), size=(10_000, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


class _OneEpisode(gym.Wrapper[Any, Any, Any, Any]):
    """Goes on giving the last observation once its episode is over, at no cost."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._last: Any = None
        self.total, self.steps, self.over = 0.0, 0, False

    def step(self, action: Action) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self.over:
            return self._last, 0.0, False, False, {}
        observation, reward, terminated, truncated, _ = self.env.step(action)
        self._last = observation
        self.total += float(reward)
        self.steps += 1
        self.over = bool(terminated or truncated or self.steps >= MAX_STEPS)
        return observation, float(reward), False, False, {}


def _play_together(env_id: str, policy: Any, seeds: range) -> Iterator[Result]:
    """Episodes side by side in a vector environment: one decision for all of them."""
    lanes = [_OneEpisode(make_env(env_id, render=False)) for _ in seeds]
    together = SyncVectorEnv([lambda lane=lane: lane for lane in lanes], copy=False)  # type: ignore[misc]
    try:
        with _blamed(env_id, policy.name):
            observations, _ = together.reset(seed=list(seeds))
            while not all(lane.over for lane in lanes):
                actions = policy.act_many(observations)
                observations, *_ = together.step(_batch(together.single_action_space, actions))
    finally:
        for lane in lanes:
            close_env(lane.env)
    for seed, lane in zip(seeds, lanes, strict=True):
        yield Result(seed, lane.total, lane.steps)


def _batch(space: Any, actions: list[Action]) -> Any:
    """Actions as a vector environment takes them."""
    if isinstance(space, gym.spaces.Dict | gym.spaces.Tuple):
        room: Any = create_empty_array(space, len(actions))
        return concatenate(space, actions, room)
    return np.stack([np.asarray(action) for action in actions])


def _play(env_id: str, policy: Policy, seed: int) -> Result:
    env = make_env(env_id, render=False)
    total, steps, over = 0.0, 0, False
    try:
        with _blamed(env_id, policy.name):
            observation, _ = env.reset(seed=seed)
            policy.reset(seed)
            while not over and steps < MAX_STEPS:
                action = policy.act(observation)
                observation, reward, terminated, truncated, _ = env.step(action)
                total += float(reward)
                steps += 1
                over = terminated or truncated
    finally:
        close_env(env)
    return Result(seed, total, steps)


@contextlib.contextmanager
def _blamed(env_id: str, name: str) -> Iterator[None]:
    """An environment's own error as ours."""
    who = name or "the policy"
    try:
        yield
    except LearningError:
        raise
    except Exception as problem:  # an environment's own code
        raise EnvError(f"{env_id} broke while {who} drove: {sentence(problem)}") from problem
