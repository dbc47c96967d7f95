"""Create the scheme of an environment: its preset, or one generated for its action space."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium as gym
from gymnasium import spaces

from teleop.control.bindings import (
    AXES,
    DIRECTIONS,
    DISCRETE,
    LAYER_COUNT,
    LEFT,
    ONLY,
    PAIRS,
    POINTER,
    RIGHT,
    AxisTable,
    DiscreteTable,
    Move,
    Pool,
)
from teleop.control.controls_file import FILE, AxisSettings, ControlSettings
from teleop.control.schemes import (
    BoxScheme,
    BranchScheme,
    DiscreteScheme,
    Scheme,
    TreeScheme,
    inverted,
    reach,
)
from teleop.envs.action_spaces.action_semantics import action_meanings, moves_meant
from teleop.envs.action_spaces.idle_action import find_idle
from teleop.envs.factory import name_of
from teleop.errors import ControlError
from teleop.text import joined, tr

_MOST_AXES = len(PAIRS) * LAYER_COUNT
_PLAIN = ControlSettings()
# actions that happen once per press, not for as long as a key is held
_ONCE = re.compile(
    r"jump|flap|toggle|pick.?up|drop|place|interact|\buse\b|\bopen\b|collect|make|swap|\bdo\b",
    re.IGNORECASE,
)


def make_scheme(env: gym.Env[Any, Any], settings: ControlSettings = _PLAIN) -> Scheme:
    """Create a scheme for an environment: its preset, or one generated for its action space.

    Args:
        env: the environment.
        settings: the user's settings of axes and idle action.

    Raises:
        ControlError: keys and sticks cannot drive this space.
    """
    return _Maker(env, settings).make()


class _Maker:
    """Builds one scheme; tracks the controls that are taken and the user's settings."""

    def __init__(self, env: gym.Env[Any, Any], settings: ControlSettings) -> None:
        self._env, self._settings = env, settings
        self._env_id = env.spec.id if env.spec else ""
        self._pool = Pool()

    def make(self) -> Scheme:
        space = self._env.action_space
        if isinstance(space, spaces.Discrete):
            return self._discrete_root(space)
        preset = AXES.get(self._env_id, ())
        if isinstance(space, spaces.Box) and len(preset) == math.prod(space.shape):
            axes = {str(index + 1): axis for index, axis in enumerate(preset)}
            return BoxScheme(self._tuned(axes), space)
        return self._part(space, "", "")

    def _part(self, space: Any, name: str, word: str) -> Scheme:
        """Create a scheme for a part of the space; move names start with the path to the part."""
        match space:
            case spaces.Discrete():
                return self._discrete_part(space, name, word)
            case spaces.Box():
                return BoxScheme(self._tuned(self._axes(space, name, word)), space)
            case spaces.MultiDiscrete() | spaces.MultiBinary():
                return self._branches(space, name, word)
            case spaces.Dict():
                parts: dict[Any, Scheme] = {
                    key: self._part(sub, f"{name}{key}.", str(key))
                    for key, sub in space.spaces.items()
                }
                return TreeScheme(parts, as_tuple=False)
            case spaces.Tuple():
                parts = {
                    index: self._part(sub, f"{name}{index + 1}.", f"{index + 1}")
                    for index, sub in enumerate(space.spaces)
                }
                return TreeScheme(parts, as_tuple=True)
        raise ControlError(
            tr(
                "{named} has a {kind} action space, which keys and sticks cannot drive. "
                "Supported: Discrete, MultiDiscrete, MultiBinary, Box, and Dict or Tuple of "
                "these. Use a wrapper that converts the space.",
                named=self._named,
                kind=type(space).__name__,
            )
        )

    @property
    def _named(self) -> str:
        return self._env_id or "This environment"

    # ------------------------------------------------------------ switches

    def _discrete_root(self, space: spaces.Discrete) -> Scheme:
        size, start = int(space.n), int(space.start)
        preset = DISCRETE.get(self._env_id)
        if preset and max(action for _, action in preset.moves) < size:
            return DiscreteScheme(self._resting(preset, size), start)
        words = action_meanings(self._env, size)
        if size == 2 and not any(words):
            return DiscreteScheme(self._resting(self._pair(), size), start)
        meant = {action: moves_meant(word) if word else None for action, word in enumerate(words)}
        chords: dict[frozenset[str], int] = {}
        for action, names in meant.items():
            if names is not None:
                chords.setdefault(names, action)
        idle = chords.pop(frozenset(), None)
        used = [move for name, move in DIRECTIONS.items() if any(name in c for c in chords)]
        self._pool.take(*used)
        singles = [
            (_said(move, words[chords[key]]), chords.pop(key))
            for move in used
            if (key := frozenset({move.name})) in chords
        ]
        helpers = [move for move in used if move.name not in {m.name for m, _ in singles}]
        driven = {idle, *chords.values(), *(action for _, action in singles)}
        rest = [action for action in range(size) if action not in driven]
        numbered = [
            (self._numbered(place, words[action], action, size), action)
            for place, action in enumerate(rest)
        ]
        if not any(words):
            idle = find_idle(name_of(self._env)) or 0  # action 0 is idle in most environments
        table = DiscreteTable((*singles, *numbered), idle, tuple(chords.items()))
        return DiscreteScheme(self._resting(table, size), start, helpers)

    def _pair(self) -> DiscreteTable:
        """Bind two actions of unknown meaning: one action and idle, or two directions."""
        idle = find_idle(name_of(self._env))
        if idle is None or self._settings.idle not in (None, idle):
            return DiscreteTable(((LEFT.with_word("0"), 0), (RIGHT.with_word("1"), 1)))
        acts = 1 - idle
        return DiscreteTable(((replace(ONLY, word=str(acts), taps=True), acts),), idle)

    def _resting(self, table: DiscreteTable, size: int) -> DiscreteTable:
        """Apply the user's choice of what happens when nothing is held."""
        idle = self._settings.idle
        if idle is None:
            return table
        if idle >= size:
            raise ControlError(
                f"{FILE} has idle = {idle} for {self._named}, which has {size} actions; expected "
                f"-1 to {size - 1}."
            )
        return replace(table, idle=None if idle < 0 else idle)

    def _numbered(self, place: int, word: str, action: int, size: int) -> Move:
        """Create a switch for an action without a direction."""
        move = self._switch(f"n{place}", word.lower() or str(action), size)
        return replace(move, taps=bool(_ONCE.search(word)))

    def _discrete_part(self, space: spaces.Discrete, name: str, word: str) -> Scheme:
        """Give every action but the first a switch; the first applies when nothing is held."""
        size = int(space.n)
        moves = tuple(
            (
                self._switch(
                    f"{name}{action}", joined(" ", [w for w in (word, str(action)) if w]), size
                ),
                action,
            )
            for action in range(1, size)
        )
        return DiscreteScheme(DiscreteTable(moves, idle=0), int(space.start))

    def _branches(
        self, space: spaces.MultiDiscrete | spaces.MultiBinary, name: str, word: str
    ) -> Scheme:
        if isinstance(space, spaces.MultiBinary):
            sizes = [2] * math.prod(space.shape)
        else:
            sizes = [int(size) for size in space.nvec.ravel()]
        slots: dict[str, tuple[int, int]] = {}
        moves = []
        wanted = sum(size - 1 for size in sizes)
        for branch, size in enumerate(sizes):
            for value in range(1, size):
                move = f"{name}{branch + 1}={value}"
                slots[move] = branch, value
                text = joined(" ", [w for w in (word, f"{branch + 1}={value}") if w])
                moves.append(self._switch(move, text, wanted))
        return BranchScheme(space, slots, tuple(moves))

    def _switch(self, name: str, word: str, wanted: int) -> Move:
        move = self._pool.switch(name, word)
        if move is None:
            raise ControlError(
                f"{self._named} has {wanted} actions that need a key each, more than a keyboard "
                "has even with its layers. Wrap the environment to fewer."
            )
        return move

    # ------------------------------------------------------------ axes

    def _axes(self, space: spaces.Box, name: str, word: str) -> dict[str, AxisTable]:
        size = math.prod(space.shape)
        if size > self._pool.pairs_left:
            raise ControlError(
                f"{self._named} has a Box of {size} axes; keys and sticks drive up to "
                f"{_MOST_AXES}, in four layers. Wrap the environment to fewer axes, or let it "
                "take targets instead of single joints."
            )
        low, high = reach(space)
        is_place = size == 2 and all(float(value) >= 0.0 for value in low)  # a 2D position
        tables = {}
        for index in range(size):
            label = f"{name}{index + 1}"
            text = joined(" ", [w for w in (word, str(index + 1)) if w])
            less, more = self._pool.pair(label, (text + " −", text + " +"))
            if is_place:
                middle = float(low[index] + high[index]) / 2
                tables[label] = AxisTable(
                    *_placing(less, more, index), middle, pointer=POINTER[index]
                )
                continue
            neutral = min(max(0.0, float(low[index])), float(high[index]))
            tables[label] = _axis(less, more, neutral, float(low[index]), float(high[index]))
        return tables

    def _tuned(self, axes: Mapping[str, AxisTable]) -> dict[str, AxisTable]:
        wishes = self._settings.axes
        return {
            name: inverted(_with(axis, wishes.get(name) or wishes.get("all") or AxisSettings()))
            for name, axis in axes.items()
        }


