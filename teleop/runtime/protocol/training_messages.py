"""Everything that the window and the trainer say to each other: frozen values, no behaviour."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from teleop.runtime.protocol.session_messages import ProcessLost, Request
from teleop.types.results import Round, Score, Trait, Tried


@dataclass(frozen=True, slots=True)
class Train:
    """Train a policy on a dataset's episodes.

    Attributes:
        root: the recordings folder.
        dataset_id: whose episodes.
        seed: of everything.
        recipe: how: a name of `learning.recipes`.
        after: the policy that was corrected, where this is a further round of it.
        plays: settings are chosen by playing trial episodes, which uses the environment's reward.
        all_takes: no take is left out.
    """

    root: Path
    dataset_id: str
    seed: int = 0
    recipe: str = "bc"
    after: str = ""
    plays: bool = True
    all_takes: bool = False


class Analysis(Enum):
    """What can be asked of a dataset, beside training."""

    PROFILE = "profile"  # what the data is, in words
    CURVE = "curve"  # how good policies of 1, 2, 5… demonstrations are
    INFLUENCE = "influence"  # what leaving each demonstration out does


@dataclass(frozen=True, slots=True)
class RunAnalysis:
    """Study a dataset's demonstrations; `StopTraining` ends it."""

    root: Path
    dataset_id: str
    study: Analysis


@dataclass(frozen=True, slots=True)
class ListRounds:
    """Which rounds of correction led to a policy, and how good each was; plays what was not."""

    root: Path
    dataset_id: str
    policy: str


@dataclass(frozen=True, slots=True)
class Certify:
    """Re-simulate the episodes of a dataset that nobody has re-simulated yet."""

    root: Path
    dataset_id: str


@dataclass(frozen=True, slots=True)
class Certified:
    """Some episodes of a dataset have been re-simulated."""

    dataset_id: str


@dataclass(frozen=True, slots=True)
class StopTraining:
    """Stop; the best so far is kept."""


@dataclass(frozen=True, slots=True)
class TrainerReady:
    """The trainer has loaded its libraries."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """What a dataset is, in words; or why nothing can be learned from it."""

    dataset_id: str
    traits: tuple[Trait, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrainingBegan:
    """What the training is about."""

    episodes: int
    steps: int
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class BaselineScores:
    """Who stands where, as far as it was played, and what to record next."""

    scores: tuple[Score, ...]
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds that led to a policy, the first one first."""

    dataset_id: str
    policy: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class AnalysisProgress:
    """What a study found so far.

    Attributes:
        dataset_id: of what.
        study: which.
        points: (number of demonstrations or of the episode, mean, low, high), one by one.
        total: how many there will be.
        final: it is over.
        problem: why it ended early.
    """

    dataset_id: str
    study: Analysis
    points: tuple[tuple[int, float, float, float], ...]
    total: int
    final: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a training found out.

    Attributes:
        text: in words.
        verified: it was confirmed by playing.
    """

    text: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far training is.

    Attributes:
        phase: what is being done.
        step: optimiser steps done.
        total: expected in all.
        losses: (step, loss) since the last report.
        returns: (step, mean return of a few fresh starts) since the last report.
        findings: what was found out since the last report.
        tried: ways to train that were played, the best first; empty: as before.
        seconds_left: estimated.
    """

    phase: str
    step: int
    total: int
    losses: tuple[tuple[int, float], ...] = ()
    returns: tuple[tuple[int, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    tried: tuple[Tried, ...] = ()
    seconds_left: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicySaved:
    """A policy is on disk, ready to play; `final` when training is over."""

    dataset_id: str
    name: str
    final: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingFailed:
    """Training ended with nothing more to save."""

    problem: str


ToTrainer: TypeAlias = Train | StopTraining | RunAnalysis | ListRounds | Certify | Request
FromTrainer: TypeAlias = (
    TrainerReady
    | TrainingBegan
    | TrainingProgress
    | PolicySaved
    | TrainingFailed
    | BaselineScores
    | Profiled
    | AnalysisProgress
    | Rounds
    | Certified
    | ProcessLost
)
