"""Messages about why a policy fails and what to record next: frozen dataclasses."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from teleop.runtime.protocol.shared_frames import Frame
from teleop.text import tr
from teleop.types.findings import Autopsy, ErrorGrowth, Gauge, ProposedMoment, TimeLine


class Study(Enum):
    """Examinations of one policy."""

    GAUGES = "gauges"  # how well they warn before a failure
    AUTOPSY = "autopsy"  # why one run failed
    MOMENTS = "moments"  # from where to record five more seconds
    GROWTH = "growth"  # error against time, for each round
    HUMAN_TIME = "human time"  # success against minutes of human time


@dataclass(frozen=True, slots=True)
class Examine:
    """Examine a policy; `StopTraining` ends it.

    Attributes:
        root: the recordings folder.
        dataset_id: id of the dataset.
        policy: name of the policy.
        study: the examination.
        seed: start of the run, for an autopsy; -1 selects the worst test start.
    """

    root: Path
    dataset_id: str
    policy: str
    study: Study
    seed: int = -1


StudyResult: TypeAlias = (
    Autopsy
    | tuple[Gauge, ...]
    | tuple[ProposedMoment, ...]
    | tuple[ErrorGrowth, ...]
    | tuple[TimeLine, ...]
)


@dataclass(frozen=True, slots=True)
class Examined:
    """Results of an examination so far.

    Attributes:
        dataset_id: id of the dataset.
        policy: name of the policy.
        study: the examination.
        result: what is known so far; None if nothing is.
        done: parts that are done.
        total: parts in all, as far as is known.
        final: whether it is over.
        phase: what it does now; may be empty.
        problem: why it ended early; empty if it did not.
    """

    dataset_id: str
    policy: str
    study: Study
    result: StudyResult | None = None
    done: int = 0
    total: int = 1
    final: bool = False
    phase: str = ""
    problem: str = ""

    @property
    def note(self) -> str:
        """What is done now, or why it ended early; empty once it is over."""
        if self.final or self.problem:
            return self.problem
        if self.total <= 1 or not self.done:
            return self.phase
        return tr("{phase}: {done} of {total}", phase=self.phase, done=self.done, total=self.total)


@dataclass(frozen=True, slots=True)
class GaugesMeasured:
    """The gauges of a policy were measured and stored with it."""

    dataset_id: str
    policy: str


@dataclass(frozen=True, slots=True)
class ContinueFrom:
    """Repeat the beginning of a run, pause there, and record what the person does from there on.

    Attributes:
        dataset_id: id of the dataset.
        policy: name of the policy that played the run; it drives when the person lets go. Empty if
            the run is a recording.
        file: file of the recorded episode; empty if a policy played the run.
        seed: start of the policy's run.
        steps: steps to repeat.
    """

    dataset_id: str
    policy: str = ""
    file: str = ""
    seed: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class ShowMoment:
    """Show the picture of a recorded moment, in the view `moment`.

    Attributes:
        dataset_id: id of the dataset.
        file: file of the episode.
        step: steps of the episode before the moment.
    """

    dataset_id: str
    file: str
    step: int


@dataclass(frozen=True, slots=True)
class MomentShown:
    """The picture of a recorded moment: the file of its episode, and the steps before it."""

    file: str
    step: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class GaugeReading:
    """The current value of a gauge.

    Attributes:
        name: `distance` or `disagreement`.
        value: the value as a share of the threshold; above 1 it warns.
        words: how reliable it was, as a sentence; empty if that was not measured.
    """

    name: str
    value: float
    words: str = ""
