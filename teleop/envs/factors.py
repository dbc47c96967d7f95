"""Factors of a state number, such as row and column, if an environment provides them.

A network that sees a state as one of five hundred categories knows nothing about states that were
not demonstrated. With factors (Taxi's `decode`, or rows and columns of a grid), it can share what
it learns between states.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

Factors = tuple[tuple[int, ...], ...]
_MOST_STATES = 4096
_MOST_FACTORS = 16


def state_factors(env: gym.Env[Any, Any]) -> Factors:
    """Return the factors of each state number, from 0 upwards; empty if there are none.

    Args:
        env: any environment; only Discrete observations have factors.
    """
    space = env.observation_space
    if not isinstance(space, spaces.Discrete) or space.start != 0 or space.n > _MOST_STATES:
        return ()
    inner: Any = env.unwrapped
    try:
        found = _decoded(inner, int(space.n)) or _grid(inner, int(space.n))
    except Exception:  # noqa: BLE001  an environment's own code
        return ()
    return found if len(set(found)) == space.n else ()  # otherwise two states would look the same


def _decoded(inner: Any, count: int) -> Factors:
    if not callable(getattr(inner, "decode", None)):
        return ()
    rows = [tuple(int(part) for part in inner.decode(state)) for state in range(count)]
    same = {len(row) for row in rows}
    fits = len(same) == 1 and 1 < max(same) <= _MOST_FACTORS
    return tuple(rows) if fits and min(min(row) for row in rows) >= 0 else ()


def _grid(inner: Any, count: int) -> Factors:
    """Return row and column, if the map has as many cells as there are states."""
    shape = _shape(inner, count)
    return tuple(divmod(state, shape[1]) for state in range(count)) if shape else ()


def grid_shape(env: gym.Env[Any, Any]) -> tuple[int, int] | None:
    """Return (rows, columns) of an environment whose states are the cells of a grid, else None."""
    space = env.observation_space
    if not isinstance(space, spaces.Discrete) or space.start != 0:
        return None
    try:
        return _shape(env.unwrapped, int(space.n))
    except Exception:  # noqa: BLE001  an environment's own code
        return None


def _shape(inner: Any, count: int) -> tuple[int, int] | None:
    shape = getattr(inner, "shape", None) or np.shape(getattr(inner, "desc", ()))
    if len(shape) != 2 or int(np.prod(shape)) != count or min(shape) < 2:
        return None
    return int(shape[0]), int(shape[1])
