"""The help sheet: all keys and pad buttons, from the tables that define them."""

from pygame import Rect

from teleop.text import tr
from teleop.ui.commands import PAD, PAD_DRIVING, SHORTCUTS, Command
from teleop.ui.state.context import UiContext
from teleop.ui.system.keyboard_layout import control_label

HELP = "help-sheet"
_PAD_ROWS = 5


def toggle_help(context: UiContext) -> None:
    """Open or close the help sheet."""
    context.popover.close(context.ui)
    context.pause()
    context.ui.events.modal = None if context.ui.events.modal == HELP else HELP
    if context.ui.events.modal:
        context.ui.events.focus.set("help.close", HELP)


def draw_help(context: UiContext) -> None:
    """Draw the help sheet over the screen."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    screen = painter.surface.get_rect()
    rows = max((len(SHORTCUTS) + 1) // 2, 0)
    sheet = Rect(0, 0, min(px(960), screen.width - px(40)), px(124) + rows * px(23) + px(150))
    sheet.height = min(sheet.height, screen.height - px(24))
    sheet.center = screen.center
    painter.box(screen, (*theme.bg[:3], 190), 0)
    painter.box(sheet, theme.surface, 14, theme.strong_line)
    painter.text(tr("Keys and gamepad"), (sheet.x + px(28), sheet.y + px(34)), "h1")
    ui.group(HELP)
    close = Rect(sheet.right - px(56), sheet.y + px(16), px(36), px(36))
    if ui.icon_button("help.close", close, "x", tr("Close")):
        toggle_help(context)
    column = (sheet.width - px(56)) // 2
    step = min(px(23), (sheet.height - px(150)) // (rows + _PAD_ROWS))
    top = sheet.y + px(72)
    for index, shortcut in enumerate(SHORTCUTS):
        at_x = sheet.x + px(28) + (index // rows) * column
        at = (at_x, top + (index % rows) * step)
        _draw_line(context, at, shortcut.label, shortcut.command.value, column, step)
    top += rows * step + px(14)
    painter.text(tr("Gamepad"), (sheet.x + px(28), top), "h2")
    lines = [(button.label, button.action.value) for button in PAD]
    lines += [
        (f"View+{control_label(control)}", _WHILE_DRIVING[command])
        for control, command in PAD_DRIVING.items()
    ]
    third = (sheet.width - px(56)) // 3
    for index, (label, text) in enumerate(lines):
        at_x = sheet.x + px(28) + (index // _PAD_ROWS) * third
        at = (at_x, top + px(26) + (index % _PAD_ROWS) * step)
        _draw_line(context, at, label, text, third, step)
    note = tr("Recordings are in {recordings}", recordings=context.recordings)
    at = (sheet.x + px(28), sheet.bottom - px(20))
    painter.text(note, at, "small", theme.text2, width=sheet.width - px(56))


def _draw_line(
    context: UiContext, at: tuple[int, int], key: str, text: str, width: int, step: int
) -> None:
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    height = min(px(19), step - px(2))
    cap = Rect(at[0], 0, painter.width(key, "small-bold") + px(14), height)
    cap.centery = at[1]
    painter.box(cap, theme.raised, 5, theme.strong_line)
    painter.text(key, cap.center, "small-bold", theme.text, "cm")
    room = width - px(112)
    painter.text(text, (at[0] + px(92), at[1]), "small", theme.text2, width=room)


_WHILE_DRIVING = {
    Command.SAVE: tr("Driving: save"),
    Command.DISCARD: tr("Driving: discard"),
    Command.STAR_TAKE: tr("Driving: star"),
    Command.RETRY: tr("Driving: start again"),
    Command.REWIND: tr("Driving: rewind"),
}
