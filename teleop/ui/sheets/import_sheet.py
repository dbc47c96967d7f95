"""The sheet that shows what another program's file holds, and asks for its environment."""

from pygame import Rect

from teleop.runtime.protocol.library_messages import ImportAsked, ImportDataset
from teleop.text import joined, tr
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.sheet import SHEET
from teleop.ui.widgets.text_edit import TextEdit

IMPORT = "import"
_WIDTH, _LINE = 680, 22
_FOOT = 132
_MOST_ARRAYS = 8


def draw_import_sheet(context: UiContext) -> None:
    """Draw the sheet over the screen."""
    asked = context.model.analyses.latest.get(ImportAsked)
    if asked is None:
        return
    ui, px = context.ui, context.ui.painter.px
    painter, theme = ui.painter, ui.theme
    screen = painter.surface.get_rect()
    width = min(px(_WIDTH), screen.width - px(40))
    lines = [
        (indent, line)
        for indent, text in _said(asked)
        for line in painter.wrapped(text, "body", width - px(56 + indent))
    ]
    height = px(84) + len(lines) * px(_LINE) + px(_FOOT + 14)
    sheet = Rect(0, 0, width, min(height, screen.height - px(20)))
    sheet.center = screen.center
    painter.box(screen, (*theme.bg[:3], 190), 0)
    painter.shadow(sheet, 14)
    painter.box(sheet, theme.surface, 14, theme.strong_line)
    inner = sheet.inflate(-px(56), 0)
    title = tr("Import {name}?", name=asked.name)
    painter.text(title, (inner.x, sheet.y + px(36)), "h1", width=inner.width)
    foot = Rect(inner.x, sheet.bottom - px(_FOOT), inner.width, px(_FOOT))
    for row, (indent, line) in enumerate(lines):
        at = (inner.x + px(indent), sheet.y + px(80) + row * px(_LINE))
        if at[1] + px(_LINE) < foot.y:
            painter.text(line, at, "body", None if indent else theme.text2)
    _draw_foot(context, foot, asked)


def _draw_foot(context: UiContext, foot: Rect, asked: ImportAsked) -> None:
    """Draw the field for the environment and the buttons."""
    ui, px = context.ui, context.ui.painter.px
    ui.group(SHEET)
    label = tr("Environment, such as CartPole-v1; empty if it is not installed here")
    ui.painter.text(label, (foot.x, foot.y + px(10)), "small", ui.theme.text2, width=foot.width)
    rect = Rect(foot.x, foot.y + px(24), foot.width, px(38))
    now = context.sheet.typed
    if ui.field("import.env", rect, context.editing, now, tr("The file does not name it")):

        def typed(text: str) -> None:
            context.sheet.typed = text

        context.edit(TextEdit("import.env", now, len(now), typed, typed))
    y, width = rect.bottom + px(14), px(150)
    cancel = Rect(foot.right - 2 * width - px(12), y, width, px(40))
    if ui.button("close", cancel, tr("Cancel")):
        context.toggle_sheet("")
    go = Rect(foot.right - width, y, width, px(40))
    if ui.button("import.go", go, tr("Import"), "folder", "primary"):
        context.edit(None)
        context.toggle_sheet("")
        context.tell(ImportDataset(asked.path, context.sheet.typed.strip(), confirmed=True))
        context.next.screen = "library"


def _said(asked: ImportAsked) -> list[tuple[int, str]]:
    """Return (indent, text) of each paragraph."""
    found = asked.preview
    counts = tr(
        "{form}: {episodes:,} episodes, {steps:,} steps",
        form=found.form,
        episodes=found.episodes,
        steps=found.steps,
    )
    arrays = [joined(": ", pair) for pair in found.arrays[:_MOST_ARRAYS]]
    more = len(found.arrays) - _MOST_ARRAYS
    rows = [(0, counts), *((16, text) for text in arrays)]
    rows += [(16, tr("and {more} more", more=more))] if more > 0 else []
    return rows + [(0, note) for note in found.notes]
