"""The bar below the panes of a race: its state, and the buttons for the run."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import Request, SessionSnapshot
from teleop.text import tr
from teleop.ui.commands import Command, label_of
from teleop.ui.drive.hud import state_words
from teleop.ui.state.context import UiContext

_SAVE = ("save", tr("Save"), "check", Command.SAVE)
_DISCARD = ("discard", tr("Discard"), "x", Command.DISCARD)
_AGAIN = ("record", tr("Again"), "repeat", Command.RECORD)
_CONTINUE = ("continue", tr("Continue"), "play", Command.PLAY)
_REQUESTS = {"save": Request.KEEP_TAKE, "discard": Request.DISCARD_TAKE}


def _buttons(live: SessionSnapshot) -> tuple[tuple[str, str, str, Command], ...]:
    if live.pending:
        return (_DISCARD, _SAVE)
    if live.engaged:
        return (_CONTINUE,) if live.phase == "paused" else ()
    return (_AGAIN,)


def _words(context: UiContext, live: SessionSnapshot) -> str:
    if live.pending:
        return tr("Episode over")  # the buttons say what to press
    if live.engaged:
        return state_words(context, live)
    return tr("All sides start from the same seed") if live.phase == "ready" else ""


def draw_race_bar(context: UiContext, bar: Rect) -> bool:
    """Draw the bar; return True if the person wants to race again."""
    ui, live, px = context.ui, context.model.live, context.ui.painter.px
    if live is None:
        return False
    ui.group("transport")
    again, right = False, bar.right
    for name, label, icon, command in _buttons(live):
        key = label_of(command)
        width = ui.painter.width(label, "medium") + ui.painter.width(key, "small-medium") + px(78)
        rect = Rect(right - width, bar.centery - px(16), width, px(32))
        if ui.button(name, rect, label, icon, key=key):
            if name in _REQUESTS:
                context.tell(_REQUESTS[name])
            elif name == "continue":
                context.resume()
            again = name == "record"
        right = rect.x - px(8)
    text = _words(context, live)
    at = (bar.x + px(8), bar.centery)
    used = ui.painter.text(text, at, "medium", width=right - px(8) - at[0])
    if context.input.driving:
        leave = (
            tr("Start to pause")
            if ui.pad_hints
            else tr("{key} to pause", key=label_of(Command.LEAVE))
        )
        ui.painter.text(leave, (at[0] + used + px(16), bar.centery), "small", ui.theme.text2)
    return again
