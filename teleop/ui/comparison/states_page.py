"""States visited, over the whole window: where a policy leaves what was demonstrated.

The demonstrations of the first round are a density, those of later rounds dots in their own colour.
A policy's path turns red with its distance from them. The nearest demonstrated moment of the
current step, or of the point under the mouse, is shown beside its picture.
"""

import math

import numpy as np
from pygame import Rect

from teleop.runtime.protocol.comparison_messages import StepGauge
from teleop.runtime.protocol.diagnosis_messages import ShowMoment
from teleop.text import joined, tr
from teleop.ui.charts.figure import Axis, Figure
from teleop.ui.chrome.enlarged_chart import draw_enlarged
from teleop.ui.comparison.series_styles import styles_of
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison
from teleop.ui.widgets.image_view import fitted

_SIDE = 320
_NEAR = 24  # pixels within which the mouse selects a point of a path


class StatesPage:
    """View state: the moment whose picture was requested last, and where the mouse was."""

    def __init__(self) -> None:
        self._asked: tuple[str, int] | None = None
        self._mouse: tuple[int, int] = (-1, -1)

    def draw(
        self, context: UiContext, comparison: Comparison, area: Rect, step: float, figure: Figure
    ) -> int | None:
        """Draw the page; return the step under the mouse, or None."""
        px = context.ui.painter.px
        wide = area.width >= px(_SIDE * 3) and bool(comparison.gauges.lanes)
        room = px(_SIDE) if wide else 0
        found = draw_enlarged(context, area, figure, room)
        if found is None:
            return None
        plot, axes, side = found
        lane = policy_lane(comparison)
        self._mark_now(context, comparison, axes, step, figure)
        hovered = self._hovered(context, plot, axes, figure)
        if room and lane is not None:
            shown = min(hovered if hovered is not None else int(step), _last(comparison, lane))
            self._draw_side(context, comparison, side, lane, max(0, shown))
        return hovered

    def _mark_now(
        self,
        context: UiContext,
        comparison: Comparison,
        axes: tuple[Axis, Axis],
        step: float,
        figure: Figure,
    ) -> None:
        """Mark the current position on every path."""
        painter = context.ui.painter
        looks = styles_of(comparison, context.ui.theme)
        for look, line in zip(looks, figure.lines, strict=False):
            if not len(line.x):
                continue
            now = min(int(step), len(line.x) - 1)
            at = (float(axes[0].at(line.x[now])), float(axes[1].at(line.y[now])))
            painter.dot(at, 8, painter.theme.surface)
            painter.dot(at, 6, look.colour)

    def _hovered(
        self, context: UiContext, plot: Rect, axes: tuple[Axis, Axis], figure: Figure
    ) -> int | None:
        """Return the step of the point under the mouse on a policy's path, when it has moved."""
        mouse = context.ui.events.pointer.at
        moved, self._mouse = mouse != self._mouse, mouse
        if not moved or not plot.collidepoint(mouse):
            return None
        best: tuple[float, int] = (context.ui.painter.px(_NEAR), -1)
        for line in figure.lines:
            if line.heat is None or not len(line.x):
                continue
            x, y = axes[0].at(line.x) - mouse[0], axes[1].at(line.y) - mouse[1]
            apart = np.hypot(x, y)
            nearest = int(apart.argmin())
            best = min(best, (float(apart[nearest]), nearest))
        return best[1] if best[1] >= 0 else None

    def _draw_side(
        self, context: UiContext, comparison: Comparison, side: Rect, lane: int, step: int
    ) -> None:
        """Draw the frame of the policy, and the nearest demonstrated moment below it."""
        px = context.ui.painter.px
        height = (side.height - px(120)) // 2
        gauge = comparison.gauges.lanes[lane][step]
        top = Rect(side.x, side.y, side.width, height)
        title = tr("{name}, step {step}", name=comparison.lanes[lane].about.title, step=step)
        self._draw_picture(context, top, f"lane{lane}", title, distance_words(gauge))
        below = Rect(side.x, top.bottom + px(60), side.width, height)
        file = comparison.gauges.files[gauge.episode]
        number = comparison.gauges.numbers[gauge.episode]
        where = tr("Episode {number}, step {step}", number=number, step=gauge.step)
        title = tr("Nearest demonstrated moment")
        if not file:
            self._draw_picture(context, below, "", title, tr("answered by the scripted expert"))
            return
        wanted, shown = (file, gauge.step), context.model.analyses.moment
        if wanted != self._asked and self._asked in (None, shown):  # one request at a time
            self._asked = wanted
            context.tell(ShowMoment(comparison.about.dataset_id, *wanted))
        self._draw_picture(context, below, "moment" if shown else "", title, where)

    def _draw_picture(
        self, context: UiContext, rect: Rect, view: str, title: str, note: str
    ) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        painter.text(title, (rect.x, rect.y + px(10)), "medium", width=rect.width)
        painter.text(note, (rect.x, rect.y + px(30)), "small", theme.text2, width=rect.width)
        room = Rect(rect.x, rect.y + px(44), rect.width, rect.height - px(16))
        if not view:
            painter.box(room, theme.sunken, 8, theme.line)
            return
        image = context.view(view)
        image.draw(painter, fitted(room, image.aspect or 1.5), 8, theme.surface)


def policy_lane(comparison: Comparison) -> int | None:
    """Return the index of the first policy whose gauges are measured; None if there is none."""
    for index, lane in enumerate(comparison.lanes):
        measured = index < len(comparison.gauges.lanes) and comparison.gauges.lanes[index]
        if lane.about.kind == "agent" and measured:
            return index
    return None


def distance_words(gauge: StepGauge) -> str:
    """Return the distance to the demonstrations, and the disagreement if there is one, as text."""
    words = [tr("distance {distance:.1f} (1 is usual)", distance=gauge.distance)]
    if math.isfinite(gauge.disagreement):
        words.append(tr("disagreement {value:.2f}", value=gauge.disagreement))
    return joined(" · ", words)


def _last(comparison: Comparison, lane: int) -> int:
    return len(comparison.gauges.lanes[lane]) - 1
