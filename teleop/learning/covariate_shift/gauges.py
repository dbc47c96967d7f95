"""Gauges of a driving policy: is it about to fail? Each says how often it was right before.

Two gauges, as in Menda et al. 2019, "EnsembleDAgger: A Bayesian Approach to Safe Imitation
Learning", section III: the disagreement of the ensemble ("doubt") and the distance to the
demonstrated states ("discrepancy" there is to the expert's action, which nobody knows at play).
Both are averaged over a quarter of a second.

A gauge warns in a run if it exceeds its threshold at any step. Its hit rate is the share of failed
runs in which it warns, its false-alarm rate the share of successful runs in which it warns. The
threshold is chosen on some runs (the largest difference of the two rates; Youden 1950, "Index for
rating diagnostic tests"), and the rates are measured on other runs.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.evaluation.intervals import wilson_interval
from teleop.evaluation.success import SuccessRule
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.runs import Run, play_run
from teleop.learning.policy import LearnedPolicy
from teleop.text import tr
from teleop.types.findings import Gauge, GaugeRates

FIRST_SEED = 120_000  # far from the seeds that score, choose or train
RUNS = 60
_WINDOW_S = 0.25
_USUAL = 95.0  # percentile
_FEWEST = 3  # failed and successful runs that say something about a rate


def smoothed(values: NDArray[np.float64], pace_hz: float) -> NDArray[np.float64]:
    """Return the mean of each value and those before it within a quarter of a second: (T,)."""
    width = window(pace_hz)
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - width)
    return np.asarray((sums[ends] - sums[begins]) / (ends - begins))


def window(pace_hz: float) -> int:
    """Return the number of steps in a quarter of a second; 1 if turn-based."""
    return max(1, round(_WINDOW_S * pace_hz))


def iter_measure(
    policy: LearnedPolicy, known: KnownStates, rule: SuccessRule, runs: int = RUNS
) -> Iterator[tuple[int, tuple[Gauge, ...]]]:
    """Play a policy and measure its gauges; yield (runs played, gauges), which are empty at first.

    Every other run chooses the thresholds, the rest measures the rates.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    played: list[Run] = []
    for number in range(runs):
        played.append(play_run(policy, known, FIRST_SEED + number, rule))
        yield number + 1, ()
    yield runs, measured(played, float(policy.config.learned.get("pace_hz") or 0.0))


def measured(played: Sequence[Run], pace_hz: float) -> tuple[Gauge, ...]:
    """Return the gauges from runs: every other one chooses the thresholds.

    Runs that nothing judges are left out, unless there are no others. Then the thresholds are the
    usual ones, and no rate is known.
    """
    played = [run for run in played if run.success is not None] or played
    found = []
    for name in ("distance", "disagreement"):
        series = [smoothed(_values(run, name), pace_hz) for run in played]
        highest = np.array([float(s.max(initial=0.0)) for s in series])
        failed = np.array([run.success is False for run in played], np.bool_)
        threshold = _best_threshold(highest[::2], failed[::2])
        if threshold is None:
            threshold = _usual_limit(played, series, name)
        rates = rates_of(highest[1::2], failed[1::2], threshold)
        if played[0].success is None:
            rates = GaugeRates(0, 0, 0, 0)
        lead = _lead_s(series[1::2], failed[1::2], threshold, pace_hz)
        found.append(Gauge(name, threshold, rates, lead))
    return tuple(found)


def rates_of(
    highest: NDArray[np.float64], failed: NDArray[np.bool_], threshold: float
) -> GaugeRates:
    """Return hit and false-alarm counts of a threshold over runs with these highest values."""
    warned = highest > threshold
    return GaugeRates(
        hits=int((warned & failed).sum()),
        failures=int(failed.sum()),
        false_alarms=int((warned & ~failed).sum()),
        successes=int((~failed).sum()),
    )


def is_rated(gauge: Gauge) -> bool:
    """Return whether there were enough failed and successful runs to rate a gauge."""
    return min(gauge.rates.failures, gauge.rates.successes) >= _FEWEST


