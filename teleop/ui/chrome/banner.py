"""Bars over every screen, shown when an environment does not respond or its process ended."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import ProcessName
from teleop.text import joined, tr
from teleop.ui.state.context import UiContext, WindowRequest

BANNER = "banner"
_LINE = 20
_STOPS = {
    ProcessName.ENVIRONMENT: WindowRequest.STOP_ENVIRONMENT,
    ProcessName.TRAINER: WindowRequest.STOP_TRAINER,
    ProcessName.CLASSROOM: WindowRequest.STOP_CLASSROOM,
}


def draw_banner(context: UiContext) -> None:
    """Show why the environment process ended and what is safe, and offer to restart it."""
    painter = context.ui.painter
    painter.box(painter.surface.get_rect(), (*context.ui.theme.bg[:3], 190), 0)
    texts = (context.model.lost, tr("Saved episodes and the running take are safe."))
    box, right = _bar(context, texts, 400)
    ui, px = context.ui, painter.px
    ui.group(BANNER)
    rect = Rect(right - px(176), box.centery - px(20), px(176), px(40))
    if ui.button("restart", rect, tr("Start it again"), "rotate-ccw", "primary", "Enter"):
        context.requests.append(WindowRequest.RESTART)
    rect = Rect(rect.x - px(188), rect.y, px(176), px(40))
    if ui.button("restart.home", rect, tr("All environments"), "gamepad-2"):
        context.requests.append(WindowRequest.RESTART_AT_HOME)


def draw_unresponsive(context: UiContext) -> None:
    """Show that an environment has not responded for a while, and offer to stop it."""
    slow = context.model.slow
    if slow is None:
        return
    text = tr(
        "{env_id} has not responded for {seconds:.0f} s ({call}).",
        env_id=slow.env_id,
        seconds=slow.seconds,
        call=slow.call,
    )
    hint = tr("It may still respond. Stopping it keeps the take.")
    if slow.process is not ProcessName.ENVIRONMENT:
        hint = tr(
            "It runs in the background, for training or checking. Stopping it keeps the recordings."
        )
    box, right = _bar(context, (text, hint), 200)
    ui, px = context.ui, context.ui.painter.px
    ui.group(BANNER)
    rect = Rect(right - px(176), box.centery - px(20), px(176), px(40))
    if ui.button("stop", rect, tr("Stop it"), "square"):
        context.requests.append(_STOPS[slow.process])


def _bar(context: UiContext, texts: tuple[str, ...], buttons: int) -> tuple[Rect, int]:
    """Draw a bar with lines of text; return its area and the right edge of its buttons."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    width = painter.surface.get_width() - px(40)
    room = width - px(50) - px(buttons)
    lines = [line for text in texts for line in painter.wrapped(text, "medium", room)]
    box = Rect(px(20), px(76), width, max(px(64), px(24) + px(_LINE) * len(lines)))
    painter.shadow(box, 12)
    painter.box(box, theme.raised, 12, theme.recording, 2)
    painter.icon("info", (box.x + px(28), box.centery), 20, theme.recording)
    top = box.centery - px(_LINE) * (len(lines) - 1) // 2
    for number, line in enumerate(lines):
        painter.text(line, (box.x + px(50), top + number * px(_LINE)), "medium", width=room)
    ui.node(BANNER, "alert", joined(" ", texts), box)
    return box, box.right - px(16)
