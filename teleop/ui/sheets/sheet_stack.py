"""Draws the sheets over the screen: options, controls, settings and the file browser."""

from teleop.runtime.protocol.session_messages import EnvOpened
from teleop.text import tr
from teleop.ui.sheets.algorithm_sheet import draw_algorithm
from teleop.ui.sheets.controls_sheet import control_lines, controls_request
from teleop.ui.sheets.import_sheet import IMPORT, draw_import_sheet
from teleop.ui.sheets.options_sheet import TASK, changed_options, option_lines
from teleop.ui.sheets.settings_sheet import changed_settings, setting_lines
from teleop.ui.sheets.task_sheet import TASK_SHEET, ask_for_task, draw_task_sheet
from teleop.ui.state.context import UiContext
from teleop.ui.system.gamepad_mapping import ASKED, PadMapping
from teleop.ui.widgets.sheet import SHEET, Changed, Line

_FEET = {
    "options": tr("Enter or → changes, ← changes back, Esc closes"),
    "controls": tr(
        "Select an action, press Enter, then press its new control. Rows light up while pressed"
    ),
}


_TEACHING = tr("Press the requested control; Enter skips one that is missing, Esc cancels")


def draw_sheet(context: UiContext) -> None:
    """Draw the open sheet, if any, and apply its changes."""
    env = context.model.env
    if context.sheet.name in _WITHOUT_ENV:
        _WITHOUT_ENV[context.sheet.name](context)
        return
    if not context.sheet.name or env is None:
        return
    foot = _TEACHING if context.pads.mapping else _FEET[context.sheet.name]
    used = context.sheet.view.draw(context.ui, _title(context, env), _lines(context), foot)
    if used is None:
        return
    if used.id == "close":
        context.toggle_sheet("")
    elif context.pads.mapping:
        return
    elif used.id == TASK:
        ask_for_task(context)
    elif context.sheet.name == "options":
        context.change_options(changed_options(context.options, used.id, used.step))
    else:
        _use_control(context, used)


def _draw_settings(context: UiContext) -> None:
    lines = setting_lines(context.settings)
    used = context.sheet.view.draw(context.ui, tr("Settings"), lines, _FEET["options"])
    if used is not None and used.id == "close":
        context.toggle_sheet("")
    elif used is not None:
        context.change_settings(changed_settings(context.settings, used.id, used.step))


def _draw_files(context: UiContext) -> None:
    """Draw the file browser, in which the person chooses what to import."""
    if context.sheet.files is None:
        return
    title, lines = str(context.sheet.files.folder), context.sheet.files.lines
    used = context.sheet.view.draw(context.ui, title, lines, tr("Enter opens, Esc closes"))
    if used is None or used.step < 0:
        return
    chosen = None if used.id == "close" else context.sheet.files.use(used.id)
    if chosen is None and used.id != "close":
        context.sheet.view.reset()
        context.ui.events.focus.set(context.sheet.files.lines[0].id, SHEET)
        return
    context.toggle_sheet("")
    if chosen is not None:
        context.take_path(str(chosen))


_WITHOUT_ENV = {
    "settings": _draw_settings,
    "files": _draw_files,
    "algorithm": draw_algorithm,
    IMPORT: draw_import_sheet,
    TASK_SHEET: draw_task_sheet,
}


def _title(context: UiContext, env: EnvOpened) -> str:
    if context.pads.mapping:
        return tr("Map {name}", name=context.pads.mapping.pad.name)
    return (
        tr("Recording options")
        if context.sheet.name == "options"
        else tr("Controls of {env_id}", env_id=env.env_id)
    )


def _lines(context: UiContext) -> list[Line]:
    env = context.model.env
    if context.sheet.name == "options":
        return option_lines(context.options)
    if context.pads.mapping:
        return _taught_lines(context.pads.mapping)
    lines = control_lines(env, context.input.touched, context.sheet.listening) if env else []
    lines += [Line(f"pad.{index}", name) for index, name in enumerate(_pad_choices(context))]
    lines += [
        Line(
            f"teach.{pad.instance_id}",
            tr("Map {name}", name=pad.name),
            "Enter",
            tr("Unknown layout"),
        )
        for pad in context.pads.unknown
    ]
    return lines


def _pad_choices(context: UiContext) -> list[str]:
    """Return the choices of the active gamepad, if there are several gamepads."""
    if len(context.pads.names) < 2:
        return []
    names = [
        tr("All gamepads"),
        *(
            tr("Gamepad {i}: {name}", i=i, name=name)
            for i, name in enumerate(context.pads.names, 1)
        ),
    ]
    return [("● " if i == context.pads.index else "○ ") + name for i, name in enumerate(names)]


def _taught_lines(mapping: PadMapping) -> list[Line]:
    lines = [
        Line(f"asked.{name}", text, mapping.found.get(name, ""), listening=name == mapping.asks)
        for name, text in ASKED
    ]
    first = max(0, next((i for i, (name, _) in enumerate(ASKED) if name == mapping.asks), 0) - 3)
    return lines[first:]


def _use_control(context: UiContext, used: Changed) -> None:
    env = context.model.env
    if env is None:
        return
    if used.id.startswith("move."):
        context.sheet.listening = used.id.removeprefix("move.") if used.step > 0 else ""
        return
    if used.id.startswith("pad."):
        context.pads.index = int(used.id.removeprefix("pad."))
        return
    if used.id.startswith("teach."):
        number = int(used.id.removeprefix("teach."))
        context.pads.mapping = PadMapping(
            next(p for p in context.pads.unknown if p.instance_id == number)
        )
        context.sheet.view.reset()
        return
    request = controls_request(env, used.id, used.step)
    if request:
        context.tell(request)
