"""The learning curve: returns of policies trained on 1, 2, 5, 10… demonstrations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from teleop.errors import LearningError
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import evaluate
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble

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


def iter_curve(
    demos: Demonstrations, known: TunedSettings, seed: int = 0, episodes: int = 10
) -> Iterator[CurvePoint]:
    """Train on growing random subsets of the demonstrations, and play each policy.

    Args:
        demos: all demonstrations.
        known: lag, length and size, as found by training on all demonstrations.
        seed: seed of subsets and networks.
        episodes: episodes played by each policy.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    rng = np.random.default_rng(seed)
    used = demos.used
    for count in counts_for(len(used)):
        draws = 1 if count == len(used) else _MOST_DRAWS
        returns: list[float] = []
        for _ in range(draws):
            chosen = rng.permutation(used)[:count].tolist()
            try:
                policy = fit_ensemble(demos.only(chosen), known, seed)
            except LearningError:
                continue
            returns += [
                r.total_reward for r in evaluate(demos.env_id, policy, episodes, _TRIAL_SEED)
            ]
        if returns:
            low, high = bootstrap_interval(np.array(returns))
            yield CurvePoint(count, float(np.mean(returns)), low, high, draws)
