"""Chart of the rounds of correction: success rate or mean return from fresh starts."""

import numpy as np
from pygame import Rect

from teleop.text import ntr, tr
from teleop.types.results import Score
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Chart, Series
from teleop.ui.chrome.enlarged_chart import draw_enlarge_button
from teleop.ui.drawing.formatting import signed
from teleop.ui.state.context import UiContext

_TITLES = {"success": tr("Success"), "return": tr("Return")}


class RoundsChart:
    """View state: success or return is shown; success only if it is known for every round."""

    def __init__(self) -> None:
        self._chart = Chart()
        self._shown = "success"

    def draw(self, context: UiContext, panel: Rect, area: Rect) -> None:
        """Draw the title with the choice beside it, and the chart.

        Args:
            context: state of the window.
            panel: panel with the title at its top.
            area: area of the chart.
        """
        painter, px, rounds = (
            context.ui.painter,
            context.ui.painter.px,
            context.model.analyses.rounds,
        )
        painter.text(tr("Rounds of correction"), (panel.x + px(20), panel.y + px(28)), "h2")
        known = [(r.number, r.score) for r in rounds.rounds if r.score] if rounds else []
        if not known:
            text = (
                tr("The score of each round appears here")
                if rounds is None
                else tr("Playing fresh starts…")
            )
            _say(context, area, px(20), text)
            return
        corner = Rect(panel.right - px(46), panel.y + px(12), px(32), px(32))
        if draw_enlarge_button(context, corner):
            context.display.enlarged = True
        judged = all(score.success is not None for _, score in known)
        shown = self._shown if judged else "return"
        if judged:
            self._draw_choice(context, panel)
        if len(known) == 1:
            painter.text(_words(*known[0]), (area.x + px(8), area.y + px(20)), "medium")
            _say(context, area, px(46), tr("Watch it drive, and take over when it goes wrong."))
        else:
            self._draw_lines(context, area, known, shown)

    def figure(self, context: UiContext) -> Figure:
        """Return the chart, to be drawn at any size."""
        rounds, theme = context.model.analyses.rounds, context.ui.theme
        known = [(r.number, r.score) for r in rounds.rounds if r.score] if rounds else []
        judged = bool(known) and all(score.success is not None for _, score in known)
        success = judged and self._shown == "success"
        x = np.array([float(number) for number, _ in known])
        if success:
            y = np.array([100 * (score.success or 0.0) for _, score in known])
            lines = [Series(tr("Success"), x, y, theme.agent)]
        else:
            table = np.array([(s.mean, s.low, s.high) for _, s in known]).reshape(-1, 3)
            names = (tr("Mean return"), tr("95 % below"), tr("95 % above"))
            lines = [
                Series(name, x, table[:, i], theme.text2, (3.0, 4.0))
                if i
                else Series(name, x, table[:, i], theme.agent)
                for i, name in enumerate(names)
            ]
        note = ntr("{n} fresh start", "{n} fresh starts", known[-1][1].episodes) if known else ""
        y_title = tr("success (%)") if success else tr("mean return")
        title = tr("Rounds of correction")
        most = max([1.0, *(float(number) for number, _ in known)])
        within = (0.0, most, 0.0, 100.0) if success else None
        return Figure(
            title, tr("round"), y_title, tuple(lines), note=note, within=within, whole=True
        )

    def _draw_choice(self, context: UiContext, panel: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("chart")
        right, y = panel.right - px(52), panel.y + px(14)
        label = tr("Shown") if panel.width >= px(360) else ""
        _, used = ui.chip("rounds.shown", right, y, label, _TITLES[self._shown])
        if used:
            self._shown = "return" if self._shown == "success" else "success"

    def _draw_lines(
        self, context: UiContext, area: Rect, known: list[tuple[int, Score]], shown: str
    ) -> None:
        theme, extent = context.ui.theme, None
        numbers = np.array([float(number) for number, _ in known])
        if shown == "success":
            shares = np.array([100 * (score.success or 0.0) for _, score in known])
            lines, extent = (
                [Series(f"{shares[-1]:.0f} %", numbers, shares, theme.agent)],
                (0.0, 100.0),
            )
        else:
            table = np.array([(score.mean, score.low, score.high) for _, score in known])
            label = signed(float(table[-1, 0]), plus=False)
            lines = [Series(label, numbers, table[:, 0], theme.agent)]
            lines += [
                Series(label, numbers, table[:, edge], theme.text3, (3.0, 4.0))
                for edge, label in ((1, tr("95 % below")), (2, tr("95 % above")))
            ]
        end = max(1.0, float(numbers[-1]))

        def word(value: float) -> str:
            return tr("round {value:g}", value=value) if value == int(value) else ""

        self._chart.draw(context.ui.painter, area, lines, end, word, theme.surface, extent)


def _words(number: int, score: Score) -> str:
    value = signed(score.mean, plus=False)
    if score.success is None:
        return tr("Round {number}: mean return {value}", number=number, value=value)
    return tr(
        "Round {number}: {success:.0%} success, mean return {value}",
        number=number,
        success=score.success,
        value=value,
    )


def _say(context: UiContext, area: Rect, below: int, text: str) -> None:
    painter, px = context.ui.painter, context.ui.painter.px
    for index, line in enumerate(painter.wrapped(text, "small", area.width - px(16))):
        at = (area.x + px(8), area.y + below + index * px(18))
        painter.text(line, at, "small", context.ui.theme.text2)