def gauge_words(gauge: Gauge) -> str:
    """Return how reliable a gauge was, as a sentence."""
    rates = gauge.rates
    if not rates.failures + rates.successes:
        return tr("Not known: nothing tells whether a run was a success")
    if not is_rated(gauge):
        return tr(
            "Not known: {failures} of {runs} runs failed; both kinds are needed",
            failures=rates.failures,
            runs=rates.failures + rates.successes,
        )
    hit = wilson_interval(rates.hits, rates.failures)
    false = wilson_interval(rates.false_alarms, rates.successes)
    return tr(
        "Warned in {hits} of {failures} failed runs ({hit_low:.0%} to {hit_high:.0%}) and in "
        "{false} of {successes} successful ones ({false_low:.0%} to {false_high:.0%})",
        hits=rates.hits,
        failures=rates.failures,
        hit_low=hit[0],
        hit_high=hit[1],
        false=rates.false_alarms,
        successes=rates.successes,
        false_low=false[0],
        false_high=false[1],
    )


class GaugeReader:
    """Reads the gauges of a policy while it drives."""

    def __init__(self, known: KnownStates, pace_hz: float) -> None:
        self._known = known
        width = window(pace_hz)
        self._distances: deque[float] = deque(maxlen=width)
        self._doubts: deque[float] = deque(maxlen=width)

    def forget(self) -> None:
        """Begin a new episode."""
        self._distances.clear()
        self._doubts.clear()

    def read(self, observation: Any, policy: LearnedPolicy) -> dict[str, float]:
        """Return the value of each gauge, after the policy has acted on an observation."""
        self._distances.append(self._known.measure(observation)[0])
        self._doubts.append(policy.disagreement())
        return {
            "distance": sum(self._distances) / len(self._distances),
            "disagreement": sum(self._doubts) / len(self._doubts),
        }


def gauges_to_json(gauges: Sequence[Gauge]) -> list[dict[str, Any]]:
    """Return gauges as JSON-able data."""
    return [asdict(gauge) for gauge in gauges]


def gauges_from_json(data: Any) -> tuple[Gauge, ...]:
    """Return stored gauges; those that are damaged are left out."""
    found = []
    for item in data if isinstance(data, list) else ():
        try:
            rates = GaugeRates(**{key: int(item["rates"][key]) for key in _RATES})
            lead = None if item["lead_s"] is None else float(item["lead_s"])
            threshold = float(item["threshold"])
            if not np.isfinite(threshold) or min(asdict(rates).values()) < 0:
                continue
            found.append(Gauge(str(item["name"]), threshold, rates, lead))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return tuple(gauge for gauge in found if gauge.name in ("distance", "disagreement"))


_RATES = tuple(GaugeRates.__dataclass_fields__)


def _values(run: Run, name: str) -> NDArray[np.float64]:
    return run.distances if name == "distance" else run.disagreements


def _best_threshold(highest: NDArray[np.float64], failed: NDArray[np.bool_]) -> float | None:
    """Return the threshold with the largest difference of hit and false-alarm rate.

    None if all runs failed, or none did: they do not show what warns of a failure.
    """
    if failed.all() or not failed.any():
        return None
    values = np.unique(highest)
    limits = np.concatenate([[values[0] / 2], (values[:-1] + values[1:]) / 2])
    gains = [
        float((highest[failed] > limit).mean() - (highest[~failed] > limit).mean())
        for limit in limits
    ]
    best = max(gains)
    good = [limit for limit, gain in zip(limits, gains, strict=True) if gain >= best - 1e-9]
    return float(np.median(good))


def _usual_limit(played: Sequence[Run], series: Sequence[NDArray[np.float64]], name: str) -> float:
    """Return the end of what is usual near demonstrated states."""
    if name == "distance":
        return 1.0
    near = [values[run.distances <= 1] for run, values in zip(played, series, strict=True)]
    known = np.concatenate(near) if sum(map(len, near)) else np.concatenate(series)
    return float(np.percentile(known, _USUAL)) if len(known) else 0.0


def _lead_s(
    series: Sequence[NDArray[np.float64]],
    failed: NDArray[np.bool_],
    threshold: float,
    pace_hz: float,
) -> float | None:
    """Return the median time from the first warning to the end of a failed run, in seconds."""
    leads = [
        len(values) - int(np.flatnonzero(values > threshold)[0])
        for values, fails in zip(series, failed, strict=True)
        if fails and (values > threshold).any()
    ]
    if not leads or not pace_hz:
        return None
    return float(np.median(leads)) / pace_hz
