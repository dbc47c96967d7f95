"""Keyboards and gamepads: converts SDL events to named controls."""

from dataclasses import dataclass

import pygame
from pygame import event as pg_event
from pygame._sdl2 import controller

from teleop.ui.system.gamepad_mapping import UnknownPad, use_taught_pads
from teleop.ui.widgets import focus

# Keys are named by position: each has the name of that key on a US keyboard.
KEY_CONTROLS: dict[int, str] = {
    getattr(pygame, name): "key." + name.removeprefix("KSCAN_").lower()
    for name in dir(pygame)
    if name.startswith("KSCAN_")
}
_BUTTONS = {
    pygame.CONTROLLER_BUTTON_A: "a",
    pygame.CONTROLLER_BUTTON_B: "b",
    pygame.CONTROLLER_BUTTON_X: "x",
    pygame.CONTROLLER_BUTTON_Y: "y",
    pygame.CONTROLLER_BUTTON_BACK: "back",
    pygame.CONTROLLER_BUTTON_GUIDE: "guide",
    pygame.CONTROLLER_BUTTON_START: "start",
    pygame.CONTROLLER_BUTTON_LEFTSTICK: "left_stick",
    pygame.CONTROLLER_BUTTON_RIGHTSTICK: "right_stick",
    pygame.CONTROLLER_BUTTON_LEFTSHOULDER: "left_shoulder",
    pygame.CONTROLLER_BUTTON_RIGHTSHOULDER: "right_shoulder",
    pygame.CONTROLLER_BUTTON_DPAD_UP: "up",
    pygame.CONTROLLER_BUTTON_DPAD_DOWN: "down",
    pygame.CONTROLLER_BUTTON_DPAD_LEFT: "left",
    pygame.CONTROLLER_BUTTON_DPAD_RIGHT: "right",
}
_AXES = {
    pygame.CONTROLLER_AXIS_LEFTX: "left_x",
    pygame.CONTROLLER_AXIS_LEFTY: "left_y",
    pygame.CONTROLLER_AXIS_RIGHTX: "right_x",
    pygame.CONTROLLER_AXIS_RIGHTY: "right_y",
    pygame.CONTROLLER_AXIS_TRIGGERLEFT: "left_trigger",
    pygame.CONTROLLER_AXIS_TRIGGERRIGHT: "right_trigger",
}
_FULL = 32767.0
ARROWS = {
    pygame.K_LEFT: focus.LEFT,
    pygame.K_RIGHT: focus.RIGHT,
    pygame.K_UP: focus.UP,
    pygame.K_DOWN: focus.DOWN,
}
PAD_ARROWS = {
    "pad.left": focus.LEFT,
    "pad.right": focus.RIGHT,
    "pad.up": focus.UP,
    "pad.down": focus.DOWN,
}
# events that a person drives with
DRIVING = (
    pygame.KEYDOWN,
    pygame.KEYUP,
    pygame.CONTROLLERAXISMOTION,
    pygame.CONTROLLERBUTTONDOWN,
    pygame.CONTROLLERBUTTONUP,
)
# the same gamepad events, before SDL applies a mapping
RAW_PAD = (pygame.JOYAXISMOTION, pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP, pygame.JOYHATMOTION)


@dataclass(frozen=True, slots=True)
class Moved:
    """A control moved to a new value."""

    control: str
    value: float


class Pads:
    """The connected gamepads."""

    def __init__(self) -> None:
        use_taught_pads()
        controller.init()
        self._unknown: dict[int, pygame.joystick.JoystickType] = {}
        self._open: dict[int, controller.Controller] = {}
        self._index = 0
        for index in range(controller.get_count()):
            self._add(index)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all gamepads."""
        return tuple(str(pad.name) for pad in self._open.values())

    @property
    def name(self) -> str:
        """The name of the gamepad in use, or of the first one; empty if there is none."""
        names = self.names
        return names[self._index - 1] if 0 < self._index <= len(names) else (*names, "")[0]

    def use(self, index: int) -> None:
        """Use the gamepad with this number, from 1; 0 means all."""
        self._index = index

    def rumble(self, strength: float, seconds: float) -> None:
        """Make the gamepads in use rumble, if they can."""
        for place, pad in enumerate(self._open.values(), start=1):
            if self._index in (0, place):
                pad.rumble(strength, strength, round(1000 * seconds))

    @property
    def unknown(self) -> tuple[UnknownPad, ...]:
        """Joysticks without a known layout; a mapping can be taught for them."""
        return tuple(
            UnknownPad(number, stick.get_name(), stick.get_guid())
            for number, stick in self._unknown.items()
        )

    def look_for_unknown(self) -> bool:
        """Open joysticks that SDL does not know as gamepads; return True if one is new."""
        before = set(self._unknown)
        self._unknown = {}
        if not pygame.joystick.get_init():
            pygame.joystick.init()
        for index in range(pygame.joystick.get_count()):
            if not controller.is_controller(index):
                stick = pygame.joystick.Joystick(index)
                self._unknown[stick.get_instance_id()] = stick
        return bool(set(self._unknown) - before)

    def look_again(self) -> None:
        """Open the joysticks that SDL now knows as gamepads."""
        self._unknown = {}
        for index in range(controller.get_count()):
            if controller.is_controller(index):
                self._add(index)

    def take(self, event: pg_event.Event) -> Moved | None:
        """Return the control that an event moved; also handle plugging in and unplugging."""
        if event.type == pygame.CONTROLLERDEVICEADDED:
            self._add(event.device_index)
        elif event.type == pygame.CONTROLLERDEVICEREMOVED:
            self._open.pop(event.instance_id, None)
        elif self._is_another(event):
            return None
        elif event.type in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
            name = _BUTTONS.get(event.button)
            down = event.type == pygame.CONTROLLERBUTTONDOWN
            return Moved(f"pad.{name}", float(down)) if name else None
        elif event.type == pygame.CONTROLLERAXISMOTION and event.axis in _AXES:
            value = max(-1.0, min(1.0, event.value / _FULL))
            return Moved(f"pad.{_AXES[event.axis]}", value)
        return None

    def _is_another(self, event: pg_event.Event) -> bool:
        """Return whether an event comes from a gamepad that is not in use."""
        ids = list(self._open)
        if not 0 < self._index <= len(ids):
            return False
        return getattr(event, "instance_id", ids[self._index - 1]) != ids[self._index - 1]

    def _add(self, index: int) -> None:
        if not controller.is_controller(index):
            return
        pad = controller.Controller(index)
        self._open[pad.as_joystick().get_instance_id()] = pad


def key_control(event: pg_event.Event) -> str:
    """Return the control of a key event by position, or by meaning if that is unknown."""
    by_position = KEY_CONTROLS.get(getattr(event, "scancode", 0), "")
    if by_position and by_position != "key.unknown":
        return by_position
    return "key." + pygame.key.name(event.key)
