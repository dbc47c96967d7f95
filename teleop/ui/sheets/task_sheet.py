"""The sheet that asks what the person is about to demonstrate."""

from dataclasses import replace

from pygame import Rect

from teleop.text import tr
from teleop.types.metadata import LONGEST_TASK
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.sheet import SHEET
from teleop.ui.widgets.text_edit import TextEdit

TASK_SHEET = "task"
_SIZE = (620, 220)


def ask_for_task(context: UiContext) -> None:
    """Open the sheet; what is typed is the task once it is committed."""
    context.toggle_sheet(TASK_SHEET)
    _edit(context)


def _edit(context: UiContext) -> None:
    def typed(text: str) -> None:
        task = " ".join(text.split())[:LONGEST_TASK]
        if task != context.options.task:
            context.change_options(replace(context.options, task=task))
        if context.sheet.name == TASK_SHEET:
            context.toggle_sheet("options")

    now = context.options.task
    context.edit(TextEdit("task.text", now, len(now), typed))


def draw_task_sheet(context: UiContext) -> None:
    """Draw the sheet over the screen."""
    ui, px = context.ui, context.ui.painter.px
    painter, theme = ui.painter, ui.theme
    screen = painter.surface.get_rect()
    sheet = Rect(0, 0, min(px(_SIZE[0]), screen.width - px(40)), px(_SIZE[1]))
    sheet.center = screen.center
    painter.box(screen, (*theme.bg[:3], 190), 0)
    painter.shadow(sheet, 14)
    painter.box(sheet, theme.surface, 14, theme.strong_line)
    inner = sheet.inflate(-px(56), 0)
    painter.text(tr("What do you demonstrate?"), (inner.x, sheet.y + px(36)), "h1")
    note = tr("One line, for the episodes that you save from now on; empty for none")
    at = (inner.x, sheet.y + px(72))
    painter.text(note, at, "small", theme.text2, width=inner.width)
    ui.group(SHEET)
    field = Rect(inner.x, sheet.y + px(90), inner.width, px(38))
    hint = tr("Put the red cube into the box")
    if ui.field("task.text", field, context.editing, context.options.task, hint):
        _edit(context)
    done = Rect(inner.right - px(150), field.bottom + px(24), px(150), px(40))
    if ui.button("close", done, tr("Done"), "check", "primary"):
        context.edit(None)  # which commits, and closes the sheet
        if context.sheet.name == TASK_SHEET:
            context.toggle_sheet("options")
