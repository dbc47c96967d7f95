"""What an environment gives, as its spaces and Gymnasium's interface say it: one place for all.

Environments give lists for arrays, float64 for float32, rewards as arrays of one number, numpy
flags. Driving, evaluation, replay and certificates all see the same values, because all of them
make environments through here.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from teleop.envs.activity import activity, encoded


class RewardError(ValueError):
    """A reward that is not one number."""


class ConvertingWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Observations of the space's type, one reward, plain flags; and options for `reset`."""

    def __init__(
        self,
        env: gym.Env[Any, Any],
        options: dict[str, Any] | None = None,
        weights: Sequence[float] = (),
        name: str = "",
    ) -> None:
        """Wrap an environment.

        Args:
            env: it.
            options: that `reset` is given unless it is given others.
            weights: how much each number of its reward counts, where that is several.
            name: of the environment, for whoever watches over what it does.
        """
        super().__init__(env)
        self._options = options
        self._weights = np.array(weights, np.float64)
        self._name = encoded(name)

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]  # as in Wrapper
        """Of what is wrapped: others make the environment again without us."""
        return self.env.spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """As Gymnasium's."""
        if options is None and self._options is not None:
            options = dict(self._options)
        given = {} if options is None else {"options": options}
        activity.begin(b"reset", self._name)
        try:
            observation, info = self.env.reset(seed=seed, **given)
        finally:
            activity.end()
        return conformed(self.observation_space, observation), info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As Gymnasium's.

        Raises:
            RewardError: the reward is not one number.
        """
        activity.begin(b"step", self._name)
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
        finally:
            activity.end()
        seen = conformed(self.observation_space, observation)
        return seen, self._one(reward), bool(np.any(terminated)), bool(np.any(truncated)), info

    def _one(self, reward: Any) -> float:
        """A reward as one number."""
        if isinstance(reward, float):
            return reward
        if reward is None:
            raise RewardError("its reward is None; Teleop needs a number")
        count = np.size(reward)
        if count == 1:
            return float(np.ravel(reward)[0])
        if self._weights.size != count:
            given = f", not {self._weights.size}" if self._weights.size else ""
            ones = ", ".join(["1", *["0"] * (count - 1)])
            raise RewardError(
                f"its reward has {count} numbers; give {count} weights{given}: "
                f"--arg 'reward_weights=[{ones}]'"
            )
        return float(np.ravel(reward) @ self._weights)

    def render(self) -> Any:
        """As Gymnasium's."""
        activity.begin(b"render", self._name)
        try:
            return self.env.render()
        finally:
            activity.end()


def conformed(space: gym.Space[Any], value: Any) -> Any:
    """A value in the types of its space; one that would not be the same is returned as it is."""
    match space:
        case spaces.Box() | spaces.MultiDiscrete() | spaces.MultiBinary():
            if isinstance(value, np.ndarray) and value.dtype == space.dtype:
                return value
            array = np.asarray(value)
            fits = array.shape == space.shape and array.dtype.kind in "biuf"
            return _cast(array, space.dtype, value) if fits else value
        case spaces.Dict() if isinstance(value, dict) and value.keys() == space.spaces.keys():
            return {key: conformed(space[key], value[key]) for key in space.spaces}
        case spaces.Tuple() if isinstance(value, tuple | list) and len(value) == len(space.spaces):
            pairs = zip(space.spaces, value, strict=True)
            return tuple(conformed(part, one) for part, one in pairs)
    return value


def _cast(array: np.ndarray[Any, Any], dtype: Any, value: Any) -> Any:
    """In another type: numbers may lose digits that it cannot hold, never more than that."""
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
    rounds = array.dtype.kind == "f" and np.dtype(dtype).kind == "f"
    return cast if rounds or np.array_equal(cast, array) else value
