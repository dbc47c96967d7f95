"""A view of an environment's frames: read from shared memory, scaled, with round corners."""

import pygame
from pygame import Rect, Surface

from teleop.runtime.protocol.shared_frames import Frame, FrameReader
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import Colour


class ImageView:
    """A view of the latest frame, which is scaled once per frame and size."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self._number: tuple[str, int] = ("", -1)
        self._source: Surface | None = None
        self._scaled: Surface | None = None

    @property
    def aspect(self) -> float | None:
        """Width divided by height of the frame; None before the first frame."""
        if self._source is None:
            return None
        width, height = self._source.get_size()
        return width / height

    def take(self, frame: Frame | None) -> None:
        """Copy a frame from shared memory if it is new."""
        if frame is None or (frame.memory, frame.number) == self._number:
            return
        picture = self._reader.read(frame)
        if picture is None:
            return
        size = (frame.width, frame.height)
        if self._source is None or self._source.get_size() != size:
            self._source = Surface(
                size, 0, 32
            )  # 32 bit: scaling 24-bit surfaces is six times slower
        self._source.blit(pygame.image.frombuffer(picture.data, size, "RGB"), (0, 0))
        self._number = (frame.memory, frame.number)
        self._scaled = None

    def clear(self) -> None:
        """Forget the frame."""
        self._source = self._scaled = None
        self._number = ("", -1)

    def draw(self, painter: Painter, rect: Rect, radius: float, around: Colour) -> None:
        """Draw the frame with round corners into a rectangle of the same aspect ratio."""
        if self._source is None:
            painter.box(rect, painter.theme.sunken, radius)
            return
        if self._scaled is None or self._scaled.get_size() != rect.size:
            self._scaled = self._fit(rect.size)
        painter.surface.blit(self._scaled, rect)
        painter.round_off(rect, radius, around)

    def _fit(self, size: tuple[int, int]) -> Surface:
        source = self._source
        if source is None or source.get_size() == size:
            return source or Surface(size)
        pixelated = source.get_width() * 3 < size[0]  # small frames are pixel art: keep them crisp
        scale = pygame.transform.scale if pixelated else pygame.transform.smoothscale
        return scale(source, size)


def fitted(area: Rect, aspect: float) -> Rect:
    """Return the largest rectangle with an aspect ratio, centred in an area."""
    width = max(1, min(area.width, round(area.height * aspect)))
    rect = Rect(0, 0, width, max(1, round(width / aspect)))
    rect.center = area.center
    return rect
