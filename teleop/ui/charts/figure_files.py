"""A figure as files: its values as CSV, its picture as SVG."""

import csv
import io
from collections.abc import Iterator
from html import escape
from pathlib import Path

import numpy as np
from pygame import Rect

from teleop.errors import StorageError
from teleop.paths import write_texts
from teleop.text import tr
from teleop.ui.charts.figure import (
    Axis,
    Figure,
    axes_of,
    density_cells,
    heat_colour,
    panel_cells,
    pixels_of,
    shown_points,
    whiskers_of,
)
from teleop.ui.charts.grid_map import GridMap, cells_of, ends_text, places_of, scale_steps
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.theme import PAPER, Colour, rgba, shade

_SVG, _TALL_SVG = (1280, 720), (1280, 1040)
_SOFT = "#3d4452"
_FONT = "Inter, Helvetica, Arial, sans-serif"
_WARM = rgba("B0144B")


def check_picture(output: Path) -> None:
    """Check the name of a file for a figure.

    Raises:
        StorageError: its name does not end in .svg.
    """
    if output.suffix != ".svg":
        raise StorageError(
            tr(
                "{output} cannot be written: its name must end in .svg. The values are written "
                "beside it, as .csv.",
                output=output,
            )
        )


def write_figure(figure: Figure, output: Path) -> None:
    """Write a figure as SVG, and its values beside it as CSV.

    Raises:
        StorageError: a file cannot be written, or its name does not end in .svg.
    """
    check_picture(output)
    write_texts({output: figure_svg(figure), output.with_suffix(".csv"): figure_csv(figure)})


def figure_csv(figure: Figure) -> str:
    """Return the values as CSV: a row for each point, with its interval if it has one.

    The columns of x and y are named after the axes; where several charts share the file, each row
    names them.
    """
    if figure.grid is not None:
        return _grid_csv(figure.grid)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    several = bool(figure.panels)
    x_columns = ["x", "x value"] if several else [figure.x_title]
    y_columns = ["y", "y value"] if several else [figure.y_title]
    writer.writerow(["series", *x_columns, *y_columns, "low", "high"])
    for plot in figure.panels or (figure,):
        for line in plot.series:
            x_name = [plot.x_title] if several else []
            y_name = [plot.y_title] if several else []
            for index, (x, y) in enumerate(zip(line.x, line.y, strict=True)):
                interval = [f"{end[index]:.8g}" for end in line.band or ()]
                name = line.label or plot.y_title
                writer.writerow([name, *x_name, f"{x:.8g}", *y_name, f"{y:.8g}", *interval])
    return file.getvalue()


def figure_svg(figure: Figure) -> str:
    """Return the figure as an SVG picture on white."""
    width, height = _SVG if len(figure.panels) <= 2 else _TALL_SVG
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="{_FONT}" font-size="18">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(24, 40, figure.title, size=26, weight=600),
        _text(24, height - 12, figure.note, size=15, colour=_SOFT),
    ]
    legend, below = _svg_legend(figure, width)
    parts += legend
    area = Rect(24, below, width - 48, height - below - 44)
    if figure.grid is not None:
        parts += _svg_grid(figure.grid, area)
    elif figure.panels:
        cells = panel_cells(area, len(figure.panels), 30)
        for cell, panel in zip(cells, figure.panels, strict=True):
            parts += _svg_plot(panel, cell)
    else:
        parts += _svg_plot(figure, area)
    return "\n".join([*parts, "</svg>\n"])


