"""One recorded episode in memory, and details of its steps."""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from teleop.types import InputEvent
from teleop.types.metadata import EpisodeRow

# Nested like the space: an array, or dicts and tuples of arrays.
Arrays = Any

OWN_GROUP = "episode"  # group of an episode in its own file


@dataclass(frozen=True, slots=True)
class Episode:
    """A whole episode in memory, with Minari's names.

    Attributes:
        row: the row of the episode in lists.
        observations: (T+1, ...) nested like the observation space.
        actions: (T, ...) nested like the action space.
        rewards: (T,) float64.
        terminations: (T,) bool.
        truncations: (T,) bool.
        times_s: (T+1,) seconds since reset.
        paces_hz: (T+1,) pace in steps per second; row 0 is 0.
        actors: (T+1,) int8 of `types.Actor`; row t+1 belongs to step t.
        meta: metadata from the start of the take (environment, versions, driver).
        infos: (T+1, ...) numeric and text info columns by name, without Teleop's own.
    """

    row: EpisodeRow
    observations: Arrays
    actions: Arrays
    rewards: NDArray[np.float64]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]
    times_s: NDArray[np.float64]
    paces_hz: NDArray[np.float32]
    actors: NDArray[np.int8]
    meta: dict[str, Any]
    infos: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.times_s) != len(self.rewards) + 1:
            raise ValueError("an episode has one more observation than actions")

    def trimmed(self) -> "Episode":
        """Return the episode without the steps outside its trim."""
        if self.row.label.trim is None:
            return self
        first, end = self.row.label.trim
        end = min(end, len(self.rewards))
        first = min(first, end - 1)
        rows, steps = slice(first, end + 1), slice(first, end)
        truncations = self.truncations[steps].copy()
        truncations[-1] |= not self.terminations[end - 1]  # cut off here, not terminated
        return dataclasses.replace(
            self,
            observations=_cut(self.observations, rows),
            actions=_cut(self.actions, steps),
            rewards=self.rewards[steps],
            terminations=self.terminations[steps],
            truncations=truncations,
            times_s=self.times_s[rows],
            paces_hz=self.paces_hz[rows],
            actors=self.actors[rows],
            infos={key: column[rows] for key, column in self.infos.items()},
        )


def row_of_tree(tree: Arrays, index: int) -> Any:
    """Return one row of nested arrays, nested like the environment's value."""
    if isinstance(tree, dict):
        return {key: row_of_tree(part, index) for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(row_of_tree(part, index) for part in tree)
    return tree[index]


def _cut(tree: Arrays, rows: slice) -> Arrays:
    if isinstance(tree, dict):
        return {key: _cut(part, rows) for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(_cut(part, rows) for part in tree)
    return tree[rows]


class StepDetails(NamedTuple):
    """Data of the steps that Minari has no place for; each part may be empty.

    Attributes:
        actors: (T,) `Actor` of each step.
        inputs: (N,) how keys, buttons and sticks moved; times are seconds since the start.
    """

    actors: NDArray[np.int8]
    inputs: tuple[InputEvent, ...]
