"""What a device may do to the window."""

from typing import Protocol

from teleop.ui.commands import Command
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.widgets import Ui


class Actions(Protocol):
    """The window, as keyboard, mouse and gamepad see it.

    Attributes:
        context: shared by all screens.
        current: name of the screen that is shown.
    """

    context: UiContext
    current: str

    @property
    def ui(self) -> Ui:
        """The controls on screen."""

    @property
    def is_driven(self) -> bool:
        """A person drives on this screen, or is about to."""

    def command(self, command: Command) -> None:
        """Run a shortcut's command."""

    def go(self, goal: str = "") -> None:
        """Show another screen."""

    def scroll(self, rows: int) -> None:
        """Scroll what is below the pointer."""
