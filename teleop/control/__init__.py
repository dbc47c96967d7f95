"""Controls: tables, schemes and settings that convert a person's input to actions."""

from teleop.control.controls_file import ControlSettings, ControlsFile, bound, rebound
from teleop.control.human import HumanPolicy
from teleop.control.scheme_factory import make_scheme
from teleop.control.schemes import Scheme

__all__ = [
    "ControlSettings",
    "ControlsFile",
    "HumanPolicy",
    "Scheme",
    "bound",
    "make_scheme",
    "rebound",
]
