"""Is policy A better than policy B? Both play the same starts, so their episodes are paired."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from teleop.evaluation import bootstrap_interval
from teleop.success import Result, SuccessRule
from teleop.text import joined, tr

_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """The difference between two policies that played the same starts.

    Attributes:
        first: name of policy A.
        second: name of policy B.
        starts: number of starts that both played.
        difference: mean of A's return minus B's on the same start.
        low: lower end of the 95 % percentile bootstrap interval of this mean (Efron & Tibshirani
            1993, section 13.3), resampled over starts.
        high: upper end of this interval.
        only_first: number of starts on which only A succeeded; None if success is not known.
        only_second: number of starts on which only B succeeded; None if success is not known.
        p_success: two-sided p-value of McNemar's exact test (McNemar 1947) that both succeed
            equally often; None if success is not known.
    """

    first: str
    second: str
    starts: int
    difference: float
    low: float
    high: float
    only_first: int | None = None
    only_second: int | None = None
    p_success: float | None = None

    @property
    def better(self) -> str:
        """The name of the better policy; empty if the starts do not show one.

        The return decides; if its interval contains 0, success does.
        """
        if self.low > 0 or self.high < 0:
            return self.first if self.low > 0 else self.second
        if self.p_success is None or self.p_success >= _LEVEL:
            return ""
        return self.first if (self.only_first or 0) > (self.only_second or 0) else self.second

    @property
    def text(self) -> str:
        """The result as sentences."""
        if self.better:
            worse = self.second if self.better == self.first else self.first
            said = tr("{better} is better than {worse}.", better=self.better, worse=worse)
        else:
            said = tr(
                "{starts} starts do not show which of {first} and {second} is better.",
                starts=self.starts,
                first=self.first,
                second=self.second,
            )
        figures = tr(
            "Return {difference:+.1f} for {first} (95 % interval {low:+.1f} to {high:+.1f}) on the "
            "same {starts} starts.",
            first=self.first,
            difference=self.difference,
            low=self.low,
            high=self.high,
            starts=self.starts,
        )
        return joined(" ", (said, figures, *self._success_words()))

    def _success_words(self) -> tuple[str, ...]:
        if self.p_success is None:
            return ()
        words = tr(
            "On {only_first} of them only {first} succeeds, on {only_second} only {second} "
            "(McNemar p = {p:.2g}).",
            first=self.first,
            only_first=self.only_first,
            second=self.second,
            only_second=self.only_second,
            p=self.p_success,
        )
        return (words,)


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
    known = PairedComparison(first, second, len(pairs), float(gained.mean()), low, high)
    if any(None in pair for pair in judged):
        return known
    only_a = sum(bool(x) and not y for x, y in judged)
    only_b = sum(bool(y) and not x for x, y in judged)
    return PairedComparison(
        first,
        second,
        len(pairs),
        known.difference,
        low,
        high,
        only_a,
        only_b,
        mcnemar(only_a, only_b),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: a binomial test with p = 1/2.

    Args:
        only_first: number of pairs with success on the first side alone.
        only_second: number of pairs with success on the second side alone.
    """
    total, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(total, k) for k in range(fewer + 1)) / 2.0**total
    return min(1.0, 2.0 * tail)
