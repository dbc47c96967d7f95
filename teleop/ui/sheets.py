"""The sheets over the screen: how to drive and record, and what keys, pad and mouse do."""

from teleop.stage.messages import EnvOpened
from teleop.ui.controls_sheet import control_lines, controls_request
from teleop.ui.desk import Desk
from teleop.ui.options_sheet import changed_options, option_lines
from teleop.ui.pad_mapping import ASKED, PadMapping
from teleop.ui.settings_sheet import changed_settings, setting_lines
from teleop.ui.sheet import SHEET, Changed, Line

_FEET = {
    "options": "Enter or → changes, ← changes back, Esc closes",
    "controls": "Enter on a move, then press what should do it. Rows light up while pressed",
}


_TEACHING = "Press what is asked for; Enter skips what this gamepad does not have, Esc gives up"


def draw_sheet(desk: Desk) -> None:
    """Draw the open sheet, if one is, and do what was asked on it."""
    env = desk.model.env
    if desk.sheet in _WITHOUT_ENV:
        _WITHOUT_ENV[desk.sheet](desk)
        return
    if not desk.sheet or env is None:
        return
    foot = _TEACHING if desk.mapping else _FEET[desk.sheet]
    used = desk.sheet_view.draw(desk.ui, _title(desk, env), _lines(desk), foot)
    if used is None:
        return
    if used.id == "close":
        desk.toggle_sheet("")
    elif desk.mapping:
        return
    elif desk.sheet == "options":
        desk.change_options(changed_options(desk.options, used.id, used.step))
    else:
        _use_control(desk, used)


def _draw_settings(desk: Desk) -> None:
    lines = setting_lines(desk.settings)
    used = desk.sheet_view.draw(desk.ui, "Settings", lines, _FEET["options"])
    if used is not None and used.id == "close":
        desk.toggle_sheet("")
    elif used is not None:
        desk.change_settings(changed_settings(desk.settings, used.id, used.step))


def _draw_files(desk: Desk) -> None:
    """The window's own way to choose what is to be taken in."""
    if desk.files is None:
        return
    title, lines = str(desk.files.folder), desk.files.lines
    used = desk.sheet_view.draw(desk.ui, title, lines, "Enter opens, Esc closes")
    if used is None or used.step < 0:
        return
    chosen = None if used.id == "close" else desk.files.use(used.id)
    if chosen is None and used.id != "close":
        desk.sheet_view.reset()
        desk.ui.focus.set(desk.files.lines[0].id, SHEET)
        return
    desk.toggle_sheet("")
    if chosen is not None:
        desk.take_in(str(chosen))


_WITHOUT_ENV = {"settings": _draw_settings, "files": _draw_files}


def _title(desk: Desk, env: EnvOpened) -> str:
    if desk.mapping:
        return f"Teach {desk.mapping.pad.name}"
    return "How to drive and record" if desk.sheet == "options" else f"Controls of {env.env_id}"


def _lines(desk: Desk) -> list[Line]:
    env = desk.model.env
    if desk.sheet == "options":
        return option_lines(desk.options)
    if desk.mapping:
        return _taught_lines(desk.mapping)
    lines = control_lines(env, desk.touched, desk.listening) if env else []
    lines += [Line(f"pad.{index}", name) for index, name in enumerate(_pad_choices(desk))]
    lines += [
        Line(f"teach.{pad.instance_id}", f"Teach {pad.name}", "Enter", "It has no known layout")
        for pad in desk.unknown_pads
    ]
    return lines


def _pad_choices(desk: Desk) -> list[str]:
    """Which gamepad is listened to, where there are several."""
    if len(desk.pads) < 2:
        return []
    names = ["All gamepads", *(f"Gamepad {i}: {name}" for i, name in enumerate(desk.pads, 1))]
    return [f"{'● ' if i == desk.pad_index else '○ '}{name}" for i, name in enumerate(names)]


def _taught_lines(mapping: PadMapping) -> list[Line]:
    lines = [
        Line(f"asked.{name}", text, mapping.found.get(name, ""), listening=name == mapping.asks)
        for name, text in ASKED
    ]
    first = max(0, next((i for i, (name, _) in enumerate(ASKED) if name == mapping.asks), 0) - 3)
    return lines[first:]


def _use_control(desk: Desk, used: Changed) -> None:
    env = desk.model.env
    if env is None:
        return
    if used.id.startswith("move."):
        desk.listening = used.id.removeprefix("move.") if used.step > 0 else ""
        return
    if used.id.startswith("pad."):
        desk.pad_index = int(used.id.removeprefix("pad."))
        return
    if used.id.startswith("teach."):
        number = int(used.id.removeprefix("teach."))
        desk.mapping = PadMapping(next(p for p in desk.unknown_pads if p.instance_id == number))
        desk.sheet_view.reset()
        return
    request = controls_request(env, used.id, used.step)
    if request:
        desk.tell(request)