def _grid_csv(grid: GridMap) -> str:
    """Return a row for each cell of a map."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([grid.row_title, grid.column_title, grid.unit])
    for name, row in zip(grid.names, grid.values, strict=True):
        for other, value in zip(grid.names, row, strict=True):
            writer.writerow([name, other, f"{value:.8g}"])
    return file.getvalue()


def _svg_grid(grid: GridMap, area: Rect) -> Iterator[str]:
    """Yield the cells of a map, its names and its scale."""
    at = places_of(grid, area, 1.4)
    for x, y, value in cells_of(grid, at):
        yield _svg_box((x, y, at.width - 1, at.height - 1), grid, value)
    size = round(min(16, at.height * 0.8))
    for index, name in enumerate(grid.names if at.named else ()):
        x, y = at.left + (index + 0.5) * at.width, at.top + (index + 0.5) * at.height
        yield _text(area.x, y + size / 3, f"{index + 1}  {name}", size=size)
        yield _text(x, area.y + 18, str(index + 1), size=size, colour=_SOFT, anchor="middle")
    y = area.bottom - 40
    for share, value in scale_steps(grid):
        yield _svg_box((area.x + share * 240, y, 11, 14), grid, value)
    yield _text(area.x, area.bottom - 8, ends_text(grid), size=15, colour=_SOFT)
    yield _text(area.x + 256, area.bottom - 28, grid.unit, size=15, colour=_SOFT)


def _svg_box(box: tuple[float, float, float, float], grid: GridMap, value: float) -> str:
    x, y, width, height = box
    fill = _hex(shade(PAPER, grid.share(value)))
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'
    )


def _svg_plot(figure: Figure, area: Rect) -> Iterator[str]:
    """Yield the axes, their titles, and what is between them."""
    plot = Rect(area.x + 66, area.y + 36, area.width - 76, area.height - 100)
    axes = axes_of(figure, plot)
    yield _text(area.x, area.y + 16, figure.y_title, colour=_SOFT)
    yield _text(plot.centerx, plot.bottom + 56, figure.x_title, colour=_SOFT, anchor="middle")
    if axes is not None:
        yield from _svg_axes(plot, axes, whole=figure.whole)
        yield from _svg_series(figure, axes)


def _svg_axes(plot: Rect, axes: tuple[Axis, Axis], *, whole: bool) -> Iterator[str]:
    for y, text in axes[1].ticks(6):
        yield f'<path d="M{plot.x} {y:.1f}H{plot.right}" stroke="#dadde4"/>'
        yield _text(plot.x - 10, y + 6, text, colour=_SOFT, anchor="end")
    for x, text in axes[0].ticks(8, whole=whole):
        yield _text(x, plot.bottom + 28, text, colour=_SOFT, anchor="middle")
    yield f'<path d="M{plot.x} {plot.bottom}H{plot.right}" stroke="#5a6271"/>'


def _svg_series(figure: Figure, axes: tuple[Axis, Axis]) -> Iterator[str]:
    if figure.density is not None:
        yield from _svg_density(figure.density, axes)
    for line in figure.lines:
        if figure.whiskers:
            yield from _svg_whiskers(line.finite(), axes, figure.whiskers)
        else:
            yield from _svg_band(line, axes)
    for line in figure.points:
        for x, y in pixels_of(line, axes):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_hex(line.colour)}"/>'
    for line in figure.lines:
        yield from _svg_line(line, axes) if line.heat is None else _svg_heated(line, axes)


def _svg_density(series: Series, axes: tuple[Axis, Axis]) -> Iterator[str]:
    fill = _hex(series.colour)
    for x, y, width, height, share in density_cells(series, axes):
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{fill}" fill-opacity="{0.2 + 0.6 * share:.2f}"/>'
        )


def _svg_line(line: Series, axes: tuple[Axis, Axis]) -> Iterator[str]:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels_of(line, axes))
    yield (
        f'<polyline points="{points}" fill="none" stroke="{_hex(line.colour)}" '
        f'stroke-width="3"{_svg_dash(line)}/>'
    )


def _svg_band(line: Series, axes: tuple[Axis, Axis]) -> Iterator[str]:
    for end in line.band or ():
        both = zip(axes[0].at(line.x), axes[1].at(end), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in both)
        yield (
            f'<polyline points="{points}" fill="none" stroke="{_hex(line.colour)}" '
            f'stroke-width="1.5" stroke-dasharray="2 5"/>'
        )


def _svg_whiskers(line: Series, axes: tuple[Axis, Axis], most: int) -> Iterator[str]:
    rows, colour = shown_points(line, most), _hex(line.colour)
    for x, top, bottom in whiskers_of(line, axes, rows):
        yield f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{colour}" stroke-width="2"/>'
    for x, y in zip(axes[0].at(line.x[rows]), axes[1].at(line.y[rows]), strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'


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


def _svg_legend(figure: Figure, width: int) -> tuple[list[str], int]:
    """Return the names of the series, in as many rows as they need, and where these end."""
    parts, x, y = [], 24, 78
    for line in figure.series:
        if not line.label:
            continue
        wide = 10 * len(line.label) + 70
        if x > 24 and x + wide > width:
            x, y = 24, y + 30
        colour = _hex(line.colour)
        parts.append(
            f'<path d="M{x} {y - 6}h34" stroke="{colour}" stroke-width="4"{_svg_dash(line)}/>'
        )
        parts.append(_text(x + 42, y, line.label, colour=colour, weight=600))
        x += wide
    return parts, y + 22


def _svg_dash(line: Series) -> str:
    if not line.dash:
        return ""
    return f' stroke-dasharray="{line.dash[0] * 1.5:g} {line.dash[1] * 1.5:g}"'


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
