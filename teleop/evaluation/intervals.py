"""95 % intervals of means and of shares."""

import math

import numpy as np
from numpy.typing import NDArray

_Z = 1.959964  # standard normal quantile for 95 %
_DRAWS, _NESTED_DRAWS = 10_000, 2_000


def bootstrap_interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (Efron & Tibshirani 1993, section 13.3).

    Args:
        values: (n,) numbers.
        seed: seed of the 10,000 resamples.
    """
    draws = np.random.default_rng(seed).integers(len(values), size=(_DRAWS, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def nested_interval(table: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of several runs.

    Runs are drawn first, then starts within each (Davison & Hinkley 1997, section 3.8).

    Args:
        table: (runs, starts) numbers.
        seed: seed of the 2,000 resamples.
    """
    rng = np.random.default_rng(seed)
    runs, starts = table.shape
    drawn = rng.integers(runs, size=(_NESTED_DRAWS, runs))
    within = rng.integers(starts, size=(_NESTED_DRAWS, runs, starts))
    means = table[drawn[:, :, None], within].mean(axis=(1, 2))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def nested_share(good: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a share and its 95 % interval over several runs, never narrower than Wilson's.

    Args:
        good: (runs, starts) 1 where a run succeeded from a start, else 0.
    """
    low, high = nested_interval(good)
    least, most = wilson_interval(int(good.sum()), good.size)
    return float(good.mean()), min(low, least), max(high, most)


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, "Probable inference", equation 5)."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = count / total, _Z**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)
