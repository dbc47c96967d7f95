"""The window on the desktop: its size, its scale, its colours."""

from pathlib import Path

import pygame

from teleop.ui.painter import Painter
from teleop.ui.settings import Settings
from teleop.ui.shortcuts import Command
from teleop.ui.theme import PAPER, THEMES

DESIGN = (1280, 800)
SMALLEST = (1024, 640)
_TITLE_BAR = 40  # of the window manager; the window must not hang below the screen
_SCALES = (0.9, 1.0, 1.1, 1.25, 1.35, 1.5, 1.75, 2.0, 2.5)
_PROJECTOR_SCALE = 1.35


class Window:
    """SDL's window, and what is drawn into it.

    Attributes:
        projector: light and large, whatever the settings say.
        chosen_scale: that the person has chosen; 0 is by the display's height.
    """

    def __init__(self, settings: Settings) -> None:
        """Open it.

        Raises:
            pygame.error: there is no screen.
        """
        pygame.display.init()
        pygame.font.init()
        if pygame.display.get_driver() == "offscreen":
            raise pygame.error("SDL found no display")
        pygame.display.set_caption("Teleop")
        pygame.display.set_mode(_first_size(settings), pygame.RESIZABLE)
        pygame.key.set_repeat(400, 120)
        pygame.key.stop_text_input()
        self.projector = False
        self.chosen_scale = settings.scale
        self._windowed: tuple[int, int] | None = None
        self._size = self.surface.get_size()

    @property
    def surface(self) -> pygame.Surface:
        """What is drawn on."""
        surface = pygame.display.get_surface()
        if surface is None:
            raise RuntimeError("the window is gone")
        return surface

    @property
    def size(self) -> tuple[int, int]:
        """Of the window when it does not fill the screen."""
        return self._windowed or self.surface.get_size()

    def painter(self, settings: Settings, assets: Path) -> Painter:
        """Draws into the window as it is now."""
        theme = PAPER if self.projector else THEMES.get(settings.theme, THEMES["ink"])
        usual = self.chosen_scale or _usual_scale()
        scale = usual * (_PROJECTOR_SCALE if self.projector else 1.0)
        width, height = self.surface.get_size()
        most = min(width / SMALLEST[0], height / SMALLEST[1])  # the layout needs this much room
        return Painter(self.surface, theme, min(scale, max(0.4, most)), assets)

    def resized(self) -> bool:
        """True if it has another size than the last time (SDL resizes the same surface)."""
        before, self._size = self._size, self.surface.get_size()
        return before != self._size

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        if self._windowed:
            pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
            self._windowed = None
        else:
            self._windowed = self.surface.get_size()
            pygame.display.set_mode((0, 0), pygame.FULLSCREEN)

    def rescale(self, command: Command) -> None:
        """Larger, smaller, or as usual."""
        now = self.chosen_scale or _usual_scale()
        nearest = min(range(len(_SCALES)), key=lambda i: abs(_SCALES[i] - now))
        step = {Command.LARGER: 1, Command.SMALLER: -1}.get(command)
        if step is None:
            self.chosen_scale = 0.0
        else:
            self.chosen_scale = _SCALES[max(0, min(len(_SCALES) - 1, nearest + step))]


def _usual_scale() -> float:
    height = pygame.display.get_desktop_sizes()[0][1]
    return max(1.0, 0.9 * height / DESIGN[1])


def _first_size(settings: Settings) -> tuple[int, int]:
    """As it was the last time, if that fits; else by the display."""
    width, height = pygame.display.get_desktop_sizes()[0]
    if SMALLEST[0] <= settings.width <= width and SMALLEST[1] <= settings.height <= height:
        return settings.width, settings.height
    scale = max(1.0, 0.9 * height / DESIGN[1])
    room = height - _TITLE_BAR if height < DESIGN[1] * scale + _TITLE_BAR else height
    return min(width, round(DESIGN[0] * scale)), min(room, round(DESIGN[1] * scale))
