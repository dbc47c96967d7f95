"""Recorded episodes as training data: what was seen, and which action belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import LearningError
from teleop.learning.features import Features, Rows
from teleop.learning.heads import Head, head_for
from teleop.recording import Dataset, Episode, EpisodeRow


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One episode.

    Attributes:
        rows: (T, features) what was seen before each action.
        targets: (T, branches) indices or (T, axes) numbers: what was done.
    """

    rows: Rows
    targets: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Everything that training needs to know of the data.

    Attributes:
        env_id: the environment.
        dataset_id: where the episodes are.
        observation_space: of all episodes.
        action_space: of all episodes.
        head: the outputs that fit the actions.
        episodes: at least one, each with at least one step.
        sources: file and SHA-256 of each episode.
        pace_hz: median pace of play; 0 where turn-based.
        delayed: a person (or a model of one) drove, with a reaction time.
        mean_return: of the demonstrations.
    """

    env_id: str
    dataset_id: str
    observation_space: Space
    action_space: Space
    head: Head
    episodes: tuple[Demonstration, ...]
    sources: tuple[tuple[str, str], ...]
    pace_hz: float
    delayed: bool
    mean_return: float

    @property
    def total_steps(self) -> int:
        """Of all episodes together."""
        return sum(len(episode.rows) for episode in self.episodes)

    def pairs(self, lag: int, chosen: Sequence[int]) -> tuple[Rows, NDArray[Any]]:
        """(what was seen at t, what was done at t + lag) of the chosen episodes.

        Args:
            lag: steps by which the person's hands are late.
            chosen: indices of episodes; one shorter than the lag gives nothing.
        """
        parts = [self.episodes[index] for index in chosen]
        rows = [part.rows[: max(0, len(part.rows) - lag)] for part in parts]
        targets = [part.targets[lag:] for part in parts]
        return np.concatenate(rows), np.concatenate(targets)


def load_demonstrations(dataset: Dataset, files: Sequence[str] | None = None) -> Demonstrations:
    """Episodes of a dataset as training data.

    Args:
        dataset: where they are.
        files: names of the episodes; None for all.

    Raises:
        LearningError: there are none, or nothing can be learned from them.
        RecordingError: one is damaged.
    """
    rows = [row for row in dataset.rows() if files is None or row.file in files]
    if not rows:
        raise LearningError(
            f"{dataset.dataset_id} holds no episodes to train on. Record one first: "
            "`teleop`, or `teleop record`."
        )
    observation_space, action_space = dataset.spaces()
    if isinstance(action_space, spaces.Dict | spaces.Tuple):
        raise LearningError(
            "Dict and Tuple actions cannot be learned yet; Discrete, MultiDiscrete, MultiBinary "
            "and Box can."
        )
    features = Features(observation_space)
    episodes = [episode.trimmed() for episode in dataset.read_many(rows)]
    _check_numbers(episodes, features)
    head = head_for(action_space, np.concatenate([np.asarray(e.actions) for e in episodes]))
    return Demonstrations(
        env_id=dataset.info().env_id,
        dataset_id=dataset.dataset_id,
        observation_space=observation_space,
        action_space=action_space,
        head=head,
        episodes=tuple(
            Demonstration(features.rows(e.observations)[:-1], head.targets(e.actions))
            for e in episodes
        ),
        sources=tuple((row.file, row.sha256) for row in rows),
        pace_hz=float(np.median(np.concatenate([e.paces_hz[1:] for e in episodes]))),
        delayed=any(_has_reaction_time(row) for row in rows),
        mean_return=float(np.mean([row.total_reward for row in rows])),
    )


def _check_numbers(episodes: list[Episode], features: Features) -> None:
    for episode in episodes:
        if not np.isfinite(features.rows(episode.observations)).all():
            raise LearningError(
                f"Episode {episode.row.ordinal} has observations that are not numbers (NaN or "
                "infinite); nothing can be learned from it. Delete it, then train again."
            )


def _has_reaction_time(row: EpisodeRow) -> bool:
    return row.driver == "human" or row.driver_name.startswith("human-like")
