"""Decides what is redrawn and when: the live frame first, everything else when it is due."""

import time
from typing import Protocol

import pygame
from pygame import Rect

from teleop.ui.chrome.overlays import Overlays
from teleop.ui.chrome.top_bar import TOP_BAR, draw_top_bar
from teleop.ui.lessons.lesson_bar import bar_height, draw_lesson_bar
from teleop.ui.screens import Screen
from teleop.ui.sheets.sheet_stack import draw_sheet
from teleop.ui.state.context import UiContext

_FRAME_S = 1 / 60


class Shown(Protocol):
    """The parts of the window that the renderer needs.

    Attributes:
        context: the context that all screens share.
        overlays: overlays of every screen.
        current: name of the screen that is shown.
    """

    context: UiContext
    overlays: Overlays
    current: str

    @property
    def screen(self) -> Screen:
        """The screen that is shown."""


class Renderer:
    """Redraws as little of the window as possible.

    Attributes:
        dirty: everything must be redrawn.
        moved: the live frame must be redrawn.
        frames: number of redraws so far.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown, self._context = shown, shown.context
        self.dirty = self.moved = True
        self.frames = 0
        self._drawn_s = self._moved_s = 0.0
        self._place = Rect(0, 0, 0, 0)  # area of the live frame that was last drawn alone

    def wakes_in(self) -> float | None:
        """Return the seconds until the next redraw; None if nothing changes by itself."""
        if self.dirty:
            return self._drawn_s + _FRAME_S - time.perf_counter()
        toasts = self._shown.overlays.toasts.wakes_in(time.perf_counter())
        moments = [m for m in (self._shown.screen.wakes_in(self._context), toasts) if m is not None]
        return min(moments, default=None)

    def draw(self) -> None:
        """Redraw what has changed."""
        shown, now = self._shown, self._context.now
        wakes = shown.screen.wakes_in(self._context)
        if wakes is not None and now - self._moved_s >= wakes:
            self.moved = True
        if self.moved:
            self._draw_moving()
        toasts = shown.overlays.toasts.wakes_in(now)
        due = self.dirty and now - self._drawn_s >= _FRAME_S
        if due or (toasts is not None and toasts <= 0):
            self.draw_all()

    def draw_all(self) -> None:
        """Draw the whole window and handle the controls that were used."""
        shown, ui, px = self._shown, self._context.ui, self._context.ui.painter.px
        self.dirty = self.moved = False
        shown.overlays.toasts.collect(self._context)
        surface = ui.painter.surface
        surface.fill(ui.theme.bg)
        ui.events.begin()
        top, margin = px(TOP_BAR), px(20)
        area = Rect(margin, top + px(16), 0, 0)
        area.width = surface.get_width() - 2 * margin
        area.height = surface.get_height() - area.y - margin
        bar = bar_height(self._context, shown.current, area.width)
        if bar:
            draw_lesson_bar(self._context, Rect(area.x, area.y - px(6), area.width, bar))
            area.y, area.height = area.y + bar + px(6), area.height - bar - px(6)
        shown.screen.draw(self._context, area)
        draw_top_bar(self._context, shown.current)
        draw_sheet(self._context)
        shown.overlays.draw(self._context, shown.current)
        self.dirty = ui.events.used.waits or self._is_dragging()
        ui.events.end()
        pygame.display.flip()
        self.frames += 1
        self._drawn_s = self._moved_s = self._context.now

    def _draw_moving(self) -> None:
        """Redraw only the live frame, unless something covers it."""
        place = None if self._is_covered() else self._shown.screen.draw_moving(self._context)
        if place:
            self._place = place
            pygame.display.update(place)
            self.frames += 1
        else:
            self.dirty = True
        self.moved, self._moved_s = False, self._context.now

    def _is_covered(self) -> bool:
        noticed = self._place.collidelist(self._shown.overlays.toasts.boxes) >= 0
        context, model = self._context, self._context.model
        covers = (model.lost, model.slow, context.ui.events.modal, context.display.enlarged)
        return bool(noticed or any(covers))

    def _is_dragging(self) -> bool:
        ui = self._context.ui
        node = ui.events.nodes.get(ui.events.pointer.pressed or "")
        return node is not None and node.role == "slider"
