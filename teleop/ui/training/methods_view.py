"""What several methods reach, with a button that runs them."""

from pygame import Rect

from teleop.runtime.protocol.training_messages import (
    Analysis,
    MethodsCompared,
    RunAnalysis,
    StopTraining,
)
from teleop.text import tr
from teleop.types.methods import METHOD_TITLES, MethodChart
from teleop.ui.charts.figure import Figure, draw_figure
from teleop.ui.state.context import UiContext
from teleop.ui.training.method_figure import RETURN, SUCCESS, method_figure

BUTTONS = 230  # what the buttons beside the note need
_TITLES = {RETURN: tr("Return"), SUCCESS: tr("Success")}


class MethodsView:
    """View state: return or success is shown."""

    def __init__(self) -> None:
        self._shown = RETURN

    def draw(self, context: UiContext, inside: Rect, reason: str) -> None:
        """Draw the chart, or what it takes to make one.

        Args:
            context: the context that all screens share.
            inside: area to draw in.
            reason: why nothing can be run now; empty if something can.
        """
        told = _told(context)
        running = context.model.analyses.running is Analysis.METHODS
        if told is None or told.chart is None or not told.chart.runs:
            self._draw_ask(context, inside, reason, running=running)
            return
        px = context.ui.painter.px
        area = Rect(inside.x + px(8), inside.y, inside.width - px(16), inside.height)
        theme = context.ui.theme
        draw_figure(context.ui.painter, area, method_figure(told.chart, theme, (self._shown,)))
        self._draw_buttons(context, inside, told.chart, reason, running=running)

    def figure(self, context: UiContext) -> Figure:
        """Return everything as one figure, to be drawn at any size."""
        told = _told(context)
        if told is None or told.chart is None:
            return Figure(tr("Methods"), "", "")
        return method_figure(told.chart, context.ui.theme, note=note_of(context))

    def _draw_ask(self, context: UiContext, inside: Rect, reason: str, *, running: bool) -> None:
        """Draw the button that begins, and what it will do."""
        ui, px = context.ui, context.ui.painter.px
        words = tr(
            "Learns from your episodes with every method that is possible here, three times: "
            "cloning, DAgger, inverse RL, preferences, practice from a clone, and RL from scratch. "
            "This often takes half an hour. You can stop at any time: complete runs are kept."
        )
        words = note_of(context) or tr("Loading your episodes") if running else words
        lines = ui.painter.wrapped(words, "body", min(px(620), inside.width - px(40)))
        y = inside.centery - px(30) - px(11) * len(lines)
        for line in lines:
            ui.painter.text(line, (inside.centerx, y), "body", ui.theme.text2, "cm")
            y += px(22)
        rect = Rect(0, 0, px(220), px(44))
        rect.center = (inside.centerx, y + px(30))
        _draw_run(context, rect, reason, running=running)

    def _draw_buttons(
        self, context: UiContext, inside: Rect, chart: MethodChart, reason: str, *, running: bool
    ) -> None:
        """Draw the choice of what is shown, and the button that stops or goes on, on the head."""
        ui, px = context.ui, context.ui.painter.px
        y = inside.y - px(26)
        rect = Rect(inside.right - px(128), y, px(120), px(30))
        told = _told(context)
        if told and told.final and not told.problem:
            reason = reason or tr("All runs are complete")
        _draw_run(context, rect, reason, running=running)
        if chart.rule:
            ui.group("chart")
            label = tr("Shown") if inside.width >= px(700) else ""
            _, used = ui.chip("methods.shown", rect.x - px(10), y, label, _TITLES[self._shown])
            if used:
                self._shown = SUCCESS if self._shown == RETURN else RETURN


def note_of(context: UiContext) -> str:
    """Return what is run now; empty if nothing is."""
    told = _told(context)
    if told is None or not told.method or context.model.analyses.running is not Analysis.METHODS:
        return ""
    return tr(
        "Run {number} of {total}: {method}, {share:.0%}",
        number=min(told.done + 1, told.total),
        total=told.total,
        method=METHOD_TITLES[told.method],
        share=told.share,
    )


def _draw_run(context: UiContext, rect: Rect, reason: str, *, running: bool) -> None:
    """Draw the button that runs what is missing, or stops."""
    ui = context.ui
    if running:
        if ui.button("methods.stop", rect, tr("Stop"), "square", "record"):
            context.tell_trainer(StopTraining())
    elif ui.button("methods.run", rect, tr("Compute"), "chart-line", reason=reason):
        library = context.model.library
        context.model.analyses.running = Analysis.METHODS
        dataset_id = library.dataset_id if library else ""
        context.tell_trainer(RunAnalysis(context.recordings, dataset_id, Analysis.METHODS))


def _told(context: UiContext) -> MethodsCompared | None:
    """Return what is known of the shown dataset."""
    told: MethodsCompared | None = context.model.analyses.latest.get(MethodsCompared)
    library = context.model.library
    return told if told and library and told.dataset_id == library.dataset_id else None
