"""The figure of what one setting changes."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from teleop.learning.analysis.setting_curve import SettingPoint
from teleop.text import tr
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.theme import Theme

Numbers: TypeAlias = NDArray[np.float64]


def setting_figure(
    points: Sequence[SettingPoint], name: str, env_id: str, demonstrated: float, theme: Theme
) -> Figure:
    """Return the figure: return, and success where something tells it.

    Args:
        points: what was reached, by value.
        name: name of the setting.
        env_id: the environment.
        demonstrated: mean return of the demonstrations, drawn as a dashed line.
        theme: colours.
    """
    x, x_title, is_ordered = _axis(points, name)
    ends, level = np.array([x.min(), x.max()]), np.array([demonstrated, demonstrated])
    shown = Series(tr("demonstrations"), ends, level, theme.human, (9.0, 4.0))
    table = np.array([(p.mean, p.low, p.high) for p in points])
    lines = (*_lines(x, table, theme, points, is_ordered=is_ordered), shown)
    count, whole = len(points), not is_ordered
    panels = [Figure("", x_title, tr("mean return"), lines, whiskers=count, whole=whole)]
    if all(p.success is not None for p in points):
        table = np.array([(p.success, p.success_low, p.success_high) for p in points], np.float64)
        rates = tuple(_lines(x, 100 * table, theme, points, is_ordered=is_ordered))
        within = (float(x.min()), float(x.max()), 0.0, 100.0)
        title = tr("success (%)")
        panels.append(Figure("", x_title, title, rates, within=within, whiskers=count, whole=whole))
    first = points[0]
    note = tr(
        "{runs} policies for each value, {starts} starts each; bars: 95 % intervals",
        runs=first.runs,
        starts=first.starts,
    )
    title = tr("What {name} changes in {env_id}", name=name, env_id=env_id)
    return Figure(title, "", "", note=note, panels=tuple(panels))


def _lines(
    x: Numbers, table: Numbers, theme: Theme, points: Sequence[SettingPoint], *, is_ordered: bool
) -> Iterator[Series]:
    """Yield one line over all values, or a point for each, where they have no order.

    Args:
        x: (n,) places of the values.
        table: (n, 3) value, lower and upper end of its interval.
        theme: colours.
        points: what was reached.
        is_ordered: whether the values are numbers.
    """
    if is_ordered:
        band = (table[:, 1], table[:, 2])
        yield Series(tr("policies"), x, table[:, 0], theme.agent, band=band)
        return
    for index, point in enumerate(points):
        here = slice(index, index + 1)
        band = (table[here, 1], table[here, 2])
        yield Series(point.value, x[here], table[here, 0], theme.agent, band=band)


def _axis(points: Sequence[SettingPoint], name: str) -> tuple[Numbers, str, bool]:
    """Return the x values, the title, and whether the values are numbers."""
    try:
        return np.array([float(point.value) for point in points]), name, True
    except ValueError:
        listed = ", ".join(f"{n} {point.value}" for n, point in enumerate(points, start=1))
        return np.arange(1.0, len(points) + 1), f"{name}: {listed}", False
