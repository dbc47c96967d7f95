"""Environments: which there are, how they are made, what their spaces hold."""

from teleop.envs.catalogue import CATALOGUE, EnvEntry, find_entry
from teleop.envs.making import close_env, draw, known_ids, make_env, pace_of

__all__ = [
    "CATALOGUE",
    "EnvEntry",
    "close_env",
    "draw",
    "find_entry",
    "known_ids",
    "make_env",
    "pace_of",
]
