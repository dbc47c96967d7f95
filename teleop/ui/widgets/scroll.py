"""How far a list is scrolled: by the wheel, and so that the focused row shows."""

from pygame import Rect

from teleop.ui.widgets.widgets import Ui

_STEP = 3  # rows that a key scrolls by


class Scroll:
    """View state of one list.

    Attributes:
        first: the row at its top.
    """

    def __init__(self) -> None:
        self.first = 0
        self._area = Rect(0, 0, 0, 0)
        self._followed: tuple[int | None, int, int] = (None, 0, 0)

    def by(self, rows: int, at: tuple[int, int] | None = None) -> None:
        """The wheel turned; over this list, if it matters where."""
        if at is None or self._area.collidepoint(at):
            self.first = max(0, self.first + rows)

    def window(self, area: Rect, count: int, fit: int, focused: int | None = None) -> range:
        """Which rows show: the focused one, and one beyond it, so that arrows can go on.

        Args:
            area: of the list.
            count: rows in all.
            fit: rows that there is room for.
            focused: the row with the focus, if one of them has it.
        """
        self._area = Rect(area)
        before, self._followed = self._followed, (focused, count, fit)
        if focused is not None and before != self._followed:  # else the wheel could not move it
            self.first = min(max(self.first, focused - fit + 2), max(0, focused - 1))
            if fit < 2:
                self.first = focused
        self.first = max(0, min(self.first, count - fit))
        return range(self.first, min(count, self.first + fit))

    def rows(self, ui: Ui, area: Rect, ids: list[str], fit: int) -> range:
        """Which rows show, by the ids of their controls."""
        return self.window(area, len(ids), fit, index_in(ids, ui.events.focus.shown))

    def take_keys(self, ui: Ui, node_id: str, label: str, count: int, fit: int) -> None:
        """Let a list without controls of its own have the focus: left and right scroll it."""
        if count <= fit:
            return
        ui.group(node_id)
        ui.node(node_id, "slider", label, self._area)
        ui.ring(node_id, self._area, 6)
        if ui.events.focus.id == node_id and ui.events.used.nudged:
            self.by(_STEP * ui.events.used.nudged)

    def draw_bar(self, ui: Ui, count: int, fit: int) -> None:
        """At the right edge of the list: which part of it shows; nothing if all of it does."""
        if count <= fit:
            return
        px, area = ui.painter.px, self._area
        knob = Rect(area.right - px(3), area.y, px(3), max(px(16), area.height * fit // count))
        knob.y += (area.height - knob.height) * self.first // (count - fit)
        ui.painter.box(knob, ui.theme.strong_line, 2)


def index_in(ids: list[str], wanted: str | None) -> int | None:
    """Where something is in a list; None if it is not."""
    return ids.index(wanted) if wanted in ids else None
