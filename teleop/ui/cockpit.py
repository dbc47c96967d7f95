"""Where a person drives: the picture, what lies on it, and the row of buttons below."""

from collections.abc import Callable
from dataclasses import replace

from pygame import Rect

from teleop.stage.messages import Deed, Live, SetSpeed
from teleop.ui.desk import Desk
from teleop.ui.overlay import draw_overlay
from teleop.ui.shortcuts import Command, label_of
from teleop.ui.view import fitted
from teleop.ui.words import speed_text

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_TOO_SLOW = 0.9
_ROOMY = 700
_TRANSPORT = (Command.RECORD, Command.SAVE, Command.DISCARD)


class Cockpit:
    """View state: where the picture is."""

    def __init__(self) -> None:
        self._view = Rect(0, 0, 0, 0)
        self._around = Rect(0, 0, 0, 0)
        self._goes_back = False  # the button is held

    def wakes_in(self, desk: Desk) -> float | None:
        """The recording dot blinks."""
        live = desk.model.live
        blinks = live is not None and live.engaged and not desk.reduced_motion
        return 0.5 if blinks else None

    def command(self, desk: Desk, command: Command) -> bool:
        """Shortcuts of driving; False if it is none."""
        deed = _DEEDS.get(command)
        if deed:
            desk.tell(deed)
        elif command in _ON_DESK:
            _ON_DESK[command](desk)
        elif command in (Command.SLOWER, Command.FASTER):
            _change_speed(desk, 1 if command is Command.FASTER else -1)
        else:
            return False
        return True

    # ------------------------------------------------------------ the picture

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Only the picture and what lies on it."""
        view = desk.view("drive")
        if desk.popover.open or view.aspect is None or not self._view.width:
            return None
        self._draw_picture(desk)
        return self._around

    def draw(self, desk: Desk, area: Rect) -> None:
        """The picture, which can be clicked."""
        self._around, self._view = area, fitted(area, desk.view("drive").aspect or 1.5)
        self._draw_picture(desk)
        self._draw_node(desk)

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

    def _draw_node(self, desk: Desk) -> None:
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

    # ------------------------------------------------------------ above the picture

    def draw_tools(self, desk: Desk, at: tuple[int, int]) -> None:
        """How to drive, the controls, and the way back."""
        ui, px = desk.ui, desk.ui.painter.px
        tools = (
            ("options", "settings", "How to drive and record (F4)"),
            ("controls", "keyboard", "Keys, pad and mouse (F3)"),
        )
        for place, (name, icon, label) in enumerate(tools):
            spot = Rect(at[0] + px(40 * place), at[1], px(36), px(36))
            if ui.icon_button(name, spot, icon, label):
                desk.toggle_sheet(name)
        self._draw_back(desk, Rect(at[0] + px(80), at[1], px(36), px(36)))

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

    def draw_chips(self, desk: Desk, left: Rect, y: int) -> int:
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
            _change_speed(desk, 1, around=True)
        return rect.x

    # ------------------------------------------------------------ below it

    def draw_transport(self, desk: Desk, bar: Rect, start: tuple[str, str]) -> Rect:
        """Begin or stop, save, discard; the room that is left in the bar.

        Args:
            desk: what is known.
            bar: where.
            start: word and icon of the first button while nothing runs.
        """
        ui, live = desk.ui, desk.model.live
        px = ui.painter.px
        ui.card(bar)
        ui.group("transport")
        roomy = bar.width > px(740)
        least = (128, 144, 160) if roomy else (108, 96, 116)
        recording = bool(live and (live.engaged or live.rewinding))
        has_take = bool(live and (live.recording or live.pending))
        nothing = "" if has_take else "There is no take: record one first"
        no_env = "" if live else desk.model.env_problem or "The environment is being opened"
        label, icon = ("Stop", "square") if recording else start
        used = ""
        x, y, h = bar.x + px(14), bar.centery - px(22), px(44)
        buttons = (
            ("record", start[0], label, icon, "record", no_env),
            ("save", "Save", "Save", "check", "plain", nothing),
            ("discard", "Discard", "Discard", "x", "plain", nothing),
        )
        for index, (name, longest, text, picture, kind, reason) in enumerate(buttons):
            width = max(px(least[index]), ui.painter.width(longest, "bold") + px(56))
            key = label_of(_TRANSPORT[index], driving=desk.driving) if roomy else ""
            rect = Rect(x, y, width, h)
            if ui.button(name, rect, text, picture, kind, key, reason):
                used = name
            x += width + px(10)
        if used:
            self._use(desk, used)
        x += px(22)
        return Rect(x, bar.y, bar.right - px(20) - x, bar.height)

    def _use(self, desk: Desk, name: str) -> None:
        if name == "record":
            desk.toggle_record()
            return
        desk.tell(Deed.KEEP_TAKE if name == "save" else Deed.DISCARD_TAKE)
        desk.ui.focus.set("record", "transport")


def _change_speed(desk: Desk, step: int, *, around: bool = False) -> None:
    if desk.model.live:
        desk.tell(SetSpeed(_next(SPEEDS, desk.model.live.speed, step, around=around)))


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
