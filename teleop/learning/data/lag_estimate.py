"""Quick estimate of a person's reaction time in one episode, by least squares, without torch.

The actions are predicted from earlier observations, for every delay up to 0.4 s; the delay that
explains most is the reaction time. If one episode is not enough, there is no estimate. Training
finds the delay from all episodes together, by held-out loss (`tuning.lag_search`).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST_S = 0.4
_LEAST_STEPS = 120
_CLEAR = 0.01  # share of the variance by which the best delay must beat no delay
_RIDGE = 1e-2

Rows = NDArray[np.float64]


def reaction_s(observations: Any, actions: Any, pace_hz: float) -> float | None:
    """Return the person's delay in seconds; None if the episode is not enough.

    Args:
        observations: (T+1, D) numbers.
        actions: (T,) choices, or (T, A) numbers.
        pace_hz: steps per second.
    """
    seen = np.asarray(observations, dtype=np.float64)
    done = _targets(np.asarray(actions))
    steps = len(done)
    if seen.ndim != 2 or steps < _LEAST_STEPS or pace_hz <= 0 or seen.shape[1] > 64:
        return None
    if done.std(axis=0).max() == 0:
        return None
    longest = math.ceil(_LONGEST_S * pace_hz)
    if steps <= 2 * longest:
        return None
    features = quadratic_features(seen[:-1])
    late = done[longest:]
    explained = [
        explained_share(features[longest - d : steps - d], late) for d in range(longest + 1)
    ]
    best = int(np.argmax(explained))
    if explained[best] - explained[0] < _CLEAR or best == longest:
        return None
    return best / pace_hz


def _targets(actions: NDArray[Any]) -> Rows:
    """Return one column per choice, or the numbers unchanged: (T, A)."""
    if actions.ndim == 1 and actions.dtype.kind in "iu":
        return np.asarray(actions[:, None] == np.unique(actions), dtype=np.float64)
    return actions.reshape(len(actions), -1).astype(np.float64)


def quadratic_features(seen: Rows) -> Rows:
    """Return 1, the standardised numbers, and their products with the first eight: (T, F)."""
    scaled = (seen - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-6)
    products = [scaled[:, i : i + 1] * scaled[:, i:] for i in range(min(8, scaled.shape[1]))]
    return np.hstack([np.ones((len(scaled), 1)), scaled, *products])


def explained_share(features: Rows, done: Rows) -> float:
    """Return the share of the variance of `done` that the features explain."""
    gram = features.T @ features + _RIDGE * len(features) * np.eye(features.shape[1])
    fitted = features @ np.linalg.solve(gram, features.T @ done)
    spread = ((done - done.mean(axis=0)) ** 2).sum()
    return float(1 - ((done - fitted) ** 2).sum() / spread)
