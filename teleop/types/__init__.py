"""The types that every package shares: who acts, what a policy is, what one step was."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from teleop.text import tr

# Gymnasium's observations and actions are whatever the space says: arrays, ints, dicts, tuples.
Observation: TypeAlias = Any
Action: TypeAlias = Any
Info: TypeAlias = dict[str, Any]


class Actor(IntEnum):
    """Who chose an action. The number is what recordings store."""

    HUMAN = 0
    POLICY = 1
    SCRIPT = 2

    @property
    def word(self) -> str:
        """The word shown on screen."""
        return {
            Actor.HUMAN: tr("you"),
            Actor.POLICY: tr("agent"),
            Actor.SCRIPT: tr("scripted"),
        }[self]


YOU = "you"  # the name of the person as a policy


class Driver(Protocol):
    """Who acts, as recordings name it."""

    @property
    def actor(self) -> Actor:
        """Who is acting."""

    @property
    def name(self) -> str:
        """A short name for lists and files."""


@runtime_checkable
class Policy(Driver, Protocol):
    """Anything that drives: a person, a network, a recording, a scripted expert."""

    def reset(self, seed: int) -> None:
        """Forget the last episode; `seed` fixes all randomness of the next one."""

    def act(self, observation: Observation) -> Action | None:
        """The action for this observation, or None for "not yet" (a turn nobody has taken)."""


class Step(NamedTuple):
    """One step as it is recorded; a tuple, for one is made at every step.

    Attributes:
        observation: what the environment returned after the action.
        action: what was done.
        reward: the environment's reward.
        terminated: the task ended.
        truncated: the episode was cut off.
        info: the environment's info dict.
        time_s: seconds since the episode's start, on a monotonic clock.
        pace_hz: steps a second it was played at; 0 for a turn-based step.
        actor: who chose the action.
        picture: number of the picture the person was looking at when the action was chosen.
        intervention: the person had taken over from a policy.
    """

    observation: Observation
    action: Action
    reward: float
    terminated: bool
    truncated: bool
    info: Info = {}  # noqa: RUF012  nobody writes to it
    time_s: float = 0.0
    pace_hz: float = 0.0
    actor: Actor = Actor.HUMAN
    picture: int = 0
    intervention: bool = False


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One raw movement of a key, button or stick.

    Attributes:
        time_s: `time.perf_counter()` when it happened.
        control: stable name by position: `key.w`, `pad.a`, `pad.left_x`.
        value: 1 or 0 for keys and buttons, -1..1 for sticks, 0..1 for triggers.
    """

    time_s: float
    control: str
    value: float


class InputListener(Protocol):
    """A policy that hears raw input: the person."""

    def hear(self, event: InputEvent) -> None:
        """Take in one movement of a key, button or stick."""

    def release(self) -> None:
        """Let go of everything (focus lost, device unplugged, paused)."""
