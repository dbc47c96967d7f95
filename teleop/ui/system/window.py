"""The window on the desktop: its size, scale and theme."""

from pathlib import Path

import pygame
from pygame import Rect

from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import PAPER, THEMES
from teleop.ui.state.settings import Settings
from teleop.ui.system.sdl import displays, start_display

DESIGN = (1280, 800)
SMALLEST = (1024, 640)
_TITLE_BAR = 40  # height of the title bar, so that the window does not extend below the display
_SCALES = (0.9, 1.0, 1.1, 1.25, 1.35, 1.5, 1.75, 2.0, 2.5)
_PROJECTOR_SCALE = 1.35
_SEEN_AGAIN = (pygame.WINDOWRESTORED, pygame.WINDOWMAXIMIZED, pygame.WINDOWSHOWN)
WINDOW_EVENTS = (*_SEEN_AGAIN, pygame.WINDOWMINIMIZED, pygame.WINDOWSIZECHANGED)


class Window:
    """The SDL window and the settings with which it is drawn.

    Attributes:
        projector: light theme and large scale, whatever the settings say.
        minimised: the window is not visible.
        chosen_scale: scale that the person has chosen; 0 derives it from the display's height.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the window.

        Raises:
            pygame.error: there is no display.
        """
        start_display()
        pygame.font.init()
        if pygame.display.get_driver() == "offscreen":
            raise pygame.error("SDL found no display")
        pygame.display.set_caption("Teleop")
        pygame.display.set_mode(_first_size(settings), pygame.RESIZABLE)
        pygame.key.set_repeat(400, 120)
        pygame.key.stop_text_input()
        self._put_back(settings)
        self.projector = self.minimised = False
        self.chosen_scale = settings.scale
        self._windowed: Rect | None = None
        self._size = self.surface.get_size()

    @property
    def surface(self) -> pygame.Surface:
        """The surface to draw on."""
        surface = pygame.display.get_surface()
        if surface is None:
            raise RuntimeError("the window is gone")
        return surface

    @property
    def box(self) -> Rect:
        """Position and size on the desktop when the window is not in full screen."""
        place = pygame.display.get_window_position()
        return self._windowed or Rect(place, self.surface.get_size())

    def painter(self, settings: Settings, assets: Path) -> Painter:
        """Create a painter for the current size and theme of the window."""
        theme = PAPER if self.projector else THEMES.get(settings.theme, THEMES["ink"])
        usual = self.chosen_scale or _usual_scale()
        scale = usual * (_PROJECTOR_SCALE if self.projector else 1.0)
        width, height = self.surface.get_size()
        most = min(width / SMALLEST[0], height / SMALLEST[1])  # the layout needs this much space
        return Painter(self.surface, theme, min(scale, max(0.4, most)), assets)

    def resized(self) -> bool:
        """Return whether the size changed since the last call (SDL resizes the same surface)."""
        before, self._size = self._size, self.surface.get_size()
        return before != self._size

    def toggle_full_screen(self) -> None:
        """Fill the display that the window is on, or leave full screen."""
        if self._windowed:
            pygame.display.set_mode(self._windowed.size, pygame.RESIZABLE)
            pygame.display.set_window_position(self._windowed.topleft)
            self._windowed = None
        else:
            self._windowed = self.box
            on = _display_of(self._windowed, displays())
            pygame.display.set_mode((0, 0), pygame.FULLSCREEN, display=on)

    def rescale(self, step: int) -> None:
        """Make the content larger (1), smaller (-1), or return to the default scale (0)."""
        now = self.chosen_scale or _usual_scale()
        nearest = min(range(len(_SCALES)), key=lambda i: abs(_SCALES[i] - now))
        self.chosen_scale = 0.0
        if step:
            self.chosen_scale = _SCALES[max(0, min(len(_SCALES) - 1, nearest + step))]

    def see(self, event: pygame.event.Event) -> None:
        """Handle an event after which the window may be invisible or visible again."""
        if event.type == pygame.WINDOWMINIMIZED:
            self.minimised = True
        elif event.type in _SEEN_AGAIN:
            self.minimised = False

    def _put_back(self, settings: Settings) -> None:
        """Move the window to its last position, if its title bar can be dragged there.

        If its last size does not fit a display any more, it moves inside that display.
        """
        handle = Rect(settings.x, settings.y - _TITLE_BAR, settings.width, _TITLE_BAR)
        inside = [handle.clip(display).width for display in displays()]
        if not settings.placed or max(inside) <= _TITLE_BAR:
            return
        place, size = (settings.x, settings.y), self.surface.get_size()
        if size != (settings.width, settings.height):
            on = displays()[inside.index(max(inside))]
            right, bottom = on.right - size[0], on.bottom - size[1]
            place = max(on.x, min(place[0], right)), max(on.y, min(place[1], bottom))
        pygame.display.set_window_position(place)


def _display_of(window: Rect, places: list[Rect]) -> int:
    """Return the index of the display that most of the window is on."""
    seen = [place.clip(window) for place in places]
    return max(range(len(seen)), key=lambda index: seen[index].width * seen[index].height)


def _usual_scale() -> float:
    """Return the default scale for the height of the display that the window is on."""
    places = displays()
    window = Rect(pygame.display.get_window_position(), (1, 1))
    height = places[_display_of(window, places)].height
    return max(1.0, 0.9 * height / DESIGN[1])


def _first_size(settings: Settings) -> tuple[int, int]:
    """Return the last size if it fits a display, else a size for the main display."""
    for display in displays():
        fits = settings.width <= display.width and settings.height <= display.height
        if fits and SMALLEST[0] <= settings.width and SMALLEST[1] <= settings.height:
            return settings.width, settings.height
    width, height = pygame.display.get_desktop_sizes()[0]
    scale = max(1.0, 0.9 * height / DESIGN[1])
    room = height - _TITLE_BAR if height < DESIGN[1] * scale + _TITLE_BAR else height
    return min(width, round(DESIGN[0] * scale)), min(room, round(DESIGN[1] * scale))
