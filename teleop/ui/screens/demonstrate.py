"""Screen 1: choose an environment, drive it, keep or discard, see what is saved."""

from collections.abc import Callable
from dataclasses import replace

from pygame import Rect

from teleop.envs.catalogue import CATALOGUE
from teleop.stage.messages import (
    Deed,
    Live,
    OpenEnv,
    SetSpeed,
)
from teleop.ui.desk import Desk
from teleop.ui.episode_list import EpisodeList
from teleop.ui.overlay import draw_overlay
from teleop.ui.popover import Choice
from teleop.ui.shortcuts import Command, label_of
from teleop.ui.view import fitted
from teleop.ui.words import count_of, speed_text

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)


class Demonstrate:
    """View state: where the picture is, and the list beside it."""

    def __init__(self) -> None:
        self.episodes = EpisodeList()
        self._view = Rect(0, 0, 0, 0)
        self._around = Rect(0, 0, 0, 0)
        self._goes_back = False  # the button is held

    def enter(self, desk: Desk) -> None:
        """Bring the person's session back on stage."""
        desk.tell(Deed.SHOW_DRIVE)

    def leave(self, desk: Desk) -> None:
        """Hold a running take still; nothing is lost."""
        desk.pause()

    def wakes_in(self, desk: Desk) -> float | None:
        """The recording dot blinks."""
        live = desk.model.live
        blinks = live is not None and live.engaged and not desk.reduced_motion
        return 0.5 if blinks else None

    def command(self, desk: Desk, command: Command) -> bool:
        """Shortcuts of this screen."""
        deed = _DEEDS.get(command)
        if deed:
            desk.tell(deed)
        elif command in _ON_DESK:
            _ON_DESK[command](desk)
        elif command is Command.ENVIRONMENT:
            self._open_picker(desk)
        elif command in (Command.SLOWER, Command.FASTER):
            self._change_speed(desk, 1 if command is Command.FASTER else -1)
        elif command in (Command.STAR, Command.DELETE):
            self.episodes.on_chosen(desk, command)
        else:
            return False
        return True

    def scroll(self, rows: int) -> None:
        """The list beside the picture scrolls."""
        self.episodes.scroll(rows)

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Only the picture and what lies on it."""
        view = desk.view("drive")
        if desk.popover.open or view.aspect is None or not self._view.width:
            return None
        self._draw_picture(desk)
        return self._around

    def draw(self, desk: Desk, area: Rect) -> None:
        """Everything."""
        px = desk.ui.painter.px
        bar, gap = px(72), px(16)
        header = px(52)
        view_height = area.height - header - gap - bar
        panel = min(px(420), max(px(300), area.width - gap - int(view_height * 1.5)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        self._place_view(desk, Rect(left.x, left.y + header, left.width, view_height))
        self._draw_picture(desk)
        self._draw_view_node(desk)
        self._draw_transport(desk, Rect(left.x, left.bottom - bar, left.width, bar))
        self._draw_header(desk, left)
        self.episodes.draw(desk, Rect(area.right - panel, area.y, panel, area.height))

    # ------------------------------------------------------------ the picture

    def _place_view(self, desk: Desk, area: Rect) -> None:
        self._around, self._view = area, fitted(area, desk.view("drive").aspect or 1.5)

    def _draw_picture(self, desk: Desk) -> None:
        """The picture, and what lies on it or, where there is room, beside it."""
        painter, theme = desk.ui.painter, desk.ui.theme
        whole = self._view.width >= self._around.width - 2
        tall = self._view.height >= self._around.height - 2
        loose = not (whole and tall)
        if loose:
            painter.fill(self._around, theme.bg)
            painter.box(self._around, theme.sunken, 12, theme.line)
        around = theme.sunken if loose else theme.bg
        desk.view("drive").draw(painter, self._view, 12, around)
        draw_overlay(desk, self._view, self._around if loose else self._view)

    def _draw_view_node(self, desk: Desk) -> None:
        ui = desk.ui
        ui.group("stage")
        live = desk.model.live
        label = f"Environment, {live.phase}" if live else "Environment"
        touch = ui.node("view", "view", label, self._view, value=live.phase if live else None)
        if touch.used and live:
            if live.phase == "paused":
                desk.resume()
            elif not live.engaged and not live.pending:
                desk.toggle_record()
        if not desk.driving:
            ui.ring("view", self._view, 12)

    # ------------------------------------------------------------ header

    def _draw_header(self, desk: Desk, left: Rect) -> None:
        ui, env = desk.ui, desk.model.env
        px = ui.painter.px
        ui.group("picker")
        ui.group("chips")
        room = self._draw_chips(desk, left, left.y + px(6)) - left.x - px(_TOOLS)
        ui.group("picker")
        rect = Rect(left.x, left.y, min(px(252), room), px(40))
        name = env.env_id if env else "Opening…"
        if ui.combo("env", rect, name, env.icon if env else "gamepad-2", "Environment"):
            self._open_picker(desk)
        tools = (
            ("options", "settings", "How to drive and record (F4)"),
            ("controls", "keyboard", "Keys, pad and mouse (F3)"),
        )
        for place, (name, icon, label) in enumerate(tools):
            spot = Rect(rect.right + px(8 + 40 * place), left.y + px(2), px(36), px(36))
            if ui.icon_button(name, spot, icon, label):
                desk.toggle_sheet(name)
        self._draw_back(desk, Rect(rect.right + px(88), left.y + px(2), px(36), px(36)))
        choices = [Choice(e.env_id, e.env_id, e.summary) for e in CATALOGUE]
        picked = desk.popover.draw(ui, "env", rect, choices, name, 330)
        if picked and env and picked != env.env_id:
            desk.tell(OpenEnv(picked))

    def _draw_back(self, desk: Desk, rect: Rect) -> None:
        """Go back for as long as it is held; by key or pad it goes back a little."""
        ui, live = desk.ui, desk.model.live
        going = live is not None and (live.engaged or live.pending)
        reason = "" if going else "Going back needs an episode that runs or has just ended"
        if live is not None and live.cannot_rewind:
            reason = f"Going back is not possible here: {live.cannot_rewind}"
        used = ui.icon_button("back", rect, "rotate-ccw", "Go back while held (F7)", None, reason)
        held = ui.pointer.pressed == "back" and not reason
        if held and not self._goes_back:
            desk.rewind()
        elif not held and self._goes_back:
            desk.tell(Deed.REWIND_END)
        elif used and not ui.used.clicked:
            desk.rewind()
            desk.tell(Deed.REWIND_END)
        self._goes_back = held

    def _draw_chips(self, desk: Desk, left: Rect, y: int) -> int:
        """Speed, rate and seed at the right end of a row; where they begin."""
        ui, env, live = desk.ui, desk.model.env, desk.model.live
        right = left.right
        if live is None or env is None:
            return right
        gap = ui.painter.px(8)
        rect, used = ui.chip("seed", right, y, "Seed", str(live.seed), not live.recording)
        if used:
            desk.tell(Deed.NEW_SEED)
        if env.turn_based:
            rect, _ = ui.chip("rate", rect.x - gap, y, "Pace", "turn by turn", usable=False)
            return rect.x
        rect, _ = ui.chip("rate", rect.x - gap, y, "Rate", _rate(live), usable=False)
        label = "Speed" if left.width > ui.painter.px(_ROOMY) else ""
        rect, used = ui.chip("speed", rect.x - gap, y, label, speed_text(live.speed))
        if used:
            self._change_speed(desk, 1, around=True)
        return rect.x

    def _open_picker(self, desk: Desk) -> None:
        if desk.driving:
            return
        ids = [entry.env_id for entry in CATALOGUE]
        env_id = desk.model.env.env_id if desk.model.env else ids[0]
        chosen = ids.index(env_id) if env_id in ids else 0
        desk.popover.toggle(desk.ui, "env", "env", chosen)

    def _change_speed(self, desk: Desk, step: int, *, around: bool = False) -> None:
        if desk.model.live:
            desk.tell(SetSpeed(_next(SPEEDS, desk.model.live.speed, step, around=around)))

    # ------------------------------------------------------------ transport

    def _draw_transport(self, desk: Desk, bar: Rect) -> None:
        ui, live = desk.ui, desk.model.live
        px = ui.painter.px
        ui.card(bar)
        ui.group("transport")
        roomy = bar.width > px(740)
        widths = (128, 144, 160) if roomy else (108, 96, 116)
        recording = bool(live and (live.engaged or live.rewinding))
        has_take = bool(live and (live.recording or live.pending))
        nothing = "" if has_take else "There is no take: record one first"
        no_env = "" if live else desk.model.env_problem or "The environment is being opened"
        x, y, h = bar.x + px(14), bar.centery - px(22), px(44)
        start = ("Practice", "play") if desk.options.practice else ("Record", "circle-dot")
        label, icon = ("Stop", "square") if recording else start
        keys = [label_of(c) if roomy else "" for c in _TRANSPORT]
        if ui.button(
            "record", Rect(x, y, px(widths[0]), h), label, icon, "record", keys[0], no_env
        ):
            desk.toggle_record()
        x += px(widths[0] + 10)
        rect = Rect(x, y, px(widths[1]), h)
        if ui.button("save", rect, "Save", "check", "plain", keys[1], nothing):
            desk.tell(Deed.KEEP_TAKE)
            ui.focus.set("record", "transport")
        x += px(widths[1] + 10)
        rect = Rect(x, y, px(widths[2]), h)
        if ui.button("discard", rect, "Discard", "x", "plain", keys[2], nothing):
            desk.tell(Deed.DISCARD_TAKE)
            ui.focus.set("record", "transport")
        x += px(widths[2] + 32)
        self._draw_goal(desk, Rect(x, bar.y, bar.right - px(20) - x, bar.height))

    def _draw_goal(self, desk: Desk, rect: Rect) -> None:
        painter, theme, library = desk.ui.painter, desk.ui.theme, desk.model.library
        px = painter.px
        count = len(library.episodes) if library else 0
        steps = sum(e.total_steps for e in library.episodes) if library else 0
        y = rect.centery - px(9)
        own = library is None or library.dataset_id.endswith("/human-v0")
        if not own:
            used = painter.text(count_of(count, "sample episode"), (rect.x, y), "medium")
        elif count < desk.options.goal:
            used = painter.text(f"{count} of {desk.options.goal} episodes", (rect.x, y), "medium")
        else:
            used = painter.text(f"{count_of(count, 'episode')} saved", (rect.x, y), "medium")
        text = f"{steps:,} transitions"
        if rect.width - used > painter.width(text, "small") + px(16):
            painter.text(text, (rect.right, y), "small", theme.text2, "rm")
        gap = px(4)
        width = (rect.width - gap * (desk.options.goal - 1)) / desk.options.goal
        for index in range(desk.options.goal):
            x = round(rect.x + index * (width + gap))
            colour = theme.human if index < count and own else theme.strong_line
            painter.box(Rect(x, rect.centery + px(9), round(width), px(8)), colour, 4)


_TOO_SLOW = 0.9
_TOOLS = 136  # pixels that the icons beside the picker take
_ROOMY = 700
_TRANSPORT = (Command.RECORD, Command.SAVE, Command.DISCARD)


_DEEDS = {
    Command.SAVE: Deed.KEEP_TAKE,
    Command.DISCARD: Deed.DISCARD_TAKE,
    Command.UNDO: Deed.UNDO,
    Command.NEW_SEED: Deed.NEW_SEED,
    Command.RETRY: Deed.RETRY,
    Command.STAR_TAKE: Deed.STAR_TAKE,
}
_ON_DESK: dict[Command, Callable[[Desk], None]] = {
    Command.RECORD: Desk.toggle_record,
    Command.PLAY: Desk.resume,
    Command.REWIND: Desk.rewind,
    Command.STEP_ONCE: Desk.step_once,
    Command.PRACTICE: lambda desk: desk.change_options(
        replace(desk.options, practice=not desk.options.practice)
    ),
    Command.OPTIONS: lambda desk: desk.toggle_sheet("options"),
    Command.CONTROLS: lambda desk: desk.toggle_sheet("controls"),
}


def _next(values: tuple[float, ...], value: float, step: int, *, around: bool) -> float:
    index = min(range(len(values)), key=lambda i: abs(values[i] - value)) + step
    return values[index % len(values)] if around else values[max(0, min(index, len(values) - 1))]


def _rate(live: Live) -> str:
    """Steps a second; where the environment is too slow for them, what it really does."""
    wanted = live.pace_hz * live.speed
    if 0 < live.real_hz < _TOO_SLOW * wanted:
        return f"{live.real_hz:.0f} of {wanted:.3g} Hz"
    return f"{wanted:.3g} Hz"
