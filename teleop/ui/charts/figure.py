"""A chart with titles, axes and a legend, drawn at any size; `figure_files` writes it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pygame import Rect

from teleop.text import tr
from teleop.ui.charts.grid_map import GridMap, draw_grid
from teleop.ui.charts.line_chart import Series, nice_step
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import Colour, mix

_CELLS = (72, 44)  # of a density


@dataclass(frozen=True, slots=True)
class Figure:
    """The content of a chart.

    Attributes:
        title: what it shows.
        x_title: name and unit of the x axis.
        y_title: name and unit of the y axis.
        lines: series that are drawn as lines.
        points: series that are drawn as points.
        density: series that is drawn as a density behind everything; None for none.
        whole: whether x counts something, so that only whole numbers are marked.
        spread: x is drawn on a scale of log(1 + x / spread), which has a place for 0; 0: linear.
        whiskers: draw intervals as bars at this many points of a line; 0: as dotted ends.
        panels: plots that are drawn in two columns instead, below one legend.
        within: smallest and largest x, smallest and largest y that the axes must hold; None: as
            the data is.
        grid: a map that is drawn instead; None for none.
        note: how many episodes it is from, and what else a reader must know; may be empty.
    """

    title: str
    x_title: str
    y_title: str
    lines: tuple[Series, ...] = ()
    points: tuple[Series, ...] = ()
    note: str = ""
    density: Series | None = None
    within: tuple[float, float, float, float] | None = None
    whole: bool = False
    spread: float = 0.0
    whiskers: int = 0
    panels: tuple["Figure", ...] = ()
    grid: GridMap | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show yet."""
        return self.grid is None and not self.series

    @property
    def series(self) -> tuple[Series, ...]:
        """Everything that is drawn, without values that are not finite."""
        if self.panels:
            named = {line.label: line for panel in self.panels[::-1] for line in panel.series}
            order = {line.label: None for panel in self.panels for line in panel.series}
            return tuple(named[label] for label in order)
        density = () if self.density is None else (self.density,)
        return tuple(s for s in (*density, *self.points, *self.lines) if len(s.finite().x))

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Smallest and largest x, smallest and largest y."""
        x = np.concatenate([s.finite().x for s in self.series])
        known = [s.finite() for s in self.series]
        y = np.concatenate([s.y for s in known] + [b for s in known for b in s.band or ()])
        if self.within is not None:
            x, y = np.append(x, self.within[:2]), np.append(y, self.within[2:])
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: from value to pixel."""

    low: float
    high: float
    start: float
    end: float
    spread: float = 0.0

    def at(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels of values."""
        low, high = self._scaled(np.array(self.low)), self._scaled(np.array(self.high))
        share = (self._scaled(values) - low) / (high - low)
        return np.asarray(self.start + share * (self.end - self.start))

    def _scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log10(1 + values / self.spread) if self.spread else values

    def ticks(self, most: int, *, whole: bool = False) -> Iterator[tuple[float, str]]:
        """Yield (pixel, text) of round values."""
        if self.spread:
            powers = [self.spread * 10**k for k in range(12)]
            for value in (0.0, *(each for each in powers if each <= self.high * 1.0001)):
                yield (
                    float(self.at(np.array(value))),
                    f"{value:,g}" if value < 1 else f"{value:,.0f}",
                )
            return
        step = nice_step((self.high - self.low) / max(2, most))
        step = max(1.0, step) if whole else step
        digits = max(0, -math.floor(math.log10(step)))
        first = math.ceil(self.low / step - 1e-9)
        for index in range(first, math.floor(self.high / step + 1e-9) + 1):
            value = index * step
            text = f"{value:,.{digits}f}".replace("-", "−")
            yield float(self.at(np.array(value))), text


def draw_figure(
    painter: Painter, area: Rect, figure: Figure
) -> tuple[Rect, tuple[Axis, Axis]] | None:
    """Draw a figure: legend above, axis titles beside, note below.

    Returns:
        The plot and its axes; None if there is nothing to show, and for panels and maps.
    """
    px = painter.px
    legend = _draw_legend(painter, area, figure)
    _draw_note(painter, area, figure.note)
    if figure.grid is not None:
        draw_grid(painter, Rect(area.x, area.y, area.width, area.height - px(28)), figure.grid)
        return None
    room = Rect(area.x, area.y + legend, area.width, area.height - legend - px(28))
    if not figure.panels:
        return _draw_plot(painter, room, figure)
    for cell, panel in zip(
        panel_cells(room, len(figure.panels), px(20)), figure.panels, strict=True
    ):
        _draw_plot(painter, cell, panel)
    return None


def panel_cells(area: Rect, count: int, gap: int) -> list[Rect]:
    """Return the areas of plots in two columns."""
    rows = -(-count // 2)
    width, height = (area.width - gap) // 2, (area.height - gap * (rows - 1)) // rows
    places = [(i % 2, i // 2) for i in range(count)]
    return [
        Rect(area.x + c * (width + gap), area.y + r * (height + gap), width, height)
        for c, r in places
    ]


def shown_points(line: Series, most: int) -> NDArray[np.int64]:
    """Return the indices of at most some points of a line, evenly spaced; the last is kept."""
    return np.unique(
        np.linspace(0, len(line.x) - 1, min(most, len(line.x))).round().astype(np.int64)
    )


def _draw_plot(
    painter: Painter, area: Rect, figure: Figure
) -> tuple[Rect, tuple[Axis, Axis]] | None:
    """Draw the axes, and what is between them."""
    px, theme = painter.px, painter.theme
    plot = Rect(area.x + px(64), area.y + px(28), area.width - px(84), area.height - px(80))
    axes = axes_of(figure, plot)
    if axes is None:
        painter.text(tr("There is nothing to show yet"), plot.center, "body", theme.text2, "cm")
        return None
    _draw_axes(painter, plot, axes, whole=figure.whole)
    title = (area.x + px(4), area.y + px(12))
    painter.text(figure.y_title, title, "small-medium", theme.text2)
    below = (plot.centerx, plot.bottom + px(40))
    painter.text(figure.x_title, below, "small-medium", theme.text2, "cm", width=area.width)
    if figure.density is not None:
        _draw_density(painter, figure.density, axes)
    dots = [(point, 2.6, line.colour) for line in figure.points for point in pixels_of(line, axes)]
    for line in figure.lines:
        points = pixels_of(line, axes)
        if line.heat is not None:
            _draw_heated(painter, line, axes)
        elif len(points) > 1:
            painter.polyline(points, line.colour, theme.line_px * 1.4, line.dash)
        if figure.whiskers:
            dots += _draw_whiskers(painter, line, axes, figure.whiskers)
            continue
        _draw_band(painter, line, axes)
        dots += [(point, 5, line.colour) for point in points[-1:]]
    for point, radius, colour in dots:
        painter.dot((point[0], point[1]), radius, colour)
    return plot, axes


def _draw_note(painter: Painter, area: Rect, note: str) -> None:
    at = (area.x + painter.px(4), area.bottom - painter.px(10))
    painter.text(note, at, "small", painter.theme.text2, width=area.width)


def _draw_whiskers(
    painter: Painter, line: Series, axes: tuple[Axis, Axis], most: int
) -> list[tuple[NDArray[np.float64], float, Colour]]:
    """Draw intervals as bars at some points of a line; return the points as dots."""
    known = line.finite()
    rows = shown_points(known, most)
    points = np.column_stack([axes[0].at(known.x[rows]), axes[1].at(known.y[rows])])
    if known.band is not None:
        thick = max(1, painter.px(1.5))
        for x, top, bottom in whiskers_of(known, axes, rows):
            painter.fill((round(x), round(top), thick, max(1, round(bottom - top))), line.colour)
    return [(point, 3.6, line.colour) for point in points]


def whiskers_of(
    line: Series, axes: tuple[Axis, Axis], rows: NDArray[np.int64]
) -> Iterator[tuple[float, float, float]]:
    """Yield (x, top, bottom) of the intervals of some points of a line, in pixels."""
    if line.band is not None:
        low, high = (axes[1].at(end[rows]) for end in line.band)
        yield from zip(axes[0].at(line.x[rows]), high, low, strict=True)


def density_cells(
    series: Series, axes: tuple[Axis, Axis]
) -> Iterator[tuple[float, float, float, float, float]]:
    """Yield (x, y, width, height, share of the largest count) of the cells that hold points."""
    known = series.finite()
    x, y = axes[0].at(known.x), axes[1].at(known.y)
    across, up = _CELLS
    ends = (sorted((axes[0].start, axes[0].end)), sorted((axes[1].start, axes[1].end)))
    counts, x_edges, y_edges = np.histogram2d(x, y, bins=(across, up), range=ends)
    most = math.log1p(float(counts.max(initial=0.0))) or 1.0
    for i, j in np.argwhere(counts > 0):
        left, top = float(x_edges[i]), float(y_edges[j])
        size = (float(x_edges[i + 1]) - left, float(y_edges[j + 1]) - top)
        yield left, top, *size, math.log1p(float(counts[i, j])) / most


def heat_colour(line: Series, heat: float, warm: Colour) -> Colour:
    """Return the colour of a point of a line that is this far towards the warning colour."""
    return mix(line.colour, warm, min(1.0, max(0.0, heat)))


def _draw_density(painter: Painter, series: Series, axes: tuple[Axis, Axis]) -> None:
    theme = painter.theme
    for left, top, width, height, share in density_cells(series, axes):
        colour = mix(theme.surface, series.colour, 0.25 + 0.6 * share)
        painter.fill((round(left), round(top), math.ceil(width), math.ceil(height)), colour)


def _draw_band(painter: Painter, line: Series, axes: tuple[Axis, Axis]) -> None:
    """Draw the ends of a line's interval, dotted."""
    if line.band is None or len(line.x) < 2:
        return
    soft = mix(line.colour, painter.theme.surface, 0.35)
    for end in line.band:
        points = np.column_stack([axes[0].at(line.x), axes[1].at(end)])
        painter.polyline(points, soft, painter.theme.line_px * 0.7, (2.0, 4.0))


def _draw_heated(painter: Painter, line: Series, axes: tuple[Axis, Axis]) -> None:
    """Draw a line in runs of one colour, by how far each part is towards the warning colour."""
    known = line.finite()
    points = np.column_stack([axes[0].at(known.x), axes[1].at(known.y)])
    heat = known.heat if known.heat is not None else np.zeros(len(points))
    levels = np.round(np.clip(heat, 0, 1) * 4).astype(int)
    begin = 0
    for end in range(1, len(points) + 1):
        if end == len(points) or levels[end] != levels[begin]:
            part = points[begin : min(end + 1, len(points))]
            colour = heat_colour(line, levels[begin] / 4, painter.theme.recording)
            if len(part) > 1:
                painter.polyline(part, colour, painter.theme.line_px * 1.6, None)
            begin = end


def _draw_legend(painter: Painter, area: Rect, figure: Figure) -> int:
    """Draw the names of the series, in as many rows as they need; return their height."""
    px, left = painter.px, area.x + painter.px(4)
    x, y = left, area.y + px(12)
    for line in figure.series:
        if not line.label:
            continue
        wide = px(58) + painter.width(line.label, "small-bold")
        if x > left and x + wide > area.right:
            x, y = left, y + px(22)
        if any(line is own for own in figure.points):
            painter.dot((x + px(13), y), 4, line.colour)
        else:
            mark = np.array([[x, y], [x + px(26), y]])
            painter.polyline(mark, line.colour, painter.theme.line_px * 1.4, line.dash)
        painter.text(line.label, (x + px(34), y), "small-bold", line.colour)
        x += wide
    return y + px(16) - area.y


def axes_of(figure: Figure, plot: Rect) -> tuple[Axis, Axis] | None:
    """Return both axes; None if there is nothing to show."""
    if not figure.series:
        return None
    x_low, x_high, low, high = figure.extent
    if x_high <= x_low:
        x_low, x_high = x_low - 0.5, x_high + 0.5
    if high <= low:
        low, high = low - 0.5, high + 0.5
    gap = 0.05 * (high - low)
    if figure.spread:
        x_low, x_high = 0.0, max(x_high, figure.spread)
    return (
        Axis(x_low, x_high, plot.x, plot.right, figure.spread),
        Axis(low - gap, high + gap, plot.bottom, plot.y),
    )


def pixels_of(line: Series, axes: tuple[Axis, Axis]) -> NDArray[np.float64]:
    """Return the pixels of a series, few enough to draw: (m, 2)."""
    points = line.finite().thinned(2000) if len(line.finite().x) else np.zeros((0, 2))
    return np.column_stack([axes[0].at(points[:, 0]), axes[1].at(points[:, 1])])


def _draw_axes(painter: Painter, plot: Rect, axes: tuple[Axis, Axis], *, whole: bool) -> None:
    px, theme = painter.px, painter.theme
    for y, text in axes[1].ticks(6):
        painter.rule(plot.x, y, plot.width)
        painter.text(text, (plot.x - px(10), y), "small", theme.text2, "rm")
    for x, text in axes[0].ticks(plot.width // px(110), whole=whole):
        painter.text(text, (x, plot.bottom + px(16)), "small", theme.text2, "cm")
    painter.rule(plot.x, plot.bottom, plot.width, theme.strong_line)
