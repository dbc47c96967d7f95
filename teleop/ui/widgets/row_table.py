"""A table with sorting, selection and a filter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pygame import Rect

from teleop.text import tr
from teleop.ui.widgets.scroll import Scroll, index_in
from teleop.ui.widgets.widgets import Ui

_ROW, _HEAD, _TICKS = 40, 34, 36
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        head: its title.
        share: share of the width.
        key: sorts the rows.
        say: text of a cell.
        from_width: the column is shown if the table is at least this wide.
        style: style of its text.
    """

    head: str
    share: float
    key: Callable[[Row], Any]
    say: Callable[[Row], str]
    from_width: int = 0
    style: str = "small"


@dataclass(frozen=True, slots=True)
class RowKind(Generic[Row]):
    """What the rows of a table are.

    Attributes:
        columns: the columns; the first one also shows the star.
        id_of: identifies a row.
        label_of: name of a row for assistive technology.
        words_of: text of a row that the filter searches.
        starred: whether a row has a star.
        nothing: what an empty table says.
        row: prefix of the rows' controls.
        tick: prefix of the tick boxes.
    """

    columns: tuple[Column[Row], ...]
    id_of: Callable[[Row], str]
    label_of: Callable[[Row], str]
    words_of: Callable[[Row], str]
    starred: Callable[[Row], bool]
    nothing: str
    row: str = "row"
    tick: str = "choose"


class RowTable(Generic[Row]):
    """View state: order, filter, selection and scroll position.

    Attributes:
        filter: words that a row must contain to be shown.
        chosen: ids of the ticked rows.
        current: id of the row that is shown in full.
    """

    def __init__(self, kind: RowKind[Row], order: int = 0, *, down: bool = True) -> None:
        """Create a table that is sorted by one of the columns, by default the largest first."""
        self._kind = kind
        self.filter = ""
        self.chosen: set[str] = set()
        self.current = ""
        self._order, self._down = order, down
        self._scroll = Scroll()

    def forget(self) -> None:
        """Reset the selection and the scroll position, for another dataset."""
        self.chosen.clear()
        self.current, self._scroll = "", Scroll()

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the table if the mouse is over it."""
        self._scroll.by(rows, at)

    def shown(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that match the filter, in order."""
        wanted, words_of = self.filter.lower().split(), self._kind.words_of
        found = [row for row in rows if all(word in words_of(row).lower() for word in wanted)]
        return sorted(found, key=self._kind.columns[self._order].key, reverse=self._down)

    def draw(self, ui: Ui, area: Rect, rows: Sequence[Row]) -> str:
        """Draw the table, and return the id of the row that was used; empty if none was."""
        px, id_of = ui.painter.px, self._kind.id_of
        ui.group("table head")
        self.chosen &= {id_of(row) for row in rows}
        shown = self.shown(rows)
        head = Rect(area.x, area.y, area.width, px(_HEAD))
        self._draw_head(ui, head, shown)
        body = Rect(area.x, head.bottom, area.width, area.height - head.height)
        fit = max(1, body.height // px(_ROW))
        used = ""
        ui.group("table")
        focused = index_in([id_of(row) for row in shown], self.focused(ui))
        body.height = fit * px(_ROW)
        for place, index in enumerate(self._scroll.window(body, len(shown), fit, focused)):
            rect = Rect(body.x, body.y + place * px(_ROW), body.width, px(_ROW))
            used = self._draw_row(ui, rect, shown[index]) or used
        self._scroll.draw_bar(ui, len(shown), fit)
        if not shown:
            text = tr("Nothing matches") if rows else self._kind.nothing
            at = (body.centerx, body.y + px(40))
            ui.painter.text(text, at, "body", ui.theme.text2, "cm", width=body.width - px(16))
        return used

    def toggle(self, row_id: str) -> None:
        """Tick a row, or remove its tick."""
        self.chosen ^= {row_id}

    def focused(self, ui: Ui) -> str:
        """Return the id of the focused row; empty if no row has the focus."""
        focus = ui.events.focus
        kind, _, row_id = (focus.id or "").partition(".")
        mine = focus.visible and kind in (self._kind.row, self._kind.tick) and row_id != "all"
        return row_id if mine else ""

    def _draw_head(self, ui: Ui, rect: Rect, shown: list[Row]) -> None:
        px = ui.painter.px
        ids = {self._kind.id_of(row) for row in shown}
        every = bool(ids) and ids <= self.chosen
        box = Rect(rect.x, rect.y, px(_TICKS), rect.height)
        if ui.check(f"{self._kind.tick}.all", box, tr("Select all"), chosen=every):
            self.chosen = set() if every else ids
        for index, (column, cell) in self._cells(ui, rect):
            touch = ui.node(f"sort.{index}", "button", tr("Sort by {head}", head=column.head), cell)
            mine = index == self._order
            ink = ui.theme.text if mine or touch.hovered else ui.theme.text2
            mark = (" ↓" if self._down else " ↑") if mine else ""
            at = (cell.x + px(4), cell.centery)
            ui.painter.text(column.head + mark, at, "small-bold", ink, width=cell.width - px(8))
            ui.ring(f"sort.{index}", cell, 6)
            if touch.used:
                self._down = not self._down if mine else True
                self._order = index
        ui.painter.rule(rect.x, rect.bottom - 1, rect.width)

    def _draw_row(self, ui: Ui, rect: Rect, row: Row) -> str:
        px, theme, row_id = ui.painter.px, ui.theme, self._kind.id_of(row)
        label, chosen = self._kind.label_of(row), row_id in self.chosen
        body = Rect(rect.x + px(_TICKS), rect.y, rect.width - px(_TICKS), rect.height)
        node_id = f"{self._kind.row}.{row_id}"
        touch = ui.node(node_id, "listitem", label, body, value=chosen)
        if row_id == self.current:
            ui.painter.box(body.inflate(0, -px(4)), theme.raised, 8, theme.strong_line)
        elif touch.hovered:
            ui.painter.box(body.inflate(0, -px(4)), theme.hover, 8)
        box = Rect(rect.x, rect.y, px(_TICKS), rect.height)
        select = tr("Select {label}", label=label)
        if ui.check(f"{self._kind.tick}.{row_id}", box, select, chosen=chosen):
            self.toggle(row_id)
        for index, (column, cell) in self._cells(ui, rect):
            room = cell.width - px(8)
            if index == 0 and self._kind.starred(row):
                ui.painter.star((cell.right - px(16), cell.centery), theme.human)
                room -= px(24)
            ink = theme.text2 if column.style == "small" else theme.text
            at = (cell.x + px(4), cell.centery)
            ui.painter.text(column.say(row), at, column.style, ink, width=room)
        ui.ring(node_id, body.inflate(-px(4), -px(6)), 8)
        return row_id if touch.used else ""

    def _cells(self, ui: Ui, rect: Rect) -> list[tuple[int, tuple[Column[Row], Rect]]]:
        """Return (index, (column, area)) of each column that fits into a row."""
        px, columns = ui.painter.px, self._kind.columns
        room = rect.width - px(_TICKS)
        shown = [i for i, column in enumerate(columns) if room >= px(column.from_width)]
        whole = sum(columns[i].share for i in shown)
        x, cells = float(rect.x + px(_TICKS)), []
        for index in shown:
            width = columns[index].share / whole * room
            cell = Rect(round(x), rect.y, round(width), rect.height)
            cells.append((index, (columns[index], cell)))
            x += width
        return cells
