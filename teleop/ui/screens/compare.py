"""Screen 3: compare a recorded episode with its rivals, step by step from the same start.

A rival is a policy, the scripted expert or random actions.
"""

import time
from collections.abc import Callable

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import LaneInfo, Race, ShowReplay, WriteReplay
from teleop.runtime.protocol.diagnosis_messages import ContinueFrom
from teleop.runtime.protocol.library_messages import Working
from teleop.runtime.protocol.session_messages import Request
from teleop.text import joined, ntr, tr
from teleop.ui.chrome.copy_link import copy_line
from teleop.ui.chrome.enlarged_chart import draw_enlarged
from teleop.ui.commands import Command, label_of
from teleop.ui.comparison.action_probabilities import draw_action_probabilities
from teleop.ui.comparison.autopsy_page import AutopsyPage
from teleop.ui.comparison.comparison_chart import ComparisonChart
from teleop.ui.comparison.panes import HEADER, MOST_SIDES, Panes, columns, sides_at
from teleop.ui.comparison.series_styles import styles_of
from teleop.ui.comparison.states_page import StatesPage
from teleop.ui.comparison.timeline import Timeline
from teleop.ui.drawing.formatting import signed, time_left
from teleop.ui.drawing.theme import Colour
from teleop.ui.drive.drive_view import DriveView
from teleop.ui.drive.race_bar import draw_race_bar
from teleop.ui.episodes.dataset_menu import draw_dataset_menu, draw_elsewhere
from teleop.ui.state.command_lines import compare_line
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison, LaneCurve
from teleop.ui.widgets.popover import MenuItem

_MOST_RIVALS = MOST_SIDES - 1
_SCRIPT, _CHANCE, _REMOVE, _COMMAND = "script", "random", "-", "command"
_FORMS = (
    MenuItem(".gif", tr("Animated image (GIF)")),
    MenuItem(".webp", tr("Animated image (WebP)")),
    MenuItem(".mp4", tr("Video (MP4)")),
    MenuItem(".png", tr("Still image of this step (PNG)")),
)
_REST_S = 0.08  # between two full redraws; the panes are redrawn more often
_RACE_COMMANDS = (Command.SAVE, Command.DISCARD, Command.PLAY, Command.RETRY, Command.REWIND)


