"""A chart with titles, axes and a legend, drawn at any size and written as CSV and SVG."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from pygame import Rect

from teleop.text import tr
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import Colour
from teleop.ui.widgets.line_chart import Series, nice_step

_SVG = (1280, 720)
_FONT = "Inter, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Figure:
    """The content of a chart.

    Attributes:
        title: what it shows.
        x_title: name and unit of the x axis.
        y_title: name and unit of the y axis.
        lines: series that are drawn as lines.
        points: series that are drawn as points.
        note: how many episodes it is from, and what else a reader must know; may be empty.
    """

    title: str
    x_title: str
    y_title: str
    lines: tuple[Series, ...] = ()
    points: tuple[Series, ...] = ()
    note: str = ""

    @property
    def series(self) -> tuple[Series, ...]:
        """Everything that is drawn, without values that are not finite."""
        return tuple(s for s in (*self.points, *self.lines) if len(s.finite().x))

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Smallest and largest x, smallest and largest y."""
        x = np.concatenate([s.finite().x for s in self.series])
        y = np.concatenate([s.finite().y for s in self.series])
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis: from value to pixel."""

    low: float
    high: float
    start: float
    end: float

    def at(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        share = (values - self.low) / (self.high - self.low)
        return np.asarray(self.start + share * (self.end - self.start))

    def ticks(self, most: int) -> Iterator[tuple[float, str]]:
        """Yield (pixel, text) of round values."""
        step = nice_step((self.high - self.low) / max(2, most))
        digits = max(0, -math.floor(math.log10(step)))
        first = math.ceil(self.low / step - 1e-9)
        for index in range(first, math.floor(self.high / step + 1e-9) + 1):
            value = index * step
            text = f"{value:,.{digits}f}".replace("-", "−")
            yield float(self.at(np.array(value))), text


def draw_figure(painter: Painter, area: Rect, figure: Figure) -> None:
    """Draw a figure: legend above, axis titles beside, note below."""
    px, theme = painter.px, painter.theme
    _draw_legend(painter, area, figure)
    plot = Rect(area.x + px(64), area.y + px(56), area.width - px(84), area.height - px(136))
    axes = _axes(figure, plot)
    if axes is None:
        painter.text(tr("There is nothing to show yet"), plot.center, "body", theme.text2, "cm")
        return
    _draw_axes(painter, plot, axes)
    title = (area.x + px(4), area.y + px(40))
    painter.text(figure.y_title, title, "small-medium", theme.text2)
    below = (plot.centerx, plot.bottom + px(40))
    painter.text(figure.x_title, below, "small-medium", theme.text2, "cm")
    note = (area.x + px(4), area.bottom - px(10))
    painter.text(figure.note, note, "small", theme.text2, width=area.width)
    dots = [(point, 2.6, line.colour) for line in figure.points for point in _pixels(line, axes)]
    for line in figure.lines:
        points = _pixels(line, axes)
        if len(points) > 1:
            painter.polyline(points, line.colour, theme.line_px * 1.4, line.dash)
        dots += [(point, 5, line.colour) for point in points[-1:]]
    for point, radius, colour in dots:
        painter.dot((point[0], point[1]), radius, colour)


def _draw_legend(painter: Painter, area: Rect, figure: Figure) -> None:
    px, x, y = painter.px, area.x + painter.px(64), area.y + painter.px(12)
    for line in figure.series:
        if not line.label:
            continue
        if any(line is own for own in figure.points):
            painter.dot((x + px(13), y), 4, line.colour)
        else:
            mark = np.array([[x, y], [x + px(26), y]])
            painter.polyline(mark, line.colour, painter.theme.line_px * 1.4, line.dash)
        x += px(34) + painter.text(line.label, (x + px(34), y), "small-bold", line.colour) + px(24)


def figure_csv(figure: Figure) -> str:
    """Return the values as CSV: series, x, y."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["series", figure.x_title, figure.y_title])
    for line in figure.series:
        for x, y in zip(line.x, line.y, strict=True):
            writer.writerow([line.label or figure.y_title, f"{x:g}", f"{y:.8g}"])
    return file.getvalue()


