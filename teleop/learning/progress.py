"""Training progress, and functions that all algorithms share."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from teleop._version import __version__
from teleop.envs.spaces import space_to_json
from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import branches_to_json
from teleop.learning.networks.policy_models import PolicyModel
from teleop.learning.policy import LearnedPolicy, PolicyConfig
from teleop.text import tr
from teleop.types.results import Tried

_SHAPE_FIELDS = tuple(Architecture.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a training run.

    Attributes:
        phase: description of the current phase.
        step: optimiser steps done in all phases.
        total: expected number of optimiser steps, as currently known.
        loss: loss of the latest batch; None where it says nothing.
        policy: a new playable policy, always the best so far; None if there is no new one.
        finding: description of a result, to keep on screen.
        verified: whether playing confirmed the finding; otherwise it is a fact or an assumption.
        returns: returns of episodes that a policy has just played during training.
        tried: candidates that were played so far, best first; empty if unchanged.
    """

    phase: str
    step: int
    total: int
    loss: float | None = None
    policy: LearnedPolicy | None = None
    finding: str = ""
    verified: bool = False
    returns: tuple[float, ...] = ()
    tried: tuple[Tried, ...] = ()


class Algorithm(Protocol):
    """A module that learns from demonstrations, with `Config` and `train`."""

    Config: Any

    @staticmethod
    def train(demos: Demonstrations, config: Any) -> Iterator[Progress]:
        """Train until done or until the caller stops iterating; the last policy is the best."""


def check_teaches(demos: Demonstrations) -> None:
    """Reject data from which nothing can be learned.

    Raises:
        LearningError: nothing can be learned; the message says what to record instead.
    """
    rows = demos.pairs(0)[:, 1]
    if demos.total_steps < 2:
        raise LearningError(tr("One step is too little to learn from. Record a longer episode."))
    if len(rows) == 0:
        raise LearningError(
            tr(
                "Only a policy drove in these episodes, so there are no human actions to learn "
                "from. Record an episode yourself, or take over."
            )
        )
    targets = demos.targets[rows]
    if (targets == targets[0]).all():
        raise LearningError(
            tr(
                "All recorded actions are the same, so there is nothing to learn. Record an "
                "episode that uses other actions."
            )
        )


def make_policy(
    demos: Demonstrations,
    normaliser: Normaliser,
    model: PolicyModel,
    shape: Architecture,
    recipe: dict[str, Any],
    learned: dict[str, Any],
) -> LearnedPolicy:
    """Build a policy that stores everything needed to reproduce it."""
    config = PolicyConfig(
        env_id=demos.env_id,
        observation_space=space_to_json(demos.observation_space),
        action_space=space_to_json(demos.action_space),
        branches=branches_to_json(demos.head),
        model=model.kind,
        shape={name: getattr(shape, name) for name in _SHAPE_FIELDS},
        recipe=recipe,
        learned={"pace_hz": demos.pace_hz} | learned,
        data={
            "dataset_id": demos.dataset_id,
            "episodes": [list(source) for source in demos.sources],
            "used": demos.used if len(demos.used) < demos.count else None,
            "total_steps": int((demos.segments >= 0).sum()),
            "mean_return": float(np.mean(demos.returns[demos.used])),
        },
        versions={"teleop": __version__}
        | {name: version(name) for name in ("torch", "numpy", "gymnasium")},
        factors=demos.encoding.factors,
        words=demos.encoding.words,
        angles=demos.encoding.angles,
        tasks=asdict(demos.encoding.task_inputs) if demos.encoding.task_inputs else {},
    )
    return LearnedPolicy("", config, normaliser, demos.head, model)
