"""Everything that the window and the trainer say to each other: frozen values, no behaviour."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from teleop.stage.messages import Deed, StageLost


@dataclass(frozen=True, slots=True)
class Train:
    """Train a policy on a dataset's episodes."""

    root: Path
    dataset_id: str
    seed: int = 0


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
class TrainingBegan:
    """What the training is about."""

    episodes: int
    steps: int
    lag_candidates: bool
    levels: str


@dataclass(frozen=True, slots=True)
class Trained:
    """How far training is.

    Attributes:
        phase: what is being done.
        step: optimiser steps done.
        total: expected in all.
        losses: (step, loss) since the last report.
        held_out: (step, loss on held-out episodes) since the last report.
        findings: what was found out since the last report.
        seconds_left: estimated.
    """

    phase: str
    step: int
    total: int
    losses: tuple[tuple[int, float], ...] = ()
    held_out: tuple[tuple[int, float], ...] = ()
    findings: tuple[str, ...] = ()
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


ToTrainer: TypeAlias = Train | StopTraining | Certify | Deed
FromTrainer: TypeAlias = (
    TrainerReady | TrainingBegan | Trained | PolicySaved | TrainingFailed | Certified | StageLost
)
