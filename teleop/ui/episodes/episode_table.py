"""The table of a dataset's episodes, with sorting, selection and a filter."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pygame import Rect

from teleop.text import joined, tr
from teleop.types.metadata import EpisodeRow
from teleop.ui.drawing.formatting import signed
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.scroll import Scroll, index_in

_ROW, _HEAD, _TICKS = 40, 34, 36


def _by_label(row: EpisodeRow) -> tuple[bool, tuple[str, ...]]:
    return row.label.success is not True, row.label.tags


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: title, share of the width, sort key and text of a cell.

    The column is shown if the table is at least `from_width` wide.
    """

    head: str
    share: float
    key: Callable[[EpisodeRow], Any]
    say: Callable[[EpisodeRow], str]
    from_width: int = 0


_DRIVERS = {  # drivers without a name
    "human": tr("human"),
    "script": tr("script"),
    "policy": tr("policy"),
    "other": tr("other"),
}
_COLUMNS = (
    _Column(tr("No."), 0.13, lambda r: r.number, lambda r: str(r.number)),
    _Column(tr("Return"), 0.15, lambda r: r.total_reward, lambda r: signed(r.total_reward)),
    _Column(tr("Steps"), 0.12, lambda r: r.total_steps, lambda r: f"{r.total_steps:,}"),
    _Column(tr("Recorded"), 0.2, lambda r: r.started, lambda r: _date(r.started), 520),
    _Column(tr("Driver"), 0.18, lambda r: r.who, lambda r: _DRIVERS.get(r.who, r.who), 400),
    _Column(
        tr("Labels"),
        0.22,
        _by_label,
        lambda r: _labels(r),
    ),
)


