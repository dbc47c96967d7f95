"""Actions in words: what a list, a bar chart or a label on the view says."""

from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.envs.catalogue import find_entry
from teleop.envs.spaces import Space


def branch_words(env_id: str, space: Space) -> list[list[str]]:
    """The words of each categorical branch of an action.

    One list for a Discrete space, one a branch for MultiDiscrete and MultiBinary, none for Box.
    """
    match space:
        case spaces.Discrete():
            known = list(find_entry(env_id).action_words)
            names = known if len(known) == space.n else []
            return [names or [f"Action {i}" for i in range(int(space.n))]]
        case spaces.MultiDiscrete():
            sizes = [int(n) for n in space.nvec.ravel()]
            return [[f"{axis + 1}: {i}" for i in range(n)] for axis, n in enumerate(sizes)]
        case spaces.MultiBinary():
            count = int(np.prod(space.shape))
            return [[f"{axis + 1} off", f"{axis + 1} on"] for axis in range(count)]
    return []


def axis_words(env_id: str, space: Space) -> list[str]:
    """The name of each axis of a continuous action."""
    if not isinstance(space, spaces.Box):
        return []
    size = int(np.prod(space.shape))
    known = list(find_entry(env_id).action_words)
    return known if len(known) == size else [f"Axis {i + 1}" for i in range(size)]


def action_text(env_id: str, space: Space, action: Any) -> str:
    """An action as a few words: `Main engine`, `Steer −0.40 · Gas 1.00`."""
    if isinstance(space, spaces.Discrete):
        index = int(action) - int(space.start)
        words = branch_words(env_id, space)[0]
        return words[index] if 0 <= index < len(words) else str(action)
    if isinstance(space, spaces.Box):
        names = axis_words(env_id, space)
        values = np.asarray(action, dtype=np.float64).ravel()
        shown = [f"{name} {value:+.2f}" for name, value in zip(names, values, strict=True)][:3]
        return " · ".join(shown).replace("-", "−")
    if isinstance(space, spaces.Dict):
        parts = [action_text(env_id, space[key], action[key]) for key in list(space)[:3]]
        return " · ".join(part for part in parts if part)
    if isinstance(space, spaces.Tuple):
        pairs = zip(space.spaces[:3], action, strict=False)
        return " · ".join(action_text(env_id, sub, part) for sub, part in pairs)
    return " ".join(str(part) for part in np.asarray(action).ravel()[:8])
