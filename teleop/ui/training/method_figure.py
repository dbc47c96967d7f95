"""The chart of several methods: return and success, by human time and environment steps."""

from collections.abc import Callable, Iterator

import numpy as np

from teleop.text import joined, ntr, tr
from teleop.types.methods import MethodChart, MethodLine, MethodPoint
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.theme import Colour, Theme, mix

RETURN, SUCCESS = "return", "success"
_WHISKERS = 5
_STEPS_SPREAD, _MINUTES_SPREAD, _DECISIONS_SPREAD = 1000.0, 0.1, 10.0
_DASHES = {"cloning": (9.0, 4.0), "dagger": (3.0, 3.0), "preferences": (12.0, 4.0)}
_DASHES |= {"scratch": (3.0, 6.0)}


def method_figure(
    chart: MethodChart, theme: Theme, measures: tuple[str, ...] = (RETURN, SUCCESS), note: str = ""
) -> Figure:
    """Return the chart as a figure with two panels for each measure.

    Args:
        chart: what the methods have reached.
        theme: colours.
        measures: `return` and `success`; success is left out where nothing tells it.
        note: what happens now; may be empty.
    """
    shown = [name for name in measures if name == RETURN or chart.rule] or [RETURN]
    panels = tuple(
        _panel(chart, theme, measure, by_steps=by_steps)
        for measure in shown
        for by_steps in (False, True)
    )
    title = tr("Methods in {env_id}", env_id=chart.env_id)
    return Figure(title, "", "", note=joined(" · ", _notes(chart, note)), panels=panels)


def _panel(chart: MethodChart, theme: Theme, measure: str, *, by_steps: bool) -> Figure:
    lines = tuple(
        _series(line, points, measure, by_steps, colour)
        for line, colour in zip(chart.lines, _colours(chart, theme), strict=True)
        if (points := line.by_steps if by_steps else line.by_human)
    )
    human = tr("decisions of the person") if chart.turn_based else tr("minutes of human time")
    steps = tr("environment steps (with the most human time)")
    x_title = steps if by_steps else human
    y_title = tr("success (%)") if measure == SUCCESS else tr("mean return")
    spread = _DECISIONS_SPREAD if chart.turn_based else _MINUTES_SPREAD
    return Figure(
        y_title,
        x_title,
        y_title,
        lines,
        within=(0.0, 0.0, 0.0, 100.0) if measure == SUCCESS else None,
        spread=_STEPS_SPREAD if by_steps else spread,
        whiskers=_WHISKERS,
    )


def _series(
    line: MethodLine,
    points: tuple[MethodPoint, ...],
    measure: str,
    by_steps: bool,
    colour: Colour,
) -> Series:
    take: Callable[[MethodPoint], tuple[float, float, float]] = _return
    if measure == SUCCESS:
        take = _success
    x = np.array([float(point.steps if by_steps else point.human) for point in points])
    table = np.array([take(point) for point in points])
    dash = _DASHES.get(line.name)
    return Series(line.title, x, table[:, 0], colour, dash, (table[:, 1], table[:, 2]))


def _return(point: MethodPoint) -> tuple[float, float, float]:
    return point.mean, point.low, point.high


def _success(point: MethodPoint) -> tuple[float, float, float]:
    share, low, high = point.success or (np.nan, np.nan, np.nan)
    return 100 * share, 100 * low, 100 * high


def _colours(chart: MethodChart, theme: Theme) -> list[Colour]:
    """Return the colour of each line; what only a person gave is orange, practice is blue."""
    known = {
        "cloning": theme.human,
        "dagger": theme.success,
        "gail": theme.recording,
        "preferences": mix(theme.recording, theme.agent, 0.5),
        "practise": theme.agent,
        "scratch": theme.text2,
        "airl": mix(theme.recording, theme.human, 0.5),
        "iq": mix(theme.recording, theme.text, 0.5),
    }
    return [known[line.name] for line in chart.lines]


def _notes(chart: MethodChart, note: str) -> Iterator[str]:
    if note:
        yield note
    if chart.runs:
        runs = ntr("{n} run", "{n} runs", chart.runs)
        starts = ntr("{n} fresh start", "{n} fresh starts", chart.starts)
        yield tr("{runs} of {starts} each; bars: 95 % intervals", runs=runs, starts=starts)
        if chart.rule:
            yield tr("success: {rule}", rule=chart.rule)
