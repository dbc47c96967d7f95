"""Finds the labels of keys on the user's own keyboard.

Controls are named by position: the key `key.w` is labelled Z on an AZERTY keyboard. pygame does not
report this label, so this module asks SDL directly. If that fails, it uses the US keyboard's label.
"""

import pygame

from teleop.text import tr
from teleop.ui.system.sdl import key_name

_SHORT = {
    "space": tr("Space"),
    "return": "Enter",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "left shift": "Shift",
    "lshift": "Shift",
    "backspace": tr("Bksp"),
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
_MOUSE = {
    "x-": tr("Mouse ←"),
    "x+": tr("Mouse →"),
    "y-": tr("Mouse ↑"),
    "y+": tr("Mouse ↓"),
    "left": tr("Click"),
}
_SCANCODES = {
    name.removeprefix("KSCAN_").lower(): getattr(pygame, name)
    for name in dir(pygame)
    if name.startswith("KSCAN_")
}


_PAD_IN_FULL = {
    "left_x-": tr("Left stick ←"),
    "left_x+": tr("Left stick →"),
    "left_y-": tr("Left stick ↑"),
    "left_y+": tr("Left stick ↓"),
    "right_x-": tr("Right stick ←"),
    "right_x+": tr("Right stick →"),
    "right_y-": tr("Right stick ↑"),
    "right_y+": tr("Right stick ↓"),
    "up": tr("D-pad ↑"),
    "down": tr("D-pad ↓"),
    "left": tr("D-pad ←"),
    "right": tr("D-pad →"),
}


def control_name(control: str) -> str:
    """Return the name of a control in full, for lists: `D-pad ↑` where a key cap shows `D ↑`."""
    device, _, name = control.partition(".")
    if device == "pad" and name in _PAD_IN_FULL:
        return _PAD_IN_FULL[name]
    label = control_label(control)
    return tr("Gamepad {label}", label=label) if device == "pad" and len(label) == 1 else label


def control_label(control: str) -> str:
    """Return the label of a control on the user's own device, short enough for a key cap."""
    device, _, name = control.partition(".")
    if device == "key":
        return key_label(name)
    if device == "mouse":
        return _MOUSE.get(name, name)
    return _PAD.get(name, name.upper())


def key_label(position: str) -> str:
    """Return the label of the key at a position: for `w`, Z on an AZERTY keyboard."""
    scancode = _SCANCODES.get(position)
    name = (key_name(scancode) if scancode is not None else "") or position
    return _SHORT.get(name.lower(), name.upper() if len(name) == 1 else name.capitalize())
