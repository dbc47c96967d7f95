"""Overlays of every screen: notices, banners about problems, tool tips, the help sheet."""

from teleop.ui.chrome.banner import draw_banner, draw_unresponsive
from teleop.ui.chrome.toasts import Toasts
from teleop.ui.chrome.tooltips import draw_tip
from teleop.ui.sheets.help_sheet import HELP, draw_help
from teleop.ui.state.context import UiContext


class Overlays:
    """View state: the notices on screen."""

    def __init__(self) -> None:
        self.toasts = Toasts()

    def draw(self, context: UiContext, current: str) -> None:
        """Draw all overlays of a screen."""
        if context.model.lost:
            draw_banner(context)
        else:
            draw_unresponsive(context)
        self.toasts.draw(context, current)
        draw_tip(context)
        if context.ui.events.modal == HELP:
            draw_help(context)
