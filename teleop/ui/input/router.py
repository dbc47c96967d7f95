"""The person's hands: on keyboard, mouse and gamepad; on the environment, or off it again."""

import pygame

from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import tr
from teleop.ui.input.actions import Actions
from teleop.ui.input.gamepad import Gamepad
from teleop.ui.input.held_controls import HeldControls
from teleop.ui.input.keyboard import Keyboard
from teleop.ui.input.mouse import MOUSE, Mouse

_GRACE_S = 0.35  # after an episode ends by itself, hands that still drive must not press buttons


class InputRouter:
    """Passes each device's events on, and lets go of everything when that is called for."""

    def __init__(self, actions: Actions) -> None:
        self._context = actions.context
        self._held_controls = HeldControls(actions.context)
        self._mouse = Mouse(actions, self._held_controls)
        self._keyboard = Keyboard(actions, self._held_controls)
        self._gamepad = Gamepad(actions, self._held_controls)

    def take(self, event: pygame.event.Event) -> None:
        """Answer one event of a device."""
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
        """The pad in use shakes."""
        self._gamepad.rumble(strength, seconds)

    def repeat(self, now: float) -> bool:
        """A D-pad or stick that is held moves the focus on; True if it did."""
        return self._gamepad.repeat(now)

    def wakes_in(self) -> float | None:
        """Seconds until a held D-pad moves on."""
        return self._gamepad.wakes_in()

    def engaged_changed(self, engaged: bool) -> None:
        """An episode began or ended: the hands go to the environment, or come back."""
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
        """The environment's controls are let go, and it holds still."""
        self._held_controls.release()
        self._context.pause()

    def _send_held(self) -> None:
        """What is held already when an episode begins acts from its first step."""
        live = self._context.model.live
        if live is None or live.waiting_s == -1.0:
            return  # that one begins with a press
        for control in self._keyboard.driving:
            self._context.input.held.add(control)
            self._held_controls.send(control, 1.0)
        for control, value in self._gamepad.sticks.items():
            self._held_controls.hold(control, value, axis=True)
            self._held_controls.send(control, value)

    def _lost(self, why: str) -> None:
        """Focus or pad lost: every key is let go, a running take waits."""
        context, drove = self._context, self._context.input.driving
        self._keyboard.forget()
        self._gamepad.forget()
        context.input.touched.clear()
        self.let_go()
        if drove:
            context.model.notices.append(Notice(Tone.PLAIN, why))
