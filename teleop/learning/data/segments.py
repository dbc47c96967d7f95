"""Which steps of an episode were driven, by whom, and in which session."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from teleop.recording import Episode
from teleop.types import Actor
from teleop.types.metadata import EpisodeRow

OTHER = -1  # segment of the steps that are not learned from
_LEADING_IDLE_S = 1.0  # idle time to keep before the first action
_BREAK_S = 1800.0  # minimum break between two sessions of one person


def sitting_numbers(rows: Sequence[EpisodeRow]) -> tuple[int, ...]:
    """Return the session of each episode: the same driver, no break of half an hour."""
    found = [0] * len(rows)
    latest: dict[tuple[str, ...], tuple[int, float]] = {}  # session and last start of each driver
    count = 0
    for index in sorted(range(len(rows)), key=lambda i: rows[i].started):
        row = rows[index]
        driver = (row.driver, row.driver_name, row.label.codename)
        number, started = latest.get(driver, (-1, 0.0))
        if number < 0 or row.started - started > _BREAK_S:
            number, count = count, count + 1
        latest[driver] = (number, row.started)
        found[index] = number
    return tuple(found)


def stretch_numbers(driven: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the segments that the person drove without a break 0, 1, 2…; -1 elsewhere."""
    begins = driven & ~np.concatenate([[False], driven[:-1]])
    return np.where(driven, np.cumsum(begins) - 1, OTHER).astype(np.int32)


def drop_leading_idle(
    segments: NDArray[np.int32],
    starts: NDArray[np.int64],
    flat: NDArray[np.float64],
    idle: NDArray[np.float64] | None,
    pace_hz: float,
) -> None:
    """Drop the idle steps before the person began, except for one second."""
    if idle is None or pace_hz <= 0:
        return
    for first, end in itertools.pairwise(starts):
        acts = np.flatnonzero((flat[first:end] != idle).any(axis=1))
        wait = int(acts[0]) if len(acts) else 0
        segments[first : first + max(0, wait - round(_LEADING_IDLE_S * pace_hz))] = OTHER


def late_steps(episode: Episode) -> NDArray[np.bool_]:
    """Return which steps a person, or a model of a person, took: (T,)."""
    hands = episode.actors[1:] == Actor.HUMAN
    if episode.row.driver_name.startswith("human-like"):
        hands = hands | (episode.actors[1:] == Actor.SCRIPT)
    return np.asarray(hands)
