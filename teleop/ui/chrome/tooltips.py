"""Tool tips: why a control cannot be used, or the name of an icon button."""

from pygame import Rect

from teleop.ui.state.context import UiContext
from teleop.ui.widgets.focus import Node


def draw_tip(context: UiContext) -> None:
    """Draw the tool tip of the control under the mouse or of the focused control."""
    ui = context.ui
    node = ui.events.hit(ui.events.pointer.at)
    focused = ui.events.nodes.get(ui.events.focus.id or "")
    if ui.events.focus.visible and focused and focused.reason:
        node = focused
    text = _tip(node)
    if node is None or not text:
        return
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    lines = painter.wrapped(text, "small-medium", px(300))
    box = Rect(0, 0, max(painter.width(line, "small-medium") for line in lines) + px(24), 0)
    box.height = px(12) + px(18) * len(lines)
    box.midtop = (node.rect.centerx, node.rect.bottom + px(8))
    screen = painter.surface.get_rect().inflate(-px(16), -px(16))
    if box.bottom > screen.bottom:
        box.bottom = node.rect.y - px(8)
    box.clamp_ip(screen)
    painter.box(box, theme.text, 8)
    for index, line in enumerate(lines):
        at = (box.centerx, box.y + px(15) + index * px(18))
        painter.text(line, at, "small-medium", theme.bg, "cm")


_ICONS = (
    "help",
    "projector",
    "library",
    "settings",
    "race",
    "add",
    "write",
    "start",
    "back",
    "play",
    "forward",
    "options",
    "controls",
    "close",
    "gauges",
    "moments",
    "continue",
    "autopsy",
)


def _tip(node: Node | None) -> str:
    if node is None:
        return ""
    if node.reason:
        return node.reason
    if node.role == "status" or node.id in _ICONS or node.id.startswith(("env.", "menu.")):
        return node.label
    if node.id.endswith((".star", ".delete")):
        return node.label
    return ""
