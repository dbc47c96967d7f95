"""A sheet over the screen: rows of values that Enter, the arrows or a click change."""

from dataclasses import dataclass

from pygame import Rect

from teleop.text import tr
from teleop.ui.drawing.theme import mix
from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.widgets import Ui

SHEET = "sheet"
_ROW = 44
_WIDTH = 760


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet.

    Attributes:
        id: stable identifier; empty for a heading.
        label: name of the row.
        value: current value, as text.
        note: explanation in one sentence.
        caps: key caps shown instead of the value.
        lit: one of its controls is pressed now.
        listening: it waits for a key or button press.
        changes: the value has others before and after it, which the arrows choose.
    """

    id: str
    label: str
    value: str = ""
    note: str = ""
    caps: tuple[str, ...] = ()
    lit: bool = False
    listening: bool = False
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that was used, and whether to the next value (1) or the previous one (-1)."""

    id: str
    step: int


class SheetView:
    """Draws a sheet and keeps its scroll position."""

    def __init__(self) -> None:
        self._scroll = Scroll()

    def reset(self) -> None:
        """Scroll to the top when a sheet is opened."""
        self._scroll = Scroll()

    def scroll(self, rows: int) -> None:
        """Scroll by a number of rows."""
        self._scroll.by(rows)

    def draw(self, ui: Ui, title: str, lines: list[Line], foot: str) -> Changed | None:
        """Draw the sheet and return the row that was used, if any.

        The id of the close button is `close`.
        """
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        screen = painter.surface.get_rect()
        painter.box(screen, (*theme.bg[:3], 190), 0)
        room = screen.height - px(32) - px(120)
        fit = max(3, min(len(lines), room // px(_ROW)))
        sheet = Rect(0, 0, min(px(_WIDTH), screen.width - px(40)), px(120) + fit * px(_ROW))
        sheet.center = screen.center
        painter.shadow(sheet, 14)
        painter.box(sheet, theme.surface, 14, theme.strong_line)
        painter.text(title, (sheet.x + px(28), sheet.y + px(36)), "h1", width=sheet.width - px(100))
        ui.group(SHEET)
        used: Changed | None = None
        close = Rect(sheet.right - px(56), sheet.y + px(18), px(36), px(36))
        if ui.icon_button("close", close, "x", tr("Close")):
            used = Changed("close", 1)
        top = sheet.y + px(68)
        area = Rect(sheet.x, top, sheet.width - px(5), fit * px(_ROW))
        rows = self._scroll.rows(ui, area, [line.id for line in lines], fit)
        for place, index in enumerate(rows):
            rect = Rect(sheet.x + px(16), top + place * px(_ROW), sheet.width - px(32), px(_ROW))
            used = self._draw_line(ui, lines[index], rect) or used
        self._scroll.draw_bar(ui, len(lines), fit)
        at = (sheet.x + px(28), sheet.bottom - px(26))
        painter.text(foot, at, "small", theme.text2, width=sheet.width - px(56))
        return used

    def _draw_line(self, ui: Ui, line: Line, rect: Rect) -> Changed | None:
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        left = rect.x + px(12)
        if not line.id:
            painter.text(line.label, (left, rect.centery + px(6)), "small-bold", theme.text2)
            painter.rule(rect.x, rect.bottom - px(4), rect.width)
            return None
        touch = ui.node(line.id, "slider", line.label, rect, value=line.value)
        focused = ui.events.focus.visible and ui.events.focus.id == line.id
        inner = rect.inflate(-px(4), -px(6))
        if line.lit or line.listening:
            painter.box(inner, mix(theme.human, theme.surface, 0.75), 8, theme.human)
        elif touch.hovered or focused:
            painter.box(inner, theme.hover, 8)
        middle = rect.centery - (px(9) if line.note else 0)
        half = rect.width // 2
        painter.text(line.label, (left, middle), "medium", width=half - px(20))
        if line.note:
            below = (left, rect.centery + px(10))
            painter.text(line.note, below, "small", theme.text2, width=rect.width - px(220))
        self._draw_value(ui, line, rect)
        ui.ring(line.id, inner, 8)
        if touch.used:
            return Changed(line.id, 1)
        return (
            Changed(line.id, ui.events.used.nudged) if focused and ui.events.used.nudged else None
        )

    def _draw_value(self, ui: Ui, line: Line, rect: Rect) -> None:
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        right = rect.right - px(16)
        if line.listening:
            text = tr("Press a key or button…")
            painter.text(text, (right, rect.centery), "bold", theme.human, "rm")
            return
        if line.changes:
            painter.icon("chevron-right", (right - px(4), rect.centery), 16, theme.text2)
            right -= px(20)
            used = painter.text(line.value, (right, rect.centery), "bold", theme.text, "rm")
            at = (right - used - px(14), rect.centery)
            painter.icon("chevron-left", at, 16, theme.text2)
            return
        if not line.caps:
            painter.text(line.value, (right, rect.centery), "bold", theme.text, "rm")
            return
        for cap in reversed(line.caps):
            width = max(px(26), painter.width(cap, "small-bold") + px(14))
            box = Rect(right - width, rect.centery - px(12), width, px(24))
            painter.box(box, theme.raised, 5, theme.strong_line)
            painter.text(cap, box.center, "small-bold", theme.text, "cm")
            right = box.x - px(6)
