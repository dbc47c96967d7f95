"""Charts of the rounds that are measured on request: error against time, and human time."""

from dataclasses import replace

import numpy as np
from pygame import Rect

from teleop.runtime.protocol.diagnosis_messages import Examine, Study
from teleop.runtime.protocol.training_messages import StopTraining
from teleop.text import joined, ntr, tr
from teleop.types.findings import ErrorGrowth, TimeLine
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Series
from teleop.ui.chrome.enlarged_chart import draw_enlarged
from teleop.ui.drawing.theme import Colour, Theme, mix
from teleop.ui.state.context import UiContext

ROUNDS, GROWTH, TIME = "rounds", "growth", "time"
TITLES = {
    ROUNDS: tr("Rounds of correction"),
    GROWTH: tr("Error against time"),
    TIME: tr("Success against human time"),
}
_STUDIES = {GROWTH: Study.GROWTH, TIME: Study.HUMAN_TIME}


class RoundFigures:
    """View state: which chart is shown."""

    def __init__(self) -> None:
        self._shown = ROUNDS
        self._asked: set[tuple[str, str, str]] = set()

    def draw(self, context: UiContext, area: Rect, rounds: Figure, of: tuple[str, str]) -> None:
        """Draw the chosen chart over the whole screen.

        Args:
            context: the context that all screens share.
            area: area of the page.
            rounds: the chart of the rounds.
            of: (dataset id, policy).
        """
        figure = rounds if self._shown == ROUNDS else self._figure(context, of)
        draw_enlarged(context, area, figure)
        ui, px = context.ui, context.ui.painter.px
        right, y = area.right - px(24), area.bottom - px(50)
        _, used = ui.chip("figure.kind", right, y, tr("Chart"), TITLES[self._shown])
        if used:
            order = list(TITLES)
            self._shown = order[(order.index(self._shown) + 1) % len(order)]

    def _figure(self, context: UiContext, of: tuple[str, str]) -> Figure:
        """Return the chart as far as it is measured; begin to measure it once."""
        study = _STUDIES[self._shown]
        training = context.model.training
        if (*of, self._shown) not in self._asked and not (training and training.running):
            self._asked.add((*of, self._shown))
            context.tell_trainer(StopTraining())
            context.tell_trainer(Examine(context.recordings, *of, study))
        told = context.model.analyses.examination(study, *of)
        found = told.result if told and isinstance(told.result, tuple) else ()
        note = told.note if told else tr("Loading your episodes")
        theme = context.ui.theme
        if self._shown == GROWTH:
            grown = [item for item in found if isinstance(item, ErrorGrowth)]
            return growth_figure(grown, theme, note)
        return time_figure([item for item in found if isinstance(item, TimeLine)], theme, note)


def growth_figure(found: list[ErrorGrowth], theme: Theme, note: str) -> Figure:
    """Return the chart of the distance from the demonstrations over time, for each round."""
    lines = []
    for index, item in enumerate(found):
        table = np.array([point[:4] for point in item.points])
        newest = index == len(found) - 1
        colour = theme.agent if newest else mix(theme.text2, theme.agent, index / len(found) / 2)
        label = tr("Round {number}", number=index)
        if item.success is not None:
            success = tr("success {rate}", rate=f"{item.success:.0%}")
            label = joined(": ", (label, success))
        band = (table[:, 2], table[:, 3])
        dash = None if newest else ((9.0, 4.0), (3.0, 3.0), (12.0, 4.0))[index % 3]
        lines.append(Series(label, table[:, 0], table[:, 1], colour, dash, band))
    if lines:
        ends = np.array([0.0, max(float(line.x.max()) for line in lines)])
        usual = tr("usual among the demonstrations")
        lines.insert(0, Series(usual, ends, np.ones(2), theme.text3, (1.0, 3.0)))
    runs = found[-1].runs if found else 0
    words = ntr("{n} run", "{n} runs", runs) if runs else ""
    dotted = tr("dotted: 95 % interval") if runs else ""
    title = tr("Error against time: distance from the demonstrated states")
    y_title = tr("distance (1 is usual)")
    joined_note = joined(" · ", [part for part in (note, words, dotted) if part])
    within = (0.0, 1.0, 0.0, 2.0)
    x_title = tr("steps") if found and found[-1].turn_based else tr("seconds")
    return Figure(title, x_title, y_title, tuple(lines), note=joined_note, within=within)


def time_figure(found: list[TimeLine], theme: Theme, note: str) -> Figure:
    """Return the chart of what was reached with some minutes of human time."""
    colours: dict[str, Colour] = {
        "corrections": theme.human,
        "plain": theme.text2,
        "expert": theme.success,
    }
    dashes = {"corrections": None, "plain": (9.0, 4.0), "expert": (3.0, 3.0)}
    lines, missing, rate = [], [note], True
    for line in found:
        if line.missing:
            missing.append(joined(": ", (line.title, line.missing)))
        if not line.points:
            continue
        rate = line.points[0].rate
        scale = 100.0 if rate else 1.0
        table = np.array([(p.minutes, p.value, p.low, p.high) for p in line.points])
        band = (scale * table[:, 2], scale * table[:, 3])
        lines.append(
            Series(
                line.title,
                table[:, 0],
                scale * table[:, 1],
                colours[line.name],
                dashes[line.name],
                band,
            )
        )
    title = tr("Success against human time") if rate else tr("Return against human time")
    y_title = tr("success (%)") if rate else tr("mean return")
    x_title = tr("minutes of human time")
    words = joined(" · ", [part for part in missing if part])
    points = tuple(replace(line, label="", band=None) for line in lines)
    within = (0.0, 0.1, 0.0, 100.0) if rate else None
    lines.reverse()  # what the person did lies on top
    return Figure(title, x_title, y_title, tuple(lines), points[::-1], words, within=within)
