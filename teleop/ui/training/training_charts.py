"""The charts of the Train screen: loss, returns, tried settings, learning curve, influence."""

from collections.abc import Callable

import numpy as np
from pygame import Rect

from teleop.runtime.protocol.training_messages import Analysis, AnalysisProgress, RunAnalysis
from teleop.text import tr
from teleop.types.results import HeldOutCheck
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Chart, Series
from teleop.ui.chrome.enlarged_chart import draw_enlarge_button, draw_enlarged
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import Colour, Theme
from teleop.ui.state.context import UiContext
from teleop.ui.training.confusion_table import draw_confusion
from teleop.ui.training.methods_view import BUTTONS, MethodsView, note_of
from teleop.ui.training.reward_maps_view import RewardMapsView
from teleop.ui.training.trials_table import draw_tried
from teleop.ui.widgets.popover import MenuItem

_TABS = {
    "loss": (
        tr("Loss"),
        tr("Loss: difference between policy and demonstrations (lower is better)"),
    ),
    "actions": (
        tr("Actions"),
        tr("Your action against the policy's, on episodes that it was not trained on"),
    ),
    "returns": (
        tr("Returns"),
        tr("Mean return of each policy so far, on a few starts"),
    ),
    "tried": (tr("Tried"), tr("settings tried in trial episodes, the chosen one first")),
    "curve": (tr("Learning curve"), tr("return of policies trained on 1, 2, 5… of your episodes")),
    "same starts": (
        tr("Same starts"),
        tr("The policy's return minus yours, from the starts of your episodes"),
    ),
    "reward": (
        tr("Reward maps"),
        tr("Rewards under which your actions are likely, from worst (red) to best (green) cell"),
    ),
    "methods": (
        tr("Methods"),
        tr("What each method reaches"),
    ),
    "influence": (tr("Influence"), tr("change in return if left out; bars are 2 standard errors")),
}
_AXES = {
    "loss": (tr("optimiser steps"), tr("loss")),
    "returns": (tr("policies so far"), tr("mean return")),
    "curve": (tr("episodes trained on"), tr("mean return")),
}
_STUDIES = {
    "curve": Analysis.CURVE,
    "influence": Analysis.INFLUENCE,
    "same starts": Analysis.SAME_STARTS,
}
_BARS = ("influence", "same starts")  # shown as a bar for each episode
_MORE = 150  # width of the menu of tabs that do not fit
_FEWEST = 2  # episodes that an analysis needs


