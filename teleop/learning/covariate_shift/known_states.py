"""How far a state is from those that a policy learned from.

The distance of an observation is that to the nearest demonstrated one, in the policy's own
normalised inputs, divided by the usual distance between demonstrations: the 95th percentile of the
distances from each demonstrated observation to the nearest one of another episode (of the same
episode but not close in time, if there is only one), but at least the median distance of one step.
1 or less is familiar. Images are compared in the features that the policy's first network computes
from them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.inputs import Inputs, Rows
from teleop.learning.data.learned_from import learned_from
from teleop.learning.networks.policy_models import Ensemble, flattened
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.recording import Dataset, Library
from teleop.types import Observation

MOST_STATES = 10_000  # more are thinned out evenly
_MOST_COMPARED = 1000  # demonstrated states whose distance to the others is measured
_USUAL = 95.0  # percentile
_APART_S = 1.0  # within one episode, states closer in time than this are not compared
_BLOCK = 256


def known_states(library: Library, dataset: Dataset, name: str) -> "KnownStates":
    """Return the states that a policy of a dataset learned from.

    Raises:
        LearningError: the policy cannot be read, or what it learned from is gone.
        RecordingError: an episode is damaged.
    """
    policy = load_policy(dataset.policies / name)
    return KnownStates(policy, learned_from(library, dataset, policy))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a demonstrated state was observed.

    Attributes:
        episode: index of the episode in the demonstrations.
        file: file of the episode; empty if it is an expert's label.
        number: number of the episode.
        step: number of steps before it.
    """

    episode: int
    file: str
    number: int
    step: int


class KnownStates:
    """The states that a policy learned from: N rows of F features.

    Attributes:
        usual: the distance that counts as 1, in the policy's normalised inputs.
    """

    def __init__(self, policy: LearnedPolicy, demos: Demonstrations) -> None:
        """Collect the states.

        Args:
            policy: the policy, whose normaliser and networks define the distance.
            demos: the demonstrations that it learned from.

        Raises:
            LearningError: the demonstrations have other observations than the policy.
        """
        self._policy, self._demos = policy, demos
        rows = np.flatnonzero(demos.segments >= 0)
        self._rows = rows[:: max(1, -(-len(rows) // MOST_STATES))]
        self._episodes = np.searchsorted(demos.starts, self._rows, side="right") - 1
        self._states = self.features(demos.inputs[self._rows]).astype(np.float64)
        self._squares = (self._states**2).sum(axis=1)
        self.usual = self._usual_distance()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def pace_hz(self) -> float:
        """Steps per second of the demonstrations; 0 if turn-based."""
        return self._demos.pace_hz

    def measure(self, observation: Observation) -> tuple[float, int]:
        """Return (distance, index of the nearest known state) of one observation."""
        encoding = self._policy.encoding
        vector = encoding.row(observation)
        pictures = encoding.small_pictures(observation)
        one = Inputs(vector[None], tuple(picture[None] for picture in pictures))
        distances, nearest = self.measure_many(one)
        return float(distances[0]), int(nearest[0])

    def measure_many(self, inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the distance of each row, (M,), and the index of its nearest state, (M,)."""
        apart, nearest = self._nearest(self.features(inputs), None)
        return apart / self.usual, nearest

    def place(self, index: int) -> Place:
        """Return where a known state was observed."""
        episode, row = int(self._episodes[index]), int(self._rows[index])
        demos = self._demos
        file = demos.sources[episode][0] if episode < len(demos.sources) else ""
        return Place(episode, file, demos.numbers[episode], row - int(demos.starts[episode]))

    def actions_near(self, observation: Observation, count: int) -> NDArray[np.float64]:
        """Return what was done in the nearest states: (count, branches), flattened actions."""
        encoding = self._policy.encoding
        pictures = tuple(p[None] for p in encoding.small_pictures(observation))
        one = self.features(Inputs(encoding.row(observation)[None], pictures))
        apart = self._squares - 2 * (one @ self._states.T)[0]
        nearest = np.argsort(apart, kind="stable")[:count]
        return np.asarray(self._demos.flat[self._rows[nearest]], np.float64)

    def actions_after(self, index: int, count: int) -> NDArray[np.float64]:
        """Return what was done from a known state on, to the end of its segment at most.

        Args:
            index: index of the state.
            count: number of steps.

        Returns:
            (at least 1, at most count, branches) flattened actions, later by the lag.
        """
        demos, row = self._demos, int(self._rows[index])
        lag = int(self._policy.config.learned.get("lag_steps") or 0) if demos.late[row] else 0
        last = int(demos.last_rows()[row])
        first = min(row + lag, last)
        return np.asarray(demos.flat[first : min(first + count, last + 1)], np.float64)

    def features(self, inputs: Inputs) -> Rows:
        """Return the features in which distances are measured: (M, F)."""
        vector = self._policy.normaliser(inputs.vector)
        if not inputs.pictures:
            return vector
        model = self._policy.model
        if not isinstance(model, Ensemble) or self._policy.shape.frames > 1:
            return flattened(vector, inputs.pictures)
        blocks = [
            model.networks[0].seen(
                vector[i : i + _BLOCK], tuple(p[i : i + _BLOCK] for p in inputs.pictures)
            )
            for i in range(0, len(vector), _BLOCK)
        ]
        return np.concatenate(blocks)

    def _nearest(
        self, rows: Rows, taken: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return distance and index of the nearest state; `taken` (M, N) marks excluded ones."""
        distances, indices = [], []
        for first in range(0, len(rows), _BLOCK):
            part = rows[first : first + _BLOCK].astype(np.float64)
            apart = (part**2).sum(axis=1)[:, None] + self._squares - 2 * part @ self._states.T
            if taken is not None:
                apart[taken[first : first + _BLOCK]] = np.inf
            nearest = apart.argmin(axis=1)
            indices.append(nearest)
            distances.append(np.sqrt(np.maximum(apart[np.arange(len(part)), nearest], 0.0)))
        return np.concatenate(distances), np.concatenate(indices)

    def _usual_distance(self) -> float:
        """Return the usual distance between demonstrated states; see the module."""
        chosen = np.unique(
            np.linspace(0, len(self) - 1, min(len(self), _MOST_COMPARED)).astype(int)
        )
        if len(np.unique(self._episodes)) > 1:
            taken = self._episodes[chosen][:, None] == self._episodes
        else:
            apart = max(1, round(_APART_S * (self._demos.pace_hz or 1.0)))
            taken = np.abs(self._rows[chosen][:, None] - self._rows) < apart
        taken &= ~taken.all(axis=1, keepdims=True)  # too short to exclude anything
        distances, _ = self._nearest(self._states[chosen], taken)
        return float(max(np.percentile(distances, _USUAL), self._step_distance(), 1e-6))

    def _step_distance(self) -> float:
        """Return the median distance that one step covers in a demonstration."""
        follows = np.flatnonzero((np.diff(self._rows) == 1) & (np.diff(self._episodes) == 0))
        if not len(follows):
            return 0.0
        moved = self._states[follows + 1] - self._states[follows]
        return float(np.median(np.linalg.norm(moved, axis=1)))
