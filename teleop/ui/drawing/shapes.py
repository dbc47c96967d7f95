"""Boxes, shadows and thick lines with soft edges, as images or outlines."""

from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray
from pygame import Surface

from teleop.ui.drawing.theme import CLEAR, Colour


def rounded_box(
    size: tuple[int, int], r: int, fill: Colour, border: Colour | None, thick: int
) -> Surface:
    """Make a box from its four corners and plain rectangles."""
    width, height = size
    tile = corner_tile(r, fill, border, thick)
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


def corner_tile(r: int, fill: Colour, border: Colour | None, thick: int) -> Surface:
    """Make a disc of radius r with a border, from the distances of pixels to its edge."""
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


def soft_shadow(size: tuple[int, int], r: int, spread: int, alpha: int) -> Surface:
    """Make a dark box whose edge fades out over twice the spread."""
    whole = (size[0] + 2 * spread, size[1] + 2 * spread)
    distance = _box_distance(whole, r, spread) + spread
    strength = np.clip(1 - distance / (2 * spread), 0, 1)
    smooth = strength * strength * (3 - 2 * strength)
    return _surface(np.zeros((whole[1], whole[0], 3)), smooth * alpha)


def corner_masks(r: int, background: Colour) -> tuple[Surface, ...]:
    """Make masks for the corners of an image: top left, top right, bottom left, bottom right."""
    y, x = np.mgrid[0:r, 0:r] + 0.5
    alpha = np.clip(0.5 + np.hypot(r - x, r - y) - r, 0, 1) * 255
    first = _surface(np.broadcast_to(np.array(background[:3]), (r, r, 3)), alpha)
    flip = pygame.transform.flip
    return first, flip(first, True, False), flip(first, False, True), flip(first, True, True)


def _box_distance(size: tuple[int, int], r: int, margin: int = 0) -> NDArray[np.float64]:
    """Return each pixel's signed distance to a rounded box, negative inside: (height, width)."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width] + 0.5
    dx = np.abs(x - width / 2) - (width / 2 - margin - r)
    dy = np.abs(y - height / 2) - (height / 2 - margin - r)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    distance: NDArray[np.float64] = outside + np.minimum(np.maximum(dx, dy), 0) - r
    return distance


def _surface(rgb: NDArray[Any], alpha: NDArray[Any]) -> Surface:
    """Make a Surface from (height, width, 3) colours and (height, width) alpha values."""
    image = Surface((alpha.shape[1], alpha.shape[0]), pygame.SRCALPHA)
    pygame.surfarray.pixels3d(image)[:] = (rgb + 0.5).astype(np.uint8).swapaxes(0, 1)
    pygame.surfarray.pixels_alpha(image)[:] = (alpha + 0.5).astype(np.uint8).T
    return image


def resampled(line: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Resample a line at equal distances, so that dashes do not skip steep parts."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.r_[0, np.cumsum(steps)] + np.arange(len(line)) * 1e-9
    at = np.arange(0, along[-1], spacing)
    x, y = np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])
    return np.column_stack([x, y])


def ribbon(
    line: NDArray[np.float64], half: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (length of each segment, upper edge, lower edge) of a thick line."""
    steps = np.diff(line, axis=0)
    length = np.hypot(*steps.T)
    normal = np.c_[-steps[:, 1], steps[:, 0]] / np.where(length == 0, 1, length)[:, None]
    corner = np.vstack([normal[:1], normal[:-1] + normal[1:], normal[-1:]])
    corner /= np.maximum(np.hypot(*corner.T), 1e-6)[:, None]
    return length, line + corner * half, line - corner * half
