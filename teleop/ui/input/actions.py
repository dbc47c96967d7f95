"""What an input device may do to the window."""

from typing import Protocol

from teleop.ui.commands import Command
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.widgets import Ui


class Actions(Protocol):
    """The parts of the window that keyboard, mouse and gamepad use.

    Attributes:
        context: the context that all screens share.
        current: name of the screen that is shown.
    """

    context: UiContext
    current: str

    @property
    def ui(self) -> Ui:
        """The controls on screen."""

    @property
    def is_driven(self) -> bool:
        """Whether the person drives on this screen, or is about to."""

    def command(self, command: Command) -> None:
        """Run a command."""

    def go(self, goal: str = "") -> None:
        """Show another screen."""

    def scroll(self, rows: int) -> None:
        """Scroll what is below the mouse."""
