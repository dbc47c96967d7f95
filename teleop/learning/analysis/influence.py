"""The effect of each demonstration on the policy, measured by leaving it out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.data.dataset_reference import DatasetReference, demonstrations_from
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble
from teleop.workers.runners import HERE, Runner, in_order

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


@dataclass(frozen=True, slots=True)
class _Asked:
    """One training: the episodes that it uses, and its seed."""

    source: Demonstrations | DatasetReference
    chosen: tuple[int, ...] | None  # None: all
    known: TunedSettings
    seed: int
    episodes: int


def iter_influence(
    source: Demonstrations | DatasetReference,
    known: TunedSettings,
    seed: int = 0,
    episodes: int = 20,
    runner: Runner = HERE,
) -> Iterator[Influence]:
    """Train with all demonstrations, then without each; all policies play the same starts.

    Training with all is repeated three times: the results vary, and an effect must exceed this
    variation.

    Args:
        source: all demonstrations; a reference if other processes train.
        known: lag, length and size, as found by training on all demonstrations.
        seed: seed of the networks.
        episodes: episodes played by each policy.
        runner: where the policies are trained.

    Raises:
        LearningError: there are fewer than two demonstrations.
        EnvError: the environment cannot be made, or failed.
    """
    demos = demonstrations_from(source)
    used = demos.used
    if len(used) < 2:
        raise LearningError("Leaving one out needs at least two demonstrations. Record another.")
    asked = [_Asked(source, None, known, seed + i, episodes) for i in range(_REPEATS)]
    for index in used:
        rest = tuple(other for other in used if other != index)
        asked.append(_Asked(source, rest, known, seed, episodes))
    found = in_order(runner, _returns, asked)
    wholes = np.stack([next(found) for _ in range(_REPEATS)])
    whole = wholes.mean(axis=0)  # (episodes,)
    luck = float(wholes.mean(axis=1).var(ddof=1)) * (1 + 1 / _REPEATS)
    for index in used:
        apart = whole - next(found)
        error = float(np.sqrt(apart.var(ddof=1) / len(apart) + luck))
        yield Influence(demos.numbers[index], float(apart.mean()), error)


def _returns(asked: _Asked) -> NDArray[np.float64]:
    demos = demonstrations_from(asked.source)
    used = demos if asked.chosen is None else demos.only(asked.chosen)
    policy = fit_ensemble(used, asked.known, asked.seed)
    results = evaluate(demos.env_id, policy, asked.episodes, _TRIAL_SEED)
    return np.array([result.total_reward for result in results])
