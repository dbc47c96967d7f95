"""Types that all packages share: who acts, what a policy is, and what a step contains."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from teleop.text import tr

# The space defines what observations and actions are: arrays, ints, dicts, tuples.
Observation: TypeAlias = Any
Action: TypeAlias = Any
Info: TypeAlias = dict[str, Any]


class Actor(IntEnum):
    """Who chose an action; recordings store the number."""

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
        """Who acts."""

    @property
    def name(self) -> str:
        """A short name for lists and files."""


@runtime_checkable
class Policy(Driver, Protocol):
    """Anything that drives: a person, a network, a recording, a scripted expert."""

    def reset(self, seed: int) -> None:
        """Forget the last episode; `seed` fixes all randomness of the next one."""

    def act(self, observation: Observation) -> Action | None:
        """Return the action for this observation, or None if there is none yet (turn-based)."""


class Step(NamedTuple):
    """One recorded step; a tuple, because one is created at every step.

    Attributes:
        observation: what the environment returned after the action.
        action: the chosen action.
        reward: the environment's reward.
        terminated: the task ended.
        truncated: the episode was cut off.
        info: the environment's info dict.
        time_s: seconds since the episode's start, on a monotonic clock.
        pace_hz: pace in steps per second; 0 for a turn-based step.
        actor: who chose the action.
        picture: number of the frame that the person saw when the action was chosen.
        intervention: the person had taken over from a policy.
    """

    observation: Observation
    action: Action
    reward: float
    terminated: bool
    truncated: bool
    info: Info = {}  # noqa: RUF012  it is never changed
    time_s: float = 0.0
    pace_hz: float = 0.0
    actor: Actor = Actor.HUMAN
    picture: int = 0
    intervention: bool = False


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One change of a key, button or stick.

    Attributes:
        time_s: `time.perf_counter()` of the change.
        control: stable name by position: `key.w`, `pad.a`, `pad.left_x`.
        value: 1 or 0 for keys and buttons, -1..1 for sticks, 0..1 for triggers.
    """

    time_s: float
    control: str
    value: float


class InputListener(Protocol):
    """A policy that receives raw input: the person."""

    def hear(self, event: InputEvent) -> None:
        """Process one change of a key, button or stick."""

    def release(self) -> None:
        """Release all controls (focus lost, device unplugged, paused)."""
