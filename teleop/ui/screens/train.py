"""Screen 2: one click trains; the loss falls, the policy plays while it gets better."""

import numpy as np
from pygame import Rect

from teleop.stage.lessons import StopTraining, Train
from teleop.stage.messages import Deed, Notice, ShowPreview, Tone
from teleop.ui.chart import Chart, Series
from teleop.ui.dataset_menu import draw_dataset_menu
from teleop.ui.desk import Desk
from teleop.ui.model import Training
from teleop.ui.shortcuts import Command, label_of
from teleop.ui.theme import ON_VEIL, VEIL
from teleop.ui.view import fitted
from teleop.ui.words import count_of, signed, time_left

_CHART_SHARE = 0.55
_NO_CORRECT = "Not in this version"


class TrainScreen:
    """View state: the chart's picture, and which policy the preview plays."""

    def __init__(self) -> None:
        self._chart = Chart()
        self._view = Rect(0, 0, 0, 0)
        self._previewed = ("", "", 0)

    def enter(self, desk: Desk) -> None:
        """Show the latest policy playing, if there is one."""
        desk.tell(Deed.PAUSE)
        self._previewed = ("", "", 0)
        desk.model.preview = None
        desk.view("preview").clear()

    def leave(self, desk: Desk) -> None:
        """Take the preview off stage."""
        desk.tell(Deed.SHOW_NOTHING)

    def wakes_in(self, desk: Desk) -> float | None:
        """Reports and pictures wake the window by themselves."""
        del desk
        return None

    def command(self, desk: Desk, command: Command) -> bool:
        """R trains and stops, as it records on the first screen."""
        if command is not Command.RECORD:
            return False
        self._train_or_stop(desk)
        return True

    def scroll(self, rows: int) -> None:
        """Nothing scrolls here."""
        del rows

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Only the preview's picture."""
        if desk.popover.open or not self._view.width or desk.view("preview").aspect is None:
            return None
        self._draw_picture(desk)
        return self._view

    def draw(self, desk: Desk, area: Rect) -> None:
        """Everything."""
        self._keep_preview(desk)
        px = desk.ui.painter.px
        gap = px(16)
        panel = min(px(420), max(px(320), round(area.width * 0.31)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        chart = Rect(left.x, left.y, left.width, round(left.height * _CHART_SHARE))
        below = Rect(left.x, chart.bottom + gap, left.width, left.bottom - chart.bottom - gap)
        self._draw_chart(desk, chart)
        self._draw_preview(desk, below)
        self._draw_panel(desk, Rect(area.right - panel, area.y, panel, area.height))

    # ------------------------------------------------------------ deeds

    def _train_or_stop(self, desk: Desk) -> None:
        model = desk.model
        if model.training and model.training.running:
            desk.teach(StopTraining())
            model.training.phase = "Stopping; the best so far is kept"
        elif model.env and model.env.cannot_learn:
            model.notices.append(Notice(Tone.PLAIN, model.env.cannot_learn))
        elif model.library and model.library.episodes:
            dataset_id = model.library.dataset_id
            model.training = Training(dataset_id)
            desk.teach(Train(desk.recordings, dataset_id))

    def _keep_preview(self, desk: Desk) -> None:
        """Ask for the newest policy on stage, once for each new version of it."""
        model = desk.model
        training, library = model.training, model.library
        if library is None:
            return
        wanted = ("", "", 0)
        if training and training.policy and training.dataset_id == library.dataset_id:
            wanted = (training.dataset_id, training.policy, training.version)
        elif library.policies:
            wanted = (library.dataset_id, library.policies[-1], 0)
        if wanted != self._previewed and wanted[1]:
            desk.tell(ShowPreview(wanted[0], wanted[1]))
            self._previewed = wanted

    # ------------------------------------------------------------ left

    def _draw_chart(self, desk: Desk, card: Rect) -> None:
        ui, training = desk.ui, desk.model.training
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(card)
        painter.text("Loss", (card.x + px(18), card.y + px(24)), "h2")
        note = "how far the policy's choices are from yours: lower is closer"
        x = card.x + px(18) + painter.width("Loss", "h2") + px(12)
        painter.text(
            note, (x, card.y + px(24)), "small", theme.text2, width=card.right - x - px(18)
        )
        inside = Rect(card.x + px(8), card.y + px(44), card.width - px(16), card.height - px(52))
        drawn = None
        if training and training.losses:
            series = [_series("episodes in training", training.losses, theme.agent, None)]
            if training.held_out:
                held = _series("held-out episodes", training.held_out, theme.text2, (9, 4))
                series.append(held)
            end = float(max(training.step, training.total))
            text = lambda value: f"{value:,.0f}"  # noqa: E731
            drawn = self._chart.draw(painter, inside, series, end, text, theme.surface)
        if drawn is None:
            at = (card.centerx, card.centery + px(10))
            running = training is not None and training.running
            words = (
                "Waiting for the first numbers…" if running else "Train draws the loss here, live"
            )
            painter.text(words, at, "body", theme.text2, "cm")

    def _draw_preview(self, desk: Desk, card: Rect) -> None:
        ui, model = desk.ui, desk.model
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(card)
        view = desk.view("preview")
        area = Rect(card.x + px(12), card.y + px(12), 0, card.height - px(24))
        area.width = min(round(area.height * (view.aspect or 1.5)), round(card.width * 0.62))
        self._view = fitted(area, view.aspect or 1.5)
        self._draw_picture(desk)
        x = area.right + px(24)
        painter.box(Rect(x, card.y + px(26), px(4), px(20)), theme.agent, 2)
        painter.text("Agent, live", (x + px(14), card.y + px(36)), "h2")
        name = self._previewed[1]
        note = f"{name} plays starts it has not seen" if name else "Plays here while it learns"
        room = card.right - px(16) - x
        for index, line in enumerate(painter.wrapped(note, "small", room)):
            painter.text(line, (x, card.y + px(66) + index * px(18)), "small", theme.text2)
        live = model.preview
        if live and name:
            at = (x, card.bottom - px(76))
            painter.text("return", at, "small", theme.text2)
            at = (x, card.bottom - px(50))
            painter.text(signed(live.total_reward), at, "number", theme.agent)
            at = (x, card.bottom - px(26))
            painter.text(
                f"step {live.steps} · seed {live.seed}", at, "small", theme.text2, width=room
            )

    def _draw_picture(self, desk: Desk) -> None:
        painter, px = desk.ui.painter, desk.ui.painter.px
        desk.view("preview").draw(painter, self._view, 8, desk.ui.theme.surface)
        live = desk.model.preview
        if live and live.action and self._view.height > px(90):
            at = (self._view.x + px(10), self._view.bottom - px(38))
            desk.ui.pill(at, live.action, VEIL, ON_VEIL)

    # ------------------------------------------------------------ right

    def _draw_panel(self, desk: Desk, panel: Rect) -> None:
        ui, px = desk.ui, desk.ui.painter.px
        ui.card(panel)
        ui.painter.text("Train a policy", (panel.x + px(20), panel.y + px(28)), "h2")
        inner = panel.inflate(-px(40), 0)
        y = self._draw_data(desk, inner, panel.y + px(52))
        y = self._draw_algorithms(desk, inner, y + px(16))
        y = self._draw_progress(desk, inner, y + px(16))
        foot = panel.bottom - px(104)
        self._draw_log(desk, Rect(inner.x, y, inner.width, foot - y))
        ui.painter.rule(panel.x + 1, foot, panel.width - 2)
        self._draw_primary(desk, inner, panel.bottom)
        draw_dataset_menu(desk, panel, "options", "Episodes to learn from")

    def _draw_data(self, desk: Desk, inner: Rect, y: int) -> int:
        painter, theme, px = desk.ui.painter, desk.ui.theme, desk.ui.painter.px
        library = desk.model.library
        episodes = library.episodes if library else ()
        steps = sum(episode.total_steps for episode in episodes)
        mean = sum(e.total_reward for e in episodes) / max(1, len(episodes))
        figures = (
            ("Episodes", f"{len(episodes):,}"),
            ("Steps", f"{steps:,}"),
            ("Mean return", signed(mean, plus=False) if episodes else "–"),
        )
        width = (inner.width - 2 * px(8)) // 3
        for index, (label, value) in enumerate(figures):
            cell = Rect(inner.x + index * (width + px(8)), y, width, px(60))
            painter.box(cell, theme.sunken, 8, theme.line)
            room = cell.width - px(16)
            at = (cell.x + px(12), cell.y + px(18))
            painter.text(label, at, "small", theme.text2, width=room)
            painter.text(value, (cell.x + px(12), cell.y + px(41)), "h1", width=room)
        return y + px(60)

    def _draw_algorithms(self, desk: Desk, inner: Rect, y: int) -> int:
        ui, px = desk.ui, desk.ui.painter.px
        ui.group("options")
        clone = Rect(inner.x, y, inner.width, px(64))
        self._draw_algorithm(desk, "bc", clone, "Behavioural cloning", "Does what you did", "")
        dagger = Rect(inner.x, clone.bottom + px(8), inner.width, px(64))
        self._draw_algorithm(desk, "dagger", dagger, "DAgger", _NO_CORRECT, _NO_CORRECT)
        return dagger.bottom

    def _draw_algorithm(
        self, desk: Desk, node_id: str, rect: Rect, name: str, note: str, reason: str
    ) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        chosen = not reason
        ui.node(f"algorithm.{node_id}", "option", name, rect, reason=reason, value=chosen)
        painter.box(
            rect, theme.raised, 8, theme.agent if chosen else theme.line, 2 if chosen else 1
        )
        ink = theme.text if chosen else theme.text3
        room = rect.width - px(60)
        painter.text(name, (rect.x + px(16), rect.centery - px(10)), "bold", ink, width=room)
        at = (rect.x + px(16), rect.centery + px(12))
        painter.text(note, at, "small", theme.text2 if chosen else theme.text3, width=room)
        if chosen:
            painter.icon("check", (rect.right - px(22), rect.centery), 18, theme.agent)
        ui.ring(f"algorithm.{node_id}", rect, 8)

    def _draw_progress(self, desk: Desk, inner: Rect, y: int) -> int:
        training = desk.model.training
        if training is None:
            return y
        painter, theme, px = desk.ui.painter, desk.ui.theme, desk.ui.painter.px
        right = ""
        if training.running and training.seconds_left is not None:
            right = time_left(training.seconds_left)
        elif not training.running and not training.problem:
            right = f"{training.seconds:.1f} s"
        words = training.phase if training.running else "Done"
        if training.problem:
            words = "Nothing was trained" if not training.policy else "Stopped early"
        taken = painter.text(right, (inner.right, y + px(10)), "small", theme.text2, "rm")
        room = inner.width - taken - px(12)
        painter.text(words, (inner.x, y + px(10)), "medium", width=room)
        track = Rect(inner.x, y + px(28), inner.width, px(8))
        painter.box(track, theme.strong_line, 4)
        share = training.step / max(1, training.total) if training.running else 1.0
        colour = theme.recording if training.problem else theme.agent
        done = Rect(
            track.x, track.y, max(px(8), round(track.width * min(1.0, share))), track.height
        )
        painter.box(done, colour, 4)
        return y + px(48)

    def _draw_log(self, desk: Desk, rect: Rect) -> None:
        training = desk.model.training
        painter, theme, px = desk.ui.painter, desk.ui.theme, desk.ui.painter.px
        lines = list(training.log) if training else []
        if training and training.began:
            began = training.began
            steps = count_of(began.steps, "step")
            lines.insert(0, f"{count_of(began.episodes, 'episode')}, {steps}, {began.levels}")
        if training and not training.running and training.policy:
            lines.append(f"Saved as {training.policy}")
        if training and training.problem:
            for line in painter.wrapped(training.problem, "small", rect.width):
                painter.text(line, (rect.x, rect.y + px(14)), "small", theme.text2)
                rect = Rect(rect.x, rect.y + px(20), rect.width, max(0, rect.height - px(20)))
        fit = max(0, (rect.height - px(8)) // px(24))
        for index, line in enumerate(lines[-fit:] if fit else []):
            y = rect.y + px(14) + index * px(24)
            painter.icon("check", (rect.x + px(8), y), 14, theme.success)
            at = (rect.x + px(24), y)
            painter.text(line, at, "small", theme.text2, width=rect.width - px(24))

    def _draw_primary(self, desk: Desk, inner: Rect, bottom: int) -> None:
        ui, model, px = desk.ui, desk.model, desk.ui.painter.px
        training, library = model.training, model.library
        ui.group("primary")
        rect = Rect(inner.x, bottom - px(88), inner.width, px(48))
        running = training is not None and training.running
        done = training is not None and not running and bool(training.policy)
        cannot = model.env.cannot_learn if model.env else ""
        reason = cannot or ("" if library and library.episodes else "Record 1 episode first")
        key = label_of(Command.RECORD)
        if running:
            if ui.button(
                "train", rect, "Stop and keep the best", "square", "record", key, radius=10
            ):
                self._train_or_stop(desk)
        elif done:
            again = rect.copy()
            again.width = px(120)
            rect = Rect(
                again.right + px(10), rect.y, rect.right - again.right - px(10), rect.height
            )
            if ui.button("train", again, "Again", "repeat", "plain", key, reason, 10):
                self._train_or_stop(desk)
            label = label_of(Command.COMPARE)
            if ui.button("next", rect, "Compare", "git-compare", "primary", label, "", 10):
                desk.go_to = "compare"
        elif ui.button("train", rect, "Train", "sparkles", "primary", key, reason, 10):
            self._train_or_stop(desk)
        caption = reason or "One network first, then the best of five together"
        at = (inner.centerx, bottom - px(21))
        ui.painter.text(caption, at, "small", ui.theme.text2, "cm", width=inner.width)


def _series(
    label: str,
    points: list[tuple[int, float]],
    colour: tuple[int, int, int, int],
    dash: tuple[float, float] | None,
) -> Series:
    data = np.array(points, dtype=np.float64)  # (n, 2)
    return Series(label, data[:, 0], data[:, 1], colour, dash)
