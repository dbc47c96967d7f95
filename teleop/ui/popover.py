"""An open drop-down: a scrolling list over everything else, with the focus until it closes."""

from dataclasses import dataclass

from pygame import Rect

from teleop.ui.widgets import Ui

GROUP = "popover"


@dataclass(frozen=True, slots=True)
class Choice:
    """One row.

    Attributes:
        value: what choosing it means.
        label: first line.
        note: second line, or empty.
    """

    value: str
    label: str
    note: str = ""


class Popover:
    """Which drop-down is open, and how far it is scrolled."""

    def __init__(self) -> None:
        self.open: str | None = None
        self._opener = ""
        self._scroll = 0

    def toggle(self, ui: Ui, name: str, opener: str, chosen: int = 0) -> None:
        """Open the named drop-down, or close it."""
        if self.open == name:
            self.close(ui)
            return
        self.open, self._opener, self._scroll = name, opener, 0
        ui.modal = GROUP
        ui.focus.set(f"{name}.{chosen}", GROUP)

    def close(self, ui: Ui) -> None:
        """Close, and give the focus back to what opened it."""
        if self.open:
            self.open = None
            ui.modal = None
            ui.focus.set(self._opener)

    def scroll(self, rows: int) -> None:
        """Scroll by rows."""
        self._scroll = max(0, self._scroll + rows)

    def draw(
        self, ui: Ui, name: str, anchor: Rect, choices: list[Choice], chosen: str, width: int
    ) -> str | None:
        """Draw the list below its opener if it is open; the value that was chosen, if one was."""
        if self.open != name:
            return None
        if not choices:
            self.close(ui)
            return None
        painter, theme = ui.painter, ui.theme
        row = painter.px(52 if any(choice.note for choice in choices) else 40)
        top = anchor.bottom + painter.px(6)
        room = painter.surface.get_height() - top - painter.px(20)
        fit = max(1, min(len(choices), (room - painter.px(12)) // row))
        self._scroll = self._scrolled(ui, name, len(choices), fit)
        rect = Rect(anchor.x, top, painter.px(width), fit * row + painter.px(12))
        rect.right = min(rect.right, painter.surface.get_width() - painter.px(12))
        painter.shadow(rect)
        painter.box(rect, theme.raised, 10, theme.strong_line)
        ui.group(GROUP)
        picked = None
        for place, index in enumerate(range(self._scroll, self._scroll + fit)):
            inside = Rect(rect.x + painter.px(6), 0, rect.width - painter.px(12), row)
            inside.y = rect.y + painter.px(6) + place * row
            choice = choices[index]
            mine = choice.value == chosen
            if ui.option(f"{name}.{index}", inside, choice.label, choice.note, mine):
                picked = choice.value
        self._more(ui, rect, fit, len(choices))
        if picked is not None:
            self.close(ui)
        return picked

    def _scrolled(self, ui: Ui, name: str, count: int, fit: int) -> int:
        """Scroll so that the focused row shows; one row beyond, so that arrows can go on."""
        scroll = min(self._scroll, count - fit)
        focused = ui.focus.id or ""
        if ui.focus.visible and focused.startswith(name + "."):
            index = int(focused.rsplit(".", 1)[1])
            scroll = min(max(scroll, index - fit + 2), index - 1)
        return max(0, min(scroll, count - fit))

    def _more(self, ui: Ui, rect: Rect, fit: int, count: int) -> None:
        if count <= fit:
            return
        painter = ui.painter
        track = Rect(rect.right - painter.px(6), rect.y + painter.px(8), painter.px(3), 0)
        track.height = rect.height - painter.px(16)
        knob = track.copy()
        knob.height = max(painter.px(16), track.height * fit // count)
        knob.y += (track.height - knob.height) * self._scroll // max(1, count - fit)
        painter.box(knob, ui.theme.strong_line, 2)
