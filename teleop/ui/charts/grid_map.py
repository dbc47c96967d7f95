"""A map of values by rows and columns: cells in colours, names at the left, numbers above."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pygame import Rect

from teleop.text import tr
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import Theme, shade

_NAMES, _HEAD, _SCALE = 130, 24, 46  # room for names, numbers, and the scale below
_WIDE = 70  # pixels of a column that has room for a name
_LEAST_ROW = 11  # pixels of a row below which names and numbers are left out


@dataclass(frozen=True, slots=True)
class GridMap:
    """The content of a map.

    Attributes:
        names: (R,) name of each row and column, in order.
        values: (R, R) value of each cell; NaN where nothing is known.
        unit: what a value is.
        row_title: what a row is.
        column_title: what a column is.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    unit: str
    row_title: str
    column_title: str

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        known = self.values[np.isfinite(self.values)]
        return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)

    def share(self, value: float) -> float:
        """Return where a value lies between the smallest and the largest, 0..1."""
        low, high = self.ends
        return (value - low) / (high - low) if high > low else 0.5


@dataclass(frozen=True, slots=True)
class GridPlaces:
    """Where the parts of a map are drawn, in pixels.

    Attributes:
        left: left edge of the cells.
        top: upper edge of the cells.
        width: width of a cell.
        height: height of a cell.
        named: whether there is room for names and numbers.
    """

    left: float
    top: float
    width: float
    height: float
    named: bool


def places_of(grid: GridMap, area: Rect, scale: float) -> GridPlaces:
    """Return where a map is drawn in an area; `scale` is pixels of a design pixel."""
    count = max(1, len(grid.names))
    head, foot = _HEAD * scale, _SCALE * scale
    named = (area.height - head - foot) / count >= _LEAST_ROW * scale
    left = area.x + (_NAMES * scale if named else 0)
    top = area.y + (head if named else 0)
    width, height = (area.right - left) / count, (area.bottom - foot - top) / count
    return GridPlaces(left, top, width, height, named)


def cells_of(grid: GridMap, at: GridPlaces) -> Iterator[tuple[float, float, float]]:
    """Yield (x, y, value) of each cell whose value is known."""
    for row, column in np.argwhere(np.isfinite(grid.values)):
        x, y = at.left + column * at.width, at.top + row * at.height
        yield x, y, float(grid.values[row, column])


def scale_steps(grid: GridMap, count: int = 24) -> Iterator[tuple[float, float]]:
    """Yield (share of the scale's length, value) of its steps."""
    low, high = grid.ends
    for index in range(count):
        yield index / count, low + (high - low) * (index + 0.5) / count


def ends_text(grid: GridMap) -> str:
    """Return the smallest and the largest value, as text."""
    low, high = (f"{end:,.0f}".replace("-", "−") for end in grid.ends)
    return tr("{low} to {high}", low=low, high=high)


def draw_grid(painter: Painter, area: Rect, grid: GridMap) -> None:
    """Draw a map with a scale below it."""
    px, theme = painter.px, painter.theme
    at = places_of(grid, area, px(100) / 100)
    for x, y, value in cells_of(grid, at):
        size = (math.ceil(at.width) - 1, math.ceil(at.height) - 1)
        painter.fill((round(x), round(y), *size), _colour(theme, grid, value))
    if at.named:
        every = max(1, math.ceil(px(26) / at.width))
        for index, name in enumerate(grid.names):
            y = round(at.top + (index + 0.5) * at.height)
            label = f"{index + 1}  {name}"
            painter.text(label, (area.x, y), "small", theme.text, width=px(_NAMES - 8))
            if index % every == 0:
                x = round(at.left + (index + 0.5) * at.width)
                text = name if at.width >= px(_WIDE) else str(index + 1)
                room = round(at.width) - px(4) if at.width >= px(_WIDE) else None
                at_top = (x, area.y + px(12))
                painter.text(text, at_top, "small", theme.text2, "cm", width=room)
    _draw_scale(painter, area, grid)


def _draw_scale(painter: Painter, area: Rect, grid: GridMap) -> None:
    px, theme = painter.px, painter.theme
    width, y = min(px(180), area.width // 3), area.bottom - px(26)
    for share, value in scale_steps(grid):
        piece = (round(area.x + share * width), y, width // 24 + 1, px(10))
        painter.fill(piece, _colour(theme, grid, value))
    text = ends_text(grid)
    painter.text(text, (area.x, area.bottom - px(6)), "small", theme.text2)
    at = (area.x + width + px(16), area.bottom - px(20))
    painter.text(grid.unit, at, "small", theme.text2, width=area.right - at[0])


def _colour(theme: Theme, grid: GridMap, value: float) -> tuple[int, int, int, int]:
    return shade(theme, grid.share(value))
