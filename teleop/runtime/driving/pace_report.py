"""Measures how an episode was driven: its real rate, jitter and input."""

from dataclasses import dataclass

import numpy as np

from teleop.control import HumanPolicy
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.session import Session
from teleop.text import joined, tr
from teleop.types import Info

_HITS = ("crashed", "collision", "hit")  # keys of info in driving and navigation environments
_LATELY = 30  # maximum number of steps for the rate on screen
_ENOUGH = 8  # minimum number of steps
_SLOW = 0.9  # share of the wanted rate
_HOLE_S, _HOLE_STEPS = 0.2, 4  # a longer wait is a hole: seconds, and steps that were missed


@dataclass(frozen=True, slots=True)
class PaceReport:
    """Measurements of one episode.

    Attributes:
        hz: steps per second over the whole episode; 0 if turn-based or if there are too few steps.
        wanted_hz: steps per second that it should have had.
        hole_s: longest time between two steps.
        hole_step: number of the step after it.
        input_hz: inputs of keys, buttons and sticks per second.
    """

    hz: float = 0.0
    wanted_hz: float = 0.0
    hole_s: float = 0.0
    hole_step: int = 0
    input_hz: float = 0.0

    @classmethod
    def of(cls, session: Session, events: int) -> "PaceReport":
        """Return the report on a session's episode so far."""
        times = np.array(session.trace.times_s if session.trace else ())
        if not session.pace_hz or len(times) < 3 or times[-1] <= times[0]:
            return cls()
        gaps = np.diff(times)
        longest = int(gaps.argmax())
        hz = float(len(gaps) / (times[-1] - times[0]))
        hole = float(gaps[longest])
        return cls(hz, session.pace_hz, hole, longest + 2, events / float(times[-1]))

    @property
    def is_slow(self) -> bool:
        """Whether the episode had clearly fewer steps per second than it should have had."""
        return 0 < self.hz < _SLOW * self.wanted_hz

    @property
    def has_hole(self) -> bool:
        """Whether a step came so late that the person could notice it."""
        return self.hole_s > max(_HOLE_S, _HOLE_STEPS / self.wanted_hz) if self.hz else False

    @staticmethod
    def real_hz(session: Session) -> float:
        """Return the rate of the last steps; 0 if there are too few, or if it is turn-based."""
        if session.trace is None or not session.pace_hz or len(session.trace) < _ENOUGH:
            return 0.0
        times = session.trace.times_s[-_LATELY:]
        lasted = times[-1] - times[0]
        return (len(times) - 1) / lasted if lasted > 0 else 0.0

    @property
    def text(self) -> str:
        """Text for the notice after an episode; empty if it was turn-based or very short."""
        if not self.hz:
            return ""
        rate = f"{self.hz:.1f} Hz"
        if self.is_slow:
            rate = tr("only {hz:.1f} of {wanted:.3g} Hz", hz=self.hz, wanted=self.wanted_hz)
        inputs = tr("{input_hz:.1f} inputs/s", input_hz=self.input_hz)
        if not self.has_hole:
            return joined(" · ", (rate, inputs))
        hole = tr(
            "{hole:.1f} s without a step before step {step}", hole=self.hole_s, step=self.hole_step
        )
        return joined(" · ", (rate, hole, inputs))


def unwanted(options: DriveOptions, session: Session, human: HumanPolicy) -> str:
    """Return why the person's rules discard an episode; empty if they do not."""
    if session.steps < options.shortest:
        return tr("fewer than {shortest} steps", shortest=options.shortest)
    idle = human.idle_acts / human.acts if human.acts else 0.0
    if idle > options.most_idle:
        return tr("nothing was pressed for {idle:.0%} of it", idle=idle)
    return ""


def was_hit(info: Info) -> bool:
    """Return whether the environment reports that something was hit."""
    return any(bool(info.get(name)) for name in _HITS)
