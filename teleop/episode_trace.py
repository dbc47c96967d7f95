"""A compact trace of the running episode, sufficient to repeat it.

Rewinding repeats the episode: a fresh environment, the same seed, and the same actions up to the
step. Every observation must be the same as before; otherwise the environment is not reproducible,
and an error reports it.
"""

import itertools
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.factory import close_env
from teleop.envs.stepping import iter_episode, repeated
from teleop.errors import EnvError, sentence
from teleop.text import tr
from teleop.types import Action, Info, Observation

_PROBE_STEPS = 25


class EpisodeTrace:
    """Actions, rewards, times, and a checksum of every observation."""

    def __init__(self, observation: Observation) -> None:
        self.actions: list[Action] = []
        self.rewards = array("d")
        self.times_s = array("d")
        self._sums = array("L", [checksum(observation)])

    def __len__(self) -> int:
        return len(self.actions)

    def add(self, action: Action, observation: Observation, reward: float, time_s: float) -> None:
        """Add one step."""
        self.actions.append(action)
        self.rewards.append(reward)
        self.times_s.append(time_s)
        self._sums.append(checksum(observation))

    def cut(self, steps: int) -> None:
        """Forget everything after the given number of steps."""
        del self.actions[steps:], self.rewards[steps:], self.times_s[steps:]
        del self._sums[steps + 1 :]

    def repeat(self, env: gym.Env[Any, Any], seed: int, steps: int) -> tuple[Observation, Info]:
        """Repeat the first steps in a fresh environment.

        Returns:
            The observation and info after these steps.

        Raises:
            EnvError: an observation differs: the environment is not reproducible.
        """
        for step, last in enumerate(repeated(env, seed, self.actions[:steps])):
            if checksum(last.observation) != self._sums[step]:
                break
        else:
            if step == steps:
                return last.observation, last.info
        raise EnvError(
            tr(
                "{name} is not reproducible: repeated from the same seed, it differs at step "
                "{step}. Nothing was changed.",
                name=env.spec.id if env.spec else tr("This environment"),
                step=step,
            )
        )


def checksum(value: Any) -> int:
    """Return the CRC-32 of an observation, nested or not."""
    if isinstance(value, np.ndarray):
        return zlib.crc32(value.tobytes())
    if isinstance(value, Mapping):
        return zlib.crc32(repr([(key, checksum(part)) for key, part in value.items()]).encode())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return zlib.crc32(repr([checksum(part) for part in value]).encode())
    return zlib.crc32(repr(value).encode())


def iter_probe(make: Callable[[], gym.Env[Any, Any]], seed: int) -> Iterator[str]:
    """Test, a little at a time, whether an environment is reproducible.

    Yields:
        Empty text while testing; finally why it is not reproducible, or empty text if it is.
    """
    pairs = itertools.zip_longest(_played(make(), seed), _played(make(), seed))
    for step, (first, again) in enumerate(pairs):
        if first != again:
            yield tr("two episodes from one seed differ at step {step}", step=step)
            return
        yield ""


class Probe:
    """Tests whether an environment is reproducible while it is not being driven.

    Attributes:
        over: whether the test is finished.
        problem: why rewinding is not possible; empty if it is, as far as is known.
    """

    def __init__(self, make: Callable[[], gym.Env[Any, Any]], seed: int) -> None:
        self.over, self.problem = False, ""
        self._steps = iter_probe(make, seed)

    def look(self) -> None:
        """Continue the test for one step."""
        try:
            self.problem = next(self._steps)
        except StopIteration:
            self.over = True
        except EnvError as problem:
            self.problem = sentence(problem)
        self.over = self.over or bool(self.problem)


def _played(env: gym.Env[Any, Any], seed: int) -> Iterator[int]:
    """Yield checksums of the observations of a few random steps."""
    space = env.action_space
    space.seed(seed)
    try:
        for transition in iter_episode(env, lambda _: space.sample(), seed, _PROBE_STEPS):
            yield checksum(transition.observation)
    finally:
        close_env(env)
