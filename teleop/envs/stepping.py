"""Playing an episode as fast as it computes: reset, then one step after another."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import gymnasium as gym

from teleop.types import Action, Info, Observation

MAX_STEPS = 10_000  # for environments without a time limit of their own


class Transition(NamedTuple):
    """What an environment answered.

    Attributes:
        observation: after the step, or after the reset.
        action: that the step was given; None for a reset.
        reward: 0 for a reset.
        terminated: the task is over.
        truncated: the time limit was reached.
        info: what else the environment says.
    """

    observation: Observation
    action: Action | None
    reward: float
    terminated: bool
    truncated: bool
    info: Info

    @property
    def over(self) -> bool:
        """The episode ends here."""
        return self.terminated or self.truncated


def iter_episode(
    env: gym.Env[Any, Any],
    choose: Callable[[Observation], Action | None],
    seed: int | None = None,
    most: int = MAX_STEPS,
) -> Iterator[Transition]:
    """One episode: the reset, then each step.

    Args:
        env: made by `make_env`.
        choose: an action for an observation; None ends the episode.
        seed: of the reset.
        most: steps after which it ends.

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
    """The same actions again: the reset, then each step, until the episode is over.

    Raises:
        EnvError: the environment failed.
    """
    left = iter(actions)
    return iter_episode(env, lambda _: next(left, None), seed, len(actions))


def iter_random_steps(env: gym.Env[Any, Any], steps: int, seed: int) -> Iterator[Transition]:
    """So many steps of random actions, over as many episodes as they take."""
    env.action_space.seed(seed)
    start: int | None = seed
    while steps > 0:
        for transition in iter_episode(env, lambda _: env.action_space.sample(), start, steps):
            if transition.action is not None:
                steps -= 1
                yield transition
        start = None
