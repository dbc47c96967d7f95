"""Screen 4: a policy drives, a person takes over when it goes wrong, and it learns from that."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    Corrected,
    Notice,
    Request,
    ShowCorrect,
    Tone,
)
from teleop.runtime.protocol.training_messages import ListRounds, StopTraining, Train
from teleop.text import joined, ntr, tr
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.formatting import signed
from teleop.ui.drive.drive_view import DriveView
from teleop.ui.drive.gauge_bars import gauge_words
from teleop.ui.episodes.dataset_menu import draw_dataset_menu, draw_elsewhere
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import TrainingState
from teleop.ui.training.moments_list import draw_moments
from teleop.ui.training.round_figures import RoundFigures
from teleop.ui.training.rounds_chart import RoundsChart
from teleop.ui.widgets.popover import MenuItem
from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.steps import draw_steps

_ROW = 44
_CHART = 190
_TOOLS = 176


_STEPS = (
    tr("Press R: the policy drives."),
    tr("When it goes wrong, press any control: you drive until you let go."),
    tr("Save the episode, then retrain. The chart shows whether it helped."),
)


class CorrectScreen:
    """View state: the supervised policy and the scroll position of the list."""

    def __init__(self, policy: str = "") -> None:
        """Start with this policy, if given."""
        self._drive_view = DriveView()
        self._rounds = RoundsChart()
        self._figures = RoundFigures()
        self._lists_moments = False
        self._wanted = policy  # chosen by the person
        self._asked = ("", "", 0)  # requested dataset, policy and version
        self._rounds_of = ("", "")
        self._retrained = ("", 0)  # policy and number of corrections of the last training
        self._scroll = Scroll()

    def enter(self, context: UiContext) -> None:
        """Request the policy that will drive."""
        context.tell(Request.PAUSE)
        context.ui.offer("record", "transport")
        self._asked, self._rounds_of = ("", "", 0), ("", "")
        if context.next.beginning is not None:
            self._wanted = context.next.beginning.policy
            context.tell(ChooseDataset(context.next.beginning.dataset_id))
        self._keep_policy(context)

    def leave(self, context: UiContext) -> None:
        """Pause a running episode and return to the session in which the person drives alone."""
        context.pause()
        context.tell(Request.SHOW_DRIVE)
        self._wanted = ""

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the recording dot blinks."""
        return self._drive_view.wakes_in(context)

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list of corrections."""
        self._scroll.by(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the frame and its overlay."""
        return self._drive_view.draw_moving(context)

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle the driving shortcuts and the one that retrains with the corrections."""
        if command is Command.RETRAIN:
            self._retrain_or_stop(context)
            return True
        if command is Command.RECORD and not self._policy(context):
            return False
        return self._drive_view.command(context, command)

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the screen."""
        self._keep_policy(context)
        px = context.ui.painter.px
        if context.display.enlarged:
            library, name = context.model.library, self._policy(context)
            of = (library.dataset_id if library else "", name)
            self._figures.draw(context, area, self._rounds.figure(context), of)
            return
        if not self._policy(context):
            self._draw_empty(context, area)
            return
        context.ui.events.focus.leave("next", to="record")
        bar, gap, header = px(72), px(16), px(52)
        view_height = area.height - header - gap - bar
        panel = min(px(420), max(px(320), area.width - gap - int(view_height * 1.5)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        self._drive_view.draw(context, Rect(left.x, left.y + header, left.width, view_height))
        bottom = Rect(left.x, left.bottom - bar, left.width, bar)
        rest = self._drive_view.draw_transport(context, bottom, (tr("Start"), "play"))
        self._draw_share(context, rest)
        self._draw_panel(context, Rect(area.right - panel, area.y, panel, area.height))
        self._draw_header(context, left)

    # ------------------------------------------------------------ actions

    def _policy(self, context: UiContext) -> str:
        """Return the policy that drives: the chosen one, the one just trained, or the newest."""
        library, training = context.model.library, context.model.training
        if library is None or not library.policies:
            return ""
        if self._wanted in library.policy_names:
            return self._wanted
        mine = training is not None and training.dataset_id == library.dataset_id
        unbeaten = [row.name for row in library.policies if not row.is_beaten]
        if mine and training and training.policy in unbeaten:
            return training.policy
        return library.chosen

    def _keep_policy(self, context: UiContext) -> None:
        """Request each new version of the policy, and its rounds of correction, once."""
        library, training = context.model.library, context.model.training
        name = self._policy(context)
        if library is None or not name:
            return
        version = training.version if training and training.policy == name else 0
        wanted = (library.dataset_id, name, version + context.model.analyses.gauged)
        if wanted != self._asked:
            self._asked = wanted
            context.tell(ShowCorrect(library.dataset_id, name))
        beginning = context.next.beginning
        if beginning is not None and beginning.policy == name:
            context.next.beginning = None
            context.tell(beginning)
        busy = context.model.analyses.running or (training and training.running)
        rounds = context.model.analyses.rounds
        shown = rounds is not None and any(item.policy == name for item in rounds.rounds)
        if shown and rounds and rounds.dataset_id == library.dataset_id:
            self._rounds_of = wanted[:2]  # a later round, which this policy beat, stays on screen
        if self._rounds_of != wanted[:2] and not busy:
            self._rounds_of = wanted[:2]
            context.tell_trainer(ListRounds(context.recordings, library.dataset_id, name))

    def _retrain_or_stop(self, context: UiContext) -> None:
        model, library = context.model, context.model.library
        if model.training and model.training.running:
            context.tell_trainer(StopTraining())
            return
        if library is None or (reason := self._cannot_retrain(context)):
            model.notices.append(
                Notice(Tone.PLAIN, reason if library else tr("Nothing is open yet"))
            )
            return
        name, self._wanted = self._policy(context), ""
        self._retrained = (name, len(model.corrections))
        model.training = TrainingState(library.dataset_id)
        context.tell(Request.KEEP_WAITING)  # save a finished take, so that training uses it
        context.tell_trainer(Train(context.recordings, library.dataset_id, after=name))

    def _cannot_retrain(self, context: UiContext) -> str:
        """Return why retraining is not possible; empty if it is possible."""
        live = context.model.live
        waiting = live is not None and live.pending and live.driven > 0
        name = self._policy(context)
        if not waiting and self._retrained == (name, len(context.model.corrections)):
            return tr("Correct it again first")
        if waiting or any(c.policy == name and c.driven for c in context.model.corrections):
            return ""
        if live is not None and live.engaged and live.driven:
            return tr("Save this episode first")
        return tr("Take over at least once while it drives")

    # ------------------------------------------------------------ left

    def _draw_header(self, context: UiContext, left: Rect) -> None:
        ui, library = context.ui, context.model.library
        px, name = ui.painter.px, self._policy(context)
        ui.group("chips")
        room = self._drive_view.draw_chips(context, left, left.y + px(6)) - left.x - px(_TOOLS)
        ui.group("picker")
        rect = Rect(left.x, left.y, min(px(290), room), px(40))
        rows = list(reversed(library.policies)) if library else []
        title = library.title_of(name) if library else name
        if ui.combo("policy", rect, title, "bot", tr("Policy in control")):
            place = [row.name for row in rows].index(name)
            context.popover.toggle(ui, "policy", "policy", place)
        self._drive_view.draw_tools(context, (rect.right + px(8), left.y + px(2)))
        self._draw_gauge_button(context, (rect.right + px(128), left.y + px(2)))
        choices = [MenuItem(row.name, row.title, row.name) for row in rows]
        picked = context.popover.draw(ui, "policy", rect, choices, name, 300)
        self._wanted = picked or self._wanted

    def _draw_gauge_button(self, context: UiContext, at: tuple[int, int]) -> None:
        """Draw the button that tells how reliable the gauges are, here and now."""
        ui, px, live = context.ui, context.ui.painter.px, context.model.live
        words = gauge_words(live.gauges) if live else ""
        words = words or tr("Measuring how reliable the gauges are")
        if ui.icon_button("gauges", Rect(*at, px(36), px(36)), "gauge", words):
            context.model.notices.append(Notice(Tone.PLAIN, words))

    def _draw_share(self, context: UiContext, rect: Rect) -> None:
        """Draw who drove which share of the steps: the person in orange, the policy in blue."""
        painter, theme, live = context.ui.painter, context.ui.theme, context.model.live
        px = painter.px
        if live is None or rect.width < px(80):
            return
        share = live.driven / live.steps if live.steps else 0.0
        y = rect.centery - px(9)
        used = painter.text(tr("You drove {share:.0%}", share=share), (rect.x, y), "medium")
        text = tr("{driven:,} of {steps:,} steps", driven=live.driven, steps=live.steps)
        if rect.width - used > painter.width(text, "small") + px(16):
            painter.text(text, (rect.right, y), "small", theme.text2, "rm")
        track = Rect(rect.x, rect.centery + px(9), rect.width, px(8))
        painter.box(track, theme.agent if live.steps else theme.track, 4)
        if live.driven:
            track.width = max(px(8), round(track.width * share))
            painter.box(track, theme.human, 4)

    def _draw_empty(self, context: UiContext, area: Rect) -> None:
        ui, painter, px = context.ui, context.ui.painter, context.ui.painter.px
        ui.card(area)
        centre = (area.centerx, area.centery - px(40))
        painter.icon("bot", (centre[0], centre[1] - px(50)), 36, ui.theme.text3)
        painter.text(tr("There is no policy to correct yet"), centre, "h2", None, "cm")
        draw_dataset_menu(context, area, "options", tr("Dataset"))
        text = tr("The policy drives. Press any control to take over until you let go.")
        at = (centre[0], centre[1] + px(30))
        painter.text(text, at, "body", ui.theme.text2, "cm", width=area.width - px(80))
        library = context.model.library
        has_episodes = bool(library and library.episodes)
        ui.group("primary")
        ui.events.focus.leave("record", to="next")
        rect = Rect(0, 0, px(240), px(48))
        rect.center = (centre[0], centre[1] + px(90))
        if draw_elsewhere(context, rect.inflate(px(60), 0)):
            return
        goal, label = (
            ("train", tr("Train a policy")) if has_episodes else ("demonstrate", tr("Record"))
        )
        if ui.button("next", rect, label, "sparkles", "primary", radius=10):
            context.next.screen = goal

    # ------------------------------------------------------------ right

    def _draw_panel(self, context: UiContext, panel: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(panel)
        chart = Rect(panel.x + px(12), panel.y + px(48), panel.width - px(24), 0)
        foot = panel.bottom - px(104)
        chart.height = min(px(_CHART), (foot - chart.y) // 2)
        self._rounds.draw(context, panel, chart)
        below = self._draw_against(context, chart)
        rows = Rect(panel.x + px(20), below + px(12), panel.width - px(40), 0)
        rows.height = foot - rows.y - px(8)
        self._draw_corrections(context, rows)
        ui.painter.rule(panel.x + 1, foot, panel.width - 2)
        self._draw_primary(context, panel)

    def _draw_against(self, context: UiContext, chart: Rect) -> int:
        """Draw whether the newest round is better than the one before; return the bottom edge."""
        painter, px, rounds = (
            context.ui.painter,
            context.ui.painter.px,
            context.model.analyses.rounds,
        )
        found = rounds.rounds[-1].against if rounds and rounds.rounds else None
        if found is None or chart.height < px(_CHART):
            return chart.bottom
        lines = painter.wrapped(found.text, "small", chart.width - px(16))
        for index, line in enumerate(lines):
            at = (chart.x + px(8), chart.bottom + px(10) + index * px(17))
            painter.text(line, at, "small", context.ui.theme.text2)
        return chart.bottom + px(4) + len(lines) * px(17)

    def _draw_corrections(self, context: UiContext, rect: Rect) -> None:
        """Draw the list of saved corrected episodes, the latest first."""
        painter, px = context.ui.painter, context.ui.painter.px
        corrections = context.model.corrections
        title = ntr("{n} corrected episode", "{n} corrected episodes", len(corrections))
        title = tr("Where to correct next") if self._lists_moments else title
        painter.text(title, (rect.x, rect.y + px(10)), "small-bold", context.ui.theme.text2)
        self._draw_list_choice(context, rect)
        library = context.model.library
        if self._lists_moments and library is not None:
            room = Rect(rect.x, rect.y + px(30), rect.width, rect.height - px(30))
            draw_moments(context, room, library.dataset_id, self._policy(context))
            return
        room = Rect(rect.x, rect.y + px(24), rect.width, rect.height - px(24))
        if not corrections:
            draw_steps(context.ui, room.move(0, px(8)), _STEPS)
            return
        fit = max(0, room.height // px(_ROW))
        for place, index in enumerate(self._scroll.window(room, len(corrections), fit)):
            row = Rect(room.x, room.y + place * px(_ROW), room.width, px(_ROW))
            self._draw_correction(context, row, corrections[index])
        self._scroll.draw_bar(context.ui, len(corrections), fit)
        self._scroll.take_keys(context.ui, "corrections", title, len(corrections), fit)

    def _draw_list_choice(self, context: UiContext, rect: Rect) -> None:
        """Draw the button that shows the moments to correct instead of the corrections, or back."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("list")
        label = tr("Show the corrections") if self._lists_moments else tr("Where to correct next")
        button = Rect(rect.right - px(30), rect.y - px(5), px(30), px(30))
        icon = "undo-2" if self._lists_moments else "wand-sparkles"
        if ui.icon_button("moments", button, icon, label):
            self._lists_moments = not self._lists_moments

    def _draw_correction(self, context: UiContext, row: Rect, item: Corrected) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        painter.rule(row.x, row.y, row.width)
        title = joined(
            ": ", (tr("Episode {ordinal}", ordinal=item.number), signed(item.total_reward))
        )
        painter.text(title, (row.x, row.centery - px(8)), "bold", width=row.width - px(76))
        taken = tr("not corrected")
        if item.times:
            taken = ntr("taken over {n} time", "taken over {n} times", item.times)
        note = joined(" · ", (ntr("{n:,} step", "{n:,} steps", item.total_steps), taken))
        at = (row.x, row.centery + px(10))
        painter.text(note, at, "small", theme.text2, width=row.width - px(76))
        track = Rect(row.right - px(64), row.centery - px(3), px(64), px(6))
        painter.box(track, theme.agent, 3)
        if item.driven:
            track.width = max(px(6), round(track.width * item.driven / item.total_steps))
            painter.box(track, theme.human, 3)

    def _draw_primary(self, context: UiContext, panel: Rect) -> None:
        ui, px, training = context.ui, context.ui.painter.px, context.model.own_training
        ui.group("primary")
        rect = Rect(panel.x + px(20), panel.bottom - px(88), panel.width - px(40), px(48))
        running = training is not None and training.running
        reason = "" if running else self._cannot_retrain(context)
        key = label_of(Command.RETRAIN)
        label, icon = (tr("Stop"), "square") if running else (tr("Retrain"), "repeat")
        kind = "record" if running else "primary"
        if ui.button("retrain", rect, label, icon, kind, key, reason, 10):
            self._retrain_or_stop(context)
        caption = reason or tr("Ready after about a second; you can keep driving")
        if running and training:
            caption = training.phase
        at = (panel.centerx, panel.bottom - px(21))
        ui.painter.text(caption, at, "small", ui.theme.text2, "cm", width=panel.width - px(32))
