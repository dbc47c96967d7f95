"""A drop-down menu: a scrolling list above everything else that keeps the focus while open."""

from dataclasses import dataclass

from pygame import Rect

from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.widgets import Ui

GROUP = "popover"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One row of a menu.

    Attributes:
        value: result of choosing the row.
        label: first line.
        note: second line; may be empty.
        reason: why the row cannot be chosen; it is then shown as its note. Empty if it can.
    """

    value: str
    label: str
    note: str = ""
    reason: str = ""


class Popover:
    """The open drop-down and its scroll position."""

    def __init__(self) -> None:
        self.open: str | None = None
        self._opener = ""
        self._scroll = Scroll()

    def toggle(self, ui: Ui, name: str, opener: str, chosen: int = 0) -> None:
        """Open the named drop-down, or close it if it is open."""
        if self.open == name:
            self.close(ui)
            return
        self.open, self._opener, self._scroll = name, opener, Scroll()
        ui.events.modal = GROUP
        ui.events.focus.set(f"{name}.{chosen}", GROUP)

    def close(self, ui: Ui) -> None:
        """Close the drop-down and return the focus to the control that opened it."""
        if self.open:
            self.open = None
            ui.events.modal = None
            ui.events.focus.set(self._opener)

    def scroll(self, rows: int) -> None:
        """Scroll by rows."""
        self._scroll.by(rows)

    def draw(
        self, ui: Ui, name: str, anchor: Rect, choices: list[MenuItem], chosen: str, width: int
    ) -> str | None:
        """Draw the list below its anchor if it is open, and return the chosen value, if any."""
        if self.open != name:
            return None
        if not choices:
            self.close(ui)
            return None
        painter, theme = ui.painter, ui.theme
        row = painter.px(52 if any(choice.note or choice.reason for choice in choices) else 40)
        top = anchor.bottom + painter.px(6)
        room = painter.surface.get_height() - top - painter.px(20)
        fit = max(1, min(len(choices), (room - painter.px(12)) // row))
        rect = Rect(anchor.x, top, painter.px(width), fit * row + painter.px(12))
        rect.right = min(rect.right, painter.surface.get_width() - painter.px(12))
        painter.shadow(rect)
        painter.box(rect, theme.raised, 10, theme.strong_line)
        ui.group(GROUP)
        picked = None
        inner = rect.inflate(-painter.px(6), -painter.px(12))
        rows = self._scroll.window(inner, len(choices), fit, self._focused(ui, name))
        for place, index in enumerate(rows):
            inside = Rect(rect.x + painter.px(6), 0, rect.width - painter.px(12), row)
            inside.y = inner.y + place * row
            choice = choices[index]
            mine = choice.value == chosen
            note = choice.reason or choice.note
            if ui.option(f"{name}.{index}", inside, choice.label, note, mine, choice.reason):
                picked = choice.value
        self._scroll.draw_bar(ui, len(choices), fit)
        if picked is not None:
            self.close(ui)
        return picked

    def _focused(self, ui: Ui, name: str) -> int | None:
        focused = ui.events.focus.id or ""
        mine = ui.events.focus.visible and focused.startswith(name + ".")
        return int(focused.rsplit(".", 1)[1]) if mine else None
