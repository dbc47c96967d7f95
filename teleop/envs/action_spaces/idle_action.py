"""Find by trial which action of a Discrete space does nothing, if no name says so."""

import time
from functools import lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.errors import TeleopError

_STARTS, _LEAST_STARTS = 8, 5
_MOST_ACTIONS = 18
_BUDGET_S = 0.5  # CPU time
_SAME = 0.05  # effects with a smaller difference in size are two directions
_MIDDLE = 0.25  # largest distance from the middle, relative to the others


@lru_cache(64)
def find_idle(env_id: str) -> int | None:
    """Return the index of the action that does nothing; None if trials do not tell.

    Each action is tried once from the same few starts. An action that changes nothing is idle. Of
    three or more actions, one that leads to the middle of where the others lead is idle, too (left,
    nothing, right). Of two actions with effects of different size from every start, the first is
    assumed idle, as is usual. Two effects of equal size are two directions.

    Args:
        env_id: full name of an environment with a Discrete action space.
    """
    try:
        effects = _effects(env_id)
    except (TeleopError, ValueError, TypeError):
        return None
    return None if effects is None else idle_of(*effects)


def idle_of(before: NDArray[np.float64], after: NDArray[np.float64]) -> int | None:
    """Return the idle action as `find_idle` does, from recorded observations.

    Args:
        before: (starts, numbers) observed after the reset.
        after: (starts, actions, numbers) observed after one step.
    """
    sizes = np.linalg.norm(after - before[:, None], axis=2)  # (starts, actions)
    unchanged = (sizes == 0).all(axis=0)
    if unchanged.any():
        return int(np.argmax(unchanged)) if unchanged.sum() * 2 <= len(unchanged) else None
    count = after.shape[1]
    if count == 2:
        sides = np.sign(sizes[:, 0] - sizes[:, 1])
        ratio = np.median(sizes.min(axis=1) / sizes.max(axis=1))
        return 0 if abs(sides.sum()) == len(sides) and ratio < 1 - _SAME else None
    total = after.sum(axis=1, keepdims=True)
    others = (total - after) / (count - 1)
    off = np.linalg.norm(after - others, axis=2).mean(axis=0)
    best = int(np.argmin(off))
    return best if off[best] < _MIDDLE * np.median(np.delete(off, best)) else None


def _effects(env_id: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    env = make_env(env_id, render=False)
    began = time.process_time()
    try:
        space = env.action_space
        if not isinstance(space, gym.spaces.Discrete) or not 2 <= space.n <= _MOST_ACTIONS:
            return None
        before, after = [], []
        for seed in range(_STARTS):
            seen = []
            for action in range(int(space.n)):
                if time.process_time() - began > _BUDGET_S:
                    break
                seen.append(_tried(env, seed, int(space.start) + action))
            if len(seen) < space.n:
                break
            before.append(seen[0][0])
            after.append([end for _, end in seen])
        if len(before) < _LEAST_STARTS:
            return None
        return np.array(before), np.array(after)
    except Exception:  # noqa: BLE001  an environment's own code
        return None
    finally:
        close_env(env)


def _tried(
    env: gym.Env[Any, Any], seed: int, action: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    start, end = iter_episode(env, lambda _: np.int64(action), seed, most=1)
    return _numbers(start.observation), _numbers(end.observation)


def _numbers(value: Any) -> NDArray[np.float64]:
    """Return all numbers of an observation as a flat copy."""
    if isinstance(value, dict):
        value = tuple(value[key] for key in sorted(value, key=str))
    if isinstance(value, tuple | list) and not all(np.isscalar(part) for part in value):
        parts = [_numbers(part) for part in value]
        return np.concatenate(parts) if parts else np.zeros(0)
    if isinstance(value, str):
        return np.zeros(0)
    return np.array(value, np.float64).ravel()
