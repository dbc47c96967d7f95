"""How well the chosen settings predict episodes that were not trained on, action by action.

One network is trained on most episodes with the settings of the final policy. Its loss on the
training episodes and on the others is measured along the way; at the end, its most likely actions
are counted against the person's.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_labels import axis_words, branch_words
from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.networks.ensemble import TunedSettings
from teleop.learning.networks.heads import Levels
from teleop.learning.tuning.candidates import Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice
from teleop.learning.tuning.held_out import split
from teleop.types.results import Confusion, HeldOutCheck

_POINTS = 20  # of the curves
_MOST_PAIRS = 4000  # per loss
_MOST_LEVELS = 12  # of a branch with a table


def iter_check(demos: Demonstrations, known: TunedSettings, seed: int) -> Iterator[HeldOutCheck]:
    """Train on most episodes and test on the others; yield the result so far, the last complete.

    Yields nothing if there are fewer than two episodes, or if the networks see images, have a
    memory or match flow.

    Args:
        demos: the demonstrations.
        known: the settings of the final policy.
        seed: seed of the split and the network.
    """
    parts = split(demos, seed)
    if parts is None:
        return
    fitted, held = parts
    lag = known.lag
    choice = TrainingChoice(lag, shape=known.shape)
    points = _points(known.steps)
    basis = Basis(demos.only(fitted), seed, lengths=points)
    if not len(basis.demos.pairs(lag)) or not len(demos.pairs(lag, held)):
        return
    networks = Networks(basis, choice)
    if not networks.is_dense:
        return
    shown, tested = _sample(demos, lag, fitted, seed), _sample(demos, lag, held, seed)
    found = HeldOutCheck(len(fitted), len(held), len(demos.pairs(lag, held)))
    for step in points:
        for _ in networks.iter_train(step, 1):
            pass
        losses = (networks.loss(shown), networks.loss(tested))
        found = replace(found, losses=(*found.losses, (step, *losses)))
        yield found
    pairs = demos.pairs(lag, held)
    agreed = networks.agreement(known.steps, pairs)
    accuracy = float(agreed.mean()) if demos.head.is_choice else None
    tables = tuple(_tables(demos, networks.choices(known.steps, pairs), pairs))
    yield replace(found, accuracy=accuracy, tables=tables)


def _points(steps: int) -> tuple[int, ...]:
    """Return the numbers of steps at which the losses are measured; the last is `steps`."""
    return tuple(sorted({max(1, round(steps * (i + 1) / _POINTS)) for i in range(_POINTS)}))


def _sample(demos: Demonstrations, lag: Lag, chosen: list[int], seed: int) -> NDArray[np.int64]:
    pairs = demos.pairs(lag, chosen)
    if len(pairs) <= _MOST_PAIRS:
        return pairs
    rng = np.random.default_rng(seed)
    return pairs[np.sort(rng.choice(len(pairs), _MOST_PAIRS, replace=False))]


def _tables(
    demos: Demonstrations, predicted: NDArray[np.float64], pairs: NDArray[np.int64]
) -> Iterator[Confusion]:
    """Yield a table for each branch that is a choice between a few values."""
    right = demos.targets[pairs[:, 1]]
    words = branch_words(demos.env_id, demos.action_space)
    axes = axis_words(demos.env_id, demos.action_space)
    for index, branch in enumerate(demos.head.branches):
        if not isinstance(branch, Levels) or branch.size > _MOST_LEVELS:
            continue
        counts = np.zeros((branch.size, branch.size), np.int64)
        np.add.at(counts, (right[:, index].astype(int), predicted[:, index].astype(int)), 1)
        names = tuple(words[index]) if words else tuple(f"{v:+.1f}" for v in branch.values)
        title = axes[index] if axes and not words else ""
        yield Confusion(title, names, tuple(tuple(int(n) for n in row) for row in counts))
