"""The sheets over the screen: how to drive and record, and what keys, pad and mouse do."""

from teleop.ui.controls_sheet import control_lines, controls_request
from teleop.ui.desk import Desk
from teleop.ui.options_sheet import changed_options, option_lines
from teleop.ui.sheet import Changed, Line

_FEET = {
    "options": "Enter or → changes, ← changes back, Esc closes",
    "controls": "Enter on a move, then press what should do it. Rows light up while pressed",
}


def draw_sheet(desk: Desk) -> None:
    """Draw the open sheet, if one is, and do what was asked on it."""
    env = desk.model.env
    if not desk.sheet or env is None:
        return
    title = "How to drive and record" if desk.sheet == "options" else f"Controls of {env.env_id}"
    used = desk.sheet_view.draw(desk.ui, title, _lines(desk), _FEET[desk.sheet])
    if used is None:
        return
    if used.id == "close":
        desk.toggle_sheet("")
    elif desk.sheet == "options":
        desk.change_options(changed_options(desk.options, used.id, used.step))
    else:
        _use_control(desk, used)


def _lines(desk: Desk) -> list[Line]:
    env = desk.model.env
    if desk.sheet == "options":
        return option_lines(desk.options)
    return control_lines(env, desk.touched, desk.listening) if env else []


def _use_control(desk: Desk, used: Changed) -> None:
    env = desk.model.env
    if env is None:
        return
    if used.id.startswith("move."):
        desk.listening = used.id.removeprefix("move.") if used.step > 0 else ""
        return
    request = controls_request(env, used.id, used.step)
    if request:
        desk.tell(request)
