"""How good a policy is: returns over seeds, with their spread and a bootstrap interval."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.envs.catalogue import find_entry
from teleop.envs.making import close_env, make_env
from teleop.errors import EnvError, LearningError, sentence
from teleop.types import Action, Actor, Observation, Policy

MAX_STEPS = 10_000  # for environments without a time limit of their own
FIRST_SEED = 50_000  # far from the seeds that people are given


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

    Raises:
        EnvError: the environment cannot be made, or broke.
        LearningError: the policy's actions do not fit the environment.
    """
    for seed in range(first_seed, first_seed + episodes):
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


def _play(env_id: str, policy: Policy, seed: int) -> Result:
    env = make_env(env_id, render=False)
    try:
        observation, _ = env.reset(seed=seed)
        policy.reset(seed)
        total, steps, over = 0.0, 0, False
        while not over and steps < MAX_STEPS:
            action = policy.act(observation)
            observation, reward, terminated, truncated, _ = env.step(action)
            total += float(reward)
            steps += 1
            over = terminated or truncated
    except LearningError:
        raise
    except Exception as problem:  # an environment's own code
        raise EnvError(
            f"{env_id} broke while {policy.name} drove: {sentence(problem)}"
        ) from problem
    finally:
        close_env(env)
    return Result(seed, total, steps)
