"""The effect of each demonstration on the policy, measured by leaving it out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble

_TRIAL_SEED = 70_000
_CLEAR = 2.0  # standard errors
_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Influence:
    """The effect of one demonstration on the policy.

    Attributes:
        number: number of the episode.
        effect: mean return with the demonstration minus mean return without it.
        error: standard error of the effect, from the starts and from training itself.
    """

    number: int
    effect: float
    error: float

    @property
    def verdict(self) -> str:
        """Whether the demonstration helps or hurts, as text."""
        if abs(self.effect) < _CLEAR * self.error or self.error == 0 == self.effect:
            return "cannot tell"
        return "helps" if self.effect > 0 else "hurts"


def iter_influence(
    demos: Demonstrations, known: TunedSettings, seed: int = 0, episodes: int = 20
) -> Iterator[Influence]:
    """Train with all demonstrations, then without each; all policies play the same starts.

    Training with all is repeated three times: the results vary, and an effect must exceed this
    variation.

    Raises:
        LearningError: there are fewer than two demonstrations.
        EnvError: the environment cannot be made, or failed.
    """
    used = demos.used
    if len(used) < 2:
        raise LearningError("Leaving one out needs at least two demonstrations. Record another.")
    wholes = np.stack([_returns(demos, known, seed + i, episodes) for i in range(_REPEATS)])
    whole = wholes.mean(axis=0)  # (episodes,)
    luck = float(wholes.mean(axis=1).var(ddof=1)) * (1 + 1 / _REPEATS)
    for index in used:
        rest = demos.only([other for other in used if other != index])
        apart = whole - _returns(rest, known, seed, episodes)
        error = float(np.sqrt(apart.var(ddof=1) / len(apart) + luck))
        yield Influence(demos.numbers[index], float(apart.mean()), error)


def _returns(
    demos: Demonstrations, known: TunedSettings, seed: int, episodes: int
) -> NDArray[np.float64]:
    policy = fit_ensemble(demos, known, seed)
    results = evaluate(demos.env_id, policy, episodes, _TRIAL_SEED)
    return np.array([result.total_reward for result in results])
