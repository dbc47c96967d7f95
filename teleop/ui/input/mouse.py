"""The mouse: drives the environment on the driven frame, controls the window elsewhere."""

import pygame

from teleop.ui.input.actions import Actions
from teleop.ui.input.held_controls import HeldControls

MOUSE = (
    pygame.MOUSEMOTION,
    pygame.MOUSEBUTTONDOWN,
    pygame.MOUSEBUTTONUP,
    pygame.MOUSEWHEEL,
)


_ROWS_PER_NOTCH = 3


class Mouse:
    """Handles presses, drags and the wheel."""

    def __init__(self, actions: Actions, held_controls: HeldControls) -> None:
        self._actions, self._context, self._held_controls = actions, actions.context, held_controls

    def take(self, event: pygame.event.Event) -> None:
        """Handle one event."""
        if event.type == pygame.MOUSEMOTION:
            if "mouse.left" in self._context.input.held:
                self._point(event.pos)
        elif event.type == pygame.MOUSEWHEEL:
            self._wheel(-event.y * _ROWS_PER_NOTCH)
        elif event.button == 1 and event.type == pygame.MOUSEBUTTONUP:
            if "mouse.left" in self._context.input.held:
                self._unpoint()
            self._actions.ui.events.release(event.pos)
        elif event.button == 1:
            self._press(event.pos)

    def _wheel(self, rows: int) -> None:
        context = self._context
        if context.sheet.name:
            context.sheet.view.scroll(rows)
        elif context.popover.open:
            context.popover.scroll(rows)
        else:
            self._actions.scroll(rows)

    def _press(self, at: tuple[int, int]) -> None:
        ui, context = self._actions.ui, self._context
        over = ui.events.hit(at)
        if context.editing is not None and (over is None or over.id != context.editing.node_id):
            context.edit(None)
        if context.input.driving and over is not None and over.id == "view":
            context.input.held.add("mouse.left")
            self._held_controls.send("mouse.left", 1.0)
            self._point(at)
            return
        if over is None and context.popover.open:
            context.popover.close(ui)
        ui.events.press(at)

    def _point(self, at: tuple[int, int]) -> None:
        """Send the position of the held mouse on the frame, -1..1 from its top left corner."""
        view = self._actions.ui.events.nodes.get("view")
        if view is None:
            return
        for name, place, start, size in (
            ("mouse.x", at[0], view.rect.x, view.rect.width),
            ("mouse.y", at[1], view.rect.y, view.rect.height),
        ):
            value = max(-1.0, min(1.0, 2 * (place - start) / max(1, size) - 1))
            self._held_controls.hold(name, value, axis=True)
            self._held_controls.send(name, value)

    def _unpoint(self) -> None:
        for name in ("mouse.left", "mouse.x", "mouse.y"):
            self._held_controls.send(name, 0.0)
        self._context.input.held -= {c for c in self._context.input.held if c.startswith("mouse.")}
