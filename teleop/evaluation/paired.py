"""Is policy A better than policy B? Both play the same starts, so their episodes are paired."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.success import Result, SuccessRule
from teleop.types.results import PairedComparison


def compare_results(
    first: str,
    a: Sequence[Result],
    second: str,
    b: Sequence[Result],
    rule: SuccessRule,
) -> PairedComparison:
    """Compare two policies on the starts that both played.

    Args:
        first: name of policy A.
        a: its episodes.
        second: name of policy B.
        b: its episodes.
        rule: when an episode counts as a success.

    Raises:
        ValueError: no start was played by both.
    """
    by_seed = {result.seed: result for result in b}
    pairs = [(result, by_seed[result.seed]) for result in a if result.seed in by_seed]
    if not pairs:
        raise ValueError("the two policies played no common start")
    gained = np.array([x.total_reward - y.total_reward for x, y in pairs])
    low, high = bootstrap_interval(gained)
    judged = [(rule.judge(x), rule.judge(y)) for x, y in pairs]
    found = PairedComparison(first, second, len(pairs), float(gained.mean()), low, high)
    if any(None in pair for pair in judged):
        return found
    only_a = sum(bool(x) and not y for x, y in judged)
    only_b = sum(bool(y) and not x for x, y in judged)
    p = mcnemar(only_a, only_b)
    return replace(found, only_first=only_a, only_second=only_b, p_success=p)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: a binomial test with p = 1/2.

    Args:
        only_first: number of pairs with success on the first side alone.
        only_second: number of pairs with success on the second side alone.
    """
    total, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(total, k) for k in range(fewer + 1)) / 2.0**total
    return min(1.0, 2.0 * tail)
