"""Drawing on a Surface: cached text, icons, anti-aliased boxes, shadows and lines.

pygame's own rounded rectangles are jagged, its letters are spaced by whole pixels, and its thick
lines have no anti-aliasing. Therefore boxes are made from one distance-field corner, text and icons
are drawn at four times their size and scaled down, and lines are ribbons with soft edges. Boxes,
text and icons are cached.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pygame
from numpy.typing import ArrayLike
from pygame import Rect, Surface

from teleop.translation import Language
from teleop.ui.drawing.shapes import (
    corner_masks,
    corner_tile,
    resampled,
    ribbon,
    rounded_box,
    soft_shadow,
)
from teleop.ui.drawing.theme import CAP_HEIGHT, CLEAR, HEAVIER, STYLES, Colour, Theme
from teleop.ui.drawing.typesetting import runs, system_face, words

_OVERSAMPLE = 4
_SMALL = 12_000  # pixels: up to this area, one cached image per box is faster, and not too large
_PANE = 128  # pixels: side of the image that fills translucent rectangles
Made = TypeVar("Made")
Point = tuple[float, float]


class ImageCache(Generic[Made]):
    """A cache of the most recently used images, each made at its first use."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: OrderedDict[Any, Made] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the image of a key; make it if it is not cached."""
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make()
            if len(self._made) > self._size:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return found


