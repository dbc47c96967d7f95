"""Table of the settings that training tried, with return, success and trial episodes."""

from pygame import Rect

from teleop.text import tr
from teleop.types.results import Tried
from teleop.ui.drawing.formatting import signed
from teleop.ui.widgets.widgets import Ui

_ROW = 26
_NUMBERS = 84  # width of a column of numbers


def draw_tried(ui: Ui, area: Rect, tried: tuple[Tried, ...]) -> None:
    """Draw as many rows as fit, the chosen one first and ticked."""
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    counts = any(line.success is not None for line in tried)
    heads = [tr("Return"), *([tr("Success")] if counts else []), tr("Starts")]
    left = area.x + px(40)
    ends = [area.right - px(16) - px(_NUMBERS) * n for n in range(len(heads))][::-1]
    room = ends[0] - px(_NUMBERS) - left
    y = area.y + px(10)
    painter.text(tr("Settings"), (left, y), "small", theme.text2)
    for end, head in zip(ends, heads, strict=True):
        painter.text(head, (end, y), "small", theme.text2, "rm")
    for line in tried[: max(0, (area.height - px(24)) // px(_ROW))]:
        y += px(_ROW)
        ink = theme.text if line.chosen else theme.text2
        if line.chosen:
            painter.icon("check", (area.x + px(24), y), 14, theme.success)
        painter.text(line.words, (left, y), "small", ink, width=room)
        rate = [] if not counts else ["" if line.success is None else f"{line.success:.0%}"]
        figures = [signed(line.mean, plus=False), *rate, str(line.starts)]
        for end, figure in zip(ends, figures, strict=True):
            painter.text(figure, (end, y), "small-medium", ink, "rm")
