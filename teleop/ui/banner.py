"""The banner over everything when the environment's process has ended."""

from pygame import Rect

from teleop.ui.desk import Desk

BANNER = "banner"


def draw_banner(desk: Desk) -> None:
    """Say what happened, what is safe, and offer the one thing to do."""
    ui = desk.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    width = painter.surface.get_width()
    painter.box(painter.surface.get_rect(), (*theme.bg[:3], 190), 0)
    box = Rect(px(20), px(76), width - px(40), px(64))
    painter.shadow(box, 12)
    painter.box(box, theme.raised, 12, theme.recording, 2)
    text = "The environment's process ended. What was saved is safe, and so is a running take."
    painter.icon("info", (box.x + px(28), box.centery), 20, theme.recording)
    room = box.width - px(260)
    painter.text(text, (box.x + px(50), box.centery), "medium", width=room)
    ui.group(BANNER)
    rect = Rect(box.right - px(192), box.centery - px(20), px(176), px(40))
    if ui.button("restart", rect, "Start it again", "rotate-ccw", "primary", "Enter"):
        desk.go_to = "restart"
