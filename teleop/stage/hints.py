"""Key caps: a move as the window draws it."""

from teleop.control.bindings import Move
from teleop.stage.messages import Hint

_PAD_LABELS = {
    "left_x-": "L ←",
    "left_x+": "L →",
    "left_y-": "L ↑",
    "left_y+": "L ↓",
    "right_x-": "R ←",
    "right_x+": "R →",
    "right_y-": "R ↑",
    "right_y+": "R ↓",
    "left_trigger+": "LT",
    "right_trigger+": "RT",
    "left_shoulder": "LB",
    "right_shoulder": "RB",
}
_DIRECTIONS = ("pad.up", "pad.down", "pad.left", "pad.right")


def hint_of(move: Move) -> Hint:
    """The key cap of a move: its first key, and its first button or stick."""
    keys = [c[4:] for c in move.controls if c.startswith("key.")]
    pads = [c[4:] for c in move.controls if c.startswith("pad.") and c not in _DIRECTIONS]
    pad = pads[0] if pads else ""
    return Hint(
        key=keys[0].upper() if keys else "",
        pad=_PAD_LABELS.get(pad, pad.upper()),
        word=move.word,
        place=move.place,
        controls=move.controls,
    )
