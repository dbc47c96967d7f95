"""The transition table of an environment whose states and actions are few and numbered."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.errors import EnvError
from teleop.text import tr

NEEDS_DISCRETE = tr("This algorithm needs Discrete observations and Discrete actions.")
_LARGEST = 5_000_000  # states x states x actions


@dataclass(frozen=True, slots=True)
class TransitionTable:
    """All transitions of positive probability, in the form of Gymnasium's toy text environments.

    Attributes:
        states: number of states.
        actions: number of actions.
        pair: (K,) index of the state and action, `state * actions + action`.
        following: (K,) the next state.
        probability: (K,) its probability.
        reward: (K,) the environment's reward.
        ends: (K,) whether the episode terminates there.
        features: (S, F) all that the reward may depend on, if the environment says so; else None.
    """

    states: int
    actions: int
    pair: NDArray[np.int64]
    following: NDArray[np.int64]
    probability: NDArray[np.float64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]
    features: NDArray[np.float64] | None = None

    @property
    def continuing(self) -> NDArray[np.float64]:
        """Probability of each transition after which the episode goes on: (K,)."""
        return np.where(self.ends, 0.0, self.probability)

    def expected(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of a number per transition over the transitions of each pair: (S, A)."""
        sums = np.zeros(self.states * self.actions)
        sums += np.bincount(self.pair, values, len(sums))
        return sums.reshape(self.states, self.actions)


def transition_table(env: gym.Env[Any, Any]) -> TransitionTable:
    """Read the attribute `P`: `P[state][action]` lists (probability, next state, reward, ends).

    Raises:
        EnvError: the environment has no such table, or it is too large or malformed.
    """
    observed, acted = env.observation_space, env.action_space
    if not isinstance(observed, spaces.Discrete) or not isinstance(acted, spaces.Discrete):
        raise EnvError(NEEDS_DISCRETE)
    table = getattr(env.unwrapped, "P", None)
    if table is None:
        raise EnvError(tr("This environment has no table of transitions to plan with."))
    if observed.start != 0 or acted.start != 0:
        raise EnvError(tr("This algorithm needs states and actions that are counted from 0."))
    states, actions = int(observed.n), int(acted.n)
    if states**2 * actions > _LARGEST:
        raise EnvError(tr("This environment has too many states to plan with: {n:,}", n=states))
    try:
        rows = [
            (state * actions + action, int(following), float(chance), float(reward), bool(ends))
            for state in range(states)
            for action in range(actions)
            for chance, following, reward, ends in table[state][action]
        ]
        pair, following, chance, reward, ends = (np.array(part) for part in zip(*rows, strict=True))
    except (LookupError, TypeError, ValueError, OverflowError) as problem:
        raise _malformed() from problem
    features = _features(env, states)
    found = TransitionTable(states, actions, pair, following, chance, reward, ends, features)
    sums = found.expected(chance)
    inside = (following >= 0).all() and (following < states).all() and (chance >= 0).all()
    if not inside or not np.allclose(sums, 1.0, atol=1e-6):
        raise _malformed()
    return found


def _features(env: gym.Env[Any, Any], states: int) -> NDArray[np.float64] | None:
    """Return `reward_features` of an environment that has them: (S, F)."""
    found = np.asarray(getattr(env.unwrapped, "reward_features", ()))
    fits = found.ndim == 2 and len(found) == states and found.dtype.kind in "fiub"
    return found.astype(np.float64) if fits and np.isfinite(found).all() else None


def _malformed() -> EnvError:
    return EnvError(tr("The environment's table of transitions is malformed"))