class TrainingCharts:
    """View state: the open tab and the cached chart."""

    def __init__(self) -> None:
        self._chart = Chart()
        self._tab = "loss"
        self._maps = RewardMapsView()
        self._methods = MethodsView()
        self._axis = 0  # the table of actions that is shown

    def draw(self, context: UiContext, card: Rect) -> None:
        """Draw the tabs and the chart of the open tab."""
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        self._draw_tabs(context, card)
        inside = Rect(card.x + px(8), card.y + px(72), card.width - px(16), card.height - px(80))
        if self._tab in _BARS:
            self._draw_effects(context, inside)
            return
        if self._tab == "reward":
            self._maps.draw(context, inside)
            return
        if self._tab == "methods":
            self._methods.draw(context, inside, _reason(context))
            return
        training = context.model.own_training
        if self._tab == "actions" and training and training.check and training.check.tables:
            self._draw_axis_choice(context, card, training.check)
            draw_confusion(context.ui, inside, training.check, self._axis)
            return
        if self._tab == "tried" and context.model.own_training and context.model.own_training.tried:
            draw_tried(context.ui, inside, context.model.own_training.tried)
            return
        series, end = self._series(context)
        background = ui.theme.surface
        text = lambda value: f"{value:,.0f}"  # noqa: E731
        drawn = self._chart.draw(ui.painter, inside, series, end, text, background)
        if drawn is None:
            self._draw_empty(context, inside)
        elif self._tab == "curve":
            self._draw_more(context, card)

    def draw_enlarged(self, context: UiContext, area: Rect) -> None:
        """Draw the open tab over the whole window; tables and bars keep their own form."""
        training = context.model.own_training
        if self._tab in ("actions", "tried", "reward", *_BARS):
            self.draw(context, area)
            return
        if self._tab == "methods":
            draw_enlarged(context, area, self._methods.figure(context))
            return
        series, _ = self._series(context)
        x_title, y_title = _AXES[self._tab]
        note = ""
        if self._tab == "loss" and training is None:
            x_title, y_title = tr("number of the episode"), tr("return")
        if training and training.check:
            note = self._note(context) if self._tab == "loss" else ""
        figure = Figure(_TABS[self._tab][1], x_title, y_title, tuple(series), note=note)
        draw_enlarged(context, area, figure)

    def _draw_axis_choice(self, context: UiContext, card: Rect, check: HeldOutCheck) -> None:
        """Draw a chip that goes through the axes, if an action has several choices."""
        px, count = context.ui.painter.px, len(check.tables)
        if count < 2:
            return
        name = check.tables[self._axis % count].axis or str(self._axis % count + 1)
        _, used = context.ui.chip("actions.axis", card.right - px(16), card.y + px(46), "", name)
        if used:
            self._axis = (self._axis + 1) % count

    # ------------------------------------------------------------ head

    def _draw_tabs(self, context: UiContext, card: Rect) -> None:
        """Draw as many tabs as fit; a menu has the others."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("chart")
        x = card.x + px(12)
        names = self._fitting(context, card)
        for name in names:
            label = _TABS[name][0]
            rect = Rect(x, card.y + px(10), ui.painter.width(label, "medium") + px(24), px(32))
            if _draw_tab(context, f"chart.{name}", label, rect, chosen=name == self._tab):
                self._tab = name
            x = rect.right + px(4)
        if len(names) < len(_TABS):
            label = _TABS[self._tab][0] if self._tab not in names else tr("More")
            rect = _more_rect(card, px)
            if ui.combo("chart.more", rect, label, label=tr("More charts")):
                context.popover.toggle(ui, "more", "chart.more")
        rect = Rect(card.right - px(44), card.y + px(10), px(32), px(32))
        if draw_enlarge_button(context, rect):
            context.display.enlarged = not context.display.enlarged
        note, at = self._note(context), (card.x + px(24), card.y + px(58))
        taken = px(BUTTONS) if self._tab == "methods" else 0
        ui.painter.text(note, at, "small", ui.theme.text2, width=card.width - px(48) - taken)

    def draw_menu(self, context: UiContext, card: Rect) -> None:
        """Draw the open menu of further charts above everything else."""
        hidden = [name for name in _TABS if name not in self._fitting(context, card)]
        choices = [MenuItem(name, _TABS[name][0]) for name in hidden]
        anchor = _more_rect(card, context.ui.painter.px)
        picked = context.popover.draw(context.ui, "more", anchor, choices, self._tab, 220)
        self._tab = picked or self._tab

    def _fitting(self, context: UiContext, card: Rect) -> list[str]:
        """Return the tabs that fit beside the button that enlarges."""
        painter, px = context.ui.painter, context.ui.painter.px
        wide = [painter.width(label, "medium") + px(28) for label, _ in _TABS.values()]
        room = card.width - px(64)
        if sum(wide) <= room:
            return list(_TABS)
        room -= px(_MORE) + px(8)
        fits = [sum(wide[: index + 1]) <= room for index in range(len(wide))]
        return [name for name, fit in zip(_TABS, fits, strict=True) if fit]

    def _note(self, context: UiContext) -> str:
        """Return what the open tab shows."""
        training = context.model.own_training
        if self._tab == "methods" and (words := note_of(context)):
            return words
        if self._tab == "loss" and training and training.check:
            check = training.check
            return tr(
                "Loss of a network with the chosen settings: {trained} episodes trained on, "
                "{held_out} held out",
                trained=check.trained,
                held_out=check.held_out,
            )
        if self._tab == "loss" and training and training.running and training.losses:
            return tr("Training loss now: {phase}", phase=training.loss_phase)
        if self._tab == "loss" and training is None:
            return tr("Before training: the return of each episode, by its number")
        return _TABS[self._tab][1]

    # ------------------------------------------------------------ charts

    def _series(self, context: UiContext) -> tuple[list[Series], float]:
        theme, training = context.ui.theme, context.model.own_training
        if self._tab == "curve":
            return _curve(_found(context, Analysis.CURVE), theme.agent, theme.text2)
        if training is None and self._tab == "loss":
            return _episode_returns(context)
        if training is None or self._tab in ("tried", "actions"):
            return [], 1.0
        if self._tab == "returns":
            means = [(number, mean) for number, (_, mean) in enumerate(training.returns, 1)]
            return [_line(tr("Agent"), means, theme.agent)], max(1.0, float(len(means)))
        if training.check is not None:
            return _checked_losses(training.check, theme)
        first = training.losses[0][0] if training.losses else 0
        losses = [(step - first, loss) for step, loss in training.losses]
        series = [_line(tr("Training episodes"), losses, theme.agent)]
        return series, max([1.0, *(float(step) for step, _ in losses[-1:])])

    def _draw_empty(self, context: UiContext, inside: Rect) -> None:
        training = context.model.training
        running = training is not None and training.running
        at = (inside.centerx, inside.centery - context.ui.painter.px(10))
        if self._tab in _STUDIES:
            self._draw_ask(context, inside)
            return
        words = (
            tr("Waiting for the first results…")
            if running
            else tr("The chart appears when you train")
        )
        if self._tab == "tried" and training and not running:
            words = tr("Nothing was tried by playing")
        if self._tab == "actions" and training and not running:
            words = tr("Not known for this recipe or these actions")
        context.ui.painter.text(words, at, "body", context.ui.theme.text2, "cm")

    def _draw_ask(self, context: UiContext, inside: Rect) -> None:
        """Draw the button that starts an analysis, or its progress."""
        ui, px, study = context.ui, context.ui.painter.px, _STUDIES[self._tab]
        found = context.model.analyses.found.get(study)
        if context.model.analyses.running is study:
            words = tr("Trying…")
            if found:
                words = tr("Trying… {done} of {total}", done=len(found.points), total=found.total)
            ui.painter.text(words, inside.center, "body", ui.theme.text2, "cm")
            return
        label = tr("Compute")
        rect = Rect(0, 0, px(220), px(44))
        rect.center = inside.center
        if ui.button(f"study.{study.value}", rect, label, "chart-line", reason=_reason(context)):
            _ask(context, study)

    def _draw_more(self, context: UiContext, card: Rect) -> None:
        """Draw the button that repeats a finished analysis."""
        ui, px = context.ui, context.ui.painter.px
        rect = Rect(card.right - px(80), card.y + px(10), px(32), px(32))
        busy = context.model.analyses.running is not None
        label = tr("Compute again")
        reason = tr("Being computed") if busy else _reason(context)
        if ui.icon_button("study.again", rect, "repeat", label, reason=reason):
            _ask(context, _STUDIES[self._tab])

    def _draw_effects(self, context: UiContext, inside: Rect) -> None:
        found = _found(context, _STUDIES[self._tab])
        if found is None or not found.points:
            self._draw_ask(context, inside)
            return
        self._draw_bars(context, inside, found)

    def _draw_bars(self, context: UiContext, inside: Rect, found: AnalysisProgress) -> None:
        """Draw a bar for each episode: how much it adds to the return, or how far both differ."""
        ui, px = context.ui, context.ui.painter.px
        painter, theme = ui.painter, ui.theme
        points = sorted(found.points, key=lambda point: -point[1])
        reach = max(max(abs(low), abs(high)) for _, _, low, high in points) or 1.0
        plot = Rect(inside.x + px(40), inside.y, inside.width - px(56), inside.height - px(24))
        wide = min(px(56), plot.width / max(1, len(points)))
        painter.rule(plot.x, plot.centery, plot.width)
        scale = plot.height / 2 / reach
        for place, (number, effect, low, high) in enumerate(points):
            x = plot.x + round(wide * (place + 0.5))
            clear = low > 0 or high < 0
            colour = (theme.success if effect > 0 else theme.recording) if clear else theme.text3
            tall = max(px(2), round(abs(effect) * scale))
            top = plot.centery - (tall if effect > 0 else 0)
            painter.fill((x - px(5), top, px(10), tall), colour)
            ends = (plot.centery - round(high * scale), plot.centery - round(low * scale))
            painter.fill((x, ends[0], max(1, px(1)), ends[1] - ends[0]), theme.text2)
            if wide > px(18):
                painter.text(str(number), (x, inside.bottom - px(8)), "small", theme.text2, "cm")
        for value, y in ((reach, plot.y + px(6)), (-reach, plot.bottom - px(6))):
            painter.text(signed(value), (plot.x - px(4), y), "small", theme.text2, "rm")
        self._draw_more(context, Rect(inside.x, inside.y - px(72), inside.width + px(8), 0))


def _draw_tab(context: UiContext, name: str, label: str, rect: Rect, *, chosen: bool) -> bool:
    """Draw a tab and return whether it was used."""
    ui, theme = context.ui, context.ui.theme
    touch = ui.node(name, "tab", label, rect, value=chosen)
    if chosen or touch.hovered:
        ui.painter.box(rect, theme.raised if chosen else theme.hover, 8)
    ui.painter.text(label, rect.center, "medium", theme.text if chosen else theme.text2, "cm")
    ui.ring(name, rect, 8)
    return touch.used


def _more_rect(card: Rect, px: Callable[[float], int]) -> Rect:
    return Rect(card.right - px(52) - px(_MORE), card.y + px(10), px(_MORE), px(32))


def _checked_losses(check: HeldOutCheck, theme: Theme) -> tuple[list[Series], float]:
    """Return the losses on trained and on held-out episodes, by optimiser steps."""
    trained = [(step, loss) for step, loss, _ in check.losses]
    held_out = [(step, loss) for step, _, loss in check.losses]
    series = [
        _line(tr("Training episodes"), trained, theme.agent),
        _line(tr("Held-out episodes"), held_out, theme.text, (6, 4)),
    ]
    return series, float(check.losses[-1][0])


def _episode_returns(context: UiContext) -> tuple[list[Series], float]:
    """Return the return of each episode, to look at before anything is trained."""
    library = context.model.library
    episodes = library.episodes if library else ()
    points = [(e.number, e.total_reward) for e in episodes]
    theme = context.ui.theme
    ink = theme.human if any(e.driver == "human" for e in episodes) else theme.text2
    series = [_line(tr("Episodes"), sorted(points), ink)]
    return series, max([1.0, *(float(number) for number, _ in points)])


def _curve(
    found: AnalysisProgress | None, colour: Colour, pale: Colour
) -> tuple[list[Series], float]:
    if found is None or len(found.points) < _FEWEST:
        return [], 1.0
    means = [(number, mean) for number, mean, _, _ in found.points]
    lows = [(number, low) for number, _, low, _ in found.points]
    highs = [(number, high) for number, _, _, high in found.points]
    series = [
        _line("agent", means, colour),
        _line(tr("95 % below"), lows, pale, (3, 4)),
        _line(tr("95 % above"), highs, pale, (3, 4)),
    ]
    return series, float(found.points[-1][0])


def _line(
    label: str,
    points: list[tuple[int, float]],
    colour: Colour,
    dash: tuple[float, float] | None = None,
) -> Series:
    data = np.array(points, dtype=np.float64).reshape(-1, 2)  # (n, 2)
    return Series(label, data[:, 0], data[:, 1], colour, dash)


def _reason(context: UiContext) -> str:
    """Return why no analysis can start now; empty if one can."""
    model = context.model
    if model.training and model.training.running:
        return tr("Training is running")
    if model.analyses.running:
        return tr("Another analysis is running")
    if model.env and model.env.cannot_learn:
        return model.env.cannot_learn
    enough = model.library is not None and len(model.library.episodes) >= _FEWEST
    return "" if enough else tr("Record {fewest} episodes first", fewest=_FEWEST)


def _ask(context: UiContext, study: Analysis) -> None:
    context.model.analyses.found.pop(study, None)
    context.model.analyses.running = study
    library = context.model.library
    chosen = library.chosen if library else ""
    context.tell_trainer(RunAnalysis(context.recordings, _dataset(context), study, chosen))


def _found(context: UiContext, study: Analysis) -> AnalysisProgress | None:
    """Return the results of an analysis of the shown dataset, if any."""
    found = context.model.analyses.found.get(study)
    return found if found and found.dataset_id == _dataset(context) else None


def _dataset(context: UiContext) -> str:
    return context.model.library.dataset_id if context.model.library else ""
