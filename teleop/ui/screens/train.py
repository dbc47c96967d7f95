"""Screen 2: train a policy with one click, and watch it play while it improves."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import Notice, Request, ShowPreview, Tone
from teleop.runtime.protocol.training_messages import (
    Analysis,
    Finding,
    RunAnalysis,
    StopTraining,
    Train,
)
from teleop.text import joined, tr
from teleop.types.results import Trait
from teleop.ui.chrome.copy_link import draw_copy_link
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.formatting import signed, time_left
from teleop.ui.drawing.theme import ON_VEIL, VEIL, Colour, Theme
from teleop.ui.episodes.dataset_menu import draw_dataset_menu
from teleop.ui.state.command_lines import train_line
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import TrainingState
from teleop.ui.training.algorithm_choice import AlgorithmChoice
from teleop.ui.training.episode_subset import EpisodeSubset
from teleop.ui.training.score_bars import draw_score_bars
from teleop.ui.training.training_charts import TrainingCharts
from teleop.ui.widgets.image_view import fitted
from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.steps import draw_steps

_LOG_ROW = 20
_TIGHT = 520  # height of the panel below which figures and progress become lines of text
_CHART_SHARE = 0.55
_STEPS = (
    tr("A first policy plays after about a second."),
    tr("Settings are tried by playing. The best ones are kept, and you see which."),
    tr("The policy plays 20 fresh starts: its return and success, beside yours."),
)


class TrainScreen:
    """View state: the charts, the training options and the policy in the preview."""

    def __init__(self) -> None:
        self._study = TrainingCharts()
        self._log = Scroll()
        self._algorithm = AlgorithmChoice()
        self._subset = EpisodeSubset()
        self._profiled = ""
        self._view = Rect(0, 0, 0, 0)
        self._previewed = ("", "", 0)
        self._tight = False

    def enter(self, context: UiContext) -> None:
        """Reset the preview, so that the next draw requests the newest policy."""
        context.tell(Request.PAUSE)
        context.ui.offer("train", "primary")
        self._previewed = ("", "", 0)
        _forget_preview(context)
        if context.next.reward:
            self._algorithm.practise_on(context.next.reward)
            context.next.reward = ""

    def leave(self, context: UiContext) -> None:
        """Stop the preview."""
        context.tell(Request.SHOW_NOTHING)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return None: reports and frames wake the window."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Start or stop training with R, the key that records on screen 1."""
        if command is not Command.RECORD:
            return False
        self._train_or_stop(context)
        return True

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the log."""
        self._log.by(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the frame of the preview."""
        if context.popover.open or not self._view.width or context.view("preview").aspect is None:
            return None
        self._draw_picture(context)
        return self._view

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the screen."""
        self._keep_preview(context)
        if context.next.recipe:
            self._algorithm.recipe, context.next.recipe = context.next.recipe, ""
        self._keep_profile(context)
        if context.display.enlarged:
            self._study.draw_enlarged(context, area)
            return
        px = context.ui.painter.px
        gap = px(16)
        panel = min(px(420), max(px(320), round(area.width * 0.31)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        chart = Rect(left.x, left.y, left.width, round(left.height * _CHART_SHARE))
        below = Rect(left.x, chart.bottom + gap, left.width, left.bottom - chart.bottom - gap)
        self._study.draw(context, chart)
        self._draw_preview(context, below)
        self._draw_panel(context, Rect(area.right - panel, area.y, panel, area.height))
        self._study.draw_menu(context, chart)

    # ------------------------------------------------------------ actions

    def _train_or_stop(self, context: UiContext) -> None:
        model = context.model
        if model.training and model.training.running:
            context.tell_trainer(StopTraining())
            model.training.phase = tr("Stopping; the best so far is kept")
        elif model.analyses.running:
            context.tell_trainer(StopTraining())
            model.notices.append(
                Notice(Tone.PLAIN, tr("The analysis is stopping; train again afterwards"))
            )
        elif model.env and model.env.cannot_learn:
            model.notices.append(Notice(Tone.PLAIN, model.env.cannot_learn))
        elif model.library and model.library.episodes:
            dataset_id = model.library.dataset_id
            model.training = TrainingState(dataset_id)
            context.tell_trainer(
                Train(
                    context.recordings,
                    dataset_id,
                    recipe=self._algorithm.recipe,
                    plays=self._algorithm.plays,
                    all_takes=self._algorithm.all_takes,
                    files=self._subset.files(context),
                    start=self._algorithm.start(context),
                    minutes=float(self._algorithm.minutes),
                    reward=self._algorithm.reward(context),
                )
            )

    def _keep_preview(self, context: UiContext) -> None:
        """Request the preview of the newest policy, once for each version."""
        model = context.model
        training, library = model.training, model.library
        if library is None:
            return
        wanted = ("", "", 0)
        if training and training.dataset_id == library.dataset_id:
            if training.policy:  # before there is one, no other policy is shown in its place
                wanted = (training.dataset_id, training.policy, training.version)
        elif library.chosen:
            wanted = (library.dataset_id, library.chosen, 0)
        if wanted == self._previewed:
            return
        if wanted[1]:
            context.tell(ShowPreview(wanted[0], wanted[1]))
        else:
            context.tell(Request.SHOW_NOTHING)
        if wanted[:2] != self._previewed[:2]:
            _forget_preview(context)
        self._previewed = wanted

    def _keep_profile(self, context: UiContext) -> None:
        """Request the profile of the dataset, once after each change."""
        model, library = context.model, context.model.library
        busy = model.analyses.running or (model.training and model.training.running)
        if library is None or not library.episodes or busy:
            return
        wanted = f"{library.dataset_id} {len(library.episodes)} {library.episodes[-1].uuid}"
        if wanted != self._profiled:
            self._profiled = wanted
            context.tell_trainer(
                RunAnalysis(context.recordings, library.dataset_id, Analysis.PROFILE)
            )

    # ------------------------------------------------------------ left

    def _draw_preview(self, context: UiContext, card: Rect) -> None:
        ui, model = context.ui, context.model
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(card)
        view = context.view("preview")
        area = Rect(card.x + px(12), card.y + px(12), 0, card.height - px(24))
        training, live = model.own_training, model.preview
        shown = training.scores if training and training.scores else ()
        share = 0.46 if shown else 0.62
        area.width = min(round(area.height * (view.aspect or 1.5)), round(card.width * share))
        self._view = fitted(area, view.aspect or 1.5)
        self._draw_picture(context)
        x = area.right + px(24)
        painter.box(Rect(x, card.y + px(26), px(4), px(20)), theme.agent, 2)
        painter.text(tr("Agent, live"), (x + px(14), card.y + px(36)), "h2")
        name, room = self._previewed[1], card.right - px(16) - x
        for index, line in enumerate(painter.wrapped(self._note(context), "small", room)):
            painter.text(line, (x, card.y + px(66) + index * px(18)), "small", theme.text2)
        if training is None and not name:
            rest = Rect(x, card.y + px(92), room, card.bottom - px(12) - card.y - px(92))
            draw_steps(ui, rest, _STEPS)
        if shown:
            top = card.y + px(88)
            bars = Rect(x, top, card.right - px(20) - x, card.bottom - px(8) - top)
            episodes = model.library.episodes if model.library else ()
            scripted = all(episode.driver != "human" for episode in episodes)
            draw_score_bars(ui, bars, shown, scripted=scripted)
        elif live and name:
            at = (x, card.bottom - px(76))
            painter.text(tr("return"), at, "small", theme.text2)
            at = (x, card.bottom - px(50))
            painter.text(signed(live.total_reward), at, "number", theme.agent)
            at = (x, card.bottom - px(26))
            painter.text(
                tr("step {steps} · seed {seed}", steps=live.steps, seed=live.seed),
                at,
                "small",
                theme.text2,
                width=room,
            )

    def _note(self, context: UiContext) -> str:
        """Return which policy plays, or why none does."""
        name, library, training = (
            self._previewed[1],
            context.model.library,
            context.model.own_training,
        )
        if name and library:
            return tr("Now playing new seeds: {name}", name=library.title_of(name))
        if training and training.problem:
            return tr("Nothing was trained")
        return tr("The agent plays here during training")

    def _draw_picture(self, context: UiContext) -> None:
        painter, px = context.ui.painter, context.ui.painter.px
        context.view("preview").draw(painter, self._view, 8, context.ui.theme.surface)
        live = context.model.preview
        if live and live.action and self._view.height > px(90):
            at = (self._view.x + px(10), self._view.bottom - px(38))
            context.ui.pill(at, live.action, VEIL, ON_VEIL)

    # ------------------------------------------------------------ right

    def _draw_panel(self, context: UiContext, panel: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(panel)
        ui.painter.text(tr("Train a policy"), (panel.x + px(20), panel.y + px(28)), "h2")
        inner = panel.inflate(-px(40), 0)
        self._tight = panel.height < px(_TIGHT)
        data = self._draw_data(context, inner, panel.y + px(52)) + px(8)
        top = self._subset.draw(context, inner, data) + px(8)
        y = self._algorithm.draw(context, inner, top)
        y = self._draw_progress(context, inner, y + px(16))
        foot = panel.bottom - px(104)
        self._draw_log(context, Rect(inner.x, y, inner.width, foot - y))
        ui.painter.rule(panel.x + 1, foot, panel.width - 2)
        self._draw_primary(context, inner, panel.bottom)
        draw_dataset_menu(context, panel, "options", tr("Episodes to learn from"))
        self._subset.draw_menu(context, inner, data)
        self._algorithm.draw_menus(context, inner, top)

    def _draw_data(self, context: UiContext, inner: Rect, y: int) -> int:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        library = context.model.library
        episodes = library.episodes if library else ()
        if files := self._subset.files(context):
            episodes = tuple(episode for episode in episodes if episode.file in files)
        steps = sum(episode.total_steps for episode in episodes)
        mean = sum(e.total_reward for e in episodes) / max(1, len(episodes))
        figures = (
            (tr("Episodes"), f"{len(episodes):,}"),
            (tr("Steps"), f"{steps:,}"),
            (tr("Mean return"), signed(mean, plus=False) if episodes else "–"),
        )
        if self._tight:
            line = joined(" · ", (joined(" ", figure) for figure in figures))
            painter.text(line, (inner.x, y + px(8)), "small", theme.text2, width=inner.width)
            return y + px(18)
        width = (inner.width - 2 * px(8)) // 3
        for index, (label, value) in enumerate(figures):
            cell = Rect(inner.x + index * (width + px(8)), y, width, px(60))
            painter.box(cell, theme.sunken, 8, theme.line)
            room = cell.width - px(16)
            at = (cell.x + px(12), cell.y + px(18))
            painter.text(label, at, "small", theme.text2, width=room)
            painter.text(value, (cell.x + px(12), cell.y + px(41)), "h1", width=room)
        return y + px(60)

    def _draw_progress(self, context: UiContext, inner: Rect, y: int) -> int:
        training = context.model.own_training
        if training is None:
            return y
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        right = ""
        if training.running and training.seconds_left is not None:
            right = time_left(training.seconds_left)
        elif not training.running and not training.problem:
            right = f"{training.seconds:.1f} s"
        words = training.phase if training.running else tr("Done")
        if training.problem:
            words = tr("Nothing was trained") if not training.policy else tr("Stopped early")
        taken = painter.text(right, (inner.right, y + px(10)), "small", theme.text2, "rm")
        room = inner.width - taken - px(12)
        painter.text(words, (inner.x, y + px(10)), "medium", width=room)
        if self._tight and not training.running:
            return y + px(20)
        track = Rect(inner.x, y + px(28), inner.width, px(8))
        painter.box(track, theme.track, 4)
        share = training.step / max(1, training.total) if training.running else 1.0
        colour = theme.recording if training.problem else theme.agent
        done = Rect(track.x, track.y, round(track.width * min(1.0, share)), track.height)
        painter.box(done, colour, 4)
        return y + px(48)

    def _draw_log(self, context: UiContext, rect: Rect) -> None:
        """Draw the scrolling log: advice, findings of the training, then traits of the data."""
        ui, px = context.ui, context.ui.painter.px
        rows: list[tuple[str, Colour, str]] = []
        for icon, colour, text in self._lines(context):
            lines = ui.painter.wrapped(text, "small", rect.width - px(30))
            rows += [(icon if not place else "", colour, line) for place, line in enumerate(lines)]
        fit = max(1, (rect.height - px(10)) // px(_LOG_ROW))
        area = Rect(rect.x, rect.y + px(6), rect.width, fit * px(_LOG_ROW))
        for place, index in enumerate(self._log.window(area, len(rows), fit)):
            icon, colour, line = rows[index]
            y = area.y + place * px(_LOG_ROW) + px(_LOG_ROW) // 2
            if icon:
                ui.painter.icon(icon, (area.x + px(8), y), 14, colour)
            ui.painter.text(line, (area.x + px(24), y), "small", ui.theme.text2)
        self._log.draw_bar(ui, len(rows), fit)
        self._log.take_keys(ui, "log", tr("Findings"), len(rows), fit)

    def _lines(self, context: UiContext) -> list[tuple[str, Colour, str]]:
        """Return (icon, icon colour, text) of every log entry."""
        theme, model = context.ui.theme, context.model
        training, profile = model.training, model.analyses.profile
        mine = model.library.dataset_id if model.library else ""
        lines: list[tuple[str, Colour, str]] = []
        if training and training.dataset_id == mine:
            if training.problem:
                lines.append(("x", theme.recording, training.problem))
            lines += [("flag", theme.agent, text) for text in training.advice]
            lines += [_finding_line(found, theme) for found in training.log]
        if profile and profile.dataset_id == mine:
            if hint := self._subset.hint(context):
                lines.append(("flag", theme.human, hint))
            if profile.problem:
                lines.append(("info", theme.human, profile.problem))
            traits = sorted(profile.traits, key=lambda trait: not trait.warns)
            lines += [_trait_line(trait, theme.human, theme.text3) for trait in traits]
        return lines

    def _draw_primary(self, context: UiContext, inner: Rect, bottom: int) -> None:
        ui, model, px = context.ui, context.model, context.ui.painter.px
        training, library = model.own_training, model.library
        ui.group("primary")
        rect = Rect(inner.x, bottom - px(88), inner.width, px(48))
        running = training is not None and training.running
        done = training is not None and not running and bool(training.policy)
        cannot = model.env.cannot_learn if model.env else ""
        reason = cannot or ("" if library and library.episodes else tr("Record at least 1 episode"))
        key = label_of(Command.RECORD)
        if running:
            if ui.button(
                "train", rect, tr("Stop and keep the best"), "square", "record", key, radius=10
            ):
                self._train_or_stop(context)
        elif done:
            again = rect.copy()
            again.width = px(120)
            rect = Rect(
                again.right + px(10), rect.y, rect.right - again.right - px(10), rect.height
            )
            if ui.button("train", again, tr("Again"), "repeat", "plain", key, reason, 10):
                self._train_or_stop(context)
            label = label_of(Command.COMPARE)
            if ui.button("next", rect, tr("Compare"), "git-compare", "primary", label, "", 10):
                context.next.screen = "compare"
        elif ui.button("train", rect, tr("Train"), "sparkles", "primary", key, reason, 10):
            self._train_or_stop(context)
        self._draw_caption(context, Rect(inner.x, bottom - px(21), inner.width, 0), reason, done)

    def _draw_caption(self, context: UiContext, line: Rect, reason: str, done: bool) -> None:
        """Draw what training will do, or why it cannot, and the link that copies the command."""
        painter, library = context.ui.painter, context.model.library
        usual, how = self._algorithm.expects(), self._algorithm
        room = line.width
        if library and not reason:
            command = train_line(
                library.dataset_id,
                how.recipe,
                plays=how.plays,
                all_takes=how.all_takes,
                only=self._subset.only(context),
                start=how.start(context),
                minutes=how.minutes,
                reward=how.reward(context),
            )
            room -= draw_copy_link(context, (line.right, line.y), command) + painter.px(12)
        text = reason or ("" if done else usual)
        painter.text(text, (line.x, line.y), "small", context.ui.theme.text2, width=room)


def _forget_preview(context: UiContext) -> None:
    """Remove the picture and the figures of the policy that was watched before."""
    context.model.preview = None
    context.model.frames.pop("preview", None)
    context.view("preview").clear()


def _finding_line(found: Finding, theme: Theme) -> tuple[str, Colour, str]:
    """Return a line with a tick if playing confirmed the finding, else with an info icon."""
    if found.verified:
        return ("check", theme.success, found.text)
    return ("info", theme.text3, found.text)


def _trait_line(trait: Trait, warning: Colour, usual: Colour) -> tuple[str, Colour, str]:
    known = {"topic": trait.topic, "found": trait.found, "means": trait.means.capitalize()}
    text = tr("{topic}: {found}. {means}.", **known)
    if trait.done:
        text = tr("{topic}: {found}. {means} ({done}).", **known, done=trait.done)
    return ("info", warning if trait.warns else usual, text)
