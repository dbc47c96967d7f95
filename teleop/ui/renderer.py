"""What is on screen, and when it is drawn anew: the moving picture first, the rest if it is due."""

import time
from typing import TYPE_CHECKING

import pygame
from pygame import Rect

from teleop.ui.chrome.top_bar import TOP_BAR, draw_top_bar
from teleop.ui.sheets.sheet_stack import draw_sheet

if TYPE_CHECKING:
    from teleop.ui.app import App

_FRAME_S = 1 / 60


class Renderer:
    """Draws the window, as little of it as will do.

    Attributes:
        dirty: everything is to be drawn.
        moved: what moves is to be drawn.
        frames: drawn so far.
    """

    def __init__(self, app: "App") -> None:
        self._app, self._context = app, app.context
        self.dirty = self.moved = True
        self.frames = 0
        self._drawn_s = self._moved_s = 0.0
        self._place = Rect(0, 0, 0, 0)  # of what was drawn alone last

    def wakes_in(self) -> float | None:
        """Seconds until there is something to draw; None if nothing changes by itself."""
        if self.dirty:
            return self._drawn_s + _FRAME_S - time.perf_counter()
        toasts = self._app.overlays.toasts.wakes_in(time.perf_counter())
        moments = [m for m in (self._app.screen.wakes_in(self._context), toasts) if m is not None]
        return min(moments, default=None)

    def draw(self) -> None:
        """What has changed."""
        app, now = self._app, self._context.now
        wakes = app.screen.wakes_in(self._context)
        if wakes is not None and now - self._moved_s >= wakes:
            self.moved = True
        if self.moved:
            self._draw_moving()
        toasts = app.overlays.toasts.wakes_in(now)
        due = self.dirty and now - self._drawn_s >= _FRAME_S
        if due or (toasts is not None and toasts <= 0):
            self.draw_all()

    def draw_all(self) -> None:
        """Every control and picture, and what was done to them is answered."""
        app, ui, px = self._app, self._app.ui, self._app.ui.painter.px
        self.dirty = self.moved = False
        app.overlays.toasts.collect(self._context)
        surface = ui.painter.surface
        surface.fill(ui.theme.bg)
        ui.begin()
        top, margin = px(TOP_BAR), px(20)
        area = Rect(margin, top + px(16), 0, 0)
        area.width = surface.get_width() - 2 * margin
        area.height = surface.get_height() - area.y - margin
        app.screen.draw(self._context, area)
        draw_top_bar(self._context, app.current)
        draw_sheet(self._context)
        app.overlays.draw(self._context, app.current)
        self.dirty = ui.used.waits or self._is_dragging()
        ui.end()
        pygame.display.flip()
        self.frames += 1
        self._drawn_s = self._moved_s = self._context.now
        app.go()

    def settle(self) -> None:
        """Draw until every deed is answered, and the screen that it led to is there."""
        shown = ""
        while self._app.ui.used.waits or shown != self._app.current:
            shown = self._app.current
            self.draw_all()

    def _draw_moving(self) -> None:
        """Only the moving picture, unless something lies over it."""
        place = None if self._is_covered() else self._app.screen.draw_moving(self._context)
        if place:
            self._place = place
            pygame.display.update(place)
            self.frames += 1
        else:
            self.dirty = True
        self.moved, self._moved_s = False, self._context.now

    def _is_covered(self) -> bool:
        noticed = self._place.collidelist(self._app.overlays.toasts.boxes) >= 0
        model = self._context.model
        return bool(noticed or model.lost or model.slow or self._app.ui.modal)

    def _is_dragging(self) -> bool:
        ui = self._app.ui
        node = ui.nodes.get(ui.pointer.pressed or "")
        return node is not None and node.role == "slider"
