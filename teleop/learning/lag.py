"""How late the person's hands were: found from the data by held-out loss.

A person answers what they saw 150 to 250 ms ago. Training on (seen at t, done at t + lag) undoes
that: 25 keyboard demonstrations of LunarLander gave 242 instead of 188. With ten or more episodes
the lag is the shift with the lowest held-out loss between 0 and 250 ms; with fewer it is 100 ms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.learning.demonstrations import Demonstrations
from teleop.learning.fit import Fit, FitConfig
from teleop.learning.normaliser import Normaliser
from teleop.learning.shape import Shape

ENOUGH_EPISODES = 10
USUAL_S = 0.1
LONGEST_S = 0.25
UNSURE = "unsure: the usual is taken"
_FOLDS = 2
_FIT = FitConfig(Shape(hidden=(64, 64)), batch=256, steps=150)
_MOST_ROWS = 200_000  # of each fold: more say the same, later


@dataclass(frozen=True, slots=True)
class LagGuess:
    """One shift that was tried.

    Attributes:
        lag: steps.
        loss: held out, mean over folds.
        folds: held out, of each fold.
    """

    lag: int
    loss: float
    folds: tuple[float, ...]


def usual_lag(demos: Demonstrations) -> int:
    """The lag to use without looking: 100 ms for people, none for scripts and turn-based play."""
    return round(USUAL_S * demos.pace_hz) if demos.delayed else 0


def can_find(demos: Demonstrations) -> bool:
    """There are hands that may be late, and episodes enough to say how late."""
    enough = len(demos.used) >= ENOUGH_EPISODES
    return demos.delayed and demos.pace_hz > 0 and enough and not demos.encoding.pictures


def iter_lags(demos: Demonstrations, seed: int) -> Iterator[LagGuess]:
    """Try every shift from 0 to 250 ms, on the same moments each time.

    Args:
        demos: such that `can_find`.
        seed: of folds and networks.
    """
    longest = round(LONGEST_S * demos.pace_hz)
    long_enough = [i for i in demos.used if len(demos.pairs(longest, [i])) > longest]
    order = np.random.default_rng(seed).permutation(long_enough)
    folds = [part.tolist() for part in np.array_split(order, _FOLDS)]
    if any(not fold for fold in folds):
        return
    answered = np.zeros(demos.total_steps, np.bool_)
    answered[demos.pairs(longest)[:, 1]] = True  # what every shift can explain
    for lag in range(longest + 1):
        losses = [_held_out(demos, lag, answered, order.tolist(), fold, seed) for fold in folds]
        yield LagGuess(lag, float(np.mean(losses)), tuple(losses))


def best_lag(demos: Demonstrations, guesses: Sequence[LagGuess]) -> int:
    """The shift with the lowest held-out loss; the usual one where the folds disagree."""
    if how_sure(guesses) == UNSURE:
        return usual_lag(demos)
    return min(guesses, key=lambda guess: guess.loss).lag


def how_sure(guesses: Sequence[LagGuess]) -> str:
    """In words: the folds agree, nearly agree, or do not."""
    picks = [min(guesses, key=lambda g, f=fold: g.folds[f]).lag for fold in range(_FOLDS)]  # type: ignore[misc]
    apart = max(picks) - min(picks)
    at_the_end = max(picks) == guesses[-1].lag  # it may be anything longer
    if at_the_end or apart > 1:
        return UNSURE
    return "sure" if apart == 0 else "fairly sure"


def _held_out(
    demos: Demonstrations,
    lag: int,
    answered: NDArray[np.bool_],
    order: list[int],
    held: list[int],
    seed: int,
) -> float:
    pairs = demos.pairs(lag, [index for index in order if index not in held])
    pairs = pairs[answered[pairs[:, 1]]][:_MOST_ROWS]
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    fit = Fit(demos, pairs, normaliser, _FIT, seed)
    fit.run(_FIT.steps)
    pairs = demos.pairs(lag, held)
    return fit.loss_on(pairs[answered[pairs[:, 1]]][:_MOST_ROWS])
