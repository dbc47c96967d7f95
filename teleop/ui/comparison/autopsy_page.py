"""Why a run failed, on one page: where it left the demonstrations, which decision lost it."""

from collections.abc import Sequence

import numpy as np
from pygame import Rect

from teleop.runtime.protocol.diagnosis_messages import Examine, ShowMoment, Study
from teleop.runtime.protocol.training_messages import StopTraining
from teleop.text import tr
from teleop.types.findings import Alternative, Autopsy, Decision
from teleop.ui.charts.line_chart import Chart, Scales, Series
from teleop.ui.chrome.enlarged_chart import draw_page_head
from teleop.ui.drawing.theme import Colour
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison
from teleop.ui.widgets.image_view import fitted

_NAMES = 190  # pixels of the names of the drivers
_ROW = 22
_LEAST_CHART, _LEAST_PICTURE = 96, 130
_FEW_DRIVERS = 4  # rows where there is little room


class AutopsyPage:
    """View state: whether the page is open, and what was requested.

    Attributes:
        open: whether the page is shown.
    """

    def __init__(self) -> None:
        self.open = False
        self._chart = Chart()
        self._asked: tuple[str, str, int] = ("", "", -1)
        self._moment: tuple[str, int] | None = None
        self._shown_step = -1

    def draw(self, context: UiContext, comparison: Comparison, area: Rect) -> int | None:
        """Draw the page; return the step whose frames should be shown, or None."""
        ui, px = context.ui, context.ui.painter.px
        policy = _policy(comparison)
        title = tr("Why it failed: {name}, seed {seed}", name=policy, seed=comparison.about.seed)
        if draw_page_head(context, area, title, "x"):
            self.open = False
            return None
        inside = Rect(area.x + px(20), area.y + px(64), area.width - px(40), area.height - px(80))
        found = self._found(context, comparison, policy)
        if found is None:
            return None
        result, note = found
        if result is None:
            ui.painter.text(note, (inside.x, inside.y + px(12)), "medium", ui.theme.text2)
            return None
        rest = inside.height - px(_LEAST_CHART + 24 + 52 + 58)
        drivers = _drivers(result)
        if rest - px(_ROW) * len(drivers) < px(_LEAST_PICTURE):
            drivers = drivers[:_FEW_DRIVERS]
        pictures = max(px(60), min(px(300), rest - px(_ROW) * len(drivers)))
        self._draw_moment(
            context, comparison, Rect(inside.x, inside.y, inside.width, pictures), result
        )
        words = Rect(inside.x, inside.y + pictures + px(50), inside.width, px(44))
        self._draw_words(context, words, result, note)
        below = Rect(inside.x, words.bottom + px(8), inside.width, 0)
        below.height = inside.bottom - below.y
        self._draw_decisions(context, below, result, drivers)
        return result.left_at

    # ------------------------------------------------------------ the result

    def _found(
        self, context: UiContext, comparison: Comparison, policy: str
    ) -> tuple[Autopsy | None, str] | None:
        """Return (what is known, what is done now); request it once."""
        about, analyses = comparison.about, context.model.analyses
        if not policy:
            return None, tr("Choose a policy as one of the sides first.")
        wanted = (about.dataset_id, policy, about.seed)
        if wanted != self._asked:
            training = context.model.training
            if training is not None and training.running:
                return None, tr("Training is running; try again afterwards.")
            self._asked = wanted
            analyses.examined.pop(Study.AUTOPSY, None)
            context.tell_trainer(StopTraining())
            context.tell_trainer(
                Examine(context.recordings, about.dataset_id, policy, Study.AUTOPSY, about.seed)
            )
        told = analyses.examination(Study.AUTOPSY, about.dataset_id, policy)
        if told is None:
            return None, tr("Loading your episodes")
        return (told.result if isinstance(told.result, Autopsy) else None), told.note

    # ------------------------------------------------------------ drawing

    def _draw_moment(
        self, context: UiContext, comparison: Comparison, area: Rect, result: Autopsy
    ) -> None:
        """Draw the moment at which the run left the data, beside the nearest demonstration."""
        file, number, step = result.demonstrated
        lane = next(i for i, each in enumerate(comparison.lanes) if each.about.kind == "agent")
        if file and self._moment != (file, step):
            self._moment = (file, step)
            context.tell(ShowMoment(comparison.about.dataset_id, file, step))
        ready = context.model.analyses.moment == (file, step)
        width = (area.width - context.ui.painter.px(16)) // 2
        left = Rect(area.x, area.y, width, area.height)
        at = tr(
            "Step {step}: then the policy did “{action}”", step=result.left_at, action=result.did
        )
        self._draw_picture(context, left, f"lane{lane}", at, context.ui.theme.agent)
        right = Rect(area.right - width, area.y, width, area.height)
        shown = tr(
            "Episode {number}, step {step}: then “{action}” was demonstrated",
            number=number,
            step=step,
            action=result.shown,
        )
        view = "moment" if ready else ""
        self._draw_picture(context, right, view, shown, context.ui.theme.human)

    def _draw_picture(
        self, context: UiContext, area: Rect, view: str, text: str, colour: Colour
    ) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        painter.box(Rect(area.x, area.y + px(2), px(4), px(20)), colour, 2)
        at = (area.x + px(12), area.y + px(12))
        painter.text(text, at, "medium", width=area.width - px(12))
        room = Rect(area.x, area.y + px(32), area.width, area.height)
        image = context.view(view) if view else None
        if image is None:
            painter.box(room, theme.sunken, 8, theme.line)
            return
        image.draw(painter, fitted(room, image.aspect or 1.5), 8, theme.surface)

    def _draw_words(self, context: UiContext, area: Rect, result: Autopsy, note: str) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        text = result.text if result.decisions else note
        lines = painter.wrapped(text, "medium", area.width)[:2]
        for index, line in enumerate(lines):
            painter.text(line, (area.x, area.y + px(10) + index * px(22)), "medium", theme.text)

    def _draw_decisions(
        self, context: UiContext, area: Rect, result: Autopsy, drivers: list[str]
    ) -> None:
        """Draw the distance over time, and below it what each other driver would have reached."""
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        table = px(_ROW) * len(drivers) + px(32)
        chart = Rect(
            area.x + px(_NAMES) - px(46), area.y, 0, max(px(_LEAST_CHART), area.height - table)
        )
        chart.width = area.right - chart.x
        scales = self._draw_chart(context, chart, result)
        if scales is None or not drivers:
            return
        y = chart.bottom + px(8)
        at = (area.x, y + px(6))
        painter.text(
            tr("If this driver had decided…"), at, "small-bold", theme.text2, width=px(_NAMES)
        )
        _draw_legend(context, (scales.plot.x, y + px(6)))
        for row, driver in enumerate(drivers):
            middle = y + px(24) + px(_ROW) * row + px(_ROW) // 2
            painter.text(driver, (area.x, middle), "small", width=px(_NAMES) - px(12))
            painter.rule(scales.plot.x, middle, scales.plot.width, theme.line)
            for decision in result.decisions:
                _draw_outcome(context, scales, decision, driver, middle, result)

    def _draw_chart(self, context: UiContext, area: Rect, result: Autopsy) -> Scales | None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        pace = result.pace_hz or 1.0
        distances = np.array(result.distances)
        times = np.arange(len(distances)) / pace
        label = tr("distance from the data")
        lines = [Series(label, times, distances, theme.agent)]
        word = (lambda value: f"{value:g} s") if result.pace_hz else (lambda value: f"{value:g}")
        end = max(1, result.total_steps) / pace
        scales = self._chart.draw(painter, area, lines, end, word, theme.surface, (0.0, 1.2))
        if scales is None:
            return None
        one = scales.y(1.0)
        painter.rule(scales.plot.x, one, scales.plot.width, theme.text3)
        painter.text(tr("usual"), (scales.plot.x + px(4), one - px(8)), "small", theme.text2)
        for step, colour in _marks(result, theme.recording, theme.text):
            x = round(scales.x(step / pace))
            painter.fill((x, scales.plot.y, max(2, px(2)), area.bottom - scales.plot.y), colour)
        return scales


