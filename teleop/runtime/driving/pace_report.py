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


@dataclass(frozen=True, slots=True)
class PaceReport:
    """Measurements of one episode.

    Attributes:
        hz: measured steps per second; 0 if there are too few steps.
        jitter_ms: 95 % of the steps deviate from the usual interval by at most this time.
        input_hz: inputs of keys, buttons and sticks per second.
        idle: share of steps with nothing held.
    """

    hz: float
    jitter_ms: float
    input_hz: float
    idle: float

    @classmethod
    def of(cls, session: Session, human: HumanPolicy, events: int) -> "PaceReport":
        """Return the report on a session's episode so far."""
        times = np.array(session.trace.times_s if session.trace else ())
        idle = human.idle_acts / human.acts if human.acts else 0.0
        if len(times) < 3 or times[-1] <= 0:
            return cls(0.0, 0.0, 0.0, idle)
        gaps = np.diff(times)
        usual = float(np.median(gaps))
        jitter = float(np.percentile(np.abs(gaps - usual), 95))
        return cls(1 / usual if usual else 0.0, 1e3 * jitter, events / float(times[-1]), idle)

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
        """Text for the notice after an episode; empty for very short episodes."""
        if not self.hz:
            return ""
        inputs = tr("{input_hz:.1f} inputs/s", input_hz=self.input_hz)
        return joined(" · ", (f"{self.hz:.1f} Hz ± {self.jitter_ms:.1f} ms", inputs))


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
