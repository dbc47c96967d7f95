"""Deprecated module of `make_env`, `close_env` and `draw`; it will be removed in 0.4."""

import warnings

from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import draw

__all__ = ["close_env", "draw", "make_env"]

warnings.warn(
    "teleop.envs.making is deprecated: import from teleop.envs.factory and teleop.envs.pictures.",
    DeprecationWarning,
    stacklevel=2,
)
