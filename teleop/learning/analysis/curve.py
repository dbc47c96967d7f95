"""The learning curve: how good a policy gets with 1, 2, 5, 10… of the demonstrations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from teleop.errors import LearningError
from teleop.evaluation import bootstrap_interval, evaluate
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble

_TRIAL_SEED = 60_000
_MOST_DRAWS = 3  # of different demonstrations for each number


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """How good policies of so many demonstrations are.

    Attributes:
        demonstrations: how many.
        mean: return, over draws of demonstrations and starts.
        low: lower end of the 95 % bootstrap interval of the mean.
        high: its upper end.
        draws: how many times others were drawn.
    """

    demonstrations: int
    mean: float
    low: float
    high: float
    draws: int


def counts_for(total: int) -> list[int]:
    """1, 2, 5, 10, 20, 50… up to all."""
    steps = [m * 10**power for power in range(6) for m in (1, 2, 5)]
    return [count for count in steps if count < total] + [total]


def iter_curve(
    demos: Demonstrations, known: TunedSettings, seed: int = 0, episodes: int = 10
) -> Iterator[CurvePoint]:
    """Train on more and more demonstrations, drawn at random; play each policy.

    Args:
        demos: all of them.
        known: lag, length and size, as the whole training found them.
        seed: of draws and networks.
        episodes: played by each policy.

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
