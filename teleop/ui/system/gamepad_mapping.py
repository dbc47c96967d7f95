"""Teaches a gamepad that SDL does not know: the person presses one control after another."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import pygame

from teleop import paths
from teleop.text import tr
from teleop.ui.system.sdl import sdl

_FILE = "gamepads.txt"
_FAR = 0.7
_HAT = {(0, 1): 1, (1, 0): 2, (0, -1): 4, (-1, 0): 8}
_PLATFORMS = {"Darwin": "Mac OS X"}  # names that SDL uses

# SDL's name, and what the person is asked to press
ASKED: tuple[tuple[str, str], ...] = (
    ("a", tr("The lower of the four buttons (A)")),
    ("b", tr("The right one (B)")),
    ("x", tr("The left one (X)")),
    ("y", tr("The upper one (Y)")),
    ("leftx", tr("Left stick: right")),
    ("lefty", tr("Left stick: down")),
    ("rightx", tr("Right stick: right")),
    ("righty", tr("Right stick: down")),
    ("leftshoulder", tr("Left shoulder (LB)")),
    ("rightshoulder", tr("Right shoulder (RB)")),
    ("lefttrigger", tr("Left trigger (LT)")),
    ("righttrigger", tr("Right trigger (RT)")),
    ("dpup", tr("D-pad up")),
    ("dpdown", tr("D-pad down")),
    ("dpleft", tr("D-pad left")),
    ("dpright", tr("D-pad right")),
    ("back", tr("The small left button (View)")),
    ("start", tr("The small right button (Start)")),
)


_WHOLE_AXES = ("leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger")


@dataclass(frozen=True, slots=True)
class UnknownPad:
    """A joystick without a known layout."""

    instance_id: int
    name: str
    guid: str


class PadMapping:
    """The mapping of one gamepad while it is taught."""

    def __init__(self, pad: UnknownPad) -> None:
        self.pad = pad
        self.found: dict[str, str] = {}
        self._next = 0

    @property
    def asks(self) -> str:
        """SDL's name of the control to press now; empty when all have been asked for."""
        return ASKED[self._next][0] if self._next < len(ASKED) else ""

    def skip(self) -> None:
        """Skip a control that the gamepad does not have."""
        self._next += 1

    def take(self, event: pygame.event.Event) -> None:
        """Handle an event; a press on this gamepad answers the current question."""
        if getattr(event, "instance_id", None) != self.pad.instance_id or not self.asks:
            return
        answer = _answer(event, whole=self.asks in _WHOLE_AXES)
        if answer and answer not in self.found.values():
            self.found[self.asks] = answer
            self._next += 1

    def text(self) -> str:
        """Return the mapping in SDL's format."""
        parts = [f"{name}:{control}" for name, control in self.found.items()]
        system = platform.system()
        name = self.pad.name.replace(",", " ")
        where = f"platform:{_PLATFORMS.get(system, system)}"
        return ",".join([self.pad.guid, name, *parts, where])

    def keep(self) -> bool:
        """Save the mapping and use it now; return False if that takes a restart."""
        path = mapping_file()
        old = path.read_text("utf-8").splitlines() if path.is_file() else []
        lines = [line for line in old if not line.startswith(self.pad.guid + ",")]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, self.text()]) + "\n", "utf-8")
        library = sdl()
        return (
            library is not None and library.SDL_GameControllerAddMapping(self.text().encode()) >= 0
        )


def mapping_file() -> Path:
    """Return the file with the gamepads that this user has taught."""
    return paths.user_folder() / _FILE


def use_taught_pads() -> None:
    """Pass the taught gamepads to SDL; call this before SDL looks for gamepads."""
    if mapping_file().is_file():
        os.environ.setdefault("SDL_GAMECONTROLLERCONFIG_FILE", str(mapping_file()))


def _answer(event: pygame.event.Event, *, whole: bool) -> str:
    """Return what was pressed, in SDL's mapping format; empty if nothing was.

    Args:
        event: event of a joystick.
        whole: whether a stick or trigger is asked for, not a button or a direction.
    """
    if event.type == pygame.JOYBUTTONDOWN:
        return f"b{event.button}"
    if event.type == pygame.JOYHATMOTION and tuple(event.value) in _HAT:
        return f"h{event.hat}.{_HAT[tuple(event.value)]}"
    if event.type == pygame.JOYAXISMOTION and abs(event.value) > _FAR:
        if whole:  # ignore the negative end, which a released trigger reports first
            return f"a{event.axis}" if event.value > 0 else ""
        return f"{'+' if event.value > 0 else '-'}a{event.axis}"
    return ""
