"""Rewards that explain the same episodes, as small maps of a grid on which walls can be moved."""

from pygame import Rect

from teleop.runtime.protocol.training_messages import RewardMapsShown, ShowRewardMaps
from teleop.text import tr
from teleop.types.findings import RewardMaps
from teleop.ui.drawing.theme import Colour, shade
from teleop.ui.state.context import UiContext

_HEAD, _FOOT = 24, 70  # the foot has two notes and the legend
_GAP = 16
_NARROWEST = 3  # pixels of a cell below which nothing is drawn


class RewardMapsView:
    """View state: the walls that were moved, and what was asked for."""

    def __init__(self) -> None:
        self._walls: tuple[tuple[int, int], ...] | None = None
        self._asked: object = None
        self._dataset = ""

    def draw(self, context: UiContext, inside: Rect) -> None:
        """Draw the maps beside each other: each reward, and the environment's own."""
        painter, theme = context.ui.painter, context.ui.theme
        self._keep(context)
        shown = context.model.analyses.latest.get(RewardMapsShown)
        library = context.model.library
        if shown is None or library is None or shown.dataset_id != library.dataset_id:
            words = tr("Finding rewards that explain your episodes…")
            painter.text(words, inside.center, "body", theme.text2, "cm")
        elif shown.maps is None:
            for row, line in enumerate(
                painter.wrapped(shown.problem, "body", inside.width * 3 // 4)
            ):
                at = (inside.centerx, inside.centery + painter.px(22) * row)
                painter.text(line, at, "body", theme.text2, "cm")
        else:
            self._draw_maps(context, inside, shown.maps)

    def _keep(self, context: UiContext) -> None:
        """Ask for the maps of the dataset, once after each change."""
        library = context.model.library
        if library is None or not library.episodes:
            return
        if library.dataset_id != self._dataset:
            self._dataset, self._walls = library.dataset_id, None
        busy = context.model.training and context.model.training.running
        wanted = (library.dataset_id, library.episodes[-1].uuid, len(library.episodes), self._walls)
        if wanted != self._asked and not busy:
            self._asked = wanted
            context.tell_trainer(
                ShowRewardMaps(context.recordings, library.dataset_id, self._walls)
            )

    def _draw_maps(self, context: UiContext, inside: Rect, maps: RewardMaps) -> None:
        ui, px = context.ui, context.ui.painter.px
        rows, columns = maps.shape
        count = len(maps.maps) + 1
        wide = (inside.width - px(16) - px(_GAP) * (count - 1)) // count
        high = inside.height - px(_HEAD) - px(_FOOT)
        cell = min(wide // columns, high // rows)
        if cell < _NARROWEST:
            return
        left = inside.x + px(8)
        titles = [(item.name, item.values) for item in maps.maps]
        titles.append((tr("True reward"), maps.true))
        for place, (title, values) in enumerate(titles):
            grid = Rect(left + place * (wide + px(_GAP)), inside.y + px(_HEAD), 0, 0)
            grid.size = (cell * columns, cell * rows)
            at = (grid.x, inside.y + px(8))
            ui.painter.text(title, at, "small-medium", width=wide)
            _draw_cells(context, grid, cell, maps, values)
            own = place < len(maps.maps)
            _draw_path(context, grid, cell, columns, maps.clone, ui.theme.human, dashed=True)
            if own:
                _draw_path(context, grid, cell, columns, maps.maps[place].path, ui.theme.agent)
            for row, note in enumerate(_notes(maps, place)):
                at = (grid.x, grid.bottom + px(13) + row * px(18))
                ui.painter.text(note, at, "small", ui.theme.text2, width=wide)
            if place == 0 and maps.movable:
                self._take_walls(context, grid, cell, maps)
        self._draw_legend(context, inside, maps)

    def _take_walls(self, context: UiContext, grid: Rect, cell: int, maps: RewardMaps) -> None:
        """Move a wall where a cell of the first map is used."""
        ui = context.ui
        ui.group("walls")
        for row in range(maps.shape[0]):
            for column in range(maps.shape[1]):
                rect = Rect(grid.x + column * cell, grid.y + row * cell, cell, cell)
                name, place = f"wall.{row}.{column}", (row, column)
                label = tr("Cell {column}{row}", column=chr(ord("a") + column), row=row + 1)
                touch = ui.node(name, "checkbox", label, rect, value=place in maps.walls)
                if touch.hovered:
                    ui.painter.box(rect, None, 2, ui.theme.text, 1.5)
                ui.ring(name, rect.inflate(-4, -4), 2)
                if touch.used and _can_move(maps, place):
                    now = maps.walls if self._walls is None else self._walls
                    self._walls = tuple(sorted(set(now) ^ {place}))

    def _draw_legend(self, context: UiContext, inside: Rect, maps: RewardMaps) -> None:
        """Draw which line is which, and what can be clicked."""
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        x, y = inside.x + px(8), inside.bottom - px(12)
        lines = [
            (tr("Planner with this reward"), theme.agent, None),
            (tr("Clone"), theme.human, (4.0, 3.0)),
        ]
        for words, colour, dash in lines:
            painter.polyline([(x, y), (x + px(24), y)], colour, theme.line_px, dash)
            x += px(32)
            x += painter.text(words, (x, y), "small", theme.text2) + px(20)
        if maps.movable:
            hint = tr("Click a cell of the first map to move a wall")
            painter.text(hint, (x, y), "small", theme.text2, width=inside.right - x)


def _draw_cells(
    context: UiContext, grid: Rect, cell: int, maps: RewardMaps, values: tuple[float, ...]
) -> None:
    painter, theme = context.ui.painter, context.ui.theme
    columns, walls = maps.shape[1], set(maps.walls)
    free = [v for index, v in enumerate(values) if divmod(index, columns) not in walls]
    ranks = {value: rank for rank, value in enumerate(sorted({round(v, 3) for v in free}))}
    for index, value in enumerate(values):
        row, column = divmod(index, columns)
        rect = (grid.x + column * cell, grid.y + row * cell, cell - 1, cell - 1)
        share = ranks.get(round(value, 3), 0) / max(1, len(ranks) - 1)
        colour = theme.text2 if (row, column) in walls else shade(theme, share)
        painter.fill(rect, colour)


def _draw_path(
    context: UiContext,
    grid: Rect,
    cell: int,
    columns: int,
    path: tuple[int, ...],
    colour: Colour,
    *,
    dashed: bool = False,
) -> None:
    """Draw a path; two paths lie a little beside each other."""
    painter, theme = context.ui.painter, context.ui.theme
    aside = cell / 8 if dashed else -cell / 8
    points = []
    for state in dict.fromkeys(path):  # where it stands still, once
        row, column = divmod(state, columns)
        x, y = grid.x + (column + 0.5) * cell + aside, grid.y + (row + 0.5) * cell + aside
        points.append((x, y))
    if len(points) > 1:
        painter.polyline(points, theme.surface, theme.line_px + 2, None)
        painter.polyline(points, colour, theme.line_px, (4.0, 3.0) if dashed else None)
    if points:
        painter.dot(points[-1], 4, theme.surface)
        painter.dot(points[-1], 3, colour)


def _notes(maps: RewardMaps, place: int) -> list[str]:
    """Return how well a map explains the episodes, and whether its planner arrives."""
    if place == len(maps.maps):
        return [tr("Clone arrives") if maps.arrives else tr("Clone does not arrive")]
    item = maps.maps[place]
    arrives = tr("Planner arrives") if item.arrives else tr("Planner does not arrive")
    return [tr("Likelihood {fit:.0%}", fit=item.fit), arrives]


def _can_move(maps: RewardMaps, place: tuple[int, int]) -> bool:
    """Return whether a wall may stand on a cell: no start, and not the best cell."""
    best = max(range(len(maps.true)), key=lambda index: maps.true[index])
    return place in maps.walls or (place[1] > 0 and place != divmod(best, maps.shape[1]))
