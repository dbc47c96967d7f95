"""Reads, changes and stores the controls of the driven environment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym

from teleop.control import (
    ControlSettings,
    ControlsFile,
    HumanPolicy,
    bound,
    make_scheme,
    rebound,
)
from teleop.runtime.protocol.session_messages import (
    BindMove,
    ChooseHand,
    ResetControls,
    SetIdle,
    SetTap,
    TuneAxis,
)
from teleop.text import tr

ControlChange = BindMove | ChooseHand | TuneAxis | SetTap | SetIdle | ResetControls


class LiveControls:
    """One environment's controls, and the person who drives with them."""

    def __init__(self, folder: Path, env_id: str, env: gym.Env[Any, Any]) -> None:
        """Read the person's own settings of the controls.

        Raises:
            ControlError: the environment cannot be driven, or the settings are invalid.
        """
        self._file, self._env_id = ControlsFile(folder), env_id
        self.settings = self._file.read(env_id)
        scheme = make_scheme(env, self.settings)
        self.human = HumanPolicy(scheme, bound(scheme.moves, self.settings))

    def change(self, change: ControlChange, env: gym.Env[Any, Any]) -> str:
        """Change the controls and store them; return a message for the person, or empty text.

        Raises:
            ControlError: the controls contradict each other, or cannot be written.
        """
        wish, text = self._wished(change)
        scheme = make_scheme(env, wish)
        moves = bound(scheme.moves, wish)
        self._file.write(self._env_id, wish)
        self.settings = wish
        self.human.use(scheme, moves)
        return text

    def _wished(self, change: ControlChange) -> tuple[ControlSettings, str]:
        now = self.settings
        match change:
            case BindMove(move, control):
                wish, loser = rebound(now, self.human.moves, move, control)
                if not loser:
                    return wish, ""
                was = loser.capitalize()
                return wish, tr("{loser!r} no longer has this control", loser=was)
            case ChooseHand(hand):
                return replace(now, hand=hand, moves={}), ""
            case TuneAxis(axis, setting, value):
                number: Any = bool(value) if setting == "invert" else value
                return now.with_axis(axis, **{setting: number}), ""
            case SetTap(move, taps):
                return replace(now, taps={**now.taps, move: taps}), ""
            case SetIdle(action):
                return replace(now, idle=action), ""
            case ResetControls():
                return ControlSettings(), ""
