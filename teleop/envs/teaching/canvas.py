"""Draws the teaching environments: shapes in world coordinates, smooth at any size."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

Colour: TypeAlias = tuple[int, int, int]
_FINER = 2  # drawn at twice the size, then averaged
_LEAST, _MOST = 32, 2048  # pixels of a side


class Canvas:
    """A square picture of the world, with y upwards; the backdrop is drawn once."""

    def __init__(self, size: int, reach: float, centre: tuple[float, float] = (0.0, 0.0)) -> None:
        """Prepare a canvas.

        Args:
            size: pixels of each side of the picture.
            reach: distance from the centre to each edge, in the world's units.
            centre: point of the world in the middle.

        Raises:
            ValueError: the size is not from 32 to 2048.
        """
        if not _LEAST <= size <= _MOST:
            raise ValueError(f"render_size is {size}; expected {_LEAST} to {_MOST} pixels")
        self.size = size
        self._scale = size * _FINER / (2 * reach)
        self._centre = np.array(centre, np.float64)
        self._image = Image.new("RGB", (size * _FINER, size * _FINER))
        self._draw = ImageDraw.Draw(self._image)

    def pixels(self, points: ArrayLike) -> list[tuple[float, float]]:
        """Convert points of the world, (N, 2), to pixels."""
        flat = (np.asarray(points, np.float64) - self._centre) * self._scale * (1.0, -1.0)
        return [(float(x), float(y)) for x, y in flat + self._image.width / 2]

    def fill(self, colour: Colour) -> None:
        """Fill the whole picture."""
        self._draw.rectangle(((0, 0), self._image.size), fill=colour)

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self.pixels(points), fill=colour)

    def line(self, points: ArrayLike, colour: Colour, width: float) -> None:
        """Draw a line of a width in the world's units."""
        wide = max(1, round(width * self._scale))
        self._draw.line(self.pixels(points), fill=colour, width=wide, joint="curve")

    def disc(self, centre: Sequence[float], radius: float, colour: Colour) -> None:
        """Fill a disc."""
        ((x, y),) = self.pixels([centre])
        r = radius * self._scale
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def keep(self) -> "Backdrop":
        """Return what has been drawn so far, to begin later pictures with."""
        return Backdrop(self._image.copy())

    def restore(self, backdrop: "Backdrop") -> None:
        """Begin again with a backdrop."""
        self._image.paste(backdrop.image)

    def picture(self) -> NDArray[np.uint8]:
        """Return the picture: (size, size, 3)."""
        return np.asarray(self._image.reduce(_FINER))


class Backdrop:
    """The part of a picture that does not change."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image


def shape_at(points: ArrayLike, place: ArrayLike, heading: float) -> NDArray[np.float64]:
    """Turn a shape's points, (N, 2), to a heading and move it to a place."""
    cosine, sine = np.cos(heading), np.sin(heading)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.asarray(np.asarray(points, np.float64) @ turn + np.asarray(place, np.float64))