class CompareScreen:
    """View state: the playhead and the sides that are compared."""

    def __init__(self, file: str = "", policy: str = "") -> None:
        """Start with this episode file and this policy, if given."""
        self._panes, self._player, self._card = Panes(), Timeline(), ComparisonChart()
        self._drive_view = DriveView()
        self._states, self._autopsy = StatesPage(), AutopsyPage()
        self._actions: dict[Command, Callable[[UiContext, Comparison], None]] = {
            Command.NEW_SEED: lambda context, _: self._next_episode(context),
            Command.DIFFERENCE: self._next_difference,
            Command.AUTOPSY: lambda *_: self._open_autopsy(),
            Command.CONTINUE: self._continue,
        }
        self._drawn_s, self._owes = 0.0, False
        self._asked: tuple[str, str, tuple[str, ...]] = ("", "", ())
        self._wanted_file = file
        self._rivals: list[str] = [policy] if policy else []

    def enter(self, context: UiContext) -> None:
        """Request a comparison, by default of the newest starred episode and the newest policy."""
        context.tell(Request.PAUSE)
        context.ui.offer("play", "transport")
        self._asked = ("", "", ())
        self._rivals = list(context.next.rivals) or self._rivals
        context.next.rivals = ()
        self._ask(context)

    def leave(self, context: UiContext) -> None:
        """Stop the race and the playback, and forget the chosen sides."""
        context.pause()
        if context.model.run:
            self._leave_race(context)
        context.tell(Request.SHOW_NOTHING)
        self._player.playing = self._autopsy.open = False
        self._wanted_file = ""  # next time, start with the default episode
        self._rivals = []

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the next step, or until curves and bars must be redrawn."""
        step = self._player.wakes_in(context.model.comparison)
        return min(step or _REST_S, _REST_S) if self._owes else step

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Do nothing: nothing on this screen scrolls."""
        del rows, at

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the panes; the curves and bars follow a little later."""
        comparison = context.model.comparison
        rest = context.now - self._drawn_s >= _REST_S
        if comparison is None or rest or context.popover.open or not self._asked[1]:
            return None
        self._owes = True
        return self._panes.draw_moving(context, comparison, int(self._advance(context, comparison)))

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle the shortcuts of the playback and of the race."""
        comparison = context.model.comparison
        if comparison is None:
            return False
        if command is Command.RECORD or (command is Command.PLAY and _waits_to_race(context)):
            self._start_or_stop_race(context, comparison)
        elif command is Command.LEAVE and (context.model.run or self._autopsy.open):
            self._leave_page(context)
        elif context.model.run and command in _RACE_COMMANDS:
            return self._drive_view.command(context, command)
        elif action := self._actions.get(command):
            action(context, comparison)
        else:
            return self._player.command(context, comparison, command)
        return True

    def _leave_page(self, context: UiContext) -> None:
        """Close the page over the comparison, or leave the race once it is paused."""
        if self._autopsy.open:
            self._autopsy.open = False
        elif not _is_racing(context):  # Escape pauses first
            self._leave_race(context)

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the screen."""
        self._drawn_s, self._owes = context.now, False
        self._ask(context)
        comparison = context.model.comparison
        if comparison is None or not self._asked[1]:
            self._draw_empty(context, area)
            self._draw_menus(context, area, 1 + len(self._asked[2] or ("",)))
            return
        context.ui.events.focus.leave("next", to="play")
        step = self._advance(context, comparison)
        if self._draw_page(context, comparison, area, step):
            return
        px = context.ui.painter.px
        gap, bar_height, least = px(12), px(52), px(164)
        pane = columns(area, len(sides_at(context, comparison, 0)), px(16))[0]
        wanted = px(HEADER) + round((pane.width - px(12)) / self._panes.aspect(context)) + px(6)
        height = min(wanted, area.height - least - 2 * gap - bar_height)
        panes = Rect(area.x, area.y, area.width, height)
        self._panes.draw(context, comparison, panes, int(step))
        bar = Rect(area.x, panes.bottom + gap, area.width, bar_height)
        self._draw_bar(context, comparison, bar)
        below = Rect(area.x, bar.bottom + gap, area.width, area.bottom - bar.bottom - gap)
        bars = min(px(400), round(area.width * 0.42))
        chart = Rect(below.x, below.y, below.width - bars - px(16), below.height)
        self._card.draw(context, comparison, chart, step)
        card = Rect(below.right - bars, below.y, bars, below.height)
        draw_action_probabilities(context, comparison, card, int(step))
        self._draw_menus(context, area, len(comparison.lanes))
        self._card.draw_menu(context, chart)
        self._draw_forms(context, bar)

    def _draw_page(
        self, context: UiContext, comparison: Comparison, area: Rect, step: float
    ) -> bool:
        """Draw the page that fills the window, if one is open."""
        if self._autopsy.open:
            shown = self._autopsy.draw(context, comparison, area)
        elif context.display.enlarged:
            figure = self._card.figure(context, comparison)
            if not self._card.shows_states:
                draw_enlarged(context, area, figure)
                return True
            shown = self._states.draw(context, comparison, area, step, figure)
        else:
            return False
        if shown is not None and not self._player.playing:
            self._player.seek(context, comparison, shown)
            self._player.show(context, int(self._player.step))
        return True

    def _continue(self, context: UiContext, comparison: Comparison) -> None:
        """Let the person drive on from the shown step: of the policy's run, else of the take."""
        if context.model.run:
            return
        step = int(self._player.step)
        agents = [lane for lane in comparison.lanes if lane.about.kind == "agent"]
        about = comparison.about
        if agents:
            wanted = ContinueFrom(about.dataset_id, agents[0].about.name, "", about.seed, step)
        else:
            wanted = ContinueFrom(about.dataset_id, "", about.file, about.seed, step)
        context.drive_on(wanted)

    # ------------------------------------------------------------ the compared sides

    def _ask(self, context: UiContext) -> None:
        """Request the comparison if the chosen sides have changed."""
        library = context.model.library
        if library is None or not library.episodes or context.model.run:
            return
        files = [episode.file for episode in library.episodes]
        starred = [episode.file for episode in library.episodes if episode.starred]
        default = starred[-1] if starred else files[-1]
        file = self._wanted_file if self._wanted_file in files else default
        known = (*library.policy_names, _SCRIPT, _CHANCE)
        rivals = tuple(name for name in self._rivals if name in known)
        if self._rivals and not rivals and not self._asked[0]:
            return  # the list of another dataset is on its way
        rivals = rivals or ((library.chosen,) if library.chosen else ())
        wanted = (library.dataset_id, file, rivals)
        if rivals and wanted != self._asked:
            self._asked = wanted
            self._rivals = list(rivals)
            self._player.begin(context.now)
            context.model.comparison, context.model.replay_problem = None, ""
            context.tell(ShowReplay(*wanted))

    def _next_episode(self, context: UiContext) -> None:
        """Choose the next recorded episode; after the last one, choose the first."""
        library = context.model.library
        files = [episode.file for episode in library.episodes] if library else []
        if self._asked[1] in files and not context.model.run:
            self._wanted_file = files[(files.index(self._asked[1]) + 1) % len(files)]

    def _next_difference(self, context: UiContext, comparison: Comparison) -> None:
        """Move to the next step where the policy starts to differ from the recording."""
        now = int(self._player.step)
        differs = comparison.differs
        begins = [i for i in range(1, len(differs)) if differs[i] and not differs[i - 1]]
        later = [step for step in begins if step > now] or begins[:1]
        if later:
            self._player.seek(context, comparison, later[0])

    def _draw_menus(self, context: UiContext, area: Rect, count: int) -> None:
        """Draw the open menu of episodes or rivals above everything else."""
        ui, library, px = context.ui, context.model.library, context.ui.painter.px
        if library is None:
            return
        for index, column in enumerate(columns(area, count, px(16))):
            anchor = Rect(column.x + px(16), area.y + px(8), column.width, px(36))
            if index == 0:
                choices, chosen = _episodes(context), self._asked[1]
            else:
                choices = _rivals(context, removable=count > 2)
                chosen = self._rivals[index - 1] if index <= len(self._rivals) else ""
            picked = context.popover.draw(ui, f"side{index}", anchor, choices, chosen, 280)
            if picked and index == 0:
                self._wanted_file = picked
            elif picked == _REMOVE:
                self._rivals.pop(index - 1)
            elif picked:
                self._rivals[index - 1 : index] = [picked]

    def _add_rival(self, context: UiContext) -> None:
        """Add a side: a policy that is not shown yet, the script or random actions."""
        library = context.model.library
        names = (*reversed(library.policy_names), _SCRIPT, _CHANCE) if library else ()
        fresh = [name for name in names if name not in self._rivals]
        if fresh and len(self._rivals) < _MOST_RIVALS:
            self._rivals.append(fresh[0])

    # ------------------------------------------------------------ the race

    def _start_or_stop_race(self, context: UiContext, comparison: Comparison) -> None:
        live = context.model.live
        if context.model.run and live is not None and live.engaged:
            context.tell(Request.STOP_TAKE)
            return
        if context.model.env is not None and comparison.steps:
            context.model.run = LaneCurve(LaneInfo("live", ""))
            self._player.playing = False
            context.tell(Race(comparison.about.seed))

    def _leave_race(self, context: UiContext) -> None:
        """Return to the recording; a take that is not saved yet is saved."""
        context.model.run = None
        context.tell(Request.LEAVE_RACE)
        self._player.begin(context.now)

    def _advance(self, context: UiContext, comparison: Comparison) -> float:
        """Update and return the current step: the playhead's or, in a race, the person's."""
        live = context.model.live
        if context.model.run is None or live is None:
            self._player.advance(context, comparison)
            return self._player.step
        self._player.step = float(min(live.steps, comparison.steps))
        self._player.show(context, int(self._player.step))
        return self._player.step

    # ------------------------------------------------------------ below the panes

    def _draw_bar(self, context: UiContext, comparison: Comparison, bar: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(bar)
        right = self._draw_actions(context, comparison, bar)
        inside = Rect(bar.x + px(10), bar.y, right - px(10) - bar.x - px(10), bar.height)
        if context.model.run is None:
            self._player.draw(context, comparison, inside, _marks(context, comparison))
        elif draw_race_bar(context, inside):
            self._start_or_stop_race(context, comparison)

    def _draw_actions(self, context: UiContext, comparison: Comparison, bar: Rect) -> int:
        """Draw the buttons to race, add a side and write a file, and return their left edge."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("actions")
        if context.model.working:
            right = _draw_working(context, context.model.working, bar)
        else:
            right = self._draw_small_actions(context, bar)
        live = context.model.live
        driving = live is not None and live.engaged
        label, icon = tr("Race"), "trophy"
        if context.model.run:
            label, icon = (tr("Stop"), "square") if driving else (tr("Back"), "undo-2")
        key = label_of(Command.RECORD, driving=True) if label == "Stop" else ""
        taken = ui.painter.width(key, "small-medium") + px(22) if key else 0
        width = ui.painter.width(label, "medium") + taken + px(58)
        race = Rect(right - px(8) - width, bar.centery - px(16), width, px(32))
        if ui.button("race", race, label, icon, key=key):
            if context.model.run and not driving:
                self._leave_race(context)
            else:
                self._start_or_stop_race(context, comparison)
        return race.x

    def _draw_small_actions(self, context: UiContext, bar: Rect) -> int:
        ui, px = context.ui, context.ui.painter.px
        racing = tr("Leave the race first") if context.model.run else ""
        rect = Rect(bar.right - px(46), bar.centery - px(18), px(36), px(36))
        reason = racing
        if ui.icon_button("write", rect, "download", tr("Write to a file"), None, reason):
            context.popover.toggle(ui, "forms", "write")
        rect = rect.move(-px(40), 0)
        full = len(self._rivals) >= _MOST_RIVALS
        reason = racing or (tr("Maximum 4") if full else "")
        if ui.icon_button("add", rect, "plus", tr("Add"), None, reason):
            self._add_rival(context)
        rect = rect.move(-px(40), 0)
        label = tr("Drive on from this step ({key})", key=label_of(Command.CONTINUE))
        if ui.icon_button("continue", rect, "gamepad-2", label, None, racing):
            comparison = context.model.comparison
            if comparison is not None:
                self._continue(context, comparison)
        rect = rect.move(-px(40), 0)
        label = tr("Show why it failed ({key})", key=label_of(Command.AUTOPSY))
        if ui.icon_button("autopsy", rect, "activity", label, None, racing):
            self._open_autopsy()
        rect = rect.move(-px(40), 0)
        if ui.icon_button(
            "prefer", rect, "contrast", tr("Preferences: choose the better of two"), None, racing
        ):
            context.next.screen = "prefer"
        return rect.x

    def _open_autopsy(self) -> None:
        """Open or close the page that examines the policy's run."""
        self._autopsy.open = not self._autopsy.open
        self._player.playing = False

    def _draw_forms(self, context: UiContext, bar: Rect) -> None:
        px = context.ui.painter.px
        anchor = Rect(bar.right - px(320), bar.y - px(290), px(300), px(36))
        line = self._command_line(context)
        choices = [*_FORMS, MenuItem(_COMMAND, tr("Copy as command"), line)]
        picked = context.popover.draw(context.ui, "forms", anchor, choices, "", 300)
        if picked == _COMMAND:
            copy_line(context, line)
        elif picked:
            name = f"compare-{time.strftime('%Y%m%d-%H%M%S')}{picked}"
            context.tell(WriteReplay(str(context.exports / name)))

    def _command_line(self, context: UiContext) -> str:
        """Return the command that compares the same sides."""
        dataset_id, _, rivals = self._asked
        ordinal = context.model.comparison.about.ordinal if context.model.comparison else 0
        return compare_line(dataset_id, rivals, ordinal)

    def _draw_empty(self, context: UiContext, area: Rect) -> None:
        ui, library = context.ui, context.model.library
        painter, px = ui.painter, ui.painter.px
        ui.card(area)
        centre = area.centerx
        painter.icon("git-compare", (centre, area.centery - px(90)), 36, ui.theme.text3)
        has_policy = bool(library and library.policies)
        has_episodes = bool(library and library.episodes)
        if has_policy and has_episodes:
            self._draw_choosers(context, area)
            problem = context.model.replay_problem
            words = (
                tr("This pair cannot be shown. {problem}", problem=problem)
                if problem
                else tr("Setting up all sides…")
            )
            for index, line in enumerate(painter.wrapped(words, "medium", area.width - px(160))):
                at = (centre, area.centery - px(40) + index * px(24))
                painter.text(line, at, "medium", None, "cm")
            return
        draw_dataset_menu(context, area, "options", tr("Dataset"))
        title = (
            tr("There is no policy to compare yet")
            if has_episodes
            else tr("Nothing to compare yet")
        )
        painter.text(title, (centre, area.centery - px(40)), "h2", None, "cm")
        text = tr("A policy learned from your episodes plays here beside you, from the same start.")
        painter.text(text, (centre, area.centery - px(10)), "body", ui.theme.text2, "cm")
        ui.group("primary")
        ui.events.focus.leave("play", to="next")
        rect = Rect(0, 0, px(240), px(48))
        rect.center = (centre, area.centery + px(50))
        if draw_elsewhere(context, rect.inflate(px(60), 0)):
            return
        goal, label = (
            ("train", tr("Train a policy")) if has_episodes else ("demonstrate", tr("Record"))
        )
        if ui.button("next", rect, label, "sparkles", "primary", radius=10):
            context.next.screen = goal

    def _draw_choosers(self, context: UiContext, area: Rect) -> None:
        """Draw the menus of the sides, which work even if the comparison cannot be shown."""
        ui, px = context.ui, context.ui.painter.px
        names = [tr("Episode file {asked}", asked=self._asked[1]), *self._asked[2]]
        ui.group("options")
        for index, column in enumerate(columns(area, len(names), px(16))):
            rect = Rect(column.x + px(16), area.y + px(10), column.width - px(32), px(36))
            if ui.combo(f"menu.{index}", rect, names[index], label=tr("Sides")):
                context.popover.toggle(ui, f"side{index}", f"menu.{index}")


def _draw_working(context: UiContext, working: Working, bar: Rect) -> int:
    """Draw the progress of a long operation and return its left edge."""
    painter, px = context.ui.painter, context.ui.painter.px
    share = working.done / max(1, working.total)
    track = Rect(bar.right - px(206), bar.centery + px(10), px(190), px(6))
    painter.box(track, context.ui.theme.track, 3)
    done = Rect(track.x, track.y, round(track.width * share), track.height)
    painter.box(done, context.ui.theme.agent, 3)
    left = working.seconds_left
    text = working.text if left is None else joined(": ", (working.text, time_left(left)))
    painter.text(text, (track.x, bar.centery - px(8)), "small", width=track.width)
    return track.x


def _is_racing(context: UiContext) -> bool:
    """Return whether the person drives at this moment."""
    live = context.model.live
    return live is not None and live.phase == "running"


def _waits_to_race(context: UiContext) -> bool:
    """Return whether the race is ready to start."""
    live = context.model.live
    return context.model.run is not None and live is not None and live.phase == "ready"


def _episodes(context: UiContext) -> list[MenuItem]:
    library = context.model.library
    return [
        MenuItem(
            e.file,
            joined("  ", (tr("Episode {ordinal}", ordinal=e.number), *("★" * e.starred))),
            ntr(
                "{total_reward} in {n:,} step",
                "{total_reward} in {n:,} steps",
                e.total_steps,
                total_reward=signed(e.total_reward),
            ),
        )
        for e in reversed(library.episodes if library else ())
    ]


def _rivals(context: UiContext, *, removable: bool) -> list[MenuItem]:
    library, env = context.model.library, context.model.env
    rows = library.policies if library else ()
    policies = [MenuItem(row.name, row.title, row.name) for row in reversed(rows)]
    others = [MenuItem(_CHANCE, tr("Random"), tr("Random actions"))]
    if env is not None and env.has_script:
        others.insert(0, MenuItem(_SCRIPT, tr("Script"), tr("The scripted expert")))
    return policies + others + ([MenuItem(_REMOVE, tr("Remove"))] if removable else [])


def _marks(context: UiContext, comparison: Comparison) -> list[tuple[int, Colour]]:
    """Return (step, colour) of each mark: the end of each side, and the first divergence."""
    theme = context.ui.theme
    marks: list[tuple[int, Colour]] = [
        (len(lane.actions), look.colour)
        for lane, look in zip(comparison.lanes, styles_of(comparison, theme), strict=True)
        if lane.over
    ]
    if comparison.diverged_at is not None and len(comparison.lanes) > 1:
        marks.append((comparison.diverged_at, theme.text))
    return marks
