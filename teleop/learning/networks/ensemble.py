"""Train an ensemble on demonstrations with settings that are already known."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.networks.architecture import Architecture
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import make_policy
from teleop.learning.tuning.candidates import Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice
from teleop.learning.tuning.held_out import USUAL_STEPS


@dataclass(frozen=True, slots=True)
class TunedSettings:
    """Settings that another training run has found, or the defaults.

    Attributes:
        lag: lag in steps, for all episodes or for each.
        steps: optimiser steps per network.
        members: number of networks.
        shape: architecture of each network.
    """

    lag: Lag = 0
    steps: int = USUAL_STEPS
    members: int = 3
    shape: Architecture = field(default_factory=Architecture)


def iter_ensemble(
    demos: Demonstrations, known: TunedSettings, seed: int
) -> Iterator[LearnedPolicy | None]:
    """Train the networks one after another.

    Yields:
        None ten times per network; after each network, a policy of all networks so far.
    """
    basis = Basis(demos, seed, lengths=(known.steps,))
    networks = Networks(basis, TrainingChoice(known.lag, shape=known.shape))
    for members in range(1, known.members + 1):
        done, told = 0, 0
        for count, _ in networks.iter_train(known.steps, members):
            done += count
            while told < min(10, 10 * done // known.steps):
                told += 1
                yield None
        model = networks.model(known.steps, members)
        learned = {"steps": known.steps} | _lags_learned(demos, known.lag)
        recipe = {"algorithm": "ensemble", "seed": seed, "members": members}
        yield make_policy(demos, networks.normaliser, model, known.shape, recipe, learned)


def _lags_learned(demos: Demonstrations, lag: Lag) -> dict[str, Any]:
    """Return the lag as a policy stores it: one number, and one for each file if they differ."""
    if isinstance(lag, int):
        return {"lag_steps": lag}
    files = [file for file, _ in demos.sources]
    by_file = dict(zip(files, lag, strict=False))
    return {"lag_steps": round(float(np.mean(lag))), "lag_by_episode": by_file}


def fit_ensemble(demos: Demonstrations, known: TunedSettings, seed: int) -> LearnedPolicy:
    """Return the last policy of `iter_ensemble`."""
    *_, policy = iter_ensemble(demos, known, seed)
    if policy is None:
        raise ValueError("no networks were asked for")
    return policy
