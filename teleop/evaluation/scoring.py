"""Evaluate policies: returns over seeds, with their spread and a bootstrap interval."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import concatenate, create_empty_array

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import MAX_STEPS, Transition, iter_episode
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.success import Result, SuccessRule, reported_success, rule_of
from teleop.types import Action, Actor, Info, Observation, Policy
from teleop.types.results import Score

FIRST_SEED = 50_000  # far from the seeds that people are given
_AT_ONCE = 20


@runtime_checkable
class SideBySidePolicy(Protocol):
    """A policy that plays several episodes at once."""

    name: str

    def reset(self, seed: int) -> None:
        """Start all episodes."""

    def act_side_by_side(self, observations: Any) -> list[Action]:
        """Return an action for each episode of a batch."""


class RandomPolicy:
    """Samples random actions from the action space."""

    actor = Actor.SCRIPT
    name = "random"

    def __init__(self, env_id: str) -> None:
        env = make_env(env_id, render=False)
        self._space = env.action_space
        close_env(env)

    def reset(self, seed: int) -> None:
        """Seed the actions; the same seed gives the same actions."""
        self._space.seed(seed)

    def act(self, observation: Observation) -> Action:
        """Return a random action."""
        del observation
        return self._space.sample()


def evaluate(
    env_id: str, policy: Policy, episodes: int = 20, first_seed: int = FIRST_SEED
) -> Iterator[Result]:
    """Play whole episodes from consecutive seeds, each in a fresh environment.

    A learned policy plays several episodes at a time.

    Raises:
        EnvError: the environment cannot be created, or failed.
        LearningError: the policy's actions do not fit the environment.
    """
    return evaluate_from(env_id, policy, range(first_seed, first_seed + episodes))


def evaluate_from(env_id: str, policy: Policy, seeds: Sequence[int]) -> Iterator[Result]:
    """Play whole episodes from some seeds, like `evaluate`.

    Raises:
        EnvError: the environment cannot be created, or failed.
        LearningError: the policy's actions do not fit the environment.
    """
    if not isinstance(policy, SideBySidePolicy):
        for seed in seeds:
            yield _play(env_id, policy, seed)
        return
    for start in range(0, len(seeds), _AT_ONCE):
        lanes = Lanes(env_id)
        try:
            yield from lanes.play(policy, seeds[start : start + _AT_ONCE])
        finally:
            lanes.close()


def score(
    env_id: str,
    name: str,
    results: list[Result],
    seed: int = 0,
    rule: SuccessRule | None = None,
) -> Score:
    """Summarise results.

    Args:
        env_id: the environment, which defines success.
        name: who drove.
        results: at least one result.
        seed: seed of the bootstrap resampling.
        rule: when an episode counts as a success; None: the environment's own rule.
    """
    rule = rule or rule_of(env_id)
    rate = rule.rate(results)
    returns = np.array([result.total_reward for result in results])
    low, high = bootstrap_interval(returns, seed)
    return Score(
        name=name,
        episodes=len(results),
        mean=float(returns.mean()),
        sd=float(returns.std(ddof=1)) if len(returns) > 1 else 0.0,
        low=low,
        high=high,
        success=rate,
        mean_steps=float(np.mean([result.total_steps for result in results])),
        rule="" if rate is None else rule.words_for(results),
        returns=tuple(float(value) for value in returns),
    )


class Lanes:
    """Environments of one kind in which a policy plays several episodes side by side.

    One call of the policy serves all of them, which is several times faster than one after another.
    """

    def __init__(self, env_id: str) -> None:
        self._env_id = env_id
        self._envs: list[gym.Env[Any, Any]] = []

    def play(self, policy: SideBySidePolicy, seeds: Sequence[int]) -> list[Result]:
        """Play one whole episode from each seed.

        Raises:
            EnvError: the environment cannot be created, or failed.
            LearningError: the policy's actions do not fit the environment.
        """
        while len(self._envs) < len(seeds):
            self._envs.append(make_env(self._env_id, render=False))
        policy.reset(seeds[0])
        return self._played(policy, seeds)

    def close(self) -> None:
        """Close every environment."""
        for env in self._envs:
            close_env(env)
        self._envs.clear()

    def _played(self, policy: SideBySidePolicy, seeds: Sequence[int]) -> list[Result]:
        actions: list[Action] = [None] * len(seeds)

        def game(lane: int) -> Iterator[Transition]:
            return iter_episode(self._envs[lane], lambda _: actions[lane], seeds[lane])

        games = [game(lane) for lane in range(len(seeds))]
        latest = [next(game) for game in games]
        totals, steps = [0.0] * len(seeds), [0] * len(seeds)
        running, space = list(range(len(seeds))), self._envs[0].observation_space
        while running:
            room: Any = create_empty_array(space, len(seeds))
            batch = concatenate(space, [last.observation for last in latest], room)
            actions[:] = policy.act_side_by_side(batch)
            for lane in list(running):
                latest[lane] = next(games[lane])
                totals[lane] += latest[lane].reward
                steps[lane] += 1
                if latest[lane].over or steps[lane] == MAX_STEPS:
                    running.remove(lane)
        successes = [reported_success(last.info) for last in latest]
        ends = [last.terminated for last in latest]
        return list(map(Result, seeds, totals, steps, successes, ends))


def _play(env_id: str, policy: Policy, seed: int) -> Result:
    env = make_env(env_id, render=False)
    policy.reset(seed)
    total, steps = 0.0, -1  # the reset is not a step
    info: Info = {}
    terminated = False
    try:
        for transition in iter_episode(env, policy.act, seed):
            total += transition.reward
            steps += 1
            info, terminated = transition.info, transition.terminated
    finally:
        close_env(env)
    return Result(seed, total, steps, reported_success(info), terminated)
