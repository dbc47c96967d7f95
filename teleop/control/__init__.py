"""From keys, pads, sticks and the mouse to actions: tables, schemes, settings, the person."""

from teleop.control.human import HumanPolicy
from teleop.control.making import make_scheme
from teleop.control.schemes import Scheme
from teleop.control.settings import ControlSettings, SettingsFile, bound, rebound

__all__ = [
    "ControlSettings",
    "HumanPolicy",
    "Scheme",
    "SettingsFile",
    "bound",
    "make_scheme",
    "rebound",
]
