"""Line charts that redraw their grid and lines only when the data changes.

The cursor is drawn by the caller in every frame.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pygame import Rect, Surface

from teleop.ui.drawing.painter import ImageCache, Painter
from teleop.ui.drawing.theme import Colour

_MOST_POINTS = 400  # more are not visible, and each one costs a polygon


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart.

    Attributes:
        label: text at the end of the line.
        x: (n,) increasing values.
        y: (n,) values.
        colour: colour of the line and the label.
        dash: lengths of dash and gap; None for a solid line.
        band: (n,) lower and upper ends of an interval around the line; None for none.
        heat: (n,) how far each point is towards the warning colour, 0..1; None for none.
    """

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: Colour
    dash: tuple[float, float] | None = None
    band: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    heat: NDArray[np.float64] | None = None

    def finite(self) -> "Series":
        """Return the line without points whose y is not finite."""
        kept = np.isfinite(self.y)
        band = None if self.band is None else (self.band[0][kept], self.band[1][kept])
        heat = None if self.heat is None else self.heat[kept]
        return replace(self, x=self.x[kept], y=self.y[kept], band=band, heat=heat)

    def thinned(self, most: int = _MOST_POINTS) -> NDArray[np.float64]:
        """Return points of shape (m, 2), few enough to draw; the last point is kept."""
        stride = max(1, math.ceil(len(self.x) / most))
        chosen = np.unique(np.r_[np.arange(0, len(self.x), stride), len(self.x) - 1])
        return np.column_stack([self.x[chosen], self.y[chosen]])


@dataclass(frozen=True, slots=True)
class Scales:
    """Conversion from values to pixels."""

    plot: Rect
    x_end: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Return the pixel of an x value."""
        return self.plot.x + value / max(self.x_end, 1e-9) * self.plot.width

    def y(self, value: float) -> float:
        """Return the pixel of a y value."""
        return self.plot.bottom - (value - self.low) / (self.high - self.low) * self.plot.height

    def points(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels of (n, 2) values."""
        x = self.plot.x + values[:, 0] / max(self.x_end, 1e-9) * self.plot.width
        share = (values[:, 1] - self.low) / (self.high - self.low)
        return np.column_stack([x, self.plot.bottom - share * self.plot.height])


class Chart:
    """A chart that caches its image."""

    def __init__(self) -> None:
        self._pictures: ImageCache[tuple[Surface, Scales]] = ImageCache(2)

    def draw(
        self,
        painter: Painter,
        rect: Rect,
        series: list[Series],
        x_end: float,
        x_text: Callable[[float], str],
        background: Colour,
        extent: tuple[float, float] | None = None,
    ) -> Scales | None:
        """Draw the chart and return its scales, or None if there is nothing to draw yet.

        Args:
            painter: painter to draw with.
            rect: area of the whole chart, with labels.
            series: lines to draw; lines with fewer than two points are left out.
            x_end: right end of the x axis, which starts at 0.
            x_text: function that formats an x value as a label.
            background: colour behind the chart.
            extent: y values (low, high) that must also fit into the chart.
        """
        finite = [line.finite() for line in series]
        lines = [line for line in finite if len(line.x) > 1]
        if not lines:
            return None
        data = tuple(
            (painter.translated(line.label), len(line.x), float(line.y[-1])) for line in lines
        )
        heights = _nice_range(lines, extent)
        key = (rect.size, rect.topleft, data, x_end, heights, painter.theme.name, painter.scale)
        picture, scales = self._pictures.get(
            key, lambda: _drawn(painter, rect, lines, (x_end, heights), x_text, background)
        )
        painter.surface.blit(picture, rect)
        return scales


def _drawn(
    painter: Painter,
    rect: Rect,
    lines: list[Series],
    ends: tuple[float, tuple[float, float, float]],
    x_text: Callable[[float], str],
    background: Colour,
) -> tuple[Surface, Scales]:
    picture = Surface(rect.size)
    picture.fill(background)
    shown, painter.surface = painter.surface, picture
    try:
        right = max(painter.width(line.label, "small-bold") for line in lines) + painter.px(30)
        plot = Rect(0, 0, rect.width - painter.px(46) - right, rect.height - painter.px(34))
        plot.topleft = (painter.px(46), painter.px(8))
        x_end, (low, high, step) = ends
        scales = Scales(plot, x_end, low, high)
        whole = all(bool((line.x == np.round(line.x)).all()) for line in lines)
        _grid(painter, scales, (step, whole), x_text)
        for line in lines:
            points = scales.points(line.thinned())
            painter.polyline(points, line.colour, painter.theme.line_px, line.dash)
        _end_labels(painter, scales, lines)
    finally:
        painter.surface = shown
    moved = Scales(plot.move(rect.topleft), x_end, low, high)
    return picture, moved


def _grid(
    painter: Painter, scales: Scales, steps: tuple[float, bool], x_text: Callable[[float], str]
) -> None:
    """Draw the grid; `steps` is the step of the y axis, and whether x counts something."""
    theme, plot, (step, whole) = painter.theme, scales.plot, steps
    digits = max(0, -math.floor(math.log10(step)))
    for index in range(round((scales.high - scales.low) / step) + 1):
        value = scales.low + index * step
        y = scales.y(value)
        colour = theme.strong_line if abs(value) < step / 2 else theme.line
        painter.rule(plot.x, y, plot.width, colour)
        text = f"{value:.{digits}f}".replace("-", "−")
        painter.text(text, (plot.x - painter.px(10), y), "small", theme.text2, "rm")
    for value in _ticks(scales.x_end, max(2, plot.width // painter.px(90))):
        if whole and value != round(value):
            continue  # there is no episode 1.5
        at = (scales.x(value), plot.bottom + painter.px(15))
        painter.text(x_text(value), at, "small", theme.text2, "cm")


def _end_labels(painter: Painter, scales: Scales, lines: list[Series]) -> None:
    """Draw a dot and a label at the end of each line; the labels stay apart, above the axis."""
    named = sorted((line for line in lines if line.label), key=lambda line: -float(line.y[-1]))
    heights, low = [], -math.inf
    for line in named:
        low = max(scales.y(float(line.y[-1])), low + painter.px(17))
        heights.append(low)
    high = float(scales.plot.bottom)
    for line, height in zip(reversed(named), reversed(heights), strict=True):
        end = (scales.x(float(line.x[-1])), scales.y(float(line.y[-1])))
        painter.dot(end, 3.5, line.colour)
        at = (scales.plot.right + painter.px(12), min(height, high))
        painter.text(line.label, at, "small-bold", line.colour)
        high = at[1] - painter.px(17)


def _nice_range(
    lines: list[Series], extent: tuple[float, float] | None
) -> tuple[float, float, float]:
    """Return round numbers (low, high, step) that enclose all lines in about four steps."""
    low = min(float(line.y.min()) for line in lines)
    high = max(float(line.y.max()) for line in lines)
    if extent is not None:
        low, high = min(low, extent[0]), max(high, extent[1])
    step = nice_step((high - low or max(1.0, abs(high) * 0.1)) / 4)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return low, max(high, low + step), step


def nice_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not smaller than `rough`."""
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next((power * unit for unit in (1, 2, 5, 10) if power * unit >= rough), power * 10)


def _ticks(end: float, most: int) -> list[float]:
    step = nice_step(max(end, 1e-6) / most)
    return [index * step for index in range(math.floor(end / step + 1e-9) + 1)]
