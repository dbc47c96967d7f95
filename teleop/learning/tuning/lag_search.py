"""Estimate of the lag by held-out loss, for all episodes or for each person.

A person's action answers what they saw some time before. Training on (observation at t, action at
t + lag) corrects this (Kanervisto et al. 2020, section 3): 25 keyboard demonstrations of
LunarLander gave a return of 242 instead of 188. The held-out loss is lowest near the right lag, but
flat there, so the estimate is moved half way to the default lag. Where playing is cheap, playing
decides (`search`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.numpy_training import DenseFit

FEWEST_EPISODES = 4
ENOUGH_EPISODES = 10
USUAL_S = 0.1
LONGEST_S = 0.43
_FOLDS = 2
_STEPS, _BATCH, _SHAPE = 120, 128, Architecture(hidden=(64, 64))
_MOST_ROWS = 200_000  # rows per fold; more take longer for the same result
_CLEAR = 2.0  # standard errors by which two reaction times must beat one
_FEWEST_IN_SITTING = 3

EpisodeTable = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LagGuess:
    """The held-out losses of one lag.

    Attributes:
        lag: lag in steps.
        losses: (E, 2) summed loss of the first and the second half of each used episode, by a
            network that was not trained on it; NaN where an episode is too short.
        moments: total number of steps in these sums.
    """

    lag: int
    losses: EpisodeTable
    moments: int

    @property
    def loss(self) -> float:
        """Mean loss over all steps."""
        return float(np.nansum(self.losses)) / max(1, self.moments)


def default_lag(demos: Demonstrations) -> int:
    """Return the default lag: 100 ms for people, 0 for scripts and turn-based play."""
    return round(USUAL_S * demos.pace_hz) if demos.delayed else 0


def longest_lag(demos: Demonstrations) -> int:
    """Return the longest lag that is tried."""
    return round(LONGEST_S * demos.pace_hz) if demos.delayed else 0


def can_find(demos: Demonstrations) -> bool:
    """Return whether a person drove in real time, in enough episodes to hold some out."""
    enough = len(_long_enough(demos)) >= FEWEST_EPISODES
    return demos.delayed and demos.pace_hz > 0 and enough and not demos.encoding.pictures


def iter_lags(demos: Demonstrations, seed: int) -> Iterator[LagGuess]:
    """Try every lag from 0 to 430 ms, each on the same steps.

    Args:
        demos: demonstrations for which `can_find` is true.
        seed: seed of folds and networks.
    """
    order = np.random.default_rng(seed).permutation(_long_enough(demos))
    folds = [part.tolist() for part in np.array_split(order, _FOLDS)]
    if any(not fold for fold in folds):
        return
    longest = longest_lag(demos)
    explained = np.zeros(demos.total_steps, np.bool_)
    explained[demos.pairs(longest)[:, 1]] = True  # steps that every lag can explain
    for lag in range(longest + 1):
        losses = np.full((demos.count, 2), np.nan)
        moments = 0
        for held in folds:
            fitted = [index for index in order.tolist() if index not in held]
            moments += _hold_out(demos, lag, explained, fitted, held, seed, losses)
        yield LagGuess(lag, losses[demos.used], moments)


def best_lag(demos: Demonstrations, guesses: Sequence[LagGuess]) -> int:
    """Return the midpoint of the default lag and the lag with the lowest held-out loss.

    With fewer than ten episodes, return the default: five give any estimate up to the longest lag.
    """
    usual = default_lag(demos)
    if not guesses or len(demos.used) < ENOUGH_EPISODES:
        return usual
    lowest = min(guesses, key=lambda guess: guess.loss).lag
    return round((lowest + usual) / 2)


def lowest_lag(guesses: Sequence[LagGuess]) -> int:
    """Return the lag with the lowest held-out loss."""
    return min(guesses, key=lambda guess: guess.loss).lag


def is_clear(guesses: Sequence[LagGuess]) -> bool:
    """Return whether both halves of all episodes give the same best lag, within a step."""
    if not guesses:
        return False
    picks = [
        min(guesses, key=lambda g, h=half: float(np.nansum(g.losses[:, h]))).lag  # type: ignore[misc]
        for half in range(2)
    ]
    return max(picks) - min(picks) <= 1 and max(picks) < guesses[-1].lag


def two_lags(demos: Demonstrations, guesses: Sequence[LagGuess]) -> tuple[Lag, bool] | None:
    """Find two lags, and assign each episode the one that explains it better.

    Several sessions are treated as several people; with one session, each episode is separate.

    Args:
        demos: the demonstrations.
        guesses: results of `iter_lags`.

    Returns:
        (lag of each episode, whether the gain is clear), or None if one lag explains as much. The
        gain is measured on the halves of the episodes that were not used to choose.
    """
    if not guesses:
        return None
    table = np.nan_to_num(np.stack([guess.losses for guess in guesses]))  # (L, E, 2)
    groups = _groups(demos)
    grouped = np.stack([table[:, members].sum(axis=1) for members in groups], axis=1)  # (L, G, 2)
    if len(groups) < 2:
        return None
    one = grouped[int(np.argmin(grouped.sum(axis=(1, 2))))]  # (G, 2)
    gains = np.zeros(len(groups))
    for chooses, judges in ((0, 1), (1, 0)):
        first, second = _best_two(grouped[:, :, chooses])
        picked = np.where(grouped[first, :, chooses] <= grouped[second, :, chooses], first, second)
        gains += one[:, judges] - grouped[picked, np.arange(len(groups)), judges]
    first, second = _best_two(grouped.sum(axis=2))
    totals = grouped.sum(axis=2)
    picked = np.where(totals[first] <= totals[second], first, second)  # (G,)
    if gains.sum() <= 0 or len(set(picked.tolist())) < 2:
        return None
    error = float(gains.std(ddof=1)) * np.sqrt(len(gains))
    lags = [default_lag(demos)] * demos.count
    used = demos.used
    for group, members in enumerate(groups):
        for member in members:
            lags[used[member]] = guesses[int(picked[group])].lag
    enough = len(demos.used) >= ENOUGH_EPISODES
    return tuple(lags), enough and bool(gains.sum() > _CLEAR * error)


def _groups(demos: Demonstrations) -> list[list[int]]:
    """Group positions in `used` that share a lag: by session if several, else one by one."""
    sittings: dict[int, list[int]] = {}
    for position, index in enumerate(demos.used):
        sittings.setdefault(demos.sittings[index], []).append(position)
    several = [group for group in sittings.values() if len(group) >= _FEWEST_IN_SITTING]
    if len(several) > 1 and len(several) == len(sittings):
        return several
    return [[position] for position in range(len(demos.used))]


def _best_two(losses: EpisodeTable) -> tuple[int, int]:
    """Return the best two lags if each group takes its better one: (L, G) -> indices."""
    best = (np.inf, 0, 0)
    for first in range(len(losses)):
        for second in range(first, len(losses)):
            total = float(np.minimum(losses[first], losses[second]).sum())
            best = min(best, (total, first, second))
    return best[1], best[2]


def _long_enough(demos: Demonstrations) -> list[int]:
    longest = longest_lag(demos)
    return [i for i in demos.used if len(demos.pairs(longest, [i])) > longest]


def _hold_out(
    demos: Demonstrations,
    lag: int,
    explained: NDArray[np.bool_],
    fitted: list[int],
    held: list[int],
    seed: int,
    losses: EpisodeTable,
) -> int:
    """Train on some episodes, store the losses of the others, and return their step count."""
    pairs = demos.pairs(lag, fitted)
    pairs = pairs[explained[pairs[:, 1]]][:_MOST_ROWS]
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    fit = DenseFit(demos, pairs, normaliser, _SHAPE, seed=seed, batch=_BATCH)
    fit.run(_STEPS)
    moments = 0
    for index in held:
        own = demos.pairs(lag, [index])
        own = own[explained[own[:, 1]]]
        if len(own) < 2:
            continue
        for half, part in enumerate(np.array_split(own, 2)):
            losses[index, half] = fit.loss_on(part) * len(part)
        moments += len(own)
    return moments
