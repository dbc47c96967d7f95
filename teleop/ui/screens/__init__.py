"""The screens. None imports another; each reads the model and draws itself every frame."""

from typing import Protocol

from pygame import Rect

from teleop.ui.desk import Desk
from teleop.ui.shortcuts import Command


class Screen(Protocol):
    """One step of the work."""

    def enter(self, desk: Desk) -> None:
        """The screen comes up."""

    def leave(self, desk: Desk) -> None:
        """Another screen comes up."""

    def draw(self, desk: Desk, area: Rect) -> None:
        """Draw everything below the top bar, and answer what was used."""

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Draw only the live picture, quickly; where it is, or None if that cannot be done now."""

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """The mouse wheel turned."""

    def command(self, desk: Desk, command: Command) -> bool:
        """Answer a shortcut; False if it means nothing here."""

    def wakes_in(self, desk: Desk) -> float | None:
        """Seconds until something moves by itself; None if nothing does."""
