"""Choosing without playing: how well a network answers for episodes that it was not fitted to.

The log-loss punishes a network that is sure, and such networks play best: it orders lengths of
training backwards. What counts here is how often the most likely action is the person's; where
actions are numbers, the squared error. Of lengths that are about equally good, the usual one is
taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.tuning.candidates import Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice

USUAL_STEPS = 800
_HELD_OUT = 0.2
_FEWEST_HELD_OUT = 3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How one choice did on held-out episodes.

    Attributes:
        choice: how it was trained.
        steps: optimiser steps.
        agreement: mean over moments: share of the actions that agree, or minus the squared error.
        error: standard error of that, over episodes.
        episodes: held out.
    """

    choice: TrainingChoice
    steps: int
    agreement: float
    error: float
    episodes: int


def split(demos: Demonstrations, seed: int) -> tuple[list[int], list[int]] | None:
    """(episodes to fit, episodes held out); None where there is nothing to hold out."""
    count = len(demos.used)
    if count < 2:
        return None
    order = np.random.default_rng(seed).permutation(demos.used).tolist()
    held = min(count - 1, max(2 if count > 3 else 1, round(_HELD_OUT * count)))
    return order[held:], order[:held]


def iter_held_out(
    basis: Basis, choice: TrainingChoice
) -> Iterator[tuple[int, float, HeldOut | None]]:
    """Train on most episodes; yields (steps just done, loss, what was found at a length).

    Args:
        basis: data, seed and lengths.
        choice: how to train; such that its networks are dense.
    """
    demos = basis.demos
    parts = split(demos, basis.seed)
    if parts is None:
        return
    fitted, held = parts
    networks = Networks(replace(basis, demos=demos.only(fitted)), choice)
    pairs = demos.pairs(choice.lag, held)
    if len(pairs) == 0:
        return
    for length in basis.lengths:
        for count, loss in networks.iter_train(length, 1):
            yield count, loss, None
        values = networks.agreement(length, pairs)
        error = _error(demos, pairs, values)
        found = HeldOut(choice, length, float(values.mean()), error, len(held))
        yield 0, 0.0, found


def best_of(found: list[HeldOut]) -> HeldOut:
    """The best, or the usual length where that is as good within one standard error.

    Few held-out episodes say too little: then the usual length is taken.
    """
    if found[0].episodes < _FEWEST_HELD_OUT:
        return min(found, key=lambda item: abs(np.log(item.steps / USUAL_STEPS)))
    best = max(found, key=lambda item: item.agreement)
    near = [item for item in found if item.agreement >= best.agreement - best.error]
    return min(near, key=lambda item: abs(np.log(item.steps / USUAL_STEPS)))


def _error(demos: Demonstrations, pairs: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    episodes = np.searchsorted(demos.starts, pairs[:, 1], side="right")
    means = np.array([values[episodes == index].mean() for index in np.unique(episodes)])
    if len(means) < 2:
        return float(values.std() / np.sqrt(len(values)))
    return float(means.std(ddof=1) / np.sqrt(len(means)))
