"""The only module that calls environments.

Results are converted to the types that their spaces and Gymnasium's interface declare, and
exceptions become one sentence.

Environments return lists instead of arrays, float64 instead of float32, rewards as arrays of one
number, and numpy flags. Driving, evaluation, replay and certificates all see the same values,
because all of them create environments through this module.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from teleop.envs.activity import activity, encoded
from teleop.errors import EnvError, sentence
from teleop.text import tr


class RewardError(EnvError):
    """The reward is not one number."""


class ConvertingWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Converts observations, rewards and flags to their declared types; adds options to `reset`."""

    def __init__(
        self,
        env: gym.Env[Any, Any],
        options: dict[str, Any] | None = None,
        weights: Sequence[float] = (),
        name: str = "",
    ) -> None:
        """Wrap an environment.

        Args:
            env: any environment.
            options: default options for `reset`.
            weights: weight of each number of a vector reward.
            name: name of the environment in messages.
        """
        super().__init__(env)
        self._steps = 0
        self._options = options
        self._weights = np.array(weights, np.float64)
        self._name = name or type(env.unwrapped).__name__
        self._encoded_name = encoded(self._name)

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]  # as in Wrapper
        """The wrapped environment's spec, so that others recreate it without this wrapper."""
        return self.env.spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, as `gymnasium.Env.reset`.

        Raises:
            EnvError: the environment failed.
        """
        if options is None and self._options is not None:
            options = dict(self._options)
        given = {} if options is None else {"options": options}
        self._steps = 0
        activity.begin(b"reset", self._encoded_name)
        try:
            observation, info = self.env.reset(seed=seed, **given)
            return as_in_space(self.observation_space, observation), dict(info)
        except Exception as problem:
            raise EnvError(
                tr(
                    "{name} failed in reset: {problem}. If its reset needs options, give them: "
                    "--arg '{example}'.",
                    name=self._name,
                    problem=sentence(problem),
                    example='reset_options={"goal": 2}',
                )
            ) from problem
        finally:
            activity.end()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take a step, as `gymnasium.Env.step`.

        Raises:
            EnvError: the environment failed.
            RewardError: the reward is not one number.
        """
        self._steps += 1
        activity.begin(b"step", self._encoded_name)
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
            seen = as_in_space(self.observation_space, observation)
            over = bool(np.any(terminated)), bool(np.any(truncated))
            return seen, self._one(reward), *over, dict(info)
        except RewardError:
            raise
        except Exception as problem:
            raise EnvError(
                tr(
                    "{name} failed in step {step}: {problem}.",
                    name=self._name,
                    step=self._steps,
                    problem=sentence(problem),
                )
            ) from problem
        finally:
            activity.end()

    def _one(self, reward: Any) -> float:
        """Convert a reward to one number."""
        if isinstance(reward, float):
            return reward
        if reward is None:
            text = tr(
                "The reward of {name} is None; expected a number. Give the environment a wrapper "
                "with a reward: --wrapper MODULE:CLASS.",
                name=self._name,
            )
            raise RewardError(text)
        count = np.size(reward)
        if count == 1:
            return float(np.ravel(reward)[0])
        if self._weights.size != count:
            example = f"reward_weights=[{', '.join(['1', *['0'] * (count - 1)])}]"
            text = tr(
                "The reward of {name} has {count} values, but {weights} weights were given. Set "
                "one weight for each value: --arg '{example}'.",
                name=self._name,
                count=count,
                weights=self._weights.size,
                example=example,
            )
            raise RewardError(text)
        return float(np.ravel(reward) @ self._weights)

    def render(self) -> Any:
        """Render a frame, as `gymnasium.Env.render`."""
        activity.begin(b"render", self._encoded_name)
        try:
            return self.env.render()
        finally:
            activity.end()


def as_in_space(space: gym.Space[Any], value: Any) -> Any:
    """Convert a value to the types of its space, or return it unchanged if it does not fit."""
    match space:
        case spaces.Box() | spaces.MultiDiscrete() | spaces.MultiBinary():
            if isinstance(value, np.ndarray) and value.dtype == space.dtype:
                return value
            array = np.asarray(value)
            fits = array.shape == space.shape and array.dtype.kind in "biuf"
            return _cast(array, space.dtype, value) if fits else value
        case spaces.Dict() if isinstance(value, dict) and value.keys() == space.spaces.keys():
            return {key: as_in_space(space[key], value[key]) for key in space.spaces}
        case spaces.Tuple() if isinstance(value, tuple | list) and len(value) == len(space.spaces):
            pairs = zip(space.spaces, value, strict=True)
            return tuple(as_in_space(part, one) for part, one in pairs)
    return value


def _cast(array: np.ndarray[Any, Any], dtype: Any, value: Any) -> Any:
    """Cast an array if at most float precision is lost; otherwise return the original value."""
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
    rounds = array.dtype.kind == "f" and np.dtype(dtype).kind == "f"
    return cast if rounds or np.array_equal(cast, array) else value
