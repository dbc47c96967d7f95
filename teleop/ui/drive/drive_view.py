"""The driving view: the frame, the overlay on it, and the row of buttons below."""

from collections.abc import Callable
from dataclasses import replace

from pygame import Rect

from teleop.runtime.protocol.session_messages import Request, SessionSnapshot, SetSpeed
from teleop.text import tr
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.formatting import speed_text
from teleop.ui.drive.hud import beside_overlay, draw_overlay
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.image_view import fitted

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_TOO_SLOW = 0.9
_PICKER_ROOM = 346  # what the picker of the environment and the tools need
_GOAL_ROOM = 196  # what the goal beside the buttons needs
_TRANSPORT = (Command.RECORD, Command.SAVE, Command.DISCARD)


class DriveView:
    """View state: the area of the frame."""

    def __init__(self) -> None:
        self._view = Rect(0, 0, 0, 0)
        self._around = Rect(0, 0, 0, 0)
        self._goes_back = False  # the rewind button is held

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the recording dot blinks."""
        live = context.model.live
        blinks = live is not None and live.engaged and not context.reduced_motion
        return 0.5 if blinks else None

    def command(self, context: UiContext, command: Command) -> bool:
        """Run a driving shortcut; return False if `command` is not one."""
        request = _REQUESTS.get(command)
        if request:
            context.tell(request)
        elif command in _ON_DESK:
            _ON_DESK[command](context)
        elif command in (Command.SLOWER, Command.FASTER):
            _change_speed(context, 1 if command is Command.FASTER else -1)
        else:
            return False
        return True

    # ------------------------------------------------------------ the frame

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the frame and its overlay and return their area; None if not possible now."""
        view = context.view("drive")
        if context.popover.open or view.aspect is None or not self._view.width:
            return None
        self._draw_picture(context)
        return self._around

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the frame, which can be clicked."""
        frame = fitted(area, context.view("drive").aspect or 1.5)
        self._around, self._view = area, beside_overlay(context, frame, area)
        self._draw_picture(context)
        self._draw_node(context)

    def _draw_picture(self, context: UiContext) -> None:
        """Draw the frame, with its overlay on it or, if there is room, beside it."""
        painter, theme = context.ui.painter, context.ui.theme
        whole = self._view.width >= self._around.width - 2
        tall = self._view.height >= self._around.height - 2
        loose = not (whole and tall)
        if loose:
            painter.fill(self._around, theme.bg)
            painter.box(self._around, theme.sunken, 12, theme.line)
        around = theme.sunken if loose else theme.bg
        context.view("drive").draw(painter, self._view, 12, around)
        draw_overlay(context, self._view, self._around if loose else self._view)

    def _draw_node(self, context: UiContext) -> None:
        ui = context.ui
        ui.group("picture")
        live = context.model.live
        label = tr("Environment, {phase}", phase=live.phase) if live else tr("Environment")
        touch = ui.node("view", "view", label, self._view, value=live.phase if live else None)
        if touch.used and live:
            if live.phase == "paused":
                context.resume()
            elif not live.engaged and not live.pending:
                context.toggle_record()
        if not context.input.driving:
            ui.ring("view", self._view, 12)

    # ------------------------------------------------------------ above the frame

    def draw_tools(self, context: UiContext, at: tuple[int, int]) -> None:
        """Draw the buttons for recording options, controls and rewind."""
        ui, px = context.ui, context.ui.painter.px
        tools = (
            ("options", "settings", tr("Recording options (F4)")),
            ("controls", "keyboard", tr("Controls (F3)")),
        )
        for place, (name, icon, label) in enumerate(tools):
            spot = Rect(at[0] + px(40 * place), at[1], px(36), px(36))
            if ui.icon_button(name, spot, icon, label):
                context.toggle_sheet(name)
        self._draw_back(context, Rect(at[0] + px(80), at[1], px(36), px(36)))

    def _draw_back(self, context: UiContext, rect: Rect) -> None:
        """Draw the rewind button: hold it to rewind; a key or gamepad press rewinds a little."""
        ui, live = context.ui, context.model.live
        going = live is not None and (live.engaged or live.pending)
        reason = "" if going else tr("Rewind works during or just after an episode")
        if live is not None and live.cannot_rewind:
            reason = tr(
                "Rewinding is not possible here: {cannot_rewind}", cannot_rewind=live.cannot_rewind
            )
        used = ui.icon_button(
            "back", rect, "rotate-ccw", tr("Rewind while held (F7)"), None, reason
        )
        held = ui.events.pointer.pressed == "back" and not reason
        if held and not self._goes_back:
            context.rewind()
        elif not held and self._goes_back:
            context.tell(Request.REWIND_END)
        elif used and not ui.events.used.clicked:
            context.rewind()
            context.tell(Request.REWIND_END)
        self._goes_back = held

    def draw_chips(self, context: UiContext, left: Rect, y: int) -> int:
        """Draw speed, rate and seed at the right end of a row, and return their left edge."""
        ui, env, live = context.ui, context.model.env, context.model.live
        right = left.right
        if live is None or env is None:
            return right
        gap = ui.painter.px(8)
        rect, used = ui.chip("seed", right, y, tr("Seed"), str(live.seed), not live.recording)
        if used:
            context.tell(Request.NEW_SEED)
        if env.turn_based:
            rect, _ = ui.chip("rate", rect.x - gap, y, tr("Pace"), tr("turn by turn"), usable=False)
            return rect.x
        ink = ui.theme.recording if _is_slow(live) else None
        pace = tr("Pace")
        rect, _ = ui.chip("rate", rect.x - gap, y, pace, _rate(live), usable=False, ink=ink)
        label = tr("Speed")
        taken = ui.painter.width(label, "small") + ui.painter.px(70)
        if rect.x - taken - left.x < ui.painter.px(_PICKER_ROOM):
            label = ""  # the name of the environment matters more
        rect, used = ui.chip("speed", rect.x - gap, y, label, speed_text(live.speed))
        if used:
            _change_speed(context, 1, around=True)
        return rect.x

    # ------------------------------------------------------------ below the frame

    def draw_transport(self, context: UiContext, bar: Rect, start: tuple[str, str]) -> Rect:
        """Draw the buttons to start or stop, save and discard, and return the free area of the bar.

        Args:
            context: the context that all screens share.
            bar: area of the button bar.
            start: label and icon of the first button while nothing runs.
        """
        ui, live = context.ui, context.model.live
        px = ui.painter.px
        ui.card(bar)
        ui.group("transport")
        recording = bool(live and (live.engaged or live.rewinding))
        has_take = bool(live and (live.recording or live.pending))
        nothing = "" if has_take else tr("Nothing recorded yet")
        no_env = "" if live else context.model.env_problem or tr("The environment is being opened")
        label, icon = (tr("Stop"), "square") if recording else start
        used, x = "", bar.x + px(14)
        buttons = (
            ("record", start[0], label, icon, "record", no_env),
            ("save", tr("Save"), tr("Save"), "check", "plain", nothing),
            ("discard", tr("Discard"), tr("Discard"), "x", "plain", nothing),
        )
        keys, widths = _keys_that_fit(context, bar.width, [button[1] for button in buttons])
        for (name, _, text, picture, kind, reason), key, width in zip(
            buttons, keys, widths, strict=True
        ):
            rect = Rect(x, bar.centery - px(22), width, px(44))
            if ui.button(name, rect, text, picture, kind, key, reason):
                used = name
            x += width + px(10)
        if used:
            self._use(context, used)
        x += px(22)
        return Rect(x, bar.y, bar.right - px(20) - x, bar.height)

    def _use(self, context: UiContext, name: str) -> None:
        if name == "record":
            context.toggle_record()
            return
        context.tell(Request.KEEP_TAKE if name == "save" else Request.DISCARD_TAKE)
        context.ui.events.focus.set("record", "transport")


def _keys_that_fit(context: UiContext, room: int, labels: list[str]) -> tuple[list[str], list[int]]:
    """Return the keys of the buttons and their widths; no keys if the bar has no room for them."""
    painter, px = context.ui.painter, context.ui.painter.px
    keys = [label_of(command, driving=context.input.driving) for command in _TRANSPORT]
    plain = [painter.width(label, "bold") + px(50) for label in labels]
    full = [
        width + painter.width(key, "small-medium") + px(20)
        for width, key in zip(plain, keys, strict=True)
    ]
    if sum(full) + px(_GOAL_ROOM) <= room:
        return keys, [max(px(128), width) for width in full]
    return [""] * len(keys), [max(px(96), width) for width in plain]


def _change_speed(context: UiContext, step: int, *, around: bool = False) -> None:
    if context.model.live:
        context.tell(SetSpeed(_next(SPEEDS, context.model.live.speed, step, around=around)))


_REQUESTS = {
    Command.SAVE: Request.KEEP_TAKE,
    Command.DISCARD: Request.DISCARD_TAKE,
    Command.UNDO: Request.UNDO,
    Command.NEW_SEED: Request.NEW_SEED,
    Command.RETRY: Request.RETRY,
    Command.STAR_TAKE: Request.STAR_TAKE,
    Command.MARK: Request.MARK,
}
_ON_DESK: dict[Command, Callable[[UiContext], None]] = {
    Command.RECORD: UiContext.toggle_record,
    Command.PLAY: UiContext.resume,
    Command.REWIND: UiContext.rewind,
    Command.STEP_ONCE: UiContext.step_once,
    Command.PRACTICE: lambda context: context.change_options(
        replace(context.options, practice=not context.options.practice)
    ),
}


def _next(values: tuple[float, ...], value: float, step: int, *, around: bool) -> float:
    index = min(range(len(values)), key=lambda i: abs(values[i] - value)) + step
    return values[index % len(values)] if around else values[max(0, min(index, len(values) - 1))]


def _is_slow(live: SessionSnapshot) -> bool:
    return 0 < live.real_hz < _TOO_SLOW * live.pace_hz * live.speed


def _rate(live: SessionSnapshot) -> str:
    """Return the steps per second, with the measured rate if the environment is too slow."""
    wanted = live.pace_hz * live.speed
    if _is_slow(live):
        return tr("{real_hz:.0f} of {wanted:.3g} Hz", real_hz=live.real_hz, wanted=wanted)
    return f"{wanted:.3g} Hz"
