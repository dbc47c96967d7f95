"""Schemes: convert held moves to an action of a space."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from teleop.control.bindings import AxisTable, DiscreteTable, Move
from teleop.types import Action

_PRESSED = 0.5  # a stick or trigger deflected this far counts as pressed
_CROSSING_S = 1.5  # time that keys need to move a position from end to end


class Scheme(Protocol):
    """Converts moves to actions of one space."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """All moves that a person can make."""

    @property
    def axes(self) -> Mapping[str, AxisTable]:
        """The continuous axes by name; empty if there are none."""

    def reset(self) -> None:
        """Return to neutral."""

    def restore(self, action: Action) -> None:
        """Continue as if this had been the last action."""

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Return the action for one step.

        Args:
            held: strength 0..1 of each active move; while the mouse is held down on the frame also
                `mouse.x` and `mouse.y`, -1..1 from the top left corner.
            recent: names of active moves, the latest pressed last.
            dt_s: seconds since the last step.
        """


class DiscreteScheme:
    """One action at a time; an unlisted chord acts as its largest listed part.

    Attributes:
        idle: index of the action when nothing is held; None repeats the last action.
    """

    def __init__(self, table: DiscreteTable, start: int = 0, helpers: Sequence[Move] = ()) -> None:
        """Create a scheme.

        Args:
            table: moves and chords.
            start: the space's first action.
            helpers: moves that only act in chords.
        """
        self._start, self.idle = start, table.idle
        self.moves = (*(move for move, _ in table.moves), *helpers)
        self.axes: Mapping[str, AxisTable] = {}
        single = {frozenset({move.name}): action for move, action in table.moves}
        self._actions = single | dict(table.chords)
        self._first = next(iter(self._actions.values()), 0)
        self._last = self._first

    def reset(self) -> None:
        """Forget the last action."""
        self._last = self._first

    def restore(self, action: Action) -> None:
        """Continue with this action while nothing is held."""
        self._last = int(action) - self._start

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Return the action of the largest listed chord; among equals, of the latest pressed."""
        del dt_s
        active = frozenset(name for name, strength in held.items() if strength >= _PRESSED)
        listed = [chord for chord in self._actions if chord <= active]
        if listed:
            order = {name: place for place, name in enumerate(recent)}
            best = max(listed, key=lambda c: (len(c), max(order.get(n, -1) for n in c)))
            self._last = self._actions[best]
            return self._start + self._last
        return self._start + (self._last if self.idle is None else self.idle)


class BoxScheme:
    """Moves each axis between its limits; keys ramp, sticks are followed immediately."""

    def __init__(self, axes: Mapping[str, AxisTable], space: spaces.Box) -> None:
        self.axes = dict(axes)
        self._shape, self._dtype = space.shape, space.dtype
        self._low, self._high = reach(space)
        self.reset()

    @property
    def moves(self) -> tuple[Move, ...]:
        """Two moves per axis; one if the axis has a single direction."""
        return tuple(move for axis in self.axes.values() for move in (axis.less, axis.more) if move)

    def reset(self) -> None:
        """Set all axes to neutral."""
        self._values = np.array([axis.neutral for axis in self.axes.values()], dtype=np.float64)

    def restore(self, action: Action) -> None:
        """Set the axes to the values of this action."""
        self._values = np.array(action, dtype=np.float64).ravel()

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Move every axis towards the target of its moves."""
        del recent
        for index, axis in enumerate(self.axes.values()):
            ends = float(self._low[index]), float(self._high[index])
            push = _push(axis, held)
            if axis.pointer in held:
                self._values[index] = sum(ends) / 2 + held[axis.pointer] * (ends[1] - ends[0]) / 2
                continue
            move = _placed if axis.pointer else _pushed
            self._values[index] = move(axis, push, float(self._values[index]), ends, dt_s)
        return self._values.astype(self._dtype).reshape(self._shape)


