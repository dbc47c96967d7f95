"""What a training says of itself while it is pulled."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    """Where training is.

    Attributes:
        phase: what is being done, in words.
        step: optimiser steps done, of all phases.
        total: optimiser steps expected in all, as known now.
        loss: of the latest batch; None where it says nothing.
        policy: a playable policy, where there is a new one: always the best so far.
        finding: something found out, in words, to keep on screen.
        verified: the finding was confirmed by playing; others are facts or assumptions.
        returns: of episodes that a policy has just played, in training itself.
        tried: ways to train that were played so far, the best first; empty: as before.
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
    """One file that learns from demonstrations: `Config` and `train`."""

    Config: Any

    @staticmethod
    def train(demos: Demonstrations, config: Any) -> Iterator[Progress]:
        """Learn; stop pulling to stop. The last policy seen is the best so far."""


def check_teaches(demos: Demonstrations) -> None:
    """Refuse data from which nothing can be learned.

    Raises:
        LearningError: with what to record instead.
    """
    rows = demos.pairs(0)[:, 1]
    if demos.total_steps < 2:
        raise LearningError(tr("One step is too little to learn from. Record a longer episode."))
    if len(rows) == 0:
        raise LearningError(
            tr(
                "Nobody but a policy drove in these episodes, so there is nothing to learn from a "
                "person. Record an episode yourself, or take over."
            )
        )
    targets = demos.targets[rows]
    if (targets == targets[0]).all():
        raise LearningError(
            tr(
                "Every recorded action is the same one, so there is nothing to tell apart. Record "
                "an episode in which you act."
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
    """A policy with everything needed to repeat it."""
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
    )
    return LearnedPolicy("", config, normaliser, demos.head, model)