class Painter:
    """Draws in one theme at one scale."""

    def __init__(self, surface: Surface, theme: Theme, scale: float, assets: Path) -> None:
        """Create a painter for a surface.

        Args:
            surface: the surface to draw on.
            theme: colours and font weights.
            scale: real pixels per design pixel.
            assets: folder that contains `fonts/`.
        """
        self.surface, self.theme, self.scale = surface, theme, scale
        self._fonts_folder = assets / "fonts"
        self._icons: dict[str, int] = json.loads((self._fonts_folder / "icons.json").read_text())
        self._fonts: dict[tuple[str, float], pygame.font.Font] = {}
        self._texts: ImageCache[Surface] = ImageCache(1000)
        self._boxes: ImageCache[Surface] = ImageCache(600)
        self._shadows: ImageCache[Surface] = ImageCache(8)
        self._corners: ImageCache[tuple[Surface, ...]] = ImageCache(48)
        self.language: Language | None = None  # language of all drawn text
        self.shortened: set[str] = set()  # texts that did not fit and were shortened

    def px(self, value: float) -> int:
        """Convert design pixels to real pixels."""
        return round(value * self.scale)

    # ------------------------------------------------------------ text

    def width(self, text: str, style: str) -> int:
        """Return the width of a text in pixels."""
        return self._width(self.translated(text), style)

    def translated(self, text: str) -> str:
        """Translate a text into the language of the window."""
        return self.language.of(text) if self.language else text

    def _width(self, text: str, style: str) -> int:
        return self._text(text, style, self.theme.text).get_width()

    def fitted(self, text: str, style: str, width: int) -> str:
        """Return the text, shortened with an ellipsis if it is too wide."""
        text = self.translated(text)
        if self._width(text, style) <= width:
            return text
        self.shortened.add(text)
        return text[: self._fits(text, style, width, "…")].rstrip() + "…"

    def _fits(self, text: str, style: str, width: int, end: str = "") -> int:
        """Return how many letters of a text fit together with `end`; at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self._width(text[:middle].rstrip() + end, style) <= width:
                low = middle
            else:
                high = middle - 1
        return low

    def cut(self, text: str, style: str, width: int) -> str:
        """Return as much of the beginning of a text as fits."""
        while text and self.width(text, style) > width:
            text = text[:-1]
        return text

    def text(
        self,
        text: str,
        at: Point,
        style: str = "body",
        colour: Colour | None = None,
        anchor: str = "lm",
        width: int | None = None,
    ) -> int:
        """Draw one line of text and return its width.

        Args:
            text: the text to draw.
            at: position of the anchor.
            style: a name from `theme.STYLES`.
            colour: text colour; None uses the theme's.
            anchor: `l`, `c` or `r`, then `m` (middle of the capital letters) or `t` (their top).
            width: maximum width in pixels; a wider text is shortened.
        """
        text = self.fitted(text, style, width) if width is not None else self.translated(text)
        image = self._text(text, style, colour or self.theme.text)
        x = at[0] - {"l": 0.0, "c": image.get_width() / 2, "r": image.get_width()}[anchor[0]]
        cap = STYLES[style][0] * self.scale * CAP_HEIGHT
        ascent = self._font(*self._face(style)).get_ascent() / _OVERSAMPLE
        y = at[1] - ascent + (cap / 2 if anchor[1] == "m" else cap)
        self.surface.blit(image, (round(x), round(y)))
        return image.get_width()

    def wrapped(self, text: str, style: str, width: int) -> list[str]:
        """Break a text into lines of a width; only words longer than a line are split."""
        lines: list[str] = []
        line = ""
        for word in words(self.translated(text)):
            longer = (line + word).strip()
            if line and self._width(longer, style) > width:
                lines.append(line)
                longer = word.strip()
            while len(longer) > 1 and self._width(longer, style) > width:
                fits = self._fits(longer, style, width)
                lines.append(longer[:fits])
                longer = longer[fits:]
            line = longer
        return [*lines, line] if line else lines

    def icon(
        self, name: str, centre: Point, size: float = 18, colour: Colour | None = None
    ) -> None:
        """Draw an icon centred on a point."""
        tint = colour or self.theme.text2
        image = self._texts.get(("icon", name, size, tint), lambda: self._icon(name, size, tint))
        x, y = centre[0] - image.get_width() / 2, centre[1] - image.get_height() / 2
        self.surface.blit(image, (round(x), round(y)))

    def _icon(self, name: str, size: float, colour: Colour) -> Surface:
        font = self._font("lucide-subset", size)
        image = font.render(chr(self._icons[name]), True, colour[:3])
        ink = image.get_bounding_rect()
        side = _OVERSAMPLE * math.ceil(max(ink.size) / _OVERSAMPLE + 1)
        square = Surface((side, side), pygame.SRCALPHA)
        square.fill((*colour[:3], 0))
        place = ((side - ink.width) // 2, (side - ink.height) // 2)
        square.blit(image, place, ink, pygame.BLEND_RGBA_MAX)
        return _shrunk(square)

    def _text(self, text: str, style: str, colour: Colour) -> Surface:
        def make() -> Surface:
            face, size = self._face(style)
            image = _shrunk(self._set(text, self._font(face, size), size, colour))
            if colour[3] < 255:
                image.set_alpha(colour[3])
            return image

        return self._texts.get((text, style, colour), make)

    def _set(self, text: str, font: pygame.font.Font, size: float, colour: Colour) -> Surface:
        """Render a line of text, with Chinese letters in a system font on the same baseline."""
        parts = runs(text)
        if not any(foreign for _, foreign in parts):
            return _rendered(font, text, colour)
        images = []
        for part, foreign in parts:
            face = self._font(system_face(), size) if foreign else font
            images.append((_rendered(face, part, colour), font.get_ascent() - face.get_ascent()))
        width = sum(image.get_width() for image, _ in images)
        line = Surface((width, font.get_height()), pygame.SRCALPHA)
        line.fill((*colour[:3], 0))
        x = 0
        for image, y in images:
            line.blit(image, (x, y), special_flags=pygame.BLEND_RGBA_MAX)
            x += image.get_width()
        return line

    def _face(self, style: str) -> tuple[str, float]:
        size, face = STYLES[style]
        return (HEAVIER.get(face, face) if self.theme.heavier else face), size

    def _font(self, face: str, size: float) -> pygame.font.Font:
        key = (face, size)
        if key not in self._fonts:
            pixels = round(size * self.scale * _OVERSAMPLE)
            ours = self._fonts_folder / f"{face}.ttf"
            self._fonts[key] = pygame.font.Font(ours if ours.is_file() else face, pixels)
        return self._fonts[key]

    # ------------------------------------------------------------ boxes

    def fill(self, rect: Rect | tuple[int, int, int, int], colour: Colour) -> None:
        """Fill a plain rectangle."""
        self.surface.fill(colour, rect)

    def rule(self, x: float, y: float, width: float, colour: Colour | None = None) -> None:
        """Draw a thin horizontal line."""
        thick = max(1, self.px(1))
        self.surface.fill(colour or self.theme.line, (int(x), int(y), int(width), thick))

    def box(
        self,
        rect: Rect,
        fill: Colour | None = None,
        radius: float = 8,
        border: Colour | None = None,
        border_px: float = 1,
    ) -> None:
        """Draw a rounded box with soft edges."""
        if rect.width <= 0 or rect.height <= 0:
            return
        r = min(self.px(radius), rect.width // 2, rect.height // 2)
        thick = max(1, self.px(border_px)) if border else 0
        inner = fill or CLEAR
        if rect.width * rect.height > _SMALL:
            self._large_box(rect, r, inner, border, thick)
            return
        key = (rect.size, r, inner, border, thick)
        make = lambda: rounded_box(rect.size, r, inner, border, thick)  # noqa: E731
        self.surface.blit(self._boxes.get(key, make), rect)

    def _large_box(
        self, rect: Rect, r: int, inner: Colour, border: Colour | None, thick: int
    ) -> None:
        """Draw corners and plain rectangles, because an image of a large box takes megabytes."""
        x, y, width, height = rect
        edge = max(r, thick)
        beside = (edge - thick, height - 2 * edge)  # size of each strip beside the middle
        self._fill(inner, (x + edge, y + thick, width - 2 * edge, height - 2 * thick))
        self._fill(inner, (x + thick, y + edge, *beside))
        self._fill(inner, (rect.right - edge, y + edge, *beside))
        if border:
            self._fill(border, (x + r, y, width - 2 * r, thick))
            self._fill(border, (x + r, rect.bottom - thick, width - 2 * r, thick))
            self._fill(border, (x, y + edge, thick, height - 2 * edge))
            self._fill(border, (rect.right - thick, y + edge, thick, height - 2 * edge))
        if not r:
            return
        key = ("tile", r, inner, border, thick)
        tile = self._boxes.get(key, lambda: corner_tile(r, inner, border, thick))
        far = tile.get_width() - r
        for at_x, from_x in ((x, 0), (rect.right - r, far)):
            for at_y, from_y in ((y, 0), (rect.bottom - r, far)):
                self.surface.blit(tile, (at_x, at_y), (from_x, from_y, r, r))

    def _fill(self, colour: Colour, area: tuple[int, int, int, int]) -> None:
        """Fill a plain rectangle, also with a translucent colour."""
        x, y, width, height = area
        if not colour[3] or width <= 0 or height <= 0:
            return
        if colour[3] == 255:
            self.surface.fill(colour, area)
            return
        pane = self._boxes.get(("pane", colour), lambda: _pane(colour))
        for top in range(y, y + height, _PANE):
            for left in range(x, x + width, _PANE):
                part = (0, 0, min(_PANE, x + width - left), min(_PANE, y + height - top))
                self.surface.blit(pane, (left, top), part)

    def dot(self, centre: Point, radius: float, colour: Colour) -> None:
        """Draw a filled circle."""
        r = self.px(radius)
        self.box(Rect(round(centre[0]) - r, round(centre[1]) - r, 2 * r, 2 * r), colour, 99)

    def shadow(self, rect: Rect, radius: float = 12, blur: float = 24, alpha: int = 110) -> None:
        """Draw a soft shadow below a popover."""
        spread, r = self.px(blur), self.px(radius)
        key = (rect.size, r, spread, alpha)
        image = self._shadows.get(key, lambda: soft_shadow(rect.size, r, spread, alpha))
        self.surface.blit(image, (rect.x - spread, rect.y - spread + self.px(8)))

    def round_off(self, rect: Rect, radius: float, background: Colour) -> None:
        """Round the corners of an image that is already drawn."""
        r = self.px(radius)
        a, b, c, d = self._corners.get((r, background), lambda: corner_masks(r, background))
        right, bottom = rect.right - r, rect.bottom - r
        self.surface.blit(a, rect.topleft)
        self.surface.blit(b, (right, rect.y))
        self.surface.blit(c, (rect.x, bottom))
        self.surface.blit(d, (right, bottom))

    def star(self, centre: Point, colour: Colour) -> None:
        """Draw a filled star, as large as the icon of the hollow star."""
        angles = np.arange(10) * np.pi / 5 - np.pi / 2
        reach = np.where(np.arange(10) % 2 == 0, 7.2, 3.3) * self.scale
        x, y = centre[0] + reach * np.cos(angles), centre[1] + 0.3 + reach * np.sin(angles)
        pygame.draw.polygon(self.surface, colour[:3], np.c_[x, y].tolist())

    # ------------------------------------------------------------ lines

    def polyline(
        self,
        points: ArrayLike,
        colour: Colour,
        width: float = 2.0,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """Draw a thick line with soft edges.

        Args:
            points: (n, 2) positions in pixels.
            colour: line colour.
            width: line width in design pixels.
            dash: lengths of dash and gap in design pixels.
        """
        line = np.asarray(points, dtype=np.float64)
        if len(line) < 2:
            return
        if dash:
            line = resampled(line, 1.5 * self.scale)
        length, upper, lower = ribbon(line, max(0.0, width * self.scale / 2 - 0.5))
        shown = np.ones(len(length), dtype=bool)
        if dash:
            along = (np.cumsum(length) - length) / self.scale
            shown = along % sum(dash) < dash[0]
        for i in np.flatnonzero(shown):
            quad = (upper[i], upper[i + 1], lower[i + 1], lower[i])
            pygame.draw.polygon(self.surface, colour[:3], quad)
        ends = np.flatnonzero(np.diff(np.r_[0, shown.astype(int), 0]))
        for start, end in zip(ends[::2], ends[1::2], strict=True):
            for edge in (upper, lower):
                part = edge[start : end + 1].tolist()
                pygame.draw.aalines(self.surface, colour[:3], False, part)


def _rendered(font: pygame.font.Font, text: str, colour: Colour) -> Surface:
    """Render text; invalid letters become `?`, and text without width (an SDL error) is empty."""
    whole = text.encode("utf-8", "replace").decode()  # file names can contain any bytes
    try:
        return font.render(whole, True, colour[:3])
    except pygame.error:
        return Surface((0, font.get_height()), pygame.SRCALPHA)


def _shrunk(image: Surface) -> Surface:
    width, height = image.get_size()
    if width == 0:
        return Surface((1, max(1, height // _OVERSAMPLE)), pygame.SRCALPHA)  # smoothscale crashes
    size = (max(1, round(width / _OVERSAMPLE)), max(1, round(height / _OVERSAMPLE)))
    return pygame.transform.smoothscale(image, size)


def _pane(colour: Colour) -> Surface:
    image = Surface((_PANE, _PANE), pygame.SRCALPHA)
    image.fill(colour)
    return image
