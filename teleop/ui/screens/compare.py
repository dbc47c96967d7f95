"""Screen 3: the recorded person beside the policy, from the same start, in lockstep."""

import math

import numpy as np
from pygame import Rect

from teleop.stage.messages import Deed, ShowReplay, ShowStep
from teleop.ui.chart import Chart, Series
from teleop.ui.desk import Desk
from teleop.ui.likely import draw_likely
from teleop.ui.model import Comparison
from teleop.ui.popover import Choice
from teleop.ui.shortcuts import Command
from teleop.ui.theme import ON_VEIL, VEIL, Colour
from teleop.ui.view import fitted
from teleop.ui.words import count_of, signed, speed_text

_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
_WHO = {"human": "You", "script": "Scripted", "policy": "Recorded agent"}


class CompareScreen:
    """View state: the playhead, and which episode and policy are side by side."""

    def __init__(self, file: str = "", policy: str = "") -> None:
        """Begin with a pair, if one was asked for."""
        self._chart = Chart()
        self._asked = ("", "", "")
        self._wanted_file, self._wanted_policy = file, policy
        self._playing = False
        self._speed = 1.0
        self._step = 0.0
        self._shown = -1
        self._moved_s = 0.0

    def enter(self, desk: Desk) -> None:
        """Put the latest policy beside the best-known episode."""
        desk.tell(Deed.PAUSE)
        self._asked = ("", "", "")
        self._ask(desk)

    def leave(self, desk: Desk) -> None:
        """Off stage."""
        desk.tell(Deed.SHOW_NOTHING)
        self._playing = False
        self._wanted_file = self._wanted_policy = ""  # next time: the newest

    def wakes_in(self, desk: Desk) -> float | None:
        """The next step, while it plays."""
        comparison = desk.model.comparison
        if not self._playing or comparison is None:
            return None
        return 1 / max(1.0, comparison.about.pace_hz * self._speed)

    def scroll(self, rows: int) -> None:
        """Nothing scrolls here."""
        del rows

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Everything moves here: curves and bars follow the playhead."""
        del desk
        return None

    def command(self, desk: Desk, command: Command) -> bool:
        """The player's keys."""
        comparison = desk.model.comparison
        if comparison is None:
            return False
        second = comparison.about.pace_hz
        moves = {
            Command.BACK: -1.0,
            Command.FORWARD: 1.0,
            Command.SECOND_BACK: -second,
            Command.SECOND_FORWARD: second,
            Command.START: -1e9,
            Command.END: 1e9,
        }
        if command in moves:
            self._playing = False
            self._seek(desk, round(self._step) + moves[command])
        elif command is Command.PLAY:
            self._play_or_pause(desk)
        elif command in (Command.SLOWER, Command.FASTER):
            self._change_speed(1 if command is Command.FASTER else -1)
        elif command is Command.NEW_SEED:
            self._next_episode(desk)
        else:
            return False
        return True

    def _next_episode(self, desk: Desk) -> None:
        """Another start: the next of the recorded ones, the first after the last."""
        files = (
            [episode.file for episode in desk.model.library.episodes] if desk.model.library else []
        )
        if self._asked[1] in files:
            self._wanted_file = files[(files.index(self._asked[1]) + 1) % len(files)]

    def draw(self, desk: Desk, area: Rect) -> None:
        """Everything."""
        self._ask(desk)
        comparison = desk.model.comparison
        if comparison is None or not self._asked[1]:
            self._draw_empty(desk, area)
            self._draw_menus(desk, area, area.width // 2, 0)
            return
        self._advance(desk, comparison)
        px = desk.ui.painter.px
        gap, scrub = px(16), px(52)
        half = (area.width - gap) // 2
        header, bottom_least = px(52), px(164)
        aspect = desk.view("left").aspect or 1.5
        wanted = header + round((half - px(12)) / aspect) + px(6)
        height = min(wanted, area.height - bottom_least - px(24) - scrub)
        for index, side in enumerate(("left", "right")):
            card = Rect(area.x + index * (half + gap), area.y, half, height)
            self._draw_side(desk, comparison, card, side, index)
        bar = Rect(area.x, area.y + height + px(12), area.width, scrub)
        self._draw_player(desk, comparison, bar)
        below = Rect(area.x, bar.bottom + px(12), area.width, area.bottom - bar.bottom - px(12))
        bars = min(px(400), round(area.width * 0.42))
        chart = Rect(below.x, below.y, below.width - bars - gap, below.height)
        self._draw_chart(desk, comparison, chart)
        card = Rect(below.right - bars, below.y, bars, below.height)
        draw_likely(desk, comparison, card, int(self._step))
        self._draw_menus(desk, area, half, gap)

    # ------------------------------------------------------------ what is compared

    def _ask(self, desk: Desk) -> None:
        """Ask for the chosen pair, once."""
        library = desk.model.library
        if library is None or not library.episodes or not library.policies:
            return
        files = [episode.file for episode in library.episodes]
        starred = [episode.file for episode in library.episodes if episode.starred]
        default = starred[-1] if starred else files[-1]
        file = self._wanted_file if self._wanted_file in files else default
        policies = library.policies
        chosen = self._wanted_policy
        policy = chosen if chosen in policies else policies[-1]
        wanted = (library.dataset_id, file, policy)
        if wanted != self._asked:
            self._asked = wanted
            self._step, self._shown, self._playing = 0.0, 0, True
            self._moved_s = desk.now
            desk.model.comparison, desk.model.replay_problem = None, ""
            desk.tell(ShowReplay(*wanted))

    def _draw_menus(self, desk: Desk, area: Rect, half: int, gap: int) -> None:
        """The open drop-down of episodes or policies, over everything."""
        ui, library, px = desk.ui, desk.model.library, desk.ui.painter.px
        if library is None:
            return
        left = Rect(area.x + px(16), area.y + px(8), half, px(36))
        right = left.move(half + gap, 0)
        episodes = [
            Choice(
                e.file,
                f"Episode {e.ordinal}{'  ★' if e.starred else ''}",
                f"{signed(e.total_reward)} in {count_of(e.total_steps, 'step')}",
            )
            for e in reversed(library.episodes)
        ]
        picked = desk.popover.draw(ui, "episode", left, episodes, self._asked[1], 260)
        self._wanted_file = picked or self._wanted_file
        policies = [Choice(name, name) for name in reversed(library.policies)]
        picked = desk.popover.draw(ui, "policy", right, policies, self._asked[2], 260)
        self._wanted_policy = picked or self._wanted_policy

    def _draw_empty(self, desk: Desk, area: Rect) -> None:
        ui, library = desk.ui, desk.model.library
        painter, px = ui.painter, ui.painter.px
        ui.card(area)
        centre = area.centerx
        painter.icon("git-compare", (centre, area.centery - px(90)), 36, ui.theme.text3)
        has_policy = bool(library and library.policies)
        has_episodes = bool(library and library.episodes)
        if has_policy and has_episodes:
            self._draw_choosers(desk, area)
            problem = desk.model.replay_problem
            words = f"This pair cannot be shown. {problem}" if problem else "Setting up both sides…"
            for index, line in enumerate(painter.wrapped(words, "medium", area.width - px(160))):
                at = (centre, area.centery - px(40) + index * px(24))
                painter.text(line, at, "medium", None, "cm")
            return
        title = "There is no policy to compare yet" if has_episodes else "Nothing to compare yet"
        painter.text(title, (centre, area.centery - px(40)), "h2", None, "cm")
        text = "A policy learned from your episodes plays here beside you, from the same start."
        painter.text(text, (centre, area.centery - px(10)), "body", ui.theme.text2, "cm")
        ui.group("primary")
        rect = Rect(0, 0, px(240), px(48))
        rect.center = (centre, area.centery + px(50))
        goal, label = ("train", "Train a policy") if has_episodes else ("demonstrate", "Record")
        if ui.button("next", rect, label, "sparkles", "primary", radius=10):
            desk.go_to = goal

    def _draw_choosers(self, desk: Desk, area: Rect) -> None:
        """Episode and policy can be changed even if the pair asked for cannot be shown."""
        px, half = desk.ui.painter.px, area.width // 2
        for index, side in enumerate(("left", "right")):
            note = f"{('Episode file', 'Policy')[index]} {self._asked[1 + index]}"
            x = area.x + px(16) + index * half
            room = Rect(x, area.y + px(10), half - px(40), px(32))
            if self._draw_menu_button(desk, room, note, side):
                desk.popover.toggle(desk.ui, "policy" if index else "episode", f"menu.{side}")

    # ------------------------------------------------------------ the playhead

    def _advance(self, desk: Desk, comparison: Comparison) -> None:
        """Move the playhead with time, and ask for the pictures it has reached."""
        if self._playing:
            passed = desk.now - self._moved_s
            self._step += passed * comparison.about.pace_hz * self._speed
            if self._step >= comparison.steps:
                self._step = float(comparison.steps)
                self._playing = not comparison.complete
        self._moved_s = desk.now
        step = int(self._step)
        if step != self._shown:
            self._shown = step
            desk.tell(ShowStep(step))

    def _seek(self, desk: Desk, step: float) -> None:
        comparison = desk.model.comparison
        if comparison:
            self._step = min(max(0.0, step), float(comparison.steps))
            self._moved_s = desk.now

    def _play_or_pause(self, desk: Desk) -> None:
        comparison = desk.model.comparison
        at_end = comparison is not None and comparison.complete and self._step >= comparison.steps
        if at_end and not self._playing:
            self._step = 0.0
        self._playing = not self._playing
        self._moved_s = desk.now

    def _change_speed(self, step: int, *, around: bool = False) -> None:
        index = _SPEEDS.index(self._speed) + step
        last = len(_SPEEDS) - 1
        self._speed = _SPEEDS[index % (last + 1) if around else max(0, min(last, index))]

    # ------------------------------------------------------------ drawing

    def _draw_side(
        self, desk: Desk, comparison: Comparison, card: Rect, side: str, index: int
    ) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(card)
        about, lane = comparison.about, comparison.lanes[index]
        colour = theme.agent if index else theme.human
        step = min(int(self._step), len(lane.returns) - 1)
        painter.box(Rect(card.x + px(16), card.y + px(16), px(4), px(20)), colour, 2)
        middle = card.y + px(26)
        name = "Agent" if index else _WHO.get(about.driver, "You")
        x = card.x + px(30) + painter.text(name, (card.x + px(30), middle), "h2") + px(6)
        value = signed(lane.returns[step])
        taken = painter.text(value, (card.right - px(16), middle), "number", colour, "rm")
        label_at = (card.right - px(22) - taken, middle + px(3))
        taken += painter.text("return", label_at, "small", theme.text2, "rm") + px(30)
        trained = count_of(about.trained_on, "episode")
        note = f"learned from {trained}" if index else f"episode {about.ordinal}, seed {about.seed}"
        room = card.right - taken - x - px(8)
        if self._draw_menu_button(desk, Rect(x, card.y + px(10), room, px(32)), note, side):
            desk.popover.toggle(ui, "policy" if index else "episode", f"menu.{side}")
        area = Rect(card.x + px(6), card.y + px(52), card.width - px(12), card.height - px(58))
        self._draw_picture(desk, area, side, lane.actions, step, lane.over)

    def _draw_menu_button(self, desk: Desk, room: Rect, note: str, side: str) -> bool:
        """The quiet button that opens the choice of episode or policy."""
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("options")
        text = painter.fitted(note, "small", room.width - px(32))
        rect = Rect(room.x, room.y, painter.width(text, "small") + px(32), room.height)
        what = "Policy" if side == "right" else "Episode"
        touch = ui.node(f"menu.{side}", "combobox", f"{what}: {note}", rect, value=note)
        if touch.hovered:
            painter.box(rect, theme.hover, 8)
        painter.text(text, (rect.x + px(6), rect.centery), "small", theme.text2)
        painter.icon("chevron-down", (rect.right - px(13), rect.centery), 14, theme.text2)
        ui.ring(f"menu.{side}", rect, 8)
        return touch.used

    def _draw_picture(
        self, desk: Desk, area: Rect, side: str, actions: list[str], step: int, over: bool
    ) -> None:
        ui, px = desk.ui, desk.ui.painter.px
        view = desk.view(side)
        rect = fitted(area, view.aspect or 1.5)
        loose = rect.width < area.width - 4 or rect.height < area.height - 4
        if loose:
            ui.painter.box(area, ui.theme.sunken, 8)
        view.draw(ui.painter, rect, 8, ui.theme.sunken if loose else ui.theme.surface)
        y = rect.bottom - px(38)
        ended = over and step >= len(actions)
        if 0 < step <= len(actions):
            ui.pill((rect.x + px(10), y), actions[step - 1], VEIL, ON_VEIL)
        text = f"ended at step {step}" if ended else f"step {step}"
        ui.pill((rect.right - px(10), y), text, VEIL, ON_VEIL, right=True)

    def _draw_player(self, desk: Desk, comparison: Comparison, bar: Rect) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(bar)
        ui.group("transport")
        x = bar.x + px(10)
        buttons = (
            ("start", "skip-back", "To the start", Command.START),
            ("back", "step-back", "One step back", Command.BACK),
            ("play", "pause" if self._playing else "play", "Play or pause", Command.PLAY),
            ("forward", "step-forward", "One step forward", Command.FORWARD),
        )
        for node_id, icon, label, command in buttons:
            rect = Rect(x, bar.centery - px(18), px(36), px(36))
            if node_id == "play":
                painter.box(rect, theme.text, 18)
            colour = theme.bg if node_id == "play" else theme.text2
            if ui.icon_button(node_id, rect, icon, label, colour):
                self.command(desk, command)
            if node_id == "play":  # the disc covers what hovering drew
                painter.box(rect, theme.text, 18)
                painter.icon(icon, rect.center, 18, theme.bg)
                ui.ring("play", rect, 18)
            x += px(42)
        pace = comparison.about.pace_hz
        total = max(1, comparison.steps)
        x += px(58)
        painter.text(f"{self._step / pace:.1f} s", (x - px(10), bar.centery), "bold", None, "rm")
        speed = Rect(bar.right - px(14) - px(62), bar.centery - px(16), px(62), px(32))
        if ui.button("speed", speed, speed_text(self._speed)):
            self._change_speed(1, around=True)
        end = speed.x - px(12)
        painter.text(f"{total / pace:.1f} s", (end, bar.centery), "body", theme.text2, "rm")
        track = Rect(x + px(4), bar.centery - px(12), end - px(66) - x, px(24))
        self._draw_track(desk, comparison, track, total)

    def _draw_track(self, desk: Desk, comparison: Comparison, track: Rect, total: int) -> None:
        theme = desk.ui.theme
        marks: list[tuple[float, Colour]] = [
            (len(lane.actions) / total, colour)
            for lane, colour in zip(comparison.lanes, (theme.human, theme.agent), strict=True)
            if lane.over
        ]
        if comparison.diverged_at is not None:
            marks.append((comparison.diverged_at / total, theme.text))
        share = min(1.0, self._step / total)
        moved = desk.ui.slider("scrub", track, share, marks)
        if moved is not None:
            self._playing = False
            self._seek(desk, round(moved * total))
        elif desk.ui.used.nudged and desk.ui.focus.id == "scrub":
            self.command(desk, Command.FORWARD if desk.ui.used.nudged > 0 else Command.BACK)

    def _draw_chart(self, desk: Desk, comparison: Comparison, card: Rect) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.card(card)
        used = painter.text("Return so far", (card.x + px(18), card.y + px(22)), "h2")
        self._draw_parting(desk, comparison, card, used)
        inside = Rect(card.x + px(8), card.y + px(38), card.width - px(16), card.height - px(44))
        lanes, pace = comparison.lanes, comparison.about.pace_hz
        names = (_WHO.get(comparison.about.driver, "You"), "Agent")
        looks = ((theme.human, (9.0, 4.0)), (theme.agent, None))
        series = [
            Series(
                f"{name} {lane.returns[-1]:.0f}".replace("-", "−"),
                np.arange(len(lane.returns)) / pace,
                np.array(lane.returns),
                colour,
                dash,
            )
            for name, lane, (colour, dash) in zip(names, lanes, looks, strict=True)
        ]
        end = max(1, comparison.steps) / pace
        seconds = lambda value: f"{value:g} s"  # noqa: E731
        scales = self._chart.draw(painter, inside, series, end, seconds, theme.surface)
        if scales is None:
            return
        x = round(scales.x(self._step / pace))
        top = scales.plot.y - px(2)
        painter.fill((x, top, max(1, px(1)), scales.plot.height + px(4)), theme.text2)
        for lane, (colour, _) in zip(lanes, looks, strict=True):
            if self._step <= len(lane.returns) - 1:
                value = lane.returns[int(self._step)]
                y = scales.y(value) if math.isfinite(value) else scales.plot.bottom
                painter.dot((x, y), 5.5, theme.surface)
                painter.dot((x, y), 4, colour)

    def _draw_parting(self, desk: Desk, comparison: Comparison, card: Rect, used: int) -> None:
        """When the two first saw different things, and whether the replay is true to the record."""
        painter, theme, px = desk.ui.painter, desk.ui.theme, desk.ui.painter.px
        notes = []
        if comparison.diverged_at is not None:
            notes.append(f"paths part at step {comparison.diverged_at}")
        elif comparison.complete:
            notes.append("the paths never part")
        if comparison.fidelity and comparison.fidelity != "exact":
            notes.append(f"the replay {comparison.fidelity}")
        x = card.x + px(18) + used + px(12)
        at = (x, card.y + px(22))
        painter.text(" · ".join(notes), at, "small", theme.text2, width=card.right - px(16) - x)
