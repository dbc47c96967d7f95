"""Under the panes of a race: how it stands, and what can be done with the run."""

from pygame import Rect

from teleop.stage.messages import Deed
from teleop.ui.desk import Desk
from teleop.ui.overlay import state_words
from teleop.ui.shortcuts import Command, label_of

_SAVE = ("save", "Save", "check", Command.SAVE)
_DISCARD = ("discard", "Discard", "x", Command.DISCARD)
_AGAIN = ("record", "Again", "repeat", Command.RECORD)
_DEEDS = {"save": Deed.KEEP_TAKE, "discard": Deed.DISCARD_TAKE}


def draw_race_bar(desk: Desk, bar: Rect) -> bool:
    """Draw it; True if the race is to begin once more."""
    ui, live, px = desk.ui, desk.model.live, desk.ui.painter.px
    if live is None:
        return False
    ui.group("transport")
    again, right = False, bar.right
    buttons = (_DISCARD, _SAVE) if live.pending else () if live.engaged else (_AGAIN,)
    for name, label, icon, command in buttons:
        key = label_of(command)
        width = ui.painter.width(label, "medium") + ui.painter.width(key, "small-medium") + px(78)
        rect = Rect(right - width, bar.centery - px(16), width, px(32))
        if ui.button(name, rect, label, icon, key=key):
            if name in _DEEDS:
                desk.tell(_DEEDS[name])
            again = name == "record"
        right = rect.x - px(8)
    text = "Everybody waits at the same start" if live.phase == "ready" else ""
    if live.pending or live.engaged:
        text = state_words(desk, live)
    at = (bar.x + px(8), bar.centery)
    used = ui.painter.text(text, at, "medium", width=right - px(8) - at[0])
    if desk.driving:
        leave = "Start to pause" if ui.pad_hints else f"{label_of(Command.LEAVE)} to leave"
        ui.painter.text(leave, (at[0] + used + px(16), bar.centery), "small", ui.theme.text2)
    return again
