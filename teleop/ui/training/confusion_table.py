"""Table of a policy's actions against the person's, with how often each chose which."""

from pygame import Rect

from teleop.text import ntr, tr
from teleop.types.results import Confusion, HeldOutCheck
from teleop.ui.drawing.theme import mix
from teleop.ui.widgets.widgets import Ui

_ROW, _CELL = 26, 84
_BAR = 90


def draw_confusion(ui: Ui, area: Rect, check: HeldOutCheck, shown: int = 0) -> None:
    """Draw the table of one of the choices, and the accuracy below it."""
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    table = check.tables[shown % len(check.tables)]
    names = min(max(painter.width(w, "small-medium") for w in table.words) + px(16), px(150))
    left = area.x + px(16)
    room = area.width - px(32) - names - px(_BAR + 12)
    cell = max(px(30), min(px(_CELL), room // len(table.words)))
    y = area.y + px(10)
    who = tr("You ↓")
    painter.text(who, (left, y), "small", theme.text2, width=names - px(4))
    for index, word in enumerate(table.words):
        at = (left + names + cell * index + cell // 2, y)
        short = painter.fitted(word, "small", cell - px(6))
        painter.text(short, at, "small", theme.text2, "cm")
    at = (left + names + cell * len(table.words) + px(16), y)
    painter.text(tr("how often"), at, "small", theme.text2)
    row = min(px(_ROW + 8), (area.height - px(56)) // len(table.words))
    for index, word in enumerate(table.words):
        rect = Rect(left, y + px(14) + index * row, names, row)
        painter.text(word, (rect.x, rect.centery), "small-medium", width=names - px(8))
        _draw_row(ui, rect, table, index, cell)
    _draw_caption(ui, Rect(left, area.bottom - px(22), area.width - px(32), px(18)), check)


def _draw_row(ui: Ui, rect: Rect, table: Confusion, index: int, cell: int) -> None:
    """Draw the shares of one of the person's actions, and how often both chose it."""
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    counts = table.counts[index]
    total = sum(counts)
    for column, count in enumerate(counts):
        box = Rect(rect.right + column * cell, rect.y, cell, rect.height).inflate(-px(4), -px(4))
        share = count / total if total else 0.0
        ink = theme.agent if column == index else theme.recording
        painter.box(box, mix(ink, theme.sunken, 1 - 0.55 * share) if count else theme.sunken, 4)
        said = f"{share:.0%}" if total else "–"
        painter.text(said, box.center, "small-medium" if count else "small", theme.text, "cm")
    every = sum(map(sum, table.counts)) or 1
    x = rect.right + cell * len(counts) + px(16)
    mine, its = total / every, sum(row[index] for row in table.counts) / every
    for share, ink, dy in ((mine, theme.human, -5), (its, theme.agent, 5)):
        width = round(px(_BAR - 40) * share)
        if width:
            painter.fill((x, rect.centery + px(dy) - px(3), width, px(6)), ink)
        at = (x + px(_BAR), rect.centery + px(dy * 1.4))
        painter.text(f"{share:.0%}", at, "small", ink, "rm")


def _draw_caption(ui: Ui, rect: Rect, check: HeldOutCheck) -> None:
    text = ntr(
        "{n} step of {episodes} held-out episodes",
        "{n} steps of {episodes} held-out episodes",
        check.steps,
        episodes=check.held_out,
    )
    if check.accuracy is not None:
        text = tr(
            "The policy chooses your action in {accuracy:.0%} of {steps} steps of {episodes} "
            "held-out episodes",
            accuracy=check.accuracy,
            steps=check.steps,
            episodes=check.held_out,
        )
    ui.painter.text(text, (rect.x, rect.centery), "small", ui.theme.text2, width=rect.width)
