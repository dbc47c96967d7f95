"""A model of a person at the keyboard: reaction delay, prediction and held keys.

The model adds human limits between a controller's intended action and the recorded action: a
reaction time (150-250 ms, mostly compensated by prediction), prediction errors, keys that stay down
for 60-160 ms, lapses of attention and slips. For continuous actions, the keys can only select low,
rest or high.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.envs.catalogue import find_entry
from teleop.envs.naming import bare_id
from teleop.envs.spaces import Space
from teleop.types import Action, Actor, Observation, Policy


@dataclass(frozen=True, slots=True)
class HumanNoise:
    """The human limits between an intended action and the recorded action.

    Attributes:
        delay_ms: range of the reaction time, which is drawn once per episode.
        delay_jitter_ms: standard deviation of the reaction time between decisions.
        anticipate: share of the delay that prediction compensates, 0..1.
        percept: prediction error, as a share of how far the state moved during the delay.
        hold_ms: range of the time for which a key stays pressed or released.
        lapse_hz: lapses of attention per second.
        lapse_ms: duration of a lapse.
        slip: probability that a new key press is wrong.
        keyboard: dead zone of the keys of a continuous axis, as a share of the distance from rest
            to the limit; 0 means an analog stick.
    """

    delay_ms: tuple[float, float] = (150.0, 250.0)
    delay_jitter_ms: float = 20.0
    anticipate: float = 0.7
    percept: float = 0.25
    hold_ms: tuple[float, float] = (60.0, 160.0)
    lapse_hz: float = 0.1
    lapse_ms: float = 300.0
    slip: float = 0.02
    keyboard: float = 0.33


SKILLED = HumanNoise()
NOVICE = HumanNoise(
    delay_ms=(200, 300), anticipate=0.5, percept=0.5, hold_ms=(80, 220), lapse_hz=0.25, slip=0.05
)


UNHURRIED = HumanNoise(  # turn-based: there is time to think, but a wrong key is soon pressed
    delay_ms=(0, 0), delay_jitter_ms=0, percept=0, hold_ms=(0, 0), lapse_hz=0, slip=0.05
)


class HumanLike:
    """A scripted policy with the reaction delay and key presses of a person."""

    actor = Actor.SCRIPT

    def __init__(
        self,
        policy: Policy,
        space: Space,
        pace_hz: float,
        idle: Action,
        noise: HumanNoise = SKILLED,
    ) -> None:
        """Wrap a policy.

        Args:
            policy: chooses the intended actions.
            space: the action space.
            pace_hz: steps per second.
            idle: action while no key is pressed.
            noise: the human limits.
        """
        self.name = "human-like expert"
        self._policy, self._space, self.pace_hz = policy, space, pace_hz
        self.idle, self._noise = idle, noise
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode with a new reaction time and no key pressed."""
        self._policy.reset(seed)
        self._rng = np.random.default_rng([seed, 7])
        self._delay_ms = self._rng.uniform(*self._noise.delay_ms)
        self._seen: deque[np.ndarray[Any, Any]] = deque(maxlen=64)
        self._error: np.ndarray[Any, Any] | None = None
        self._current = self.idle
        self._step = self._until = self._lapse = 0

    def act(self, observation: Observation) -> Action:
        """Return the action that the keyboard sends."""
        noise = self._noise
        self._step += 1
        self._seen.append(np.asarray(observation, dtype=np.float64))
        wanted = self._keys(self._policy.act(self._perceived()))
        if self._lapse > 0:
            self._lapse -= 1
            return self._copy()
        if self._rng.random() < noise.lapse_hz / self.pace_hz:
            self._lapse = self._steps(noise.lapse_ms)
        if self._step >= self._until and not np.array_equal(wanted, self._current):
            slipped = self._rng.random() < noise.slip
            self._current = self._keys(self._slip()) if slipped else wanted
            self._until = self._step + self._steps(self._rng.uniform(*noise.hold_ms))
        return self._copy()

    def _perceived(self) -> np.ndarray[Any, Any]:
        """Return the observation that the person acts on.

        It is late by the part of the delay that prediction does not compensate. Values that cannot
        be predicted (flags such as leg contact) have the full delay.
        """
        noise = self._noise
        if self._seen[-1].ndim == 0:  # the number of a state: nothing to predict
            return self._seen[-1].astype(np.int64)
        whole = self._lag(self._delay_ms + self._rng.normal(0, noise.delay_jitter_ms))
        rest = round(whole * (1 - noise.anticipate))
        new, old = self._seen[-1 - rest].copy(), self._seen[-1 - whole]
        flags = ((new == 0) | (new == 1)) & ((old == 0) | (old == 1))
        keep = math.exp(-1.0 / max(1.0, self._steps(250)))  # the error drifts over a quarter second
        if self._error is None:
            self._error = np.zeros_like(new)
        self._error = keep * self._error + math.sqrt(1 - keep * keep) * self._rng.normal(
            0, 1, new.shape
        )
        new = new + noise.percept * self._error * np.abs(self._seen[-1] - old)
        return np.where(flags, old, new).astype(np.float32)

    def _steps(self, milliseconds: float) -> int:
        return round(milliseconds * self.pace_hz / 1000.0)

    def _lag(self, milliseconds: float) -> int:
        return int(np.clip(self._steps(milliseconds), 0, len(self._seen) - 1))

    def _keys(self, action: Action) -> Action:
        """Map an intended continuous action to what keys can express: low, rest or high."""
        if not isinstance(self._space, spaces.Box) or not self._noise.keyboard:
            return action
        low, high = self._space.low, self._space.high
        rest = np.broadcast_to(np.asarray(self.idle, np.float32), low.shape)
        zone = self._noise.keyboard
        out = np.where(action > rest + zone * (high - rest), high, rest)
        return np.where(action < rest + zone * (low - rest), low, out).astype(np.float32)

    def _slip(self) -> Action:
        if isinstance(self._space, spaces.Discrete):
            return int(self._rng.integers(self._space.n)) + int(self._space.start)
        if isinstance(self._space, spaces.Box):
            return self._rng.uniform(self._space.low, self._space.high)
        return self._current

    def _copy(self) -> Action:
        current = self._current
        return current.copy() if isinstance(current, np.ndarray) else current


# Action while no key is pressed, where it is not action 0.
_IDLE = {"MountainCar-v0": 1, "Acrobot-v1": 1}


def make_human_like(
    policy: Policy, env_id: str, space: Space, noise: HumanNoise = SKILLED
) -> HumanLike:
    """Model a person who intends the actions of `policy`, at the environment's pace."""
    noise = UNHURRIED if find_entry(env_id).turn_based else noise
    if isinstance(space, spaces.Box):
        idle: Action = np.zeros(space.shape, np.float32)
    else:
        idle = _IDLE.get(bare_id(env_id), 0)
    return HumanLike(policy, space, find_entry(env_id).pace_hz or 30.0, idle, noise)
