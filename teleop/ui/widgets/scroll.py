"""The scroll position of a list, which follows the mouse wheel and the focused row."""

from pygame import Rect

from teleop.ui.widgets.widgets import Ui

_STEP = 3  # rows per key press


class Scroll:
    """The scroll position of one list.

    Attributes:
        first: index of the top row.
    """

    def __init__(self) -> None:
        self.first = 0
        self._area = Rect(0, 0, 0, 0)
        self._followed: tuple[int | None, int, int] = (None, 0, 0)

    def by(self, rows: int, at: tuple[int, int] | None = None) -> None:
        """Scroll by a number of rows; with a position, only if it is inside this list."""
        if at is None or self._area.collidepoint(at):
            self.first = max(0, self.first + rows)

    def window(self, area: Rect, count: int, fit: int, focused: int | None = None) -> range:
        """Return the visible rows, including one beyond the focused row, so that arrows can go on.

        Args:
            area: area of the list.
            count: number of all rows.
            fit: number of rows that fit into the area.
            focused: index of the focused row, if any.
        """
        self._area = Rect(area)
        before, self._followed = self._followed, (focused, count, fit)
        if focused is not None and before != self._followed:  # else the wheel has no effect
            self.first = min(max(self.first, focused - fit + 2), max(0, focused - 1))
            if fit < 2:
                self.first = focused
        self.first = max(0, min(self.first, count - fit))
        return range(self.first, min(count, self.first + fit))

    def rows(self, ui: Ui, area: Rect, ids: list[str], fit: int) -> range:
        """Return the visible rows of a list, given the ids of its controls."""
        return self.window(area, len(ids), fit, index_in(ids, ui.events.focus.shown))

    def take_keys(self, ui: Ui, node_id: str, label: str, count: int, fit: int) -> None:
        """Make a list without controls focusable, so that the left and right arrows scroll it."""
        if count <= fit:
            return
        ui.group(node_id)
        ui.node(node_id, "slider", label, self._area)
        ui.ring(node_id, self._area, 6)
        if ui.events.focus.id == node_id and ui.events.used.nudged:
            self.by(_STEP * ui.events.used.nudged)

    def draw_bar(self, ui: Ui, count: int, fit: int) -> None:
        """Draw the scroll bar at the right edge of the list, unless all rows are visible."""
        if count <= fit:
            return
        px, area = ui.painter.px, self._area
        knob = Rect(area.right - px(3), area.y, px(3), max(px(16), area.height * fit // count))
        knob.y += (area.height - knob.height) * self.first // (count - fit)
        ui.painter.box(knob, ui.theme.strong_line, 2)


def index_in(ids: list[str], wanted: str | None) -> int | None:
    """Return the index of an item in a list; None if it is not in the list."""
    return ids.index(wanted) if wanted in ids else None
