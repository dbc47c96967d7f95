"""The playback of a comparison: playhead, shortcuts, and the bar with its track."""

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import ShowStep
from teleop.text import tr
from teleop.ui.commands import Command
from teleop.ui.drawing.formatting import speed_text
from teleop.ui.drawing.theme import Colour
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison

_NARROW = 560  # pixels
_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Timeline:
    """View state: the position and the motion of the playhead.

    Attributes:
        step: position of the playhead; between whole numbers while it plays.
        playing: whether the playhead moves with time.
    """

    def __init__(self) -> None:
        self.step = 0.0
        self.playing = False
        self._speed = 1.0
        self._loop: tuple[float, ...] = ()  # first and last step of the part that repeats
        self._shown = -1
        self._moved_s = 0.0

    def begin(self, now: float) -> None:
        """Play a new comparison from its start."""
        self.step, self._shown, self.playing, self._moved_s = 0.0, 0, True, now
        self._loop = ()

    def wakes_in(self, comparison: Comparison | None) -> float | None:
        """Return the seconds until the next step while it plays, else None."""
        if not self.playing or comparison is None:
            return None
        return 1 / max(1.0, comparison.about.pace_hz * self._speed)

    def command(self, context: UiContext, comparison: Comparison, command: Command) -> bool:
        """Handle a shortcut of the player; return False for other shortcuts."""
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
            self.seek(context, comparison, round(self.step) + moves[command])
        elif command is Command.PLAY:
            self._play_or_pause(context, comparison)
        elif command is Command.LOOP:
            self._set_loop()
        elif command in (Command.SLOWER, Command.FASTER):
            self._change_speed(1 if command is Command.FASTER else -1)
        else:
            return False
        return True

    def advance(self, context: UiContext, comparison: Comparison) -> None:
        """Move the playhead with time and request the frames that it reaches."""
        if self.playing:
            self.step += (context.now - self._moved_s) * comparison.about.pace_hz * self._speed
            if len(self._loop) == 2 and self.step >= self._loop[1]:
                self.step = self._loop[0]
            elif self.step >= comparison.steps:
                self.step = float(comparison.steps)
                self.playing = not comparison.complete
        self._moved_s = context.now
        self.show(context, int(self.step))

    def show(self, context: UiContext, step: int) -> None:
        """Request the frames of a step, once."""
        if step != self._shown:
            self._shown = step
            context.tell(ShowStep(step))

    def seek(self, context: UiContext, comparison: Comparison, step: float) -> None:
        """Move the playhead to a step and pause there."""
        self.playing = False
        self.step = min(max(0.0, step), float(comparison.steps))
        self._moved_s = context.now

    def draw(
        self, context: UiContext, comparison: Comparison, bar: Rect, marks: list[tuple[int, Colour]]
    ) -> None:
        """Draw buttons, time, track and speed; in a narrow bar, the track is above the rest.

        Args:
            context: state of the window.
            comparison: comparison that is played.
            bar: area of the bar.
            marks: steps to mark on the track, with their colours.
        """
        ui = context.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("transport")
        narrow = bar.width < px(_NARROW)
        above = Rect(bar.x + px(8), bar.y, bar.width - px(16), px(24))
        if narrow:
            bar = Rect(bar.x, above.bottom + px(2), bar.width, bar.bottom - above.bottom - px(2))
        x = self._draw_buttons(context, comparison, bar)
        pace = comparison.about.pace_hz
        total = max(1, comparison.steps)
        x += px(58)
        painter.text(f"{self.step / pace:.1f} s", (x - px(10), bar.centery), "bold", None, "rm")
        speed = Rect(bar.right - px(62), bar.centery - px(16), px(62), px(32))
        if ui.button("speed", speed, speed_text(self._speed)):
            self._change_speed(1, around=True)
        end = speed.x - px(12)
        if not narrow:
            painter.text(f"{total / pace:.1f} s", (end, bar.centery), "body", theme.text2, "rm")
        beside = Rect(x + px(4), bar.centery - px(12), end - px(66) - x, px(24))
        track = above if narrow else beside
        self._draw_differences(context, comparison, track, total)
        self._draw_track(context, comparison, track, marks)

    def _draw_track(
        self,
        context: UiContext,
        comparison: Comparison,
        track: Rect,
        marks: list[tuple[int, Colour]],
    ) -> None:
        """Draw the track with its marks, and move the playhead if it is used."""
        ui, total = context.ui, max(1, comparison.steps)
        marks = [*marks, *((round(step), ui.theme.success) for step in self._loop)]
        moved = ui.slider(
            "scrub", track, min(1.0, self.step / total), [(s / total, c) for s, c in marks]
        )
        if moved is not None:
            self.seek(context, comparison, round(moved * total))
        elif ui.events.used.nudged and ui.events.focus.id == "scrub":
            forward = Command.FORWARD if ui.events.used.nudged > 0 else Command.BACK
            self.command(context, comparison, forward)

    def _draw_buttons(self, context: UiContext, comparison: Comparison, bar: Rect) -> int:
        ui = context.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        x = bar.x
        buttons = (
            ("start", "skip-back", tr("To the start"), Command.START),
            ("back", "step-back", tr("One step back"), Command.BACK),
            ("play", "pause" if self.playing else "play", tr("Play or pause"), Command.PLAY),
            ("forward", "step-forward", tr("One step forward"), Command.FORWARD),
        )
        for node_id, icon, label, command in buttons:
            rect = Rect(x, bar.centery - px(18), px(36), px(36))
            if node_id == "play":
                painter.box(rect, theme.text, 18)
            colour = theme.bg if node_id == "play" else theme.text2
            if ui.icon_button(node_id, rect, icon, label, colour):
                self.command(context, comparison, command)
            if node_id == "play":  # the disc covers the hover highlight
                painter.box(rect, theme.text, 18)
                painter.icon(icon, rect.center, 18, theme.bg)
                ui.ring("play", rect, 18)
            x += px(42)
        return x

    def _draw_differences(
        self, context: UiContext, comparison: Comparison, track: Rect, total: int
    ) -> None:
        """Mark, under the track, the steps where the policy would act differently."""
        painter, px = context.ui.painter, context.ui.painter.px
        y, height = track.centery + px(9), px(3)
        start: int | None = None
        for step, differs in enumerate([*comparison.differs, False]):
            if differs and start is None:
                start = step
            elif not differs and start is not None:
                left = track.x + track.width * start // total
                right = track.x + track.width * step // total
                painter.fill((left, y, max(px(1), right - left), height), context.ui.theme.agent)
                start = None

    def _play_or_pause(self, context: UiContext, comparison: Comparison) -> None:
        at_end = comparison.complete and self.step >= comparison.steps
        if at_end and not self.playing:
            self.step = 0.0
        self.playing = not self.playing
        self._moved_s = context.now

    def _set_loop(self) -> None:
        """Set the start of the loop here, then its end, then remove it."""
        if len(self._loop) == 1 and self.step != self._loop[0]:
            self._loop = tuple(sorted((self._loop[0], self.step)))
            self.step = self._loop[0]
        else:
            self._loop = () if self._loop else (self.step,)

    def _change_speed(self, step: int, *, around: bool = False) -> None:
        index = _SPEEDS.index(self._speed) + step
        last = len(_SPEEDS) - 1
        self._speed = _SPEEDS[index % (last + 1) if around else max(0, min(last, index))]
