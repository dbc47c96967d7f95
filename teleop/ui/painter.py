"""Drawing on a Surface: cached text, icons, anti-aliased boxes, shadows and lines.

pygame's own rounded rectangles are jagged, its text is spaced by whole pixels, its thick lines have
no anti-aliasing. So boxes are made from one distance-field corner, text and icons are drawn at four
times their size and averaged down, and lines are ribbons with soft edges. All of it is cached.
"""

import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pygame
from numpy.typing import ArrayLike, NDArray
from pygame import Rect, Surface

from teleop.ui.languages import Language
from teleop.ui.theme import CAP_HEIGHT, CLEAR, HEAVIER, STYLES, Colour, Theme

_OVERSAMPLE = 4
Made = TypeVar("Made")
Point = tuple[float, float]


class Cache(Generic[Made]):
    """The most recently used things, made when first asked for."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: OrderedDict[Any, Made] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """The thing of this key."""
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
        """Prepare for a surface.

        Args:
            surface: what is drawn on.
            theme: colours and weights.
            scale: real pixels for one pixel of the design.
            assets: folder with `fonts/`.
        """
        self.surface, self.theme, self.scale = surface, theme, scale
        self._fonts_folder = assets / "fonts"
        self._icons: dict[str, int] = json.loads((self._fonts_folder / "icons.json").read_text())
        self._fonts: dict[tuple[str, float], pygame.font.Font] = {}
        self._texts: Cache[Surface] = Cache(1500)
        self._boxes: Cache[Surface] = Cache(600)
        self._shadows: Cache[Surface] = Cache(24)
        self._corners: Cache[tuple[Surface, ...]] = Cache(48)
        self.language: Language | None = None  # of everything that is drawn
        self.shortened: set[str] = set()  # texts that did not fit where they were drawn

    def px(self, value: float) -> int:
        """A length of the design in real pixels."""
        return round(value * self.scale)

    # ------------------------------------------------------------ text

    def width(self, text: str, style: str) -> int:
        """Width of a text in pixels."""
        return self._width(self._said(text), style)

    def _said(self, text: str) -> str:
        return self.language.of(text) if self.language else text

    def _width(self, text: str, style: str) -> int:
        return self._text(text, style, self.theme.text).get_width()

    def fitted(self, text: str, style: str, width: int) -> str:
        """The text, shortened with an ellipsis if it is wider."""
        text = self._said(text)
        if self._width(text, style) <= width:
            return text
        self.shortened.add(text)
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self._width(text[:middle].rstrip() + "…", style) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

    def cut(self, text: str, style: str, width: int) -> str:
        """As much of the beginning as fits."""
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
        """Draw one line of text; returns its width.

        Args:
            text: the line.
            at: the anchor's place.
            style: a name from `theme.STYLES`.
            colour: of the letters.
            anchor: l, c or r, then m (middle of the capitals) or t (their top).
            width: shorten to this many pixels.
        """
        text = self.fitted(text, style, width) if width is not None else self._said(text)
        image = self._text(text, style, colour or self.theme.text)
        x = at[0] - {"l": 0.0, "c": image.get_width() / 2, "r": image.get_width()}[anchor[0]]
        cap = STYLES[style][0] * self.scale * CAP_HEIGHT
        ascent = self._font(*self._face(style)).get_ascent() / _OVERSAMPLE
        y = at[1] - ascent + (cap / 2 if anchor[1] == "m" else cap)
        self.surface.blit(image, (round(x), round(y)))
        return image.get_width()

    def wrapped(self, text: str, style: str, width: int) -> list[str]:
        """The text in lines that fit a width."""
        lines: list[str] = []
        line = ""
        for word in _words(self._said(text)):
            longer = (line + word).strip()
            if line and self.width(longer, style) > width:
                lines.append(line)
                longer = word.strip()
            line = longer
        return [*lines, line] if line else lines

    def icon(
        self, name: str, centre: Point, size: float = 18, colour: Colour | None = None
    ) -> None:
        """Draw an icon around a point."""
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
            font = self._font(system_face() if _FAR_EAST.search(text) else face, size)
            image = _shrunk(font.render(text, True, colour[:3]))
            if colour[3] < 255:
                image.set_alpha(colour[3])
            return image

        return self._texts.get((text, style, colour), make)

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
        """A thin horizontal line."""
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
        """A rounded box with soft edges."""
        if rect.width <= 0 or rect.height <= 0:
            return
        r = min(self.px(radius), rect.width // 2, rect.height // 2)
        thick = max(1, self.px(border_px)) if border else 0
        inner = fill or CLEAR
        key = (rect.size, r, inner, border, thick)
        make = lambda: _rounded(rect.size, r, inner, border, thick)  # noqa: E731
        image = self._boxes.get(key, make)
        edge = max(r, thick)
        width, height = rect.size
        middle = (rect.x + edge, rect.y + edge, width - 2 * edge, height - 2 * edge)
        plain = fill is not None and fill[3] == 255 and min(middle[2:]) > 0
        if fill is not None and not plain:
            self.surface.blit(image, rect)
            return
        if fill is not None:  # blending is for the edge; the middle is filled ten times as fast
            self.surface.fill(fill, middle)
        for x, y, w, h in (
            (0, 0, width, edge),
            (0, height - edge, width, edge),
            (0, edge, edge, height - 2 * edge),
            (width - edge, edge, edge, height - 2 * edge),
        ):
            self.surface.blit(image, (rect.x + x, rect.y + y), (x, y, w, h))

    def dot(self, centre: Point, radius: float, colour: Colour) -> None:
        """A filled circle."""
        r = self.px(radius)
        self.box(Rect(round(centre[0]) - r, round(centre[1]) - r, 2 * r, 2 * r), colour, 99)

    def shadow(self, rect: Rect, radius: float = 12, blur: float = 24, alpha: int = 110) -> None:
        """A soft shadow below a popover."""
        spread, r = self.px(blur), self.px(radius)
        key = (rect.size, r, spread, alpha)
        image = self._shadows.get(key, lambda: _shadow(rect.size, r, spread, alpha))
        self.surface.blit(image, (rect.x - spread, rect.y - spread + self.px(8)))

    def round_off(self, rect: Rect, radius: float, background: Colour) -> None:
        """Round the corners of a picture that is already drawn."""
        r = self.px(radius)
        a, b, c, d = self._corners.get((r, background), lambda: _corner_masks(r, background))
        right, bottom = rect.right - r, rect.bottom - r
        self.surface.blit(a, rect.topleft)
        self.surface.blit(b, (right, rect.y))
        self.surface.blit(c, (rect.x, bottom))
        self.surface.blit(d, (right, bottom))

    def star(self, centre: Point, colour: Colour) -> None:
        """A filled star, as large as the icon of a hollow one."""
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
        """A thick line with soft edges.

        Args:
            points: (n, 2) pixels.
            colour: of the line.
            width: pixels of the design.
            dash: lengths of dash and gap, in pixels of the design.
        """
        line = np.asarray(points, dtype=np.float64)
        if len(line) < 2:
            return
        if dash:
            line = _resampled(line, 1.5 * self.scale)
        length, upper, lower = _ribbon(line, max(0.0, width * self.scale / 2 - 0.5))
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


def _shrunk(image: Surface) -> Surface:
    width, height = image.get_size()
    if width == 0:
        return Surface((1, max(1, height // _OVERSAMPLE)), pygame.SRCALPHA)  # smoothscale crashes
    size = (max(1, round(width / _OVERSAMPLE)), max(1, round(height / _OVERSAMPLE)))
    return pygame.transform.smoothscale(image, size)


def _rounded(
    size: tuple[int, int], r: int, fill: Colour, border: Colour | None, thick: int
) -> Surface:
    """A box from its four corners and plain rectangles."""
    width, height = size
    tile = _corner_tile(r, fill, border, thick)
    side = tile.get_width()
    image = Surface(size, pygame.SRCALPHA)
    image.fill(fill)
    if border:
        for edge in (
            (0, 0, width, thick),
            (0, height - thick, width, thick),
            (0, 0, thick, height),
            (width - thick, 0, thick, height),
        ):
            image.fill(border, edge)
    for x, tile_x in ((0, 0), (width - r, side - r)):
        for y, tile_y in ((0, 0), (height - r, side - r)):
            image.fill(CLEAR, (x, y, r, r))
            image.blit(tile, (x, y), (tile_x, tile_y, r, r), pygame.BLEND_RGBA_ADD)
    return image


def _corner_tile(r: int, fill: Colour, border: Colour | None, thick: int) -> Surface:
    """A disc of radius r with its border, from distances to its edge."""
    side = 2 * r + 1
    distance = _box_distance((side, side), r)
    outer = np.clip(0.5 - distance, 0, 1)
    inner = np.clip(0.5 - (distance + thick), 0, 1) if border and thick else outer
    edge = border or fill
    fill_alpha = inner * fill[3] / 255
    edge_alpha = np.clip(outer - inner, 0, 1) * edge[3] / 255
    alpha = np.clip(fill_alpha + edge_alpha, 0, 1)
    share = np.where(alpha == 0, 1, alpha)
    parts = np.array(fill[:3]) * fill_alpha[..., None] + np.array(edge[:3]) * edge_alpha[..., None]
    return _surface(parts / share[..., None], alpha * 255)


def _shadow(size: tuple[int, int], r: int, spread: int, alpha: int) -> Surface:
    whole = (size[0] + 2 * spread, size[1] + 2 * spread)
    distance = _box_distance(whole, r, spread) + spread
    strength = np.clip(1 - distance / (2 * spread), 0, 1)
    smooth = strength * strength * (3 - 2 * strength)
    return _surface(np.zeros((whole[1], whole[0], 3)), smooth * alpha)


def _corner_masks(r: int, background: Colour) -> tuple[Surface, ...]:
    y, x = np.mgrid[0:r, 0:r] + 0.5
    alpha = np.clip(0.5 + np.hypot(r - x, r - y) - r, 0, 1) * 255
    first = _surface(np.broadcast_to(np.array(background[:3]), (r, r, 3)), alpha)
    flip = pygame.transform.flip
    return first, flip(first, True, False), flip(first, False, True), flip(first, True, True)


def _box_distance(size: tuple[int, int], r: int, margin: int = 0) -> NDArray[np.float64]:
    """Signed distance of every pixel to a rounded box, negative inside: (height, width)."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width] + 0.5
    dx = np.abs(x - width / 2) - (width / 2 - margin - r)
    dy = np.abs(y - height / 2) - (height / 2 - margin - r)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    distance: NDArray[np.float64] = outside + np.minimum(np.maximum(dx, dy), 0) - r
    return distance


