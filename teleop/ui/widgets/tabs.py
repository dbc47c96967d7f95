"""A row of tabs."""

from collections.abc import Mapping

from pygame import Rect

from teleop.ui.widgets.widgets import Ui


def draw_tabs(ui: Ui, at: tuple[int, int], labels: Mapping[str, str], current: str) -> str:
    """Draw the tabs, and return the name of the one that was used; empty if none was.

    Args:
        ui: draws controls and handles their events.
        at: upper left corner of the first one.
        labels: label of each tab by its name.
        current: name of the open one.
    """
    px, used = ui.painter.px, ""
    x = at[0]
    for name, label in labels.items():
        rect = Rect(x, at[1], ui.painter.width(label, "medium") + px(20), px(32))
        chosen = name == current
        touch = ui.node(f"tab.{name}", "tab", label, rect, value=chosen)
        if chosen or touch.hovered:
            ui.painter.box(rect, ui.theme.raised if chosen else ui.theme.hover, 8)
        ink = ui.theme.text if chosen else ui.theme.text2
        ui.painter.text(label, rect.center, "medium", ink, "cm")
        ui.ring(f"tab.{name}", rect, 8)
        used = name if touch.used else used
        x = rect.right + px(4)
    return used
