"""The figure of a sweep: one setting along the axis, a line for each combination of the others."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from teleop.learning.analysis.setting_curve import SettingPoint
from teleop.reports.setting_figure import setting_figure
from teleop.text import tr
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.theme import Colour, Theme, rgba

Reached: TypeAlias = tuple[Mapping[str, Any], SettingPoint]
_MOST_LINES = 12
_PURPLE, _BROWN = rgba("7A3FC4"), rgba("8A5A2B")
_DASHES = (None, (9.0, 4.0), (3.0, 3.0))


def sweep_figure(
    found: Sequence[Reached], env_id: str, demonstrated: float, theme: Theme
) -> Figure:
    """Return the figure: return, and success where something tells it.

    Args:
        found: what was reached with each combination of settings.
        env_id: the environment.
        demonstrated: mean return of the demonstrations, drawn as a dashed line.
        theme: colours.
    """
    names = list(found[0][0])
    if len(names) == 1:
        points = [point for _, point in found]
        return setting_figure(points, names[0], env_id, demonstrated, theme)
    along = _axis([settings for settings, _ in found], names)
    by_line: dict[str, list[tuple[float, SettingPoint]]] = {}
    for place, (settings, point) in enumerate(found):
        rest = [f"{name} {value}" for name, value in settings.items() if name != along]
        x = float(settings[along]) if along else place + 1.0
        by_line.setdefault(", ".join(rest), []).append((x, point))
    lines = list(by_line.items())[:_MOST_LINES]
    shown = _panel(tr("mean return"), along, lines, theme, rate=False)
    ends = np.array([x for _, line in lines for x, _ in line])
    level = np.full(2, demonstrated)
    human = Series(
        tr("demonstrations"), np.array([ends.min(), ends.max()]), level, theme.human, (9.0, 4.0)
    )
    panels = [Figure(**(shown | {"lines": (*shown["lines"], human)}))]
    if all(point.success is not None for _, point in found):
        panels.append(Figure(**_panel(tr("success (%)"), along, lines, theme, rate=True)))
    first = found[0][1]
    note = tr(
        "{runs} policies for each value, {starts} starts each; bars: 95 % intervals",
        runs=first.runs,
        starts=first.starts,
    )
    title = tr("What {name} changes in {env_id}", name=", ".join(names), env_id=env_id)
    return Figure(title, "", "", note=note, panels=tuple(panels))


def _axis(combinations: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return the setting with the most numbers as values; empty if none has only numbers."""
    values = {name: {settings[name] for settings in combinations} for name in names}
    numbers = [n for n in names if all(type(value) in (int, float) for value in values[n])]
    return max(numbers, key=lambda name: len(values[name]), default="")


def _panel(
    title: str,
    along: str,
    lines: Sequence[tuple[str, list[tuple[float, SettingPoint]]]],
    theme: Theme,
    *,
    rate: bool,
) -> dict[str, Any]:
    """Return the arguments of one plot."""
    colours: tuple[Colour, ...] = (theme.agent, theme.success, theme.recording, _PURPLE, _BROWN)
    drawn, count = [], 0
    for index, (label, line) in enumerate(lines):
        line.sort(key=lambda item: item[0])
        x = np.array([place for place, _ in line])
        figures = [
            (p.success, p.success_low, p.success_high) if rate else (p.mean, p.low, p.high)
            for _, p in line
        ]
        table = np.array(figures, np.float64) * (100 if rate else 1)
        dash = _DASHES[index // len(colours) % len(_DASHES)]
        band = (table[:, 1], table[:, 2])
        colour = colours[index % len(colours)]
        drawn.append(Series(label, x, table[:, 0], colour, dash, band=band))
        count = max(count, len(line))
    return {
        "title": "",
        "x_title": along,
        "y_title": title,
        "lines": tuple(drawn),
        "whiskers": count,
        "whole": all(place.is_integer() for _, line in lines for place, _ in line),
    }
