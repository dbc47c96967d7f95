"""Episodes that stand one after another in the same arrays, as in D4RL, imitation and tables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.episodes.episode import Arrays
from teleop.recording.importing.array_roles import roles_of
from teleop.recording.importing.source import (
    NO_ENDS,
    NO_LAST,
    NO_REWARDS,
    Columns,
    SourceEpisode,
    episode_of,
    words_of,
)
from teleop.text import tr

ONE_EPISODE = tr("The file does not say where episodes end, so it counts as one.")


@dataclass(frozen=True, slots=True)
class FlatPlan:
    """Where the episodes are.

    Attributes:
        observed: name of the array of each observed part; the key is empty if there is one.
        acted: likewise for actions.
        roles: names of the other arrays, by what they hold.
        steps: T of each episode.
        reached: what was seen after each step, by the keys of `observed`; empty if unknown.
        has_own_last: whether the observations of an episode have T + 1 rows.
    """

    observed: dict[str, str]
    acted: dict[str, str]
    roles: dict[str, str]
    steps: tuple[int, ...]
    reached: dict[str, str]
    has_own_last: bool
    notes: tuple[str, ...]

    def words(self, arrays: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return (name, shape and type) of the arrays that are used."""
        names = [*self.observed.values(), *self.acted.values()]
        names += [self.roles[role] for role in ("rewards",) if role in self.roles]
        return tuple((name, words_of(arrays[name])) for name in names)

    def iterate(self, arrays: Mapping[str, Any]) -> Iterator[SourceEpisode]:
        """Read the episodes one after another."""
        ended = _per_episode(arrays, self.roles.get("terminations"), self.steps)
        seeds = _per_episode(arrays, self.roles.get("seeds"), self.steps)
        start = 0
        for index, count in enumerate(self.steps):
            stop = start + count
            first = start + index if self.has_own_last else start
            seen = slice(first, first + count + self.has_own_last)
            last = {key: arrays[name][stop - 1] for key, name in self.reached.items()}
            rewards = self.roles.get("rewards")
            yield episode_of(
                _tree({key: arrays[name][seen] for key, name in self.observed.items()}),
                _tree({key: arrays[name][start:stop] for key, name in self.acted.items()}),
                None if rewards is None else arrays[rewards][start:stop],
                terminated=bool(ended[index]) if ended is not None else False,
                last=_tree(last) if last else None,
                seed=_seed(seeds, index),
            )
            start = stop


def plan_flat(
    arrays: Mapping[str, Any],
    columns: Columns,
    observed: dict[str, str] | None = None,
    acted: dict[str, str] | None = None,
) -> FlatPlan | None:
    """Find the episodes in arrays whose first dimension is time.

    Args:
        arrays: numpy arrays, or datasets of HDF5, by name.
        columns: which arrays hold what.
        observed: names of the parts of observations, if they are known.
        acted: likewise for actions.

    Returns:
        None if no arrays of observations and actions are recognised.

    Raises:
        RecordingError: the arrays do not fit together.
    """
    roles = roles_of(arrays)
    if columns.observations:
        alone = len(columns.observations) == 1
        observed = {"" if alone else name: name for name in columns.observations}
    if columns.actions:
        acted = {"": columns.actions}
    observed = observed or ({"": roles["observations"]} if "observations" in roles else None)
    acted = acted or ({"": roles["actions"]} if "actions" in roles else None)
    if not observed or not acted:
        return None
    total = len(arrays[next(iter(acted.values()))])
    steps = _steps(arrays, roles, total)
    own = _has_own_last(len(arrays[next(iter(observed.values()))]), steps, total)
    reached = {"": roles["next"]} if "next" in roles and list(observed) == [""] else {}
    notes = [] if own or reached else [NO_LAST]
    notes += [] if "rewards" in roles else [NO_REWARDS]
    notes += [] if "terminations" in roles else [NO_ENDS]
    notes += [ONE_EPISODE] if len(steps) == 1 and not _MARKS & roles.keys() else []
    return FlatPlan(observed, acted, roles, steps, reached, own, tuple(notes))


def _has_own_last(seen: int, steps: tuple[int, ...], total: int) -> bool:
    """Return whether each episode has one more observation than actions.

    Raises:
        RecordingError: the numbers do not fit together.
    """
    if sum(steps) != total or min(steps, default=0) < 1:
        raise RecordingError(
            f"Its {len(steps)} episodes have {sum(steps):,} steps in all, but there are "
            f"{total:,} actions. Nothing was imported."
        )
    if seen not in (total, total + len(steps)):
        raise RecordingError(
            f"There are {seen:,} observations for {total:,} actions in {len(steps)} episodes; "
            "expected as many, or one more in each episode. Nothing was imported."
        )
    return seen > total


_MARKS = {"steps", "cuts", "ends", "starts", "episodes", "terminations", "truncations", "lasts"}


def _steps(arrays: Mapping[str, Any], roles: dict[str, str], total: int) -> tuple[int, ...]:
    """Return T of each episode, from the first thing in the file that says so."""

    def array(role: str) -> NDArray[Any]:
        return np.asarray(arrays[roles[role]]).reshape(-1)

    if "steps" in roles:
        return tuple(array("steps").astype(int).tolist())
    for role, cuts_of in _CUTS.items():
        if role in roles:
            return _between(cuts_of(array(role)), total)
    over = np.zeros(total, bool)
    for role in ("terminations", "truncations", "lasts"):
        if role in roles and len(array(role)) == total:
            over |= array(role).astype(bool)
    return _between(np.flatnonzero(over[:-1]) + 1, total)


_CUTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {  # where a next episode begins
    "cuts": lambda firsts: firsts.astype(int),
    "ends": lambda ends: ends.astype(int)[:-1],
    "starts": lambda starts: np.flatnonzero(starts)[1:],
    "episodes": lambda ids: np.flatnonzero(ids[1:] != ids[:-1]) + 1,
}


def _between(cuts: NDArray[Any], total: int) -> tuple[int, ...]:
    return tuple(np.diff([0, *cuts.tolist(), total]).tolist())


def _per_episode(
    arrays: Mapping[str, Any], name: str | None, steps: tuple[int, ...]
) -> NDArray[Any] | None:
    """Return a value for each episode, from an array of episodes or of steps."""
    if name is None:
        return None
    values = np.asarray(arrays[name]).reshape(-1)
    if len(values) == len(steps):
        return values
    return values[np.cumsum(steps) - 1] if len(values) == sum(steps) else None


def _seed(seeds: NDArray[Any] | None, index: int) -> int | None:
    if seeds is None or seeds.dtype.kind not in "iu" or seeds[index] < 0:
        return None
    return int(seeds[index])


def _tree(parts: dict[str, Any]) -> Arrays:
    return parts[""] if list(parts) == [""] else parts
