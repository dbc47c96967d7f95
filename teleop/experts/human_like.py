"""A model of a person at the keyboard: late eyes, quick predictions, fingers that hold keys.

Between a controller's intention and the recorded action stand a reaction time (150-250 ms, mostly
foreseen), the error of that foresight, keys that stay down 60-160 ms, lapses of attention, slips,
and, for continuous actions, keys that only know low, rest and high.
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
    """What stands between a good intention and the recorded action.

    Attributes:
        delay_ms: reaction time, drawn once an episode between these.
        delay_jitter_ms: its standard deviation from decision to decision.
        anticipate: share of the delay that prediction makes up for, 0..1.
        percept: error of the prediction, as a share of how far the state moved meanwhile.
        hold_ms: a key, once pressed or released, stays so between these.
        lapse_hz: moments of inattention a second.
        lapse_ms: how long each is.
        slip: probability that a new press is a wrong one.
        keyboard: dead zone of the keys of a continuous axis, as a share of its reach; 0: a stick.
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


class HumanLike:
    """A scripted policy behind human eyes and fingers."""

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
            policy: what the person wants to do.
            space: the action space.
            pace_hz: steps a second.
            idle: action of an idle keyboard.
            noise: how human.
        """
        self.name = "human-like expert"
        self._policy, self._space, self.pace_hz = policy, space, pace_hz
        self.idle, self._noise = idle, noise
        self.reset(0)

    def reset(self, seed: int) -> None:
        """A new episode: another reaction time, nothing pressed."""
        self._policy.reset(seed)
        self._rng = np.random.default_rng([seed, 7])
        self._delay_ms = self._rng.uniform(*self._noise.delay_ms)
        self._seen: deque[np.ndarray[Any, Any]] = deque(maxlen=64)
        self._error: np.ndarray[Any, Any] | None = None
        self._current = self.idle
        self._step = self._until = self._lapse = 0

    def act(self, observation: Observation) -> Action:
        """What the keyboard sends now."""
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
        """What the mind works with: late by what prediction does not make up for.

        Things that cannot be foreseen (flags, such as a leg's contact) come with the whole delay.
        """
        noise = self._noise
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
        """A continuous intention as keys can say it: low, rest or high."""
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


# What the keyboard says when nobody touches it, where that is not action 0.
_IDLE = {"MountainCar-v0": 1, "Acrobot-v1": 1}


def make_human_like(
    policy: Policy, env_id: str, space: Space, noise: HumanNoise = SKILLED
) -> HumanLike:
    """A person who wants to do what `policy` does, at the environment's pace of play."""
    if isinstance(space, spaces.Box):
        idle: Action = np.zeros(space.shape, np.float32)
    else:
        idle = _IDLE.get(bare_id(env_id), 0)
    return HumanLike(policy, space, find_entry(env_id).pace_hz or 30.0, idle, noise)
