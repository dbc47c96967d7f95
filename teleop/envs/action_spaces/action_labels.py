"""Names of actions, as shown in lists, bar charts and labels on the view."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_semantics import action_meanings
from teleop.envs.catalogue import find_entry
from teleop.envs.spaces import Space
from teleop.text import joined, tr

_LONGEST = 24  # characters; longer texts are sentences
_said: dict[tuple[str, int], list[str]] = {}  # names by environment and number of actions


def learn_words(env_id: str, env: gym.Env[Any, Any]) -> None:
    """Store an environment's names for its discrete actions, once per environment name."""
    space = env.action_space
    if not isinstance(space, spaces.Discrete) or (env_id, int(space.n)) in _said:
        return
    words = [word.replace("_", " ").capitalize() for word in action_meanings(env, int(space.n))]
    for name in {env_id, env.spec.id if env.spec else env_id}:
        _said[name, int(space.n)] = words if all(0 < len(w) <= _LONGEST for w in words) else []


def branch_words(env_id: str, space: Space) -> list[list[str]]:
    """Return the words of each categorical branch of an action.

    Discrete has one branch, MultiDiscrete and MultiBinary have several, and Box has none.
    """
    match space:
        case spaces.Discrete():
            known = list(find_entry(env_id).action_words)
            names = known if len(known) == space.n else _said.get((env_id, int(space.n)), [])
            return [names or [tr("Action {i}", i=i) for i in range(int(space.n))]]
        case spaces.MultiDiscrete():
            sizes = [int(n) for n in space.nvec.ravel()]
            return [[f"{axis + 1}: {i}" for i in range(n)] for axis, n in enumerate(sizes)]
        case spaces.MultiBinary():
            count = int(np.prod(space.shape))
            return [
                [tr("{axis} off", axis=axis + 1), tr("{axis} on", axis=axis + 1)]
                for axis in range(count)
            ]
    return []


def axis_words(env_id: str, space: Space) -> list[str]:
    """Return the name of each axis of a continuous action."""
    if not isinstance(space, spaces.Box):
        return []
    size = int(np.prod(space.shape))
    known = list(find_entry(env_id).action_words)
    return known if len(known) == size else [tr("Axis {i}", i=i + 1) for i in range(size)]


def action_text(env_id: str, space: Space, action: Any) -> str:
    """Describe an action in a few words: `Main engine`, `Steer −0.40 · Gas 1.00`."""
    if isinstance(space, spaces.Discrete):
        index = int(action) - int(space.start)
        words = branch_words(env_id, space)[0]
        return words[index] if 0 <= index < len(words) else str(action)
    if isinstance(space, spaces.Box):
        names = axis_words(env_id, space)
        values = np.asarray(action, dtype=np.float64).ravel()
        shown = [
            joined(" ", (name, f"{value:+.2f}".replace("-", "−")))
            for name, value in zip(names, values, strict=True)
        ]
        return joined(" · ", shown[:3])
    if isinstance(space, spaces.Dict):
        parts = [action_text(env_id, space[key], action[key]) for key in list(space)[:3]]
        return joined(" · ", [part for part in parts if part])
    if isinstance(space, spaces.Tuple):
        pairs = zip(space.spaces[:3], action, strict=False)
        return joined(" · ", [action_text(env_id, sub, part) for sub, part in pairs])
    return " ".join(str(part) for part in np.asarray(action).ravel()[:8])


_IDLE_WORDS = frozenset({tr("Nothing"), tr("Coast"), tr("Let go")})


def idle_action(env_id: str, space: Space) -> NDArray[np.float64] | None:
    """Return the idle action as numbers (branches,); None if no action is known to be idle."""
    match space:
        case spaces.Discrete():
            words = find_entry(env_id).action_words
            idle = [i for i, word in enumerate(words) if word in _IDLE_WORDS]
            return np.array([float(idle[0] + int(space.start))]) if idle else None
        case spaces.Box():
            zero = np.clip(0.0, space.low, space.high).ravel()
            return np.asarray(zero, np.float64)
        case spaces.MultiBinary():
            return np.zeros(int(np.prod(space.shape)))
    return None
