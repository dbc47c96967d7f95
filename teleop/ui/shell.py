"""What lies over every screen: notices, the banner of a lost process, tool tips, the help sheet."""

from teleop.ui.banner import draw_banner
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
        if desk.model.lost == "stage":
            draw_banner(desk)
        self.toasts.draw(desk, current)
        draw_tip(desk)
        if desk.ui.modal == HELP:
            draw_help(desk)
