"""Scripted demonstrators, and a model of a person at the keyboard that wraps any of them."""

from teleop.experts.human_like import NOVICE, SKILLED, HumanLike, HumanNoise, make_human_like
from teleop.experts.scripts import (
    EXPERTS,
    Script,
    ScriptedPolicy,
    WobblyPolicy,
    has_expert,
    make_expert,
)
from teleop.experts.watcher import Watcher

__all__ = [
    "EXPERTS",
    "NOVICE",
    "SKILLED",
    "HumanLike",
    "HumanNoise",
    "Script",
    "ScriptedPolicy",
    "Watcher",
    "WobblyPolicy",
    "has_expert",
    "make_expert",
    "make_human_like",
]
