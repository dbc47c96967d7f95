"""A short numbered list that says what happens next, for a place that is still empty."""

from collections.abc import Sequence

from pygame import Rect

from teleop.ui.widgets.widgets import Ui

_LINE = 18


def draw_steps(ui: Ui, area: Rect, steps: Sequence[str]) -> None:
    """Draw as many steps as fit, each with its number in a circle."""
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    y = area.y
    for number, step in enumerate(steps, start=1):
        lines = painter.wrapped(step, "small", area.width - px(34))
        height = px(_LINE) * len(lines)
        if y + height > area.bottom:
            return
        middle = y + px(_LINE) // 2
        painter.dot((area.x + px(10), middle), 10, theme.raised)
        painter.text(str(number), (area.x + px(10), middle), "small-bold", theme.text, "cm")
        for index, line in enumerate(lines):
            at = (area.x + px(30), middle + index * px(_LINE))
            painter.text(line, at, "small", theme.text2)
        y += height + px(10)
