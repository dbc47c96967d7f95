"""Nearest neighbour: a baseline that repeats the action of the most similar step.

Cover & Hart 1967, "Nearest Neighbor Pattern Classification"; for imitation: Pari et al. 2022, "The
Surprising Effectiveness of Representation Learning for Visual Imitation", section 3.3.
    a = vote of a_i over the k steps with the smallest |normalised o - normalised o_i|
Deviation: the person's lag is corrected as in behavioural cloning (`lag_search`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.policy_models import Nearest, flattened
from teleop.learning.progress import Progress, check_teaches, make_policy
from teleop.learning.tuning.lag_search import default_lag
from teleop.text import tr

SUMMARY = "Nearest neighbour: the honest baseline"
_MOST_NUMBERS = 50_000_000  # stored in total; more would make every step slow


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of the nearest neighbour algorithm.

    Attributes:
        seed: selects the steps that are kept if there are too many.
        count: number of steps that vote.
        lag_steps: lag in steps; None uses 100 ms for people.
    """

    seed: int = 0
    count: int = 5
    lag_steps: int | None = None


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Store all steps.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    check_teaches(demos)
    lag = default_lag(demos) if config.lag_steps is None else config.lag_steps
    pairs = demos.pairs(lag)
    if len(pairs) == 0:
        lag, pairs = 0, demos.pairs(0)
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    width = flattened(*_seen(demos, normaliser, pairs[:1, 0])).shape[1]
    most = max(1, _MOST_NUMBERS // width)
    if len(pairs) > most:
        drawn = np.random.default_rng(config.seed).choice(len(pairs), most, replace=False)
        pairs = pairs[np.sort(drawn)]
    seen = flattened(*_seen(demos, normaliser, pairs[:, 0]))
    model = Nearest(seen, demos.targets[pairs[:, 1]], demos.head, config.count)
    recipe = {"algorithm": "nearest"} | asdict(config)
    learned = {"lag_steps": lag, "count": model.count}
    policy = make_policy(demos, normaliser, model, Architecture(), recipe, learned)
    finding = tr(
        "{pairs:,} steps stored, {count} nearest used", pairs=len(pairs), count=model.count
    )
    yield Progress(tr("Storing"), 1, 1, policy=policy, finding=finding)


def _seen(demos: Demonstrations, normaliser: Normaliser, rows: np.ndarray) -> tuple:  # type: ignore[type-arg]
    chosen = demos.inputs[rows]
    return normaliser(chosen.vector), chosen.pictures
