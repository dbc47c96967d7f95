"""A model of a person who watches a policy: takes over when it goes wrong, lets go in time."""

from collections import deque

import numpy as np

from teleop.types import Action

_WINDOW_S = 0.33  # of driving that is judged at a time
_ALARMED = 0.5  # share of it that differs from what the person would do
_CALM = 0.2
_LEAST_S = 2.0  # hands stay on for so long


class Watcher:
    """A gate that compares what the policy does with what the person would do."""

    def __init__(self, pace_hz: float) -> None:
        self._window = max(2, round(_WINDOW_S * pace_hz))
        self._least = round(_LEAST_S * pace_hz)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """A new episode: hands off."""
        del seed
        self._differ: deque[bool] = deque(maxlen=self._window)
        self._left = 0
        self._driving = False

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """Hands on after a sixth of a second of disagreement, for two seconds or longer."""
        self._differ.append(not np.allclose(np.asarray(hands, float), np.asarray(proposal, float)))
        share = sum(self._differ) / self._window
        if self._driving:
            self._left -= 1
            self._driving = self._left > 0 or share > _CALM
        elif share >= _ALARMED:
            self._driving, self._left = True, self._least
        return self._driving
