"""The screens. None imports another; each reads the model and draws itself every frame."""

from typing import Protocol

from pygame import Rect

from teleop.ui.commands import Command
from teleop.ui.state.context import UiContext


class Screen(Protocol):
    """One step of the work."""

    def enter(self, context: UiContext) -> None:
        """The screen comes up."""

    def leave(self, context: UiContext) -> None:
        """Another screen comes up."""

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw everything below the top bar, and answer what was used."""

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Draw only the live picture, quickly; where it is, or None if that cannot be done now."""

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """The mouse wheel turned."""

    def command(self, context: UiContext, command: Command) -> bool:
        """Answer a shortcut; False if it means nothing here."""

    def wakes_in(self, context: UiContext) -> float | None:
        """Seconds until something moves by itself; None if nothing does."""
