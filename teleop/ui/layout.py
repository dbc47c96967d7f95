"""What the user's own keyboard has printed on the key at a position.

Controls are named by position (`key.w`); an AZERTY keyboard has a Z there. SDL knows; pygame does
not pass it on, so SDL is asked directly; where that fails, it is the name on a US keyboard.
"""

import ctypes
import glob
import sys
from functools import cache
from pathlib import Path

import pygame

_SHORT = {
    "space": "Space",
    "return": "Enter",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "left shift": "Shift",
    "lshift": "Shift",
    "backspace": "Bksp",
    "escape": "Esc",
    "left ctrl": "Ctrl",
    "tab": "Tab",
}
_PAD = {
    "left_x-": "L ←",
    "left_x+": "L →",
    "left_y-": "L ↑",
    "left_y+": "L ↓",
    "right_x-": "R ←",
    "right_x+": "R →",
    "right_y-": "R ↑",
    "right_y+": "R ↓",
    "left_trigger+": "LT",
    "right_trigger+": "RT",
    "left_shoulder": "LB",
    "right_shoulder": "RB",
    "left_stick": "L3",
    "right_stick": "R3",
    "up": "D ↑",
    "down": "D ↓",
    "left": "D ←",
    "right": "D →",
    "back": "View",
}
_MOUSE = {"x-": "Mouse ←", "x+": "Mouse →", "y-": "Mouse ↑", "y+": "Mouse ↓", "left": "Click"}
_SCANCODES = {
    name.removeprefix("KSCAN_").lower(): getattr(pygame, name)
    for name in dir(pygame)
    if name.startswith("KSCAN_")
}


def control_label(control: str) -> str:
    """A control as it is printed on the user's own device."""
    device, _, name = control.partition(".")
    if device == "key":
        return key_label(name)
    if device == "mouse":
        return _MOUSE.get(name, name)
    return _PAD.get(name, name.upper())


def key_label(position: str) -> str:
    """What is printed on the key at a position: `w` gives Z on an AZERTY keyboard."""
    name = _asked(position) or position
    return _SHORT.get(name.lower(), name.upper() if len(name) == 1 else name.capitalize())


def _asked(position: str) -> str:
    scancode = _SCANCODES.get(position)
    library = sdl()
    if scancode is None or library is None:
        return ""
    name: bytes = library.SDL_GetKeyName(library.SDL_GetKeyFromScancode(scancode))
    return name.decode("utf-8", "replace")


@cache
def sdl() -> ctypes.CDLL | None:
    """The SDL library that pygame has loaded already."""
    folder = Path(pygame.__file__).parent
    names = {"win32": ["SDL2.dll"], "darwin": [".dylibs/libSDL2*.dylib"]}.get(
        sys.platform, ["../pygame_ce.libs/libSDL2-2*.so*", "../pygame.libs/libSDL2-2*.so*"]
    )
    for name in names:
        for path in glob.glob(str(folder / name)):  # noqa: PTH207  the pattern leaves the folder
            try:
                library = ctypes.CDLL(path)
            except OSError:
                continue
            library.SDL_GetKeyName.restype = ctypes.c_char_p
            return library
    return None
