"""A row of equally wide buttons that act on the selected rows of a table."""

from collections.abc import Sequence

from pygame import Rect

from teleop.ui.widgets.widgets import Ui

_ROOM_FOR_ICON = 124


def draw_actions(ui: Ui, bar: Rect, prefix: str, buttons: Sequence[tuple[str, ...]]) -> str:
    """Draw the buttons, and return the name of the one that was used; empty if none was.

    Args:
        ui: draws controls and handles their events.
        bar: area of the row.
        prefix: beginning of the controls' ids.
        buttons: (name, label, icon, why it cannot be used or an empty text) of each.
    """
    px, used = ui.painter.px, ""
    ui.painter.rule(bar.x + 1, bar.y, bar.width - 2)
    ui.group("actions")
    gap = px(8)
    width = (bar.width - px(24) - gap * (len(buttons) - 1)) // len(buttons)
    for index, (name, label, icon, reason) in enumerate(buttons):
        x = bar.x + px(12) + index * (width + gap)
        rect = Rect(x, bar.centery - px(18), width, px(36))
        shown = icon if width > px(_ROOM_FOR_ICON) else ""
        if ui.button(f"{prefix}.{name}", rect, label, shown, reason=reason):
            used = name
    return used