class EpisodeTable:
    """View state: order, filter, selection and scroll position.

    Attributes:
        filter: words that a row must contain to be shown.
        chosen: uuids of the ticked rows.
        current: uuid of the row in the player.
    """

    def __init__(self) -> None:
        self.filter = ""
        self.chosen: set[str] = set()
        self.current = ""
        self._order, self._down = 0, True
        self._scroll = Scroll()

    def forget(self) -> None:
        """Reset the selection and the scroll position, for another dataset."""
        self.chosen.clear()
        self.current, self._scroll = "", Scroll()

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the table if the mouse is over it."""
        self._scroll.by(rows, at)

    def shown(self, rows: Sequence[EpisodeRow]) -> list[EpisodeRow]:
        """Return the rows that match the filter, in order."""
        wanted = self.filter.lower().split()
        found = [row for row in rows if all(word in _words(row) for word in wanted)]
        return sorted(found, key=_COLUMNS[self._order].key, reverse=self._down)

    def draw(self, context: UiContext, area: Rect, rows: Sequence[EpisodeRow]) -> str:
        """Draw the table, and return the uuid of the row to play; empty if no row was used."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("table head")
        known = {row.uuid for row in rows}
        self.chosen &= known
        shown = self.shown(rows)
        head = Rect(area.x, area.y, area.width, px(_HEAD))
        self._draw_head(context, head, shown)
        body = Rect(area.x, head.bottom, area.width, area.height - head.height)
        fit = max(1, body.height // px(_ROW))
        used = ""
        ui.group("table")
        focused = index_in([row.uuid for row in shown], self.focused(context))
        body.height = fit * px(_ROW)
        for place, index in enumerate(self._scroll.window(body, len(shown), fit, focused)):
            rect = Rect(body.x, body.y + place * px(_ROW), body.width, px(_ROW))
            used = self._draw_row(context, rect, shown[index]) or used
        self._scroll.draw_bar(ui, len(shown), fit)
        if not shown:
            text = tr("Nothing matches") if rows else tr("No episodes")
            at = (body.centerx, body.y + px(40))
            ui.painter.text(text, at, "body", ui.theme.text2, "cm")
        return used

    def _draw_head(self, context: UiContext, rect: Rect, shown: list[EpisodeRow]) -> None:
        ui, px = context.ui, context.ui.painter.px
        every = bool(shown) and all(row.uuid in self.chosen for row in shown)
        box = Rect(rect.x, rect.y, px(_TICKS), rect.height)
        if ui.check("choose.all", box, tr("Select all"), chosen=every):
            self.chosen = set() if every else {row.uuid for row in shown}
        for index, (column, cell) in _cells(context, rect):
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

    def _draw_row(self, context: UiContext, rect: Rect, row: EpisodeRow) -> str:
        ui, px = context.ui, context.ui.painter.px
        theme = ui.theme
        label = tr(
            "Episode {ordinal}, return {total_reward:.1f}",
            ordinal=row.number,
            total_reward=row.total_reward,
        )
        chosen = row.uuid in self.chosen
        body = Rect(rect.x + px(_TICKS), rect.y, rect.width - px(_TICKS), rect.height)
        touch = ui.node(f"row.{row.uuid}", "listitem", label, body, value=chosen)
        if row.uuid == self.current:
            ui.painter.box(body.inflate(0, -px(4)), theme.raised, 8, theme.strong_line)
        elif touch.hovered:
            ui.painter.box(body.inflate(0, -px(4)), theme.hover, 8)
        box = Rect(rect.x, rect.y, px(_TICKS), rect.height)
        if ui.check(
            f"choose.{row.uuid}",
            box,
            tr("Select episode {ordinal}", ordinal=row.number),
            chosen=chosen,
        ):
            self.toggle(row.uuid)
        for index, (column, cell) in _cells(context, rect):
            style, ink = ("bold", theme.text) if index == 1 else ("small", theme.text2)
            x = cell.x + px(4)
            if index == 0:
                if row.starred:
                    ui.painter.star((cell.right - px(16), cell.centery), theme.human)
                style, ink = "medium", theme.text
            at = (x, cell.centery)
            ui.painter.text(column.say(row), at, style, ink, width=cell.width - px(8))
        ui.ring(f"row.{row.uuid}", body.inflate(-px(4), -px(6)), 8)
        return row.uuid if touch.used else ""

    def toggle(self, uuid: str) -> None:
        """Tick a row, or remove its tick."""
        self.chosen ^= {uuid}

    def focused(self, context: UiContext) -> str:
        """Return the uuid of the focused row; empty if no row has the focus."""
        focus = context.ui.events.focus
        parts = (focus.id or "").split(".", 1)
        mine = focus.visible and parts[0] in ("row", "choose") and parts[-1] != "all"
        mine = mine and len(parts) > 1
        return parts[1] if mine else ""


def _cells(context: UiContext, rect: Rect) -> list[tuple[int, tuple[_Column, Rect]]]:
    """Return (index, (column, area)) of each column that fits into a row."""
    px = context.ui.painter.px
    room = rect.width - px(_TICKS)
    shown = [i for i, column in enumerate(_COLUMNS) if room >= px(column.from_width)]
    whole = sum(_COLUMNS[i].share for i in shown)
    x, cells = float(rect.x + px(_TICKS)), []
    for index in shown:
        width = _COLUMNS[index].share / whole * room
        cell = Rect(round(x), rect.y, round(width), rect.height)
        cells.append((index, (_COLUMNS[index], cell)))
        x += width
    return cells


def _date(started: float) -> str:
    return time.strftime("%d %b, %H:%M", time.localtime(started)) if started > 0 else ""


def _labels(row: EpisodeRow) -> str:
    judged = {None: "", True: tr("success"), False: tr("failure")}[row.label.success]
    trim = tr("trimmed") if row.label.trim else ""
    odd = tr("recovered") if row.recovered else ""
    replay = "" if row.verdict in ("", "exact") else row.verdict
    flagged = tr("flagged") if row.flags else ""
    return joined(" · ", filter(None, (judged, *row.label.tags, trim, odd, replay, flagged)))


def _words(row: EpisodeRow) -> str:
    """Return the text of a row that the filter searches."""
    star = "starred" if row.starred else ""
    parts = (
        str(row.number),
        row.who,
        _labels(row),
        row.label.note,
        row.verdict,
        star,
        str(row.seed),
    )
    return " ".join(parts).lower()
