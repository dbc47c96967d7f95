"""From keys, pads and sticks to actions: tables, schemes for action spaces, the person."""

from teleop.control.human import HumanPolicy
from teleop.control.schemes import Scheme, make_scheme

__all__ = ["HumanPolicy", "Scheme", "make_scheme"]
