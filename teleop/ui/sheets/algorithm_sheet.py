"""The sheet about an algorithm: what it assumes, needs and costs, and when it beats cloning."""

from pygame import Rect

from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.training.algorithm_words import RECIPE_WORDS, page_of
from teleop.ui.widgets.sheet import SHEET

_WIDTH, _LINE = 640, 24


def draw_algorithm(context: UiContext) -> None:
    """Draw the page of the algorithm that is chosen on the Train screen."""
    ui, px = context.ui, context.ui.painter.px
    painter, theme = ui.painter, ui.theme
    screen = painter.surface.get_rect()
    recipe = context.sheet.about
    *sentences, source = page_of(recipe)
    width = min(px(_WIDTH), screen.width - px(40))
    rows = [painter.wrapped(text, "body", width - px(84)) for text in sentences]
    high = px(150) + sum(len(lines) * px(_LINE) + px(12) for lines in rows)
    sheet = Rect(0, 0, width, high)
    sheet.center = screen.center
    painter.box(screen, (*theme.bg[:3], 190), 0)
    painter.shadow(sheet, 14)
    painter.box(sheet, theme.surface, 14, theme.strong_line)
    title = RECIPE_WORDS[recipe][0]
    painter.text(title, (sheet.x + px(28), sheet.y + px(36)), "h1", width=width - px(100))
    ui.group(SHEET)
    close = Rect(sheet.right - px(56), sheet.y + px(18), px(36), px(36))
    if ui.icon_button("close", close, "x", tr("Close")):
        context.toggle_sheet("")
    y = sheet.y + px(84)
    for lines in rows:
        painter.dot((sheet.x + px(34), y), 3, theme.agent)
        for line in lines:
            painter.text(line, (sheet.x + px(52), y), "body")
            y += px(_LINE)
        y += px(12)
    at = (sheet.x + px(28), sheet.bottom - px(26))
    words = tr("Source: {source}", source=source)
    painter.text(words, at, "small", theme.text2, width=width - px(56))
