"""Error against time: how far from the demonstrated states a policy is, step by step.

Ross & Bagnell 2010, "Efficient Reductions for Imitation Learning", section 2: the cost of a clone
may grow with the square of the horizon, because its errors lead to states where it errs more. With
DAgger it grows linearly (Ross et al. 2011, section 3). All rounds are measured against the states
that the first one learned from, on the same starts.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import FIRST_SEED
from teleop.evaluation.success import SuccessRule
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.runs import Run, inputs_of, play_run
from teleop.learning.policy import LearnedPolicy
from teleop.types.findings import ErrorGrowth

RUNS = 20
_POINTS = 60


def iter_growth(
    policies: Sequence[LearnedPolicy],
    known: KnownStates,
    first: LearnedPolicy,
    rule: SuccessRule,
    runs: int = RUNS,
) -> Iterator[tuple[int, int, tuple[ErrorGrowth, ...]]]:
    """Play each policy; yield (runs played, in all, what is known so far).

    Args:
        policies: the rounds, oldest first.
        known: the states that the first round learned from.
        first: the policy of the first round, which defines the distance.
        rule: when an episode counts as a success.
        runs: number of starts.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    total, found = runs * len(policies), list[ErrorGrowth]()
    for number, policy in enumerate(policies):
        played: list[Run] = []
        for start in range(runs):
            run = play_run(policy, known, FIRST_SEED + start, rule)
            if policy is not first and run.steps:
                encoding = first.encoding
                rows = [(encoding.row(o), encoding.small_pictures(o)) for o in run.observations]
                run.distances, run.nearest = known.measure_many(inputs_of(rows))
            played.append(run)
            yield number * runs + start + 1, total, tuple(found)
        found.append(growth_of(policy.name, played, float(known.pace_hz)))
        yield (number + 1) * runs, total, tuple(found)


def growth_of(name: str, played: Sequence[Run], pace_hz: float) -> ErrorGrowth:
    """Return the mean distance at each of at most 60 times, over the runs that still go on."""
    longest = max(run.steps for run in played)
    steps = np.unique(np.linspace(0, longest - 1, min(longest, _POINTS)).astype(int))
    rows = []
    for step in steps:
        values = np.array([run.distances[step] for run in played if run.steps > step])
        low, high = bootstrap_interval(values) if len(values) > 1 else (values[0], values[0])
        time = step / pace_hz if pace_hz else float(step)
        rows.append((float(time), float(values.mean()), float(low), float(high), len(values)))
    judged = [run.success for run in played]
    rate = None if None in judged else float(np.mean(np.array(judged, np.bool_)))
    return ErrorGrowth(name, len(played), rate, tuple(rows), turn_based=not pace_hz)
