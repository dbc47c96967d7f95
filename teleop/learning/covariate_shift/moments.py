"""Which five seconds to record next: moments from which a policy's runs go wrong.

A moment is a step of a run that the policy played, one second before its gauges first warn. Each is
rated by

    coverage      distance to the demonstrated states in the five seconds that follow (at most 3)
    disagreement  of the networks in them, by rank
    influence     share of failed runs that pass near it, so that it matters often

Moments are chosen one after another; each chosen one makes those near it less worth recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.learning.covariate_shift.gauges import smoothed
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.runs import Run, inputs_of
from teleop.learning.data.inputs import Inputs
from teleop.learning.policy import LearnedPolicy
from teleop.types.findings import Gauge

PIECE_S = 5.0
_EARLIER_S = 1.0
_MOST_DISTANCE = 3.0
_NEAR = 2.0  # usual distances within which another run passes near a moment
_FAILED, _PASSED = 1.0, 0.2  # weights of moments in failed and successful runs
_PER_RUN = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment from which to record.

    Attributes:
        run: index of the run.
        seed: seed of the run.
        step: steps of the run before the moment.
        coverage: mean distance to the demonstrated states in the following five seconds.
        disagreement: mean rank (0..1) of the disagreement in them.
        influence: share of failed runs that pass near it.
    """

    run: int
    seed: int
    step: int
    coverage: float
    disagreement: float
    influence: float


def propose(
    runs: Sequence[Run],
    policy: LearnedPolicy,
    known: KnownStates,
    gauges: Sequence[Gauge],
    count: int = 3,
) -> list[Moment]:
    """Return the moments most worth recording from, the best first.

    Args:
        runs: runs of the policy.
        policy: the policy.
        known: the states that it learned from.
        gauges: its gauges; without any, their usual limits.
        count: number of moments.
    """
    pace = known.pace_hz or 1.0
    limits = {gauge.name: gauge.threshold for gauge in gauges}
    ranks = _ranks(runs)
    paths = [known.features(_inputs(policy, run)) for run in runs]
    candidates = [
        _moment(number, run, step, ranks[number], paths, runs, known, pace)
        for number, run in enumerate(runs)
        for step in _starts(run, limits, pace)
    ]
    return _spread(candidates, paths, runs, known.usual, count)


def _starts(run: Run, limits: dict[str, float], pace: float) -> list[int]:
    """Return the steps of a run from which a piece may begin."""
    warns = smoothed(run.distances, pace) > limits.get("distance", 1.0)
    doubt = limits.get("disagreement", np.inf)
    warns |= smoothed(run.disagreements, pace) > doubt
    places = np.flatnonzero(warns)
    back, after = round(_EARLIER_S * pace), -1
    found: list[int] = []
    for place in places:
        if place > after and len(found) < _PER_RUN:
            found.append(max(0, int(place) - back))
            after = int(place) + round(PIECE_S * pace)
    return found or [int(np.argmax(run.disagreements))] if run.steps else []


def _ranks(runs: Sequence[Run]) -> list[NDArray[np.float64]]:
    """Return the rank, 0..1, of each step's disagreement among all steps of all runs."""
    every = np.concatenate([run.disagreements for run in runs])
    ordered = np.sort(every)
    most = max(1, len(every))
    return [np.searchsorted(ordered, run.disagreements, side="left") / most for run in runs]


def _inputs(policy: LearnedPolicy, run: Run) -> Inputs:
    encoding = policy.encoding
    return inputs_of([(encoding.row(o), encoding.small_pictures(o)) for o in run.observations])


def _moment(
    number: int,
    run: Run,
    step: int,
    ranks: NDArray[np.float64],
    paths: Sequence[NDArray[np.float32]],
    runs: Sequence[Run],
    known: KnownStates,
    pace: float,
) -> Moment:
    length = max(1, round(PIECE_S * pace))
    piece = slice(step, step + length)
    here = paths[number][step]
    near = [
        float(np.linalg.norm(path - here, axis=1).min()) <= _NEAR * known.usual
        for path, other in zip(paths, runs, strict=True)
        if other.success is False
    ]
    return Moment(
        run=number,
        seed=run.seed,
        step=step,
        coverage=float(np.minimum(run.distances[piece], _MOST_DISTANCE).sum()) / length,
        disagreement=float(ranks[piece].sum()) / length,
        influence=float(np.mean(near)) if near else 0.0,
    )


def _spread(
    candidates: list[Moment],
    paths: Sequence[NDArray[np.float32]],
    runs: Sequence[Run],
    usual: float,
    count: int,
) -> list[Moment]:
    """Choose moments one after another, far from each other."""
    worth = np.array([_worth(moment, runs) for moment in candidates])
    places = [paths[moment.run][moment.step] for moment in candidates]
    chosen: list[Moment] = []
    while len(chosen) < min(count, len(candidates)):
        best = int(worth.argmax())
        chosen.append(candidates[best])
        worth[best] = -np.inf
        for index, place in enumerate(places):
            apart = float(np.linalg.norm(place - places[best])) / max(usual, 1e-9)
            worth[index] *= 1 - 0.8 * np.exp(-((apart / 2) ** 2)) if worth[index] > 0 else 1.0
    return chosen


def _worth(moment: Moment, runs: Sequence[Run]) -> float:
    weight = _PASSED if runs[moment.run].success else _FAILED
    return weight * (moment.coverage / _MOST_DISTANCE + moment.disagreement + moment.influence)
