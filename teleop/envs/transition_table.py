"""The transition table of an environment whose states and actions are few and numbered."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.errors import EnvError
from teleop.text import tr

_MOST = 2_000_000  # transitions


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
    """

    states: int
    actions: int
    pair: NDArray[np.int64]
    following: NDArray[np.int64]
    probability: NDArray[np.float64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]

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
        EnvError: the environment has no such table, or it is malformed.
    """
    observed, acted = env.observation_space, env.action_space
    if not isinstance(observed, spaces.Discrete) or not isinstance(acted, spaces.Discrete):
        raise EnvError(tr("Needs numbered states and actions; this environment has others"))
    table = getattr(env.unwrapped, "P", None)
    if table is None or observed.start != 0 or acted.start != 0:
        raise EnvError(tr("Needs a table of transitions; this environment has none"))
    states, actions = int(observed.n), int(acted.n)
    try:
        rows = [
            (state * actions + action, int(following), float(chance), float(reward), bool(ends))
            for state in range(states)
            for action in range(actions)
            for chance, following, reward, ends in table[state][action]
        ]
        pair, following, chance, reward, ends = (np.array(part) for part in zip(*rows, strict=True))
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise EnvError(tr("The environment's table of transitions is malformed")) from problem
    found = TransitionTable(states, actions, pair, following, chance, reward, ends)
    sums = found.expected(chance)
    inside = (following >= 0).all() and (following < states).all() and (chance >= 0).all()
    if len(rows) > _MOST or not inside or not np.allclose(sums, 1.0, atol=1e-6):
        raise EnvError(tr("The environment's table of transitions is malformed"))
    return found
