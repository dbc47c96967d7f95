"""The help sheet: all keys and pad buttons, from the tables that define them."""

from pygame import Rect

from teleop.text import tr
from teleop.ui.commands import PAD, PAD_DRIVING, SHORTCUTS, Command
from teleop.ui.state.context import UiContext
from teleop.ui.system.keyboard_layout import control_label

HELP = "help-sheet"
_PAD_ROWS = -(-(len(PAD) + len(PAD_DRIVING)) // 3)  # in three columns
_LONGEST = 10  # letters of two keys beside each other


def toggle_help(context: UiContext) -> None:
    """Open or close the help sheet."""
    context.popover.close(context.ui)
    context.pause()
    context.ui.events.modal = None if context.ui.events.modal == HELP else HELP
    if context.ui.events.modal:
        context.ui.events.focus.set("help.close", HELP)


def draw_help(context: UiContext) -> None:
    """Draw the help sheet over the screen: shortcuts in groups, then the gamepad."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    screen = painter.surface.get_rect()
    columns = _columns()
    rows = max(len(column) for column in columns)
    sheet = Rect(0, 0, min(px(1120), screen.width - px(40)), px(124) + rows * px(22) + px(150))
    sheet.height = min(sheet.height, screen.height - px(24))
    sheet.center = screen.center
    painter.box(screen, (*theme.bg[:3], 190), 0)
    painter.box(sheet, theme.surface, 14, theme.strong_line)
    painter.text(tr("Keys and gamepad"), (sheet.x + px(28), sheet.y + px(34)), "h1")
    ui.group(HELP)
    close = Rect(sheet.right - px(56), sheet.y + px(16), px(36), px(36))
    if ui.icon_button("help.close", close, "x", tr("Close")):
        toggle_help(context)
    width = (sheet.width - px(56)) // len(columns)
    lines = [line for column in (*columns, _pad_lines()) for line in column]
    longest = max(painter.width(key, "small-bold") for key, _ in lines)
    keys = min(longest + px(14), px(104))
    step = min(px(22), (sheet.height - px(150)) // (rows + _PAD_ROWS))
    top = sheet.y + px(68)
    for place, column in enumerate(columns):
        for index, (key, text) in enumerate(column):
            at = (sheet.x + px(28) + place * width, top + index * step)
            if key:
                _draw_line(context, at, key, text, keys, width, step)
            else:
                painter.text(text, at, "small-bold", theme.human, width=width - px(16))
    _draw_pad(context, (sheet.x + px(28), top + rows * step + px(14)), keys, width, step)
    note = tr("Recordings are in {recordings}", recordings=context.recordings)
    at = (sheet.x + px(28), sheet.bottom - px(20))
    painter.text(note, at, "small", theme.text2, width=sheet.width - px(56))


def _draw_pad(context: UiContext, at: tuple[int, int], keys: int, width: int, step: int) -> None:
    """Draw what the buttons of a gamepad do."""
    painter = context.ui.painter
    painter.text(tr("Gamepad"), at, "h2")
    for index, (label, text) in enumerate(_pad_lines()):
        column, row = divmod(index, _PAD_ROWS)
        place = (at[0] + column * width, at[1] + painter.px(26) + row * step)
        _draw_line(context, place, label, text, keys, width, step)


def _pad_lines() -> list[tuple[str, str]]:
    """Return (button, text) for each button of a gamepad."""
    lines = [(button.label, button.action.value) for button in PAD]
    return lines + [
        (f"View+{control_label(control)}", _WHILE_DRIVING[command])
        for control, command in PAD_DRIVING.items()
    ]


def _columns() -> list[list[tuple[str, str]]]:
    """Return three columns of (key, text); a row without a key is the title of a group."""
    columns: list[list[tuple[str, str]]] = []
    for groups in _COLUMNS:
        column: list[tuple[str, str]] = []
        for title in groups:
            column.append(("", title))
            for command in _GROUPS[title]:
                keys = [s.label for s in SHORTCUTS if s.command is command]
                both = tr("{key} or {other}", key=keys[0], other=keys[-1])
                several = len(keys) > 1 and len(both) <= _LONGEST
                column.append((both if several else keys[0], command.value))
        columns.append(column)
    return columns


def _draw_line(
    context: UiContext, at: tuple[int, int], key: str, text: str, keys: int, width: int, step: int
) -> None:
    """Draw a key, at most `keys` pixels wide, and what it does."""
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    height = min(px(19), step - px(2))
    cap = Rect(at[0], 0, min(painter.width(key, "small-bold") + px(14), keys), height)
    cap.centery = at[1]
    painter.box(cap, theme.raised, 5, theme.strong_line)
    painter.text(
        painter.fitted(key, "small-bold", cap.width - px(8)),
        cap.center,
        "small-bold",
        theme.text,
        "cm",
    )
    at = (at[0] + keys + px(8), at[1])
    painter.text(text, at, "small", theme.text2, width=width - keys - px(18))


_DRIVE, _TAKE, _WATCH = tr("Drive"), tr("Keep or discard"), tr("Watch and compare")
_GO, _WINDOW = tr("Go to"), tr("Window")
_GROUPS: dict[str, tuple[Command, ...]] = {
    _DRIVE: (
        *(Command.RECORD, Command.PRACTICE, Command.NEW_SEED, Command.RETRY, Command.REWIND),
        *(Command.STEP_ONCE, Command.SLOWER, Command.FASTER, Command.LEAVE),
        *(Command.CONTROLS, Command.OPTIONS, Command.ENVIRONMENT),
    ),
    _TAKE: (
        *(Command.SAVE, Command.DISCARD, Command.UNDO, Command.STAR_TAKE, Command.STAR),
        *(Command.MARK, Command.DELETE, Command.RETRAIN),
    ),
    _WATCH: (
        *(Command.PLAY, Command.BACK, Command.FORWARD, Command.SECOND_BACK),
        *(Command.SECOND_FORWARD, Command.START, Command.END, Command.DIFFERENCE),
        Command.LOOP,
        *(Command.AUTOPSY, Command.CONTINUE),
        *(Command.ENLARGE, Command.COPY),
    ),
    _GO: (
        *(Command.HOME, Command.DEMONSTRATE, Command.TRAIN, Command.COMPARE, Command.CORRECT),
        *(Command.LIBRARY, Command.LESSON, Command.NEXT_BLOCK, Command.CLASS),
    ),
    _WINDOW: (
        *(Command.HELP, Command.SETTINGS, Command.PROJECTOR, Command.FULL_SCREEN),
        Command.OVERLAY,
        *(Command.LARGER, Command.SMALLER, Command.USUAL_SIZE, Command.QUIT),
    ),
}
_COLUMNS = ((_DRIVE, _TAKE), (_WATCH,), (_GO, _WINDOW))
_WHILE_DRIVING = {
    Command.SAVE: tr("Driving: save"),
    Command.DISCARD: tr("Driving: discard"),
    Command.STAR_TAKE: tr("Driving: star"),
    Command.MARK: tr("Driving: mark this moment"),
    Command.RETRY: tr("Driving: start again"),
    Command.REWIND: tr("Driving: rewind"),
}