def _placing(less: Move, more: Move, index: int) -> tuple[Move, Move]:
    """Adapt the moves of a position.

    It counts from the top, as image rows do, and the mouse points at it instead of pushing.
    """
    pair = (more, less) if index == 1 else (less, more)
    controls = [tuple(c for c in m.controls if not c.startswith("mouse.")) for m in pair]
    return (
        replace(less, controls=controls[0], place=pair[0].place),
        replace(more, controls=controls[1], place=pair[1].place),
    )


def _axis(less: Move, more: Move, neutral: float, low: float, high: float) -> AxisTable:
    """Create an axis that rests as near to 0 as it can; one that rests at an end has one move."""
    if neutral == low:
        return AxisTable(None, more, neutral)
    if neutral == high:
        return AxisTable(None, replace(more, word=less.word), neutral, only_down=True)
    return AxisTable(less, more, neutral)


def _said(move: Move, word: str) -> Move:
    """Rename a direction to the environment's own word, if that is short."""
    return move.with_word(word.lower()) if 0 < len(word) <= len("backward") else move


def _with(axis: AxisTable, wish: AxisSettings) -> AxisTable:
    given = {
        field: value
        for field in ("ramp_s", "dead_zone", "curve", "scale", "invert")
        if (value := getattr(wish, field)) is not None
    }
    return replace(axis, **given)
