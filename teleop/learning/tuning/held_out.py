"""Choosing without playing: how well a network predicts episodes that it was not trained on.

The log-loss penalises confident networks, but these play best, so it ranks training lengths in
reverse. The criterion here is how often the most likely action is the person's action, or the
squared error if actions are numbers. Among lengths that are about equally good, the default one
is chosen.
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
    """Result of one choice of settings on held-out episodes.

    Attributes:
        choice: the training settings.
        steps: optimiser steps.
        agreement: mean over steps: share of the actions that agree, or minus the squared error.
        error: standard error of the agreement, over episodes.
        episodes: number of held-out episodes.
    """

    choice: TrainingChoice
    steps: int
    agreement: float
    error: float
    episodes: int


def split(demos: Demonstrations, seed: int) -> tuple[list[int], list[int]] | None:
    """Return (episodes to train on, held-out episodes); None with fewer than two episodes."""
    count = len(demos.used)
    if count < 2:
        return None
    order = np.random.default_rng(seed).permutation(demos.used).tolist()
    held = min(count - 1, max(2 if count > 3 else 1, round(_HELD_OUT * count)))
    return order[held:], order[:held]


def iter_held_out(
    basis: Basis, choice: TrainingChoice
) -> Iterator[tuple[int, float, HeldOut | None]]:
    """Train on most episodes; yield (steps just done, loss, result at a length or None).

    Args:
        basis: data, seed and lengths.
        choice: the training settings; their networks must be dense.
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
    """Return the best result, or one nearer to the default length within one standard error.

    With too few held-out episodes, return the result nearest to the default length.
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
