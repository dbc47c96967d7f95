"""Routes the input of keyboard, mouse and gamepad to the environment or to the window."""

import pygame

from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import tr
from teleop.ui.input.actions import Actions
from teleop.ui.input.gamepad import Gamepad
from teleop.ui.input.held_controls import HeldControls
from teleop.ui.input.keyboard import Keyboard
from teleop.ui.input.mouse import MOUSE, Mouse

_GRACE_S = 0.35  # after an episode ends by itself, late driving input must not press buttons


class InputRouter:
    """Passes events to the devices, and releases all controls when necessary."""

    def __init__(self, actions: Actions) -> None:
        self._context = actions.context
        self._held_controls = HeldControls(actions.context)
        self._mouse = Mouse(actions, self._held_controls)
        self._keyboard = Keyboard(actions, self._held_controls)
        self._gamepad = Gamepad(actions, self._held_controls)

    def take(self, event: pygame.event.Event) -> None:
        """Handle one input event."""
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            self._keyboard.take(event)
        elif event.type in (pygame.TEXTINPUT, pygame.TEXTEDITING):
            self._keyboard.type(event)
        elif event.type in MOUSE:
            self._mouse.take(event)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._lost(tr("Paused: the window is not in front"))
        elif self._gamepad.take(event):
            self._lost(tr("Paused: the gamepad was unplugged; nothing is lost"))
        if self._context.pads.mapping:
            self._gamepad.finish_teaching(self._context.pads.mapping)

    def rumble(self, strength: float, seconds: float) -> None:
        """Make the gamepad in use rumble."""
        self._gamepad.rumble(strength, seconds)

    def repeat(self, now: float) -> bool:
        """Move the focus again if a D-pad or stick is still held; return True if it moved."""
        return self._gamepad.repeat(now)

    def wakes_in(self) -> float | None:
        """Return the seconds until a held D-pad or stick moves the focus again, or None."""
        return self._gamepad.wakes_in()

    def engaged_changed(self, engaged: bool) -> None:
        """Route input to the environment when an episode begins, and to the window when it ends."""
        context = self._context
        if engaged:
            context.popover.close(context.ui)
            context.input.driving = True
            context.ui.events.focus.set("view", "picture")
            self._gamepad.hand_over()
            self._send_held()
            return
        by_itself, context.input.driving = context.input.driving, False
        context.input.held.clear()
        context.tell(Request.RELEASE_INPUT)
        if by_itself:
            context.input.quiet_until_s = context.now + _GRACE_S
            pending = context.model.live is not None and context.model.live.pending
            context.ui.events.focus.set("save" if pending else "record", "transport")
            context.ui.events.focus.visible = context.ui.pad_hints

    def let_go(self) -> None:
        """Release the controls of the environment and pause it."""
        self._held_controls.release()
        self._context.pause()

    def _send_held(self) -> None:
        """Send the controls that are already held, so that they act from the first step."""
        live = self._context.model.live
        if live is None or live.waiting_s == -1.0:
            return  # this take begins with a new press
        for control in self._keyboard.driving:
            self._context.input.held.add(control)
            self._held_controls.send(control, 1.0)
        for control, value in self._gamepad.sticks.items():
            self._held_controls.hold(control, value, axis=True)
            self._held_controls.send(control, value)

    def _lost(self, why: str) -> None:
        """Release all controls and pause when the window loses the focus or a gamepad."""
        context, drove = self._context, self._context.input.driving
        self._keyboard.forget()
        self._gamepad.forget()
        context.input.touched.clear()
        self.let_go()
        if drove:
            context.model.notices.append(Notice(Tone.PLAIN, why))