def _surface(rgb: NDArray[Any], alpha: NDArray[Any]) -> Surface:
    """(height, width, 3) colours and (height, width) alphas as a Surface."""
    image = Surface((alpha.shape[1], alpha.shape[0]), pygame.SRCALPHA)
    pygame.surfarray.pixels3d(image)[:] = (rgb + 0.5).astype(np.uint8).swapaxes(0, 1)
    pygame.surfarray.pixels_alpha(image)[:] = (alpha + 0.5).astype(np.uint8).T
    return image


def _resampled(line: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Points at equal distances, so that a dash never skips a steep part."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.r_[0, np.cumsum(steps)] + np.arange(len(line)) * 1e-9
    at = np.arange(0, along[-1], spacing)
    x, y = np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])
    return np.column_stack([x, y])


def _ribbon(
    line: NDArray[np.float64], half: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(length of each segment, upper edge, lower edge) of a thick line."""
    steps = np.diff(line, axis=0)
    length = np.hypot(*steps.T)
    normal = np.c_[-steps[:, 1], steps[:, 0]] / np.where(length == 0, 1, length)[:, None]
    corner = np.vstack([normal[:1], normal[:-1] + normal[1:], normal[-1:]])
    corner /= np.maximum(np.hypot(*corner.T), 1e-6)[:, None]
    return length, line + corner * half, line - corner * half


_FAR_EAST = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_PIECES = re.compile(f"{_FAR_EAST.pattern}[，。、；：！？”）]?|[^\\s\u2e80-\u9fff]+|\\s+")


def _words(text: str) -> list[str]:
    """Pieces between which a line may end; each with the space before it."""
    pieces, space = [], ""
    for piece in _PIECES.findall(text):
        if piece.isspace():
            space = " "
            continue
        pieces.append(space + piece)
        space = ""
    return pieces


@cache
def system_face() -> str:
    """A font of this computer with Chinese letters; ours where there is none."""
    names = (
        "notosanscjksc",
        "notosanssc",
        "sourcehansanscn",
        "microsoftyahei",
        "pingfangsc",
        "hiraginosansgb",
        "wenquanyimicrohei",
        "wenquanyizenhei",
        "droidsansfallback",
        "simhei",
    )
    return pygame.font.match_font(names) or "Inter-Regular"
