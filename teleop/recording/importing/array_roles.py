"""Recognises arrays by the names that programs give them."""

import re
from collections.abc import Iterable

_NAMES = {  # the first of several that are there is used
    "observations": ("observations", "observation", "obs", "obses", "states", "state"),
    "actions": ("actions", "action", "acts", "act"),
    "rewards": ("rewards", "reward", "rews", "rew"),
    "next": ("next_observations", "next_obs", "next_observation", "obs_next", "next_states"),
    "terminations": ("terminations", "terminated", "terminals", "terminal", "dones", "done"),
    "truncations": ("truncations", "truncated", "timeouts", "timeout"),
    "starts": ("episode_starts", "is_first"),
    "lasts": ("is_last", "next.done", "episode_dones"),
    "ends": ("episode_ends",),
    "cuts": ("indices",),
    "steps": ("episode_steps", "episode_lengths", "traj_lengths"),
    "episodes": ("episode", "episode_index", "episode_id", "trajectory", "traj", "demo"),
    "seeds": ("seeds", "seed"),
}


def roles_of(names: Iterable[str]) -> dict[str, str]:
    """Return the name of the array that plays each known role."""
    by_lower = {name.lower(): name for name in reversed(list(names))}
    found = {}
    for role, known in _NAMES.items():
        name = next((by_lower[word] for word in known if word in by_lower), None)
        if name is not None:
            found[role] = name
    return found


def natural(name: str) -> tuple[int | str, ...]:
    """Return a key that sorts `demo_10` after `demo_9`."""
    parts = re.split(r"(\d+)", name)
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts))


def without_number(name: str) -> tuple[str, int] | None:
    """Split `actions_3` into `actions` and 3; None if it does not end with a number."""
    found = re.fullmatch(r"(.*?)[_.\- ]?(\d+)", name)
    return (found[1], int(found[2])) if found and found[1] else None
