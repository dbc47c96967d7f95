"""The screens of the window.

Each screen reads the model and draws itself every frame. No screen imports another.
"""

from typing import Protocol

from pygame import Rect

from teleop.ui.commands import Command
from teleop.ui.state.context import UiContext


class Screen(Protocol):
    """The interface of a screen."""

    def enter(self, context: UiContext) -> None:
        """Prepare the screen when it is opened."""

    def leave(self, context: UiContext) -> None:
        """Clean up when another screen is opened."""

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw everything below the top bar and handle the controls that were used."""

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the live frame and return its area, or None if that is not possible now."""

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll what is under the mouse by a number of rows."""

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle a shortcut; return False if this screen does not use it."""

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until something changes without input, or None if nothing does."""
