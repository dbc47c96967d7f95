"""Find the names that an environment gives its discrete actions."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import gymnasium as gym

from teleop.envs.catalogue import find_entry

_IDLE = frozenset({"NOOP", "NOTHING", "IDLE", "STAY", "WAIT", "COAST"})
_MOVES = {
    "LEFT": "left",
    "RIGHT": "right",
    "UP": "up",
    "DOWN": "down",
    "FORWARD": "up",
    "BACKWARD": "down",
    "BACK": "down",
    "NORTH": "up",
    "SOUTH": "down",
    "WEST": "left",
    "EAST": "right",
    "FASTER": "up",
    "SLOWER": "down",
    "ACCELERATE": "up",
    "BRAKE": "down",
    "FIRE": "fire",
}
_ATOM = "|".join(sorted((*_MOVES, *_IDLE), key=len, reverse=True))
_JOINED = re.compile(rf"(?:{_ATOM})+")  # UPRIGHTFIRE
# `- 0: Push cart to the left` and `| 0 | left | Turn left |`
_LINE = re.compile(r"^\s*[-*|]?\s*(\d+)\s*[:|]\s*([^|\n]+?)\s*(?:\||$)", re.MULTILINE)
_SLOW_HZ = 10.0  # grid worlds render at this rate or slower: too slow to drive in real time


def action_meanings(env: gym.Env[Any, Any], size: int) -> list[str]:
    """Return the environment's own names for its discrete actions.

    Searches `get_action_meanings()`, an enumeration called `actions` or `Actions`, the table of an
    `action_type`, and the documentation of the environment.

    Args:
        env: the environment.
        size: number of actions.

    Returns:
        `size` names; all are empty if no source names every action.
    """
    inner = env.unwrapped
    for words in (_told(inner), _enumerated(inner), _tabled(inner), _documented(inner)):
        if all(index in words for index in range(size)):
            return [words[index] for index in range(size)]
    return [""] * size


def moves_meant(word: str) -> frozenset[str] | None:
    """Return the moves that a word stands for: `UPRIGHT` is up and right, `NOOP` is no move.

    Returns None if the meaning is unknown or ambiguous.
    """
    compact = re.sub(r"[\s_-]", "", word.upper())
    if _JOINED.fullmatch(compact):
        parts = re.findall(_ATOM, compact)
        return frozenset(_MOVES[part] for part in parts if part in _MOVES)
    tokens = re.findall(r"[A-Z]+", word.upper())
    if not tokens:
        return None
    if any(token in _IDLE for token in tokens):
        return frozenset()
    found = {_MOVES[token] for token in tokens if token in _MOVES and token != "FIRE"}
    return frozenset(found) if len(found) == 1 else None


def is_turn_based(env: gym.Env[Any, Any]) -> bool:
    """Return whether the environment is turn-based: each step is a turn.

    The catalogue decides for its own environments. Others are turn-based if they render slowly,
    name all their actions and have no idle action.
    """
    env_id = env.spec.id if env.spec else ""
    entry = find_entry(env_id)
    if entry.action_words or entry.pace_hz:
        return entry.turn_based
    space = env.action_space
    fps = env.metadata.get("render_fps")
    if not isinstance(space, gym.spaces.Discrete) or not isinstance(fps, int | float):
        return False
    words = action_meanings(env, int(space.n))
    can_idle = frozenset() in [moves_meant(word) for word in words]
    return 0 < float(fps) <= _SLOW_HZ and all(words) and not can_idle


def _told(inner: Any) -> Mapping[int, str]:
    getter = getattr(inner, "get_action_meanings", None)
    if not callable(getter):
        return {}
    try:
        return {index: str(word) for index, word in enumerate(getter())}
    except Exception:  # noqa: BLE001  an environment's own code
        return {}


def _enumerated(inner: Any) -> Mapping[int, str]:
    for name in ("actions", "Actions"):
        members = getattr(inner, name, None)
        if isinstance(members, type) and issubclass(members, Enum):
            named = [(member.value, member.name) for member in members]
            return {int(value): word for value, word in named if isinstance(value, int)}
    return {}


def _tabled(inner: Any) -> Mapping[int, str]:
    table = getattr(getattr(inner, "action_type", None), "actions", None)
    if not isinstance(table, Mapping):
        return {}
    return {key: str(word) for key, word in table.items() if isinstance(key, int)}


def _documented(inner: Any) -> Mapping[int, str]:
    text = type(inner).__doc__ or ""
    _, _, after = text.partition("Action Space")
    after = re.split(r"\n\s*(?:#+ |Observation)", after)[0]
    words: dict[int, str] = {}
    for number, word in _LINE.findall(after):
        words.setdefault(int(number), word.strip(" .`*"))
    return words
