"""Schemes: from what is held to an action of any space that keys and sticks can drive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from teleop.control.bindings import (
    AXES,
    DISCRETE,
    DOWN,
    LEFT,
    NUMBERED_MOVES,
    PAIRS,
    RIGHT,
    UP,
    AxisTable,
    DiscreteTable,
    Move,
    numbered,
)
from teleop.errors import ControlError
from teleop.types import Action

_PRESSED = 0.5  # a stick or trigger this far over counts as pressed


class Scheme(Protocol):
    """Turns moves into actions of one space."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """What a person can do."""

    @property
    def ramp_s(self) -> float | None:
        """Seconds keys need from neutral to full; None where nothing is continuous."""

    def reset(self) -> None:
        """Back to neutral."""

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """The action for one step.

        Args:
            held: strength 0..1 of each move that is active.
            recent: names of active moves, the latest pressed last.
            dt_s: seconds since the last step.
        """


def make_scheme(env: gym.Env[Any, Any], ramp_s: float | None = None) -> Scheme:
    """A scheme for an environment: its preset, or one made for its action space.

    Args:
        env: the environment.
        ramp_s: seconds keys need from neutral to full on continuous axes; None: the preset's.

    Raises:
        ControlError: keys and sticks cannot drive this space.
    """
    env_id = env.spec.id if env.spec else ""
    space = env.action_space
    match space:
        case spaces.Discrete():
            table = DISCRETE.get(env_id) or _discrete_table(env, int(space.n))
            return DiscreteScheme(table, int(space.start))
        case spaces.Box():
            axes = AXES.get(env_id) or _axis_tables(space)
            if ramp_s is not None:
                axes = tuple(replace(axis, ramp_s=ramp_s) for axis in axes)
            return BoxScheme(axes, space)
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return BranchScheme(space)
    raise ControlError(
        f"{env_id or 'This environment'} has a {type(space).__name__} action space, which keys and "
        "sticks cannot drive; Discrete, MultiDiscrete, MultiBinary and Box can be driven."
    )


class DiscreteScheme:
    """One action at a time; chords fall back to their strongest listed part."""

    def __init__(self, table: DiscreteTable, start: int = 0) -> None:
        self._table = table
        self._start = start
        single = {frozenset({move.name}): action for move, action in table.moves}
        self._actions = single | dict(table.chords)
        self._last = table.moves[0][1]

    @property
    def moves(self) -> tuple[Move, ...]:
        """One for each action that has a key."""
        return tuple(move for move, _ in self._table.moves)

    @property
    def ramp_s(self) -> None:
        """Nothing is continuous."""
        return

    def reset(self) -> None:
        """Forget the last action."""
        self._last = self._table.moves[0][1]

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """The action of the largest listed chord; among equals, the latest pressed."""
        del dt_s
        active = frozenset(name for name, strength in held.items() if strength >= _PRESSED)
        listed = [chord for chord in self._actions if chord <= active]
        if listed:
            order = {name: place for place, name in enumerate(recent)}
            best = max(listed, key=lambda c: (len(c), max(order.get(n, -1) for n in c)))
            self._last = self._actions[best]
            return self._start + self._last
        return self._start + (self._last if self._table.idle is None else self._table.idle)


class BoxScheme:
    """Each axis runs between its ends; keys ramp, sticks are followed at once."""

    def __init__(self, axes: tuple[AxisTable, ...], space: spaces.Box) -> None:
        self._axes = axes
        self._shape, self._dtype = space.shape, space.dtype
        self._low, self._high = _reach(space)
        self._values = np.array([axis.neutral for axis in axes], dtype=np.float64)

    @property
    def moves(self) -> tuple[Move, ...]:
        """Two for each axis; one where it only goes up."""
        return tuple(move for axis in self._axes for move in (axis.less, axis.more) if move)

    @property
    def ramp_s(self) -> float | None:
        """The slowest axis's."""
        return max(axis.ramp_s for axis in self._axes)

    def reset(self) -> None:
        """All axes to neutral."""
        self._values[:] = [axis.neutral for axis in self._axes]

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Move every axis towards where its moves point."""
        del recent
        for index, axis in enumerate(self._axes):
            push = held.get(axis.more.name, 0.0)
            push -= held.get(axis.less.name, 0.0) if axis.less else 0.0
            end = self._high[index] if push > 0 else self._low[index]
            target = axis.neutral + abs(push) * (end - axis.neutral)
            reach = max(self._high[index] - axis.neutral, axis.neutral - self._low[index])
            analog = 0.0 < abs(push) < 1.0
            furthest = reach if analog or axis.ramp_s <= 0 else reach * dt_s / axis.ramp_s
            change = np.clip(target - self._values[index], -furthest, furthest)
            self._values[index] = target if axis.ramp_s <= 0 else self._values[index] + change
        return self._values.astype(self._dtype).reshape(self._shape)


class BranchScheme:
    """MultiDiscrete and MultiBinary: every non-zero value of every branch has its own move."""

    def __init__(self, space: spaces.MultiDiscrete | spaces.MultiBinary) -> None:
        if isinstance(space, spaces.MultiBinary):
            sizes, self._start = np.full(space.shape, 2), np.zeros(space.shape, np.int64)
        else:
            sizes, self._start = space.nvec, np.asarray(space.start)
        self._shape, self._dtype = space.shape, space.dtype
        self._slots: list[tuple[int, int]] = [
            (branch, value)
            for branch, size in enumerate(np.ravel(sizes))
            for value in range(1, int(size))
        ]
        if len(self._slots) > NUMBERED_MOVES:
            raise ControlError(
                f"This action space has {len(self._slots)} switches; the keyboard has keys for "
                f"{NUMBERED_MOVES}. Wrap the environment to a smaller space."
            )

    @property
    def moves(self) -> tuple[Move, ...]:
        """One for each value that is not zero."""
        return tuple(
            numbered(index, f"{branch + 1}={value}")
            for index, (branch, value) in enumerate(self._slots)
        )

    @property
    def ramp_s(self) -> None:
        """Nothing is continuous."""
        return

    def reset(self) -> None:
        """Nothing to forget."""

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Each branch takes its latest pressed value, else zero."""
        del dt_s
        values = np.zeros(self._shape, dtype=np.int64)
        flat = values.reshape(-1)
        for name in recent:
            if held.get(name, 0.0) >= _PRESSED:
                branch, value = self._slots[int(name[1:])]
                flat[branch] = value
        return (values + self._start).astype(self._dtype)


