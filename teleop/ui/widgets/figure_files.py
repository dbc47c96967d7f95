"""A figure as files: its values as CSV, its picture as SVG."""

import csv
import io
from collections.abc import Iterator
from html import escape

import numpy as np
from pygame import Rect

from teleop.ui.drawing.theme import Colour, rgba
from teleop.ui.widgets.figure import (
    Axis,
    Figure,
    axes_of,
    density_cells,
    heat_colour,
    pixels_of,
)
from teleop.ui.widgets.line_chart import Series

_SVG = (1280, 720)
_FONT = "Inter, Helvetica, Arial, sans-serif"
_WARM = rgba("B0144B")


def figure_csv(figure: Figure) -> str:
    """Return the values as CSV: series, x, y."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["series", figure.x_title, figure.y_title])
    for line in figure.series:
        ends = line.band or ()
        for index, (x, y) in enumerate(zip(line.x, line.y, strict=True)):
            interval = [f"{end[index]:.8g}" for end in ends]
            writer.writerow([line.label or figure.y_title, f"{x:g}", f"{y:.8g}", *interval])
    return file.getvalue()


def figure_svg(figure: Figure) -> str:
    """Return the figure as an SVG picture on white."""
    width, height = _SVG
    plot = Rect(90, 100, width - 120, height - 190)
    axes = axes_of(figure, plot)
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
        parts += [
            *_svg_axes(plot, axes, whole=figure.whole),
            *_svg_series(figure, axes),
            *_svg_legend(figure, width),
        ]
    return "\n".join([*parts, "</svg>\n"])


def _svg_axes(plot: Rect, axes: tuple[Axis, Axis], *, whole: bool) -> Iterator[str]:
    for y, text in axes[1].ticks(6):
        yield f'<path d="M{plot.x} {y:.1f}H{plot.right}" stroke="#dadde4"/>'
        yield _text(plot.x - 10, y + 6, text, colour="#3d4452", anchor="end")
    for x, text in axes[0].ticks(8, whole=whole):
        yield _text(x, plot.bottom + 28, text, colour="#3d4452", anchor="middle")
    yield f'<path d="M{plot.x} {plot.bottom}H{plot.right}" stroke="#5a6271"/>'


def _svg_series(figure: Figure, axes: tuple[Axis, Axis]) -> Iterator[str]:
    if figure.density is not None:
        fill = _hex(figure.density.colour)
        for x, y, width, height, share in density_cells(figure.density, axes):
            yield (
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                f'fill="{fill}" fill-opacity="{0.2 + 0.6 * share:.2f}"/>'
            )
    for line in figure.lines:
        yield from _svg_band(line, axes)
    for line in figure.points:
        for x, y in pixels_of(line, axes):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_hex(line.colour)}"/>'
    for line in figure.lines:
        if line.heat is not None:
            yield from _svg_heated(line, axes)
            continue
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels_of(line, axes))
        dash = (
            f' stroke-dasharray="{line.dash[0] * 1.5:g} {line.dash[1] * 1.5:g}"'
            if line.dash
            else ""
        )
        yield (
            f'<polyline points="{points}" fill="none" stroke="{_hex(line.colour)}" '
            f'stroke-width="3"{dash}/>'
        )


def _svg_band(line: Series, axes: tuple[Axis, Axis]) -> Iterator[str]:
    for end in line.band or ():
        both = zip(axes[0].at(line.x), axes[1].at(end), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in both)
        yield (
            f'<polyline points="{points}" fill="none" stroke="{_hex(line.colour)}" '
            f'stroke-width="1.5" stroke-dasharray="2 5"/>'
        )


def _svg_heated(line: Series, axes: tuple[Axis, Axis]) -> Iterator[str]:
    known = line.finite()
    heat = known.heat if known.heat is not None else np.zeros(len(known.x))
    x, y = axes[0].at(known.x), axes[1].at(known.y)
    for i in range(len(x) - 1):
        colour = _hex(heat_colour(line, float(heat[i]), _WARM))
        yield (
            f'<path d="M{x[i]:.1f} {y[i]:.1f}L{x[i + 1]:.1f} {y[i + 1]:.1f}" '
            f'stroke="{colour}" stroke-width="3.5"/>'
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