class BranchScheme:
    """MultiDiscrete and MultiBinary: every non-zero value of every branch has its own move."""

    def __init__(
        self,
        space: spaces.MultiDiscrete | spaces.MultiBinary,
        slots: Mapping[str, tuple[int, int]],
        moves: tuple[Move, ...],
    ) -> None:
        """Create a scheme.

        Args:
            space: the action space.
            slots: (branch, value) by name of the move.
            moves: one move per slot.
        """
        self.moves, self._slots = moves, slots
        self.axes: Mapping[str, AxisTable] = {}
        self._shape, self._dtype = space.shape, space.dtype
        self._start = 0 if isinstance(space, spaces.MultiBinary) else np.asarray(space.start)

    def reset(self) -> None:
        """Do nothing: there is no state."""

    def restore(self, action: Action) -> None:
        """Do nothing: there is no state."""

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Set each branch to its latest pressed value, or to zero."""
        del dt_s
        values = np.zeros(self._shape, dtype=np.int64)
        flat = values.reshape(-1)
        for name in recent:
            if held.get(name, 0.0) >= _PRESSED and name in self._slots:
                branch, value = self._slots[name]
                flat[branch] = value
        return (values + self._start).astype(self._dtype)


class TreeScheme:
    """Dict and Tuple: each part has its own moves."""

    def __init__(self, parts: Mapping[Any, Scheme], *, as_tuple: bool) -> None:
        self._parts, self._as_tuple = dict(parts), as_tuple

    @property
    def moves(self) -> tuple[Move, ...]:
        """The moves of all parts."""
        return tuple(move for part in self._parts.values() for move in part.moves)

    @property
    def axes(self) -> Mapping[str, AxisTable]:
        """The axes of all parts."""
        return {name: axis for part in self._parts.values() for name, axis in part.axes.items()}

    def reset(self) -> None:
        """Set all parts to neutral."""
        for part in self._parts.values():
            part.reset()

    def restore(self, action: Action) -> None:
        """Restore each part from its part of the action."""
        for key, part in self._parts.items():
            part.restore(action[key])

    def action(self, held: Mapping[str, float], recent: Sequence[str], dt_s: float) -> Action:
        """Return the parts' actions, nested like the space."""
        done = {key: part.action(held, recent, dt_s) for key, part in self._parts.items()}
        return tuple(done.values()) if self._as_tuple else done


def reach(space: spaces.Box) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the flat limits of each axis.

    An infinite limit becomes -1 or 1, or 1 beyond the other limit if that is farther out.
    """
    low, high = (np.asarray(end, dtype=np.float64).ravel() for end in (space.low, space.high))
    near_low = np.where(np.isfinite(high), np.minimum(-1.0, high - 1.0), -1.0)
    near_high = np.where(np.isfinite(low), np.maximum(1.0, low + 1.0), 1.0)
    return np.where(np.isfinite(low), low, near_low), np.where(np.isfinite(high), high, near_high)


def inverted(axis: AxisTable) -> AxisTable:
    """Return the axis with its controls exchanged, if it is set to be inverted."""
    if not axis.invert or axis.less is None:
        return axis
    less = replace(axis.less, controls=axis.more.controls)
    return replace(axis, less=less, more=replace(axis.more, controls=axis.less.controls))


def _push(axis: AxisTable, held: Mapping[str, float]) -> float:
    """Return the push of an axis' moves, -1..1, after dead zone, curve and scale."""
    push = held.get(axis.more.name, 0.0)
    push -= held.get(axis.less.name, 0.0) if axis.less else 0.0
    size = abs(push)
    if size >= 1.0:
        return float(np.sign(push)) * axis.scale
    past = min(1.0, max(0.0, (size - axis.dead_zone) / (0.98 - axis.dead_zone)))
    return float(np.sign(push) * past**axis.curve * axis.scale)


def _pushed(
    axis: AxisTable, push: float, value: float, ends: tuple[float, float], dt_s: float
) -> float:
    """Return a value that follows the push and returns to neutral."""
    end = ends[1] if push > 0 and not axis.only_down else ends[0]
    target = axis.neutral + abs(push) * (end - axis.neutral)
    is_analog = 0.0 < abs(push) < axis.scale
    if axis.ramp_s <= 0 or is_analog:
        return target
    furthest = max(ends[1] - axis.neutral, axis.neutral - ends[0]) * dt_s / axis.ramp_s
    return value + float(np.clip(target - value, -furthest, furthest))


def _placed(
    axis: AxisTable, push: float, value: float, ends: tuple[float, float], dt_s: float
) -> float:
    """Return a value that the push moves and that stays when released."""
    speed = (ends[1] - ends[0]) / (axis.ramp_s or _CROSSING_S)
    return float(np.clip(value + push * speed * dt_s, *ends))
