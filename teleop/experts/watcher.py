"""A model of a person who watches a policy and takes over while it goes wrong."""

from collections import deque

import numpy as np

from teleop.types import Action

_WINDOW_S = 0.33  # time window in which actions are compared
_ALARMED = 0.5  # share of differing actions at which the person takes over
_CALM = 0.2
_LEAST_S = 2.0  # minimum time that the person drives


class Watcher:
    """A gate that compares the policy's actions with those the person would take."""

    def __init__(self, pace_hz: float) -> None:
        self._window = max(2, round(_WINDOW_S * pace_hz))
        self._least = round(_LEAST_S * pace_hz)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode in which the policy drives."""
        del seed
        self._differ: deque[bool] = deque(maxlen=self._window)
        self._left = 0
        self._driving = False

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """Return whether the person drives: after 1/6 s of disagreement, for at least 2 s."""
        self._differ.append(not np.allclose(np.asarray(hands, float), np.asarray(proposal, float)))
        share = sum(self._differ) / self._window
        if self._driving:
            self._left -= 1
            self._driving = self._left > 0 or share > _CALM
        elif share >= _ALARMED:
            self._driving, self._left = True, self._least
        return self._driving
