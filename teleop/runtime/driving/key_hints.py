"""Converts moves and axes to the key caps and rows that the window draws."""

from collections.abc import Mapping

from teleop.control.bindings import AxisTable, Move
from teleop.runtime.protocol.session_messages import AxisItem, Hint
from teleop.text import joined

_DIRECTIONS = tuple(f"pad.{name}" for name in ("up", "down", "left", "right"))


def hint_of(move: Move) -> Hint:
    """Return the key cap of a move: its first key, and its first button or stick."""
    keys = [c for c in move.controls if c.startswith("key.")]
    pads = [c for c in move.controls if c.startswith("pad.")]
    return Hint(
        key=keys[0] if keys else "",
        pad=next((p for p in pads if p not in _DIRECTIONS), pads[0] if pads else ""),
        word=move.word,
        place=move.place,
        controls=move.controls,
        name=move.name,
        layer=move.layer,
        taps=move.taps,
    )


def axis_items(axes: Mapping[str, AxisTable]) -> tuple[AxisItem, ...]:
    """Return the continuous axes as the window lists them."""
    return tuple(
        AxisItem(
            name,
            axis.more.word
            if axis.less is None or axis.less.word == axis.more.word
            else joined(" / ", (axis.less.word, axis.more.word)),
            axis.ramp_s,
            axis.dead_zone,
            axis.curve,
            axis.scale,
            axis.invert,
        )
        for name, axis in axes.items()
    )
