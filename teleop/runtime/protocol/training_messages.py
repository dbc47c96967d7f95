"""Messages between the window and the training process: frozen dataclasses."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from teleop.runtime.protocol.diagnosis_messages import Examine, Examined, GaugesMeasured
from teleop.runtime.protocol.preference_messages import AskPreference, PreferenceAsked
from teleop.runtime.protocol.session_messages import ProcessLost, Request
from teleop.types.findings import RewardMaps
from teleop.types.methods import MethodChart
from teleop.types.results import HeldOutCheck, Round, Score, Trait, Tried


@dataclass(frozen=True, slots=True)
class Train:
    """Train a policy on the episodes of a dataset.

    Attributes:
        root: the recordings folder.
        dataset_id: id of the dataset.
        seed: seed of the whole training.
        recipe: name of a recipe in `learning.recipes`.
        after: name of the policy that was corrected, if this is a further round; else empty.
        plays: choose settings by playing trial episodes, which uses the environment's reward.
        all_takes: train on all takes and leave none out.
        files: files of the episodes to train on; empty for all.
        start: name of the policy that practice starts from; empty for a new clone.
        minutes: time limit of practice.
        reward: what practice is rewarded by: empty for the environment's reward, `preferences`, or
            the name of a policy with a learned reward.
    """

    root: Path
    dataset_id: str
    seed: int = 0
    recipe: str = "bc"
    after: str = ""
    plays: bool = True
    all_takes: bool = False
    files: tuple[str, ...] = ()
    start: str = ""
    minutes: float = 10.0
    reward: str = ""


class Analysis(Enum):
    """Analyses of a dataset, besides training."""

    PROFILE = "profile"  # a description of the data in words
    CURVE = "curve"  # scores of policies trained on 1, 2, 5… demonstrations
    INFLUENCE = "influence"  # the effect of leaving out each demonstration
    SAME_STARTS = "same starts"  # a policy's return minus the person's, from the same starts
    METHODS = "methods"  # what several methods reach, as `MethodsCompared`


@dataclass(frozen=True, slots=True)
class RunAnalysis:
    """Analyse the demonstrations of a dataset; `StopTraining` ends it.

    Attributes:
        root: the recordings folder.
        dataset_id: id of the dataset.
        study: the analysis.
        policy: the policy that plays in SAME_STARTS; empty for the newest.
    """

    root: Path
    dataset_id: str
    study: Analysis
    policy: str = ""


@dataclass(frozen=True, slots=True)
class ListRounds:
    """List the rounds of correction that led to a policy, and play rounds without a score."""

    root: Path
    dataset_id: str
    policy: str


@dataclass(frozen=True, slots=True)
class ShowRewardMaps:
    """Learn rewards that explain a dataset of a grid, and plan with them.

    Attributes:
        root: the recordings folder.
        dataset_id: id of the dataset.
        walls: (row, column) of each wall; None: as they are in the environment.
    """

    root: Path
    dataset_id: str
    walls: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class RewardMapsShown:
    """Rewards that explain a dataset, or why there are none.

    Attributes:
        dataset_id: id of the dataset.
        maps: the rewards and where they lead; None if there are none.
        problem: why; empty if there are.
    """

    dataset_id: str
    maps: RewardMaps | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Certify:
    """Re-simulate the episodes of a dataset that have no certificate yet."""

    root: Path
    dataset_id: str


@dataclass(frozen=True, slots=True)
class Certified:
    """Some episodes of a dataset have been re-simulated."""

    dataset_id: str


@dataclass(frozen=True, slots=True)
class StopTraining:
    """Stop; the best policy so far is kept."""


@dataclass(frozen=True, slots=True)
class TrainerReady:
    """The training process has loaded its libraries."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """A description of a dataset in words, or why nothing can be learned from it.

    Attributes:
        dataset_id: id of the dataset.
        traits: what was found.
        problem: why nothing can be learned; empty if something can.
        cannot: (recipe, why it cannot learn from this data).
        failed: files of the episodes that were no success.
        rule: when an episode counts as a success.
    """

    dataset_id: str
    traits: tuple[Trait, ...]
    problem: str = ""
    cannot: tuple[tuple[str, str], ...] = ()
    failed: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class TrainingBegan:
    """A training has begun on this data."""

    episodes: int
    steps: int
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class BaselineScores:
    """The scores so far, and advice on what to record next."""

    scores: tuple[Score, ...]
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of correction that led to a policy, the first one first."""

    dataset_id: str
    policy: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class AnalysisProgress:
    """Results of an analysis so far.

    Attributes:
        dataset_id: id of the dataset.
        study: the analysis.
        points: one by one, (number of demonstrations or number of the episode, mean, low, high).
        total: expected number of points.
        final: whether the analysis is over.
        problem: why it ended early; empty if it did not.
    """

    dataset_id: str
    study: Analysis
    points: tuple[tuple[int, float, float, float], ...]
    total: int
    final: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class MethodsCompared:
    """What several methods have reached so far.

    Attributes:
        dataset_id: id of the dataset.
        chart: the complete runs; None before anything is known.
        method: the way that is run now; empty if none is.
        share: share of its run that is done, 0..1.
        done: complete runs.
        total: runs in all.
        final: whether it is over.
        problem: why it ended early; empty if it did not.
    """

    dataset_id: str
    chart: MethodChart | None = None
    method: str = ""
    share: float = 0.0
    done: int = 0
    total: int = 0
    final: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a training.

    Attributes:
        text: the finding as text.
        verified: whether playing confirmed it.
    """

    text: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Progress of a training.

    Attributes:
        phase: what the training does now.
        step: number of optimiser steps so far.
        total: expected number of steps in total.
        losses: (step, loss) since the last report.
        returns: (step, mean return of a few fresh starts) since the last report.
        findings: findings since the last report.
        tried: ways to train that were played, the best first; empty if there is no change.
        seconds_left: estimated time left.
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
class Checked:
    """The settings of a training, tested on held-out episodes so far."""

    check: HeldOutCheck


@dataclass(frozen=True, slots=True)
class PolicySaved:
    """A policy was saved and can be played; `final` if the training is over."""

    dataset_id: str
    name: str
    final: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingFailed:
    """A training failed, or was stopped before there was a policy."""

    problem: str


ToTrainer: TypeAlias = (
    Train
    | StopTraining
    | RunAnalysis
    | ListRounds
    | Examine
    | ShowRewardMaps
    | AskPreference
    | Certify
    | Request
)
FromTrainer: TypeAlias = (
    TrainerReady
    | TrainingBegan
    | TrainingProgress
    | PolicySaved
    | TrainingFailed
    | BaselineScores
    | Checked
    | Profiled
    | AnalysisProgress
    | Rounds
    | RewardMapsShown
    | MethodsCompared
    | PreferenceAsked
    | Examined
    | GaugesMeasured
    | Certified
    | ProcessLost
)
