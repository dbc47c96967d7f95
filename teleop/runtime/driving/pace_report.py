"""What an episode says about how it was driven: the real rate, its jitter, the input."""

from dataclasses import dataclass

import numpy as np

from teleop.control import HumanPolicy
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.session import Session
from teleop.text import joined, tr
from teleop.types import Info

_HITS = ("crashed", "collision", "hit")  # as driving and navigation environments call it
_LATELY = 30  # steps that the rate on screen is taken from, at most
_ENOUGH = 8  # and at least


@dataclass(frozen=True, slots=True)
class PaceReport:
    """Measured over one episode.

    Attributes:
        hz: steps a second that really happened; 0 for too few.
        jitter_ms: how far 19 of 20 steps came from their moment, at most.
        input_hz: movements of keys, buttons and sticks a second.
        idle: share of steps with nothing held.
    """

    hz: float
    jitter_ms: float
    input_hz: float
    idle: float

    @classmethod
    def of(cls, session: Session, human: HumanPolicy, events: int) -> "PaceReport":
        """The report on a session's episode so far."""
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
        """The rate of the last steps; 0 for too few, or turn-based."""
        if session.trace is None or not session.pace_hz or len(session.trace) < _ENOUGH:
            return 0.0
        times = session.trace.times_s[-_LATELY:]
        lasted = times[-1] - times[0]
        return (len(times) - 1) / lasted if lasted > 0 else 0.0

    @property
    def text(self) -> str:
        """For the notice after an episode; empty for very short ones."""
        if not self.hz:
            return ""
        inputs = tr("{input_hz:.1f} inputs/s", input_hz=self.input_hz)
        return joined(" · ", (f"{self.hz:.1f} Hz ± {self.jitter_ms:.1f} ms", inputs))


def unwanted(options: DriveOptions, session: Session, human: HumanPolicy) -> str:
    """Why a person's rules discard an episode; empty if they do not."""
    if session.steps < options.shortest:
        return tr("fewer than {shortest} steps", shortest=options.shortest)
    idle = human.idle_acts / human.acts if human.acts else 0.0
    if idle > options.most_idle:
        return tr("nothing was pressed for {idle:.0%} of it", idle=idle)
    return ""


def was_hit(info: Info) -> bool:
    """The environment says that something was hit."""
    return any(bool(info.get(name)) for name in _HITS)
