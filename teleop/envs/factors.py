"""What a state number is made of, where an environment can say: row and column.

A network that sees a state as one name among five hundred knows nothing of a state that nobody
showed. As factors (Taxi's `decode`, or the rows and columns of a grid) it shares what it learns.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

Factors = tuple[tuple[int, ...], ...]
_MOST_STATES = 4096
_MOST_FACTORS = 16


def state_factors(env: gym.Env[Any, Any]) -> Factors:
    """The factors of each state number, from 0 upwards; empty where there are none.

    Args:
        env: any environment; only those with a Discrete observation have factors.
    """
    space = env.observation_space
    if not isinstance(space, spaces.Discrete) or space.start != 0 or space.n > _MOST_STATES:
        return ()
    inner: Any = env.unwrapped
    try:
        found = _decoded(inner, int(space.n)) or _grid(inner, int(space.n))
    except Exception:  # noqa: BLE001  an environment's own code
        return ()
    return found if len(set(found)) == space.n else ()  # or two states would look the same


def _decoded(inner: Any, count: int) -> Factors:
    if not callable(getattr(inner, "decode", None)):
        return ()
    rows = [tuple(int(part) for part in inner.decode(state)) for state in range(count)]
    same = {len(row) for row in rows}
    fits = len(same) == 1 and 1 < max(same) <= _MOST_FACTORS
    return tuple(rows) if fits and min(min(row) for row in rows) >= 0 else ()


def _grid(inner: Any, count: int) -> Factors:
    """Row and column, where the map has as many fields as there are states."""
    shape = getattr(inner, "shape", None) or np.shape(getattr(inner, "desc", ()))
    if len(shape) != 2 or int(np.prod(shape)) != count or min(shape) < 2:
        return ()
    return tuple(divmod(state, int(shape[1])) for state in range(count))
