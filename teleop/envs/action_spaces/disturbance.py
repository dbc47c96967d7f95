"""Random errors in actions: of a driver who wobbles, or added on purpose while somebody records."""

from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.envs.spaces import Space
from teleop.types import Action

INTENDED = "intended_action"  # info column: what the driver did, before errors were added


class Disturbance:
    """Adds random errors to actions of a space; the same seed gives the same errors.

    A number gets normal noise with a standard deviation of `share` times half its range (1 if it
    has no bounds). A choice is replaced by a random one with the probability `share`.
    """

    def __init__(self, space: Space, share: float) -> None:
        """Prepare for a space.

        Args:
            space: the action space.
            share: size of the errors, from 0 (none) to 1.

        Raises:
            ValueError: the share is outside this range.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"the noise is {share}; expected 0 to 1")
        self.share, self._space = share, space
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._rng = np.random.default_rng([seed, 11])

    def __call__(self, action: Action) -> Action:
        """Return the action with an error."""
        return self._disturbed(self._space, action) if self.share else action

    def _disturbed(self, space: Any, action: Any) -> Any:
        match space:
            case spaces.Dict():
                return {key: self._disturbed(part, action[key]) for key, part in space.items()}
            case spaces.Tuple():
                pairs = zip(space.spaces, action, strict=True)
                return tuple(self._disturbed(part, own) for part, own in pairs)
            case spaces.Discrete():
                drawn = int(self._rng.integers(space.n)) + int(space.start)
                return drawn if self._rng.random() < self.share else action
            case spaces.MultiDiscrete() | spaces.MultiBinary():
                return self._with_others(space, np.asarray(action))
            case spaces.Box():
                return self._with_noise(space, np.asarray(action))
        return action

    def _with_others(self, space: Any, action: Any) -> Any:
        counts = np.broadcast_to(getattr(space, "nvec", 2), action.shape)
        others = self._rng.integers(counts) + getattr(space, "start", 0)
        replaced = self._rng.random(action.shape) < self.share
        return np.where(replaced, others, action).astype(space.dtype)

    def _with_noise(self, space: spaces.Box, action: Any) -> Any:
        half = (space.high.astype(np.float64) - space.low) / 2
        half = np.where(np.isfinite(half), half, 1.0)
        noisy = action + self.share * half * self._rng.normal(size=action.shape)
        if np.issubdtype(space.dtype, np.integer):
            noisy = np.rint(noisy)
        return np.clip(noisy, space.low, space.high).astype(space.dtype)
