"""How late the person's hands were: found from the data by held-out loss.

A person answers what they saw 150 to 250 ms ago. Training on (seen at t, done at t + lag) undoes
that: 25 keyboard demonstrations of LunarLander gave 242 instead of 188. With ten or more episodes
the lag is the shift with the lowest held-out loss between 0 and 250 ms; with fewer it is 100 ms.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from teleop.learning.demonstrations import Demonstrations
from teleop.learning.fit import FitConfig, fit_network, held_out_loss
from teleop.learning.policy import Normaliser

ENOUGH_EPISODES = 10
USUAL_S = 0.1
LONGEST_S = 0.25
_FOLDS = 2
_FIT = FitConfig(hidden=(64, 64), batch=256, steps=150)


@dataclass(frozen=True, slots=True)
class LagGuess:
    """One shift that was tried.

    Attributes:
        lag: steps.
        loss: held out, mean over folds.
    """

    lag: int
    loss: float


def usual_lag(demos: Demonstrations) -> int:
    """The lag to use without looking: 100 ms for people, none for scripts and turn-based play."""
    return round(USUAL_S * demos.pace_hz) if demos.delayed else 0


def iter_lags(demos: Demonstrations, seed: int) -> Iterator[LagGuess]:
    """Try every shift from 0 to 250 ms, on the same moments each time.

    Args:
        demos: at least `ENOUGH_EPISODES`.
        seed: of folds and networks.
    """
    longest = round(LONGEST_S * demos.pace_hz)
    long_enough = [i for i, e in enumerate(demos.episodes) if len(e.rows) > 2 * longest + 1]
    order = np.random.default_rng(seed).permutation(long_enough)
    folds = [part.tolist() for part in np.array_split(order, _FOLDS)]
    if any(not fold for fold in folds):
        return
    for lag in range(longest + 1):
        losses = []
        for held in folds:
            fitted = [int(i) for i in order if i not in held]
            rows, targets = demos.pairs(lag, fitted)
            normaliser = Normaliser.of(rows)
            *_, (_, _, network) = fit_network(normaliser(rows), targets, demos.head, _FIT, seed)
            rows, targets = demos.pairs(lag, held)
            losses.append(held_out_loss(network, normaliser(rows), targets, demos.head))
        yield LagGuess(lag, float(np.mean(losses)))


def best_lag(guesses: list[LagGuess]) -> int:
    """The shift with the lowest held-out loss."""
    return min(guesses, key=lambda guess: guess.loss).lag
