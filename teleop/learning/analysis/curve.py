"""The learning curve: returns of policies trained on 1, 2, 5, 10… demonstrations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from teleop.errors import LearningError
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import evaluate
from teleop.learning.data.dataset_reference import DatasetReference, demonstrations_from
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble
from teleop.workers.runners import HERE, Runner, in_order

_TRIAL_SEED = 60_000
_MOST_DRAWS = 3  # random subsets for each number of demonstrations


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Return of the policies trained on a number of demonstrations.

    Attributes:
        demonstrations: number of demonstrations.
        mean: mean return over subsets of demonstrations and starts.
        low: lower end of the 95 % bootstrap interval of the mean.
        high: upper end of this interval.
        draws: number of random subsets.
    """

    demonstrations: int
    mean: float
    low: float
    high: float
    draws: int


def counts_for(total: int) -> list[int]:
    """Return 1, 2, 5, 10, 20, 50… up to the total."""
    steps = [m * 10**power for power in range(6) for m in (1, 2, 5)]
    return [count for count in steps if count < total] + [total]


@dataclass(frozen=True, slots=True)
class _Draw:
    """One random subset of the demonstrations."""

    source: Demonstrations | DatasetReference
    chosen: tuple[int, ...]
    known: TunedSettings
    seed: int
    episodes: int


def iter_curve(
    source: Demonstrations | DatasetReference,
    known: TunedSettings,
    seed: int = 0,
    episodes: int = 10,
    runner: Runner = HERE,
) -> Iterator[CurvePoint]:
    """Train on growing random subsets of the demonstrations, and play each policy.

    Args:
        source: all demonstrations; a reference if other processes train.
        known: lag, length and size, as found by training on all demonstrations.
        seed: seed of subsets and networks.
        episodes: episodes played by each policy.
        runner: where the policies are trained.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    rng = np.random.default_rng(seed)
    used = demonstrations_from(source).used
    counts = counts_for(len(used))
    draws = [1 if count == len(used) else _MOST_DRAWS for count in counts]
    asked = [
        _Draw(source, tuple(rng.permutation(used)[:count].tolist()), known, seed, episodes)
        for count, times in zip(counts, draws, strict=True)
        for _ in range(times)
    ]
    found = in_order(runner, _play, asked)
    for count, times in zip(counts, draws, strict=True):
        returns = [each for _ in range(times) for each in next(found)]
        if returns:
            low, high = bootstrap_interval(np.array(returns))
            yield CurvePoint(count, float(np.mean(returns)), low, high, times)


def _play(draw: _Draw) -> list[float]:
    """Train one policy and return its returns; none if nothing can be learned from the subset."""
    demos = demonstrations_from(draw.source)
    try:
        policy = fit_ensemble(demos.only(draw.chosen), draw.known, draw.seed)
    except LearningError:
        return []
    results = evaluate(demos.env_id, policy, draw.episodes, _TRIAL_SEED)
    return [float(result.total_reward) for result in results]