def _drivers(result: Autopsy) -> list[str]:
    """Return the names of the drivers that were tried."""
    return list(dict.fromkeys(a.driver for d in result.decisions for a in d.alternatives))


def _marks(result: Autopsy, lost: Colour, left: Colour) -> Sequence[tuple[int, Colour]]:
    marks = [(result.left_at, left)]
    if result.lost_at is not None and not result.success:
        marks.append((result.lost_at.step, lost))
    return marks


def _draw_legend(context: UiContext, at: tuple[int, int]) -> None:
    """Explain the dots."""
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    x, y = at
    for saved, words in ((True, tr("saves the run")), (False, tr("does not save it"))):
        _draw_dot(context, (x + px(6), y), saved=saved)
        x += px(20) + painter.text(words, (x + px(18), y), "small", theme.text2) + px(16)


def _draw_dot(context: UiContext, at: tuple[float, float], *, saved: bool) -> None:
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    painter.dot(at, 7, theme.success if saved else theme.strong_line)
    if saved:
        painter.icon("check", at, px(10), theme.surface)
    else:
        painter.dot(at, 5, theme.surface)


def _draw_outcome(
    context: UiContext,
    scales: Scales,
    decision: Decision,
    driver: str,
    y: int,
    result: Autopsy,
) -> None:
    """Draw a dot: filled where this driver would have saved the run, open where not."""
    found: Alternative | None = next((a for a in decision.alternatives if a.driver == driver), None)
    if found is None:
        return
    x = scales.x(decision.step / (result.pace_hz or 1.0))
    saved = found in decision.saved_by
    _draw_dot(context, (x, y), saved=saved)


def _policy(comparison: Comparison) -> str:
    """Return the name of the first policy of a comparison; empty if there is none."""
    return next((lane.about.name for lane in comparison.lanes if lane.about.kind == "agent"), "")
