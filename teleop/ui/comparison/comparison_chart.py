"""The chart below a comparison: return, one observed number, or a scatter plot of the states."""

import math

import numpy as np
from numpy.typing import NDArray
from pygame import Rect

from teleop.text import joined, tr
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Chart, Scales, Series
from teleop.ui.chrome.enlarged_chart import draw_enlarge_button
from teleop.ui.comparison.series_styles import SeriesStyle, race_styles, styles_of
from teleop.ui.comparison.state_scatter import StateScatter
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison, LaneCurve
from teleop.ui.widgets.popover import MenuItem

_RETURN, _CLOUD, _LEARNED = "return", "cloud", "learned reward"
_GAUGES = ("distance", "disagreement")
_TITLES = {
    _RETURN: tr("Return so far"),
    _CLOUD: tr("States visited"),
    _LEARNED: tr("Learned reward"),
    "distance": tr("Distance from the data"),
    "disagreement": tr("Disagreement of the networks"),
}
_RUN_POINTS = 120  # points of the line that is redrawn at every step


class ComparisonChart:
    """View state: which chart is shown."""

    def __init__(self) -> None:
        self._chart, self._cloud = Chart(), StateScatter()
        self._shown = _RETURN
        self._order: list[str] = []  # of the menu

    def draw(self, context: UiContext, comparison: Comparison, card: Rect, step: float) -> None:
        """Draw the chosen chart with the playhead."""
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        names = comparison.about.components
        known = self._shown != _LEARNED or comparison.about.reward_of
        if not known or (self._shown not in _TITLES and self._shown not in names):
            self._shown = _RETURN
        used = self._draw_choice(context, card)
        rect = Rect(card.right - px(40), card.y + px(6), px(30), px(30))
        if draw_enlarge_button(context, rect):
            context.display.enlarged = True
        inside = Rect(card.x + px(8), card.y + px(43), card.width - px(16), card.height - px(49))
        if self._shown == _CLOUD:
            self._cloud.draw(context, comparison, card, inside, step)
        else:
            self._draw_divergence(context, comparison, card, used)
            self._draw_lines(context, comparison, inside, step)

    @property
    def shows_states(self) -> bool:
        """Whether the states visited are shown."""
        return self._shown == _CLOUD

    def figure(self, context: UiContext, comparison: Comparison) -> Figure:
        """Return the chosen chart, to be drawn at any size."""
        note = tr("seed {seed}", seed=comparison.about.seed)
        if self._shown == _CLOUD:
            return self._cloud.figure(context, comparison, note)
        lines, looks = [], styles_of(comparison, context.ui.theme)
        for look, lane in zip(looks, comparison.lanes, strict=True):
            values = np.array(self._values(comparison, lane))
            times = np.arange(len(values)) / comparison.about.pace_hz
            lines.append(Series(look.name, times, values, look.colour, look.dash))
        title = _TITLES.get(self._shown, self._shown)
        y_title = tr("return") if self._shown == _RETURN else title
        return Figure(title, tr("seconds"), y_title, tuple(lines), note=note)

    def draw_menu(self, context: UiContext, card: Rect) -> None:
        """Draw the open menu of charts above everything else."""
        comparison, px = context.model.comparison, context.ui.painter.px
        if comparison is None:
            return
        choices = [MenuItem(_RETURN, tr("Return so far"))]
        if len(comparison.about.components) > 1:
            choices.append(MenuItem(_CLOUD, tr("States visited"), tr("All observations as points")))
        if comparison.about.reward_of:
            note = tr("of {name}", name=comparison.about.reward_of)
            choices.append(MenuItem(_LEARNED, _TITLES[_LEARNED], note))
        choices += [
            MenuItem(name, tr("Observed: {name}", name=name))
            for name in comparison.about.components
        ]
        if comparison.gauges.lanes:
            note = tr("1 is usual among the demonstrations")
            choices.append(MenuItem("distance", _TITLES["distance"], note))
            choices.append(MenuItem("disagreement", _TITLES["disagreement"]))
        self._order = [choice.value for choice in choices]
        anchor = Rect(card.x + px(10), card.y - px(240), px(200), px(30))
        picked = context.popover.draw(context.ui, "chart", anchor, choices, self._shown, 280)
        self._shown = picked or self._shown

    def _draw_choice(self, context: UiContext, card: Rect) -> int:
        """Draw the title, which opens the menu, and return its width."""
        ui, px = context.ui, context.ui.painter.px
        title = _TITLES.get(self._shown, tr("Observed: {shown}", shown=self._shown))
        ui.group("chart")
        width = min(ui.painter.width(title, "h2") + px(38), card.width - px(24))
        rect = Rect(card.x + px(10), card.y + px(7), width, px(30))
        touch = ui.node("chart", "combobox", title, rect, value=self._shown)
        if touch.hovered:
            ui.painter.box(rect, ui.theme.hover, 8)
        ui.painter.text(title, (rect.x + px(8), rect.centery), "h2", width=width - px(30))
        at = (rect.right - px(14), rect.centery)
        ui.painter.icon("chevron-down", at, 14, ui.theme.text2)
        ui.ring("chart", rect, 8)
        if touch.used:
            chosen = self._order.index(self._shown) if self._shown in self._order else 0
            context.popover.toggle(ui, "chart", "chart", chosen)
        return width

    def _draw_divergence(
        self, context: UiContext, comparison: Comparison, card: Rect, used: int
    ) -> None:
        """Draw when the observations first differ, and whether the replay matches the recording."""
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        notes = [_agreement(comparison)] if self._shown == _LEARNED else []
        if len(comparison.lanes) > 1 and comparison.diverged_at is not None:
            notes.append(
                tr("states differ from step {diverged_at}", diverged_at=comparison.diverged_at)
            )
        elif len(comparison.lanes) > 1 and comparison.complete:
            notes.append(tr("states never differ"))
        if comparison.fidelity and comparison.fidelity != "exact":
            notes.append(tr("the replay {fidelity}", fidelity=comparison.fidelity))
        x = card.x + px(10) + used + px(10)
        at = (x, card.y + px(22))
        painter.text(joined(" · ", notes), at, "small", theme.text2, width=card.right - px(48) - x)

    def _draw_lines(
        self, context: UiContext, comparison: Comparison, rect: Rect, step: float
    ) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        pace, run, series = comparison.about.pace_hz, context.model.run, []
        looks = styles_of(comparison, theme)
        if run is not None:
            now, looks = race_styles(comparison, theme)
        values = [self._values(comparison, lane) for lane in comparison.lanes]
        for look, line in zip(looks, values, strict=True):
            last = f"{line[-1]:.0f}" if self._shown == _RETURN else f"{line[-1]:.2f}"
            label = joined(" ", (look.name, last.replace("-", "−")))
            times = np.arange(len(line)) / pace
            series.append(Series(label, times, np.array(line), look.colour, look.dash))
        end = max(1, comparison.steps) / pace
        seconds = lambda value: f"{value:g} s"  # noqa: E731
        mine = np.array(self._values(comparison, run) if run else [])
        extent = _extent(mine)
        scales = self._chart.draw(painter, rect, series, end, seconds, theme.surface, extent)
        if scales is None:
            return
        if run is not None:
            looks, values = [*looks, now], [*values, mine.tolist()]
            self._draw_run(context, scales, now, mine, pace)
        top = scales.plot.y - px(2)
        place = (round(scales.x(step / pace)), top, max(1, px(1)), scales.plot.height + px(4))
        painter.fill(place, theme.text2)
        for look, line in zip(looks, values, strict=True):
            if step <= len(line) - 1:
                value = line[int(step)]
                y = scales.y(value) if math.isfinite(value) else scales.plot.bottom
                painter.dot((place[0], y), 5.5, theme.surface)
                painter.dot((place[0], y), 4, look.colour)

    def _draw_run(
        self,
        context: UiContext,
        scales: Scales,
        look: SeriesStyle,
        line: NDArray[np.float64],
        pace: float,
    ) -> None:
        """Draw the line of the person who drives now over the others; it grows at every step."""
        painter = context.ui.painter
        run = Series("", np.arange(len(line)) / pace, line, look.colour).finite()
        if len(run.x) < 2:
            return
        painter.surface.set_clip(scales.plot)
        points = scales.points(run.thinned(_RUN_POINTS))
        painter.polyline(points, look.colour, painter.theme.line_px, look.dash)
        painter.surface.set_clip(None)
        x, y = points[-1]
        at = (x + painter.px(10), min(max(y, scales.plot.y), scales.plot.bottom) - painter.px(10))
        painter.text(look.name, at, "small-bold", look.colour)

    def _values(self, comparison: Comparison, lane: LaneCurve) -> list[float]:
        if self._shown in _GAUGES:
            return _gauge_values(comparison, lane, self._shown)
        if self._shown == _LEARNED:
            return lane.learned or [math.nan] * 2
        if self._shown == _RETURN or not lane.seen:
            return lane.returns
        column = comparison.about.components.index(self._shown)
        return [row[column] for row in lane.seen]


def _agreement(comparison: Comparison) -> str:
    """Return how a learned reward agrees with the environment's, as text."""
    if comparison.agreement is None:
        return tr("of {name}", name=comparison.about.reward_of)
    return tr("rank correlation with the true reward {value:.2f}", value=comparison.agreement)


def _gauge_values(comparison: Comparison, lane: LaneCurve, name: str) -> list[float]:
    """Return the values of a gauge for a side; a constant 0 where it is not measured."""
    known = comparison.gauges.lanes
    index = next((i for i, each in enumerate(comparison.lanes) if each is lane), len(known))
    values = [getattr(gauge, name) for gauge in known[index]] if index < len(known) else []
    return values or [math.nan] * 2


def _extent(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the minimum and maximum of the finite values, if any."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else None
