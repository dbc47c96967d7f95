"""The person's hands: on keyboard, mouse and gamepad; on the environment, or off it again."""

from typing import TYPE_CHECKING

import pygame

from teleop.stage.messages import Deed, Notice, Tone
from teleop.ui.gamepad import Gamepad
from teleop.ui.grip import Grip
from teleop.ui.keyboard import Keyboard
from teleop.ui.mouse import MOUSE, Mouse

if TYPE_CHECKING:
    from teleop.ui.app import App

_GRACE_S = 0.35  # after an episode ends by itself, hands that still drive must not press buttons


class Hands:
    """Passes each device's events on, and lets go of everything when that is called for."""

    def __init__(self, app: "App") -> None:
        self._desk = app.desk
        self._grip = Grip(app.desk)
        self._mouse = Mouse(app, self._grip)
        self._keyboard = Keyboard(app, self._grip)
        self._gamepad = Gamepad(app, self._grip)

    def take(self, event: pygame.event.Event) -> None:
        """Answer one event of a device."""
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            self._keyboard.take(event)
        elif event.type in (pygame.TEXTINPUT, pygame.TEXTEDITING):
            self._keyboard.type(event)
        elif event.type in MOUSE:
            self._mouse.take(event)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._lost("Paused: the window is not in front")
        elif self._gamepad.take(event):
            self._lost("Paused: the gamepad was unplugged; nothing is lost")
        if self._desk.mapping:
            self._gamepad.finish_teaching(self._desk.mapping)

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
        desk = self._desk
        if engaged:
            desk.popover.close(desk.ui)
            desk.driving = True
            desk.ui.focus.set("view", "stage")
            self._gamepad.hand_over()
            self._send_held()
            return
        by_itself, desk.driving = desk.driving, False
        desk.held.clear()
        desk.tell(Deed.RELEASE_INPUT)
        if by_itself:
            desk.quiet_until_s = desk.now + _GRACE_S
            pending = desk.model.live is not None and desk.model.live.pending
            desk.ui.focus.set("save" if pending else "record", "transport")
            desk.ui.focus.visible = desk.ui.pad_hints

    def let_go(self) -> None:
        """The environment's controls are let go, and it holds still."""
        self._grip.release()
        self._desk.pause()

    def _send_held(self) -> None:
        """What is held already when an episode begins acts from its first step."""
        live = self._desk.model.live
        if live is None or live.waiting_s == -1.0:
            return  # that one begins with a press
        for control in self._keyboard.driving:
            self._desk.held.add(control)
            self._grip.send(control, 1.0)
        for control, value in self._gamepad.sticks.items():
            self._grip.hold(control, value, axis=True)
            self._grip.send(control, value)

    def _lost(self, why: str) -> None:
        """Focus or pad lost: every key is let go, a running take waits."""
        desk, drove = self._desk, self._desk.driving
        self._keyboard.forget()
        self._gamepad.forget()
        desk.touched.clear()
        self.let_go()
        if drove:
            desk.model.notices.append(Notice(Tone.PLAIN, why))
