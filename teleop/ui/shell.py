"""What lies over every screen: notices, what hangs or crashed, tool tips, the help sheet."""

from teleop.ui.banner import draw_banner, draw_slow
from teleop.ui.desk import Desk
from teleop.ui.help_sheet import HELP, draw_help
from teleop.ui.tips import draw_tip
from teleop.ui.toasts import Toasts


class Shell:
    """View state: notices on screen."""

    def __init__(self) -> None:
        self.toasts = Toasts()

    def draw(self, desk: Desk, current: str) -> None:
        """Everything that lies over a screen."""
        if desk.model.lost:
            draw_banner(desk)
        else:
            draw_slow(desk)
        self.toasts.draw(desk, current)
        draw_tip(desk)
        if desk.ui.modal == HELP:
            draw_help(desk)