@dataclass(frozen=True, slots=True)
class _Named:
    words: tuple[str, ...]
    move: Move


_NAMED = (
    _Named(("LEFT",), LEFT),
    _Named(("RIGHT",), RIGHT),
    _Named(("UP", "FORWARD"), UP),
    _Named(("DOWN", "BACKWARD"), DOWN),
)


# Two directions held together are the diagonal between them.
_DIAGONALS = {
    "UPRIGHT": frozenset({"up", "right"}),
    "UPLEFT": frozenset({"up", "left"}),
    "DOWNRIGHT": frozenset({"down", "right"}),
    "DOWNLEFT": frozenset({"down", "left"}),
}


def _discrete_table(env: gym.Env[Any, Any], size: int) -> DiscreteTable:
    """A table from the environment's own action meanings, or by number."""
    meanings = _meanings(env, size)
    idle = meanings.index("NOOP") if "NOOP" in meanings else None
    if size == 2 and idle is None and not any(meanings):
        return DiscreteTable(((LEFT, 0), (RIGHT, 1)))
    if size > NUMBERED_MOVES:
        raise ControlError(
            f"This environment has {size} actions; the keyboard has keys for {NUMBERED_MOVES}."
        )
    named = {
        action: named.move
        for named in _NAMED
        for action in range(size)
        if meanings[action].upper() in named.words
    }
    taken = frozenset(control for move in named.values() for control in move.controls)
    chords = {
        chord: action
        for word, chord in _DIAGONALS.items()
        for action in range(size)
        if meanings[action].upper() == word and chord <= {move.name for move in named.values()}
    }
    driven = {*named, *chords.values(), idle}
    others = [action for action in range(size) if action not in driven]
    moves = [(move, action) for action, move in named.items()]
    for index, action in enumerate(others):
        word = meanings[action].lower() or str(action)
        moves.append((numbered(index, word, taken), action))
    return DiscreteTable(tuple(moves), idle=idle, chords=tuple(chords.items()))


def _meanings(env: gym.Env[Any, Any], size: int) -> list[str]:
    getter = getattr(env.unwrapped, "get_action_meanings", None)
    meanings = [str(word) for word in getter()] if callable(getter) else []
    return meanings if len(meanings) == size else [""] * size


def _axis_tables(space: spaces.Box) -> tuple[AxisTable, ...]:
    size = int(np.prod(space.shape))
    if size > len(PAIRS) or space.dtype == np.uint8:
        raise ControlError(
            f"This action space is a Box of {size} axes; keys and sticks drive up to "
            f"{len(PAIRS)}. Wrap the environment to fewer axes."
        )
    low, high = _reach(space)
    tables = []
    for index in range(size):
        less, more = PAIRS[index]
        inside = low[index] < 0 < high[index]
        words = (f"{index + 1} −", f"{index + 1} +")
        neutral = 0.0 if inside else float(low[index])
        only_up = None if neutral == low[index] else less.said(words[0])
        tables.append(AxisTable(only_up, more.said(words[1]), neutral))
    return tuple(tables)


def _reach(space: spaces.Box) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Ends of each axis, flat; endless ones become -1 and 1."""
    low, high = (np.asarray(end, dtype=np.float64).ravel() for end in (space.low, space.high))
    return np.where(np.isfinite(low), low, -1.0), np.where(np.isfinite(high), high, 1.0)
