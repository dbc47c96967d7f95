"""Play episodes at full speed: the reset, then one step after another."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import gymnasium as gym

from teleop.types import Action, Info, Observation

MAX_STEPS = 10_000  # for environments without a time limit


class Transition(NamedTuple):
    """The result of a reset or a step.

    Attributes:
        observation: observation after the step or reset.
        action: action of the step; None for a reset.
        reward: reward of the step; 0 for a reset.
        terminated: the task is over.
        truncated: the time limit was reached.
        info: the environment's info dict.
    """

    observation: Observation
    action: Action | None
    reward: float
    terminated: bool
    truncated: bool
    info: Info

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.terminated or self.truncated


def iter_episode(
    env: gym.Env[Any, Any],
    choose: Callable[[Observation], Action | None],
    seed: int | None = None,
    most: int = MAX_STEPS,
) -> Iterator[Transition]:
    """Play one episode; yield the reset, then each step.

    Args:
        env: an environment from `make_env`.
        choose: returns the action for an observation; None ends the episode.
        seed: seed of the reset.
        most: maximum number of steps.

    Raises:
        EnvError: the environment failed.
    """
    observation, info = env.reset(seed=seed)
    yield Transition(observation, None, 0.0, False, False, info)
    for _ in range(most):
        action = choose(observation)
        if action is None:
            return
        observation, reward, terminated, truncated, info = env.step(action)
        yield Transition(observation, action, float(reward), terminated, truncated, info)
        if terminated or truncated:
            return


def repeated(env: gym.Env[Any, Any], seed: int, actions: Sequence[Action]) -> Iterator[Transition]:
    """Repeat actions from a seed; yield the reset, then each step until the episode is over.

    Raises:
        EnvError: the environment failed.
    """
    left = iter(actions)
    return iter_episode(env, lambda _: next(left, None), seed, len(actions))


def iter_random_steps(env: gym.Env[Any, Any], steps: int, seed: int) -> Iterator[Transition]:
    """Take a number of random steps, over as many episodes as they need."""
    env.action_space.seed(seed)
    start: int | None = seed
    while steps > 0:
        for transition in iter_episode(env, lambda _: env.action_space.sample(), start, steps):
            if transition.action is not None:
                steps -= 1
                yield transition
        start = None