def figure_svg(figure: Figure) -> str:
    """Return the figure as an SVG picture on white."""
    width, height = _SVG
    plot = Rect(90, 100, width - 120, height - 190)
    axes = _axes(figure, plot)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="{_FONT}" font-size="18">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(24, 40, figure.title, size=26, weight=600),
        _text(24, 88, figure.y_title, colour="#3d4452"),
        _text(plot.centerx, height - 44, figure.x_title, colour="#3d4452", anchor="middle"),
        _text(24, height - 12, figure.note, size=15, colour="#3d4452"),
    ]
    if axes is not None:
        parts += [*_svg_axes(plot, axes), *_svg_series(figure, axes), *_svg_legend(figure, width)]
    return "\n".join([*parts, "</svg>\n"])


def _axes(figure: Figure, plot: Rect) -> tuple[_Axis, _Axis] | None:
    """Return both axes; None if there is nothing to show."""
    if not figure.series:
        return None
    x_low, x_high, low, high = figure.extent
    if x_high <= x_low:
        x_low, x_high = x_low - 0.5, x_high + 0.5
    if high <= low:
        low, high = low - 0.5, high + 0.5
    gap = 0.05 * (high - low)
    return (
        _Axis(x_low, x_high, plot.x, plot.right),
        _Axis(low - gap, high + gap, plot.bottom, plot.y),
    )


def _pixels(line: Series, axes: tuple[_Axis, _Axis]) -> NDArray[np.float64]:
    points = line.finite().thinned(2000) if len(line.finite().x) else np.zeros((0, 2))
    return np.column_stack([axes[0].at(points[:, 0]), axes[1].at(points[:, 1])])


def _draw_axes(painter: Painter, plot: Rect, axes: tuple[_Axis, _Axis]) -> None:
    px, theme = painter.px, painter.theme
    for y, text in axes[1].ticks(6):
        painter.rule(plot.x, y, plot.width)
        painter.text(text, (plot.x - px(10), y), "small", theme.text2, "rm")
    for x, text in axes[0].ticks(plot.width // px(110)):
        painter.text(text, (x, plot.bottom + px(16)), "small", theme.text2, "cm")
    painter.rule(plot.x, plot.bottom, plot.width, theme.strong_line)


def _svg_axes(plot: Rect, axes: tuple[_Axis, _Axis]) -> Iterator[str]:
    for y, text in axes[1].ticks(6):
        yield f'<path d="M{plot.x} {y:.1f}H{plot.right}" stroke="#dadde4"/>'
        yield _text(plot.x - 10, y + 6, text, colour="#3d4452", anchor="end")
    for x, text in axes[0].ticks(8):
        yield _text(x, plot.bottom + 28, text, colour="#3d4452", anchor="middle")
    yield f'<path d="M{plot.x} {plot.bottom}H{plot.right}" stroke="#5a6271"/>'


def _svg_series(figure: Figure, axes: tuple[_Axis, _Axis]) -> Iterator[str]:
    for line in figure.points:
        for x, y in _pixels(line, axes):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_hex(line.colour)}"/>'
    for line in figure.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _pixels(line, axes))
        dash = (
            f' stroke-dasharray="{line.dash[0] * 1.5:g} {line.dash[1] * 1.5:g}"'
            if line.dash
            else ""
        )
        yield (
            f'<polyline points="{points}" fill="none" stroke="{_hex(line.colour)}" '
            f'stroke-width="3"{dash}/>'
        )


def _svg_legend(figure: Figure, width: int) -> Iterator[str]:
    x = width - 24
    for line in reversed([s for s in figure.series if s.label]):
        yield _text(x, 40, line.label, colour=_hex(line.colour), anchor="end", weight=600)
        x -= 10 * len(line.label) + 40


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 18,
    colour: str = "#0d1017",
    anchor: str = "start",
    weight: int = 400,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
    )


def _hex(colour: Colour) -> str:
    """Return a colour for SVG; pale ones of the dark theme are darkened for white paper."""
    red, green, blue = colour[:3]
    bright = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    share = 1.0 if bright < 0.6 else 0.6 / bright
    return "#" + "".join(f"{round(part * share):02x}" for part in (red, green, blue))
