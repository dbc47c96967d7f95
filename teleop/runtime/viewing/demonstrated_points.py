"""A sample of the states that a policy learned from, with the round in which each was recorded."""

import numpy as np

from teleop.learning import LearnedPolicy
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.take_over import OVER

_POINTS = 2000
_LABELS_A_ROUND = 3  # episodes that DAgger plays in a round


def points_of(
    demos: Demonstrations, rounds: dict[int, int], most: int = _POINTS
) -> tuple[tuple[tuple[float, ...], ...], tuple[int, ...]]:
    """Return (observed numbers, round) of at most this many demonstrated states."""
    rows = np.flatnonzero(demos.segments >= 0)
    rows = rows[:: max(1, -(-len(rows) // most))]
    episodes = np.searchsorted(demos.starts, rows, side="right") - 1
    points = tuple(tuple(float(v) for v in demos.inputs.vector[row]) for row in rows)
    return points, tuple(rounds.get(int(episode), 0) for episode in episodes)


def rounds_by_episode(
    library: Library, dataset: Dataset, demos: Demonstrations, policy: LearnedPolicy
) -> dict[int, int]:
    """Return the round of correction in which each episode was recorded; 0 is not listed."""
    rounds = {row.name: row.round for row in PolicyFolder(dataset).rows()}
    names: dict[str, str] = {}
    for source in (dataset, library.dataset(human_dataset_id(policy.config.env_id))):
        if source.exists:
            names |= {row.sha256: row.driver_name for row in source.rows()}
    found: dict[int, int] = {}
    for index, (_, digest) in enumerate(demos.sources):
        name = names.get(digest, "")
        if OVER in name:
            found[index] = rounds.get(name.split(OVER)[-1], 0) + 1
    each = int(policy.config.recipe.get("episodes", _LABELS_A_ROUND) or _LABELS_A_ROUND)
    recorded = len(demos.sources)
    for index in range(recorded, demos.count):
        found[index] = (index - recorded) // max(1, each) + 1
    return found
