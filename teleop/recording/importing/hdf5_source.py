"""Reads HDF5 of other programs: robomimic, D4RL, and plain layouts of demonstrations.

- `data/demo_0/obs/…, actions, rewards, dones`: robomimic, a group for each episode
- `demo_0/observation, action`: likewise, without what is around it
- `observations, actions, terminals, timeouts`: D4RL, one episode after another
- `states_0, actions_0, states_1, actions_1`: a pair of arrays for each episode
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from teleop.envs.spaces import Space, space_from_json
from teleop.errors import RecordingError, TeleopError
from teleop.recording.disk import files
from teleop.recording.episodes.episode import Arrays
from teleop.recording.importing.array_roles import natural, roles_of, without_number
from teleop.recording.importing.flat_arrays import plan_flat
from teleop.recording.importing.source import (
    FORMS,
    NO_ENDS,
    NO_LAST,
    NO_REWARDS,
    Columns,
    Source,
    SourceEpisode,
    episode_of,
    words_of,
)
from teleop.recording.trust import vetting_service
from teleop.text import tr

_MOST_SHOWN = 12


def hdf5_source(path: Path, columns: Columns) -> Source:
    """Read an HDF5 file that holds episodes.

    Raises:
        HostileFileError: the file contains something that no recording needs.
        RecordingError: it is damaged, or its layout is not known.
        OSError: it cannot be read.
    """
    vetting_service.admit(path)
    with _opened(path) as file:
        for place in _places(file):
            group = file[place]
            found = (
                _grouped(path, group, columns)
                or _numbered(path, group)
                or _flat(path, group, columns)
            )
            if found:
                return found
        held = _held(file)
    raise RecordingError(
        f"{path} is HDF5, but its layout is not known. It holds {', '.join(held) or 'nothing'}. "
        f"Name the arrays with --observations and --actions, or convert it. Teleop imports {FORMS}."
    )


def _places(file: h5py.File) -> list[str]:
    """Return the groups in which episodes may be: the whole file, and groups in it."""
    return ["/", *sorted(name for name in file if isinstance(file[name], h5py.Group))]


# ------------------------------------------------------------ a group for each episode


@dataclass(frozen=True, slots=True)
class _Group:
    """How the groups of a file name their arrays."""

    roles: dict[str, str]
    observed: tuple[str, ...]  # arrays of observations; none: all that the role names
    last: bool  # whether the observations have T + 1 rows

    def read(self, group: h5py.Group) -> SourceEpisode:
        roles = self.roles
        rewards = group[roles["rewards"]][()] if "rewards" in roles else None
        ends = group[roles["terminations"]][()] if "terminations" in roles else np.zeros(1)
        after = None
        if "next" in roles and not self.last:
            after = _last(group[roles["next"]])
        seed = group.attrs.get("seed")
        return episode_of(
            self.seen(group),
            _tree(group[roles["actions"]]),
            rewards,
            terminated=bool(np.ravel(ends)[-1]),
            last=after,
            seed=int(seed) if isinstance(seed, np.integer) and seed >= 0 else None,
        )

    def seen(self, group: h5py.Group) -> Arrays:
        if not self.observed:
            return _alone(_tree(group[self.roles["observations"]]))
        return _alone({name.rpartition("/")[2]: group[name][()] for name in self.observed})


def _grouped(path: Path, group: h5py.Group, columns: Columns) -> Source | None:
    """Read a group for each episode, if that is the layout."""
    names = sorted((n for n in group if isinstance(group[n], h5py.Group)), key=natural)
    if not names:
        return None
    first = group[names[0]]
    roles = roles_of(first) | ({"actions": columns.actions} if columns.actions else {})
    named = columns.observations
    known = all(name in first for name in (*named, roles.get("actions", "/none")))
    if not known or not (named or "observations" in roles):
        return None
    names = [name for name in names if roles["actions"] in group[name]]
    layout = _Group(roles, named, last=False)
    seen = layout.seen(first)
    steps = len(first[roles["actions"]]) if isinstance(first[roles["actions"]], h5py.Dataset) else 0
    layout = _Group(roles, named, last=_rows(seen) == steps + 1)
    notes = [] if layout.last or "next" in roles else [NO_LAST]
    notes += [] if "rewards" in roles else [NO_REWARDS]
    notes += [] if "terminations" in roles else [NO_ENDS]
    env_id, is_robomimic = _env_args(group)
    spaces, spec_id = _minari_spaces(group)
    form = "robomimic (HDF5)" if is_robomimic else tr("a group for each episode (HDF5)")
    return Source(
        form="Minari (HDF5)" if spaces else form,
        episodes=_reader(path, group.name, names, layout.read),
        arrays=_words(seen, "observations") + _words(_tree(first[roles["actions"]]), "actions"),
        env_id=env_id or spec_id,
        spaces=spaces,
        is_scaled="action_low" in group.attrs,
        notes=tuple(notes),
    )


def _env_args(group: h5py.Group) -> tuple[str, bool]:
    """Return (environment that robomimic's `env_args` name, whether there are any)."""
    try:
        about = json.loads(group.attrs["env_args"])
        return str(about.get("env_name", "")), True
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return "", False


def _minari_spaces(group: h5py.Group) -> tuple[tuple[Space, Space] | None, str]:
    """Return (spaces, environment) that Minari before 0.5 wrote into the file itself."""
    try:
        names = ("observation_space", "action_space")
        observation, action = (space_from_json(group.attrs[name]) for name in names)
    except (KeyError, ValueError, TypeError, RecordingError):
        return None, ""
    try:
        return (observation, action), str(json.loads(group.attrs["env_spec"])["id"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return (observation, action), ""


# ------------------------------------------------------------ other layouts


def _numbered(path: Path, group: h5py.Group) -> Source | None:
    """Read a pair of arrays for each episode, such as `states_0` and `actions_0`."""
    by_stem: dict[str, dict[int, str]] = {}
    for name in group:
        split = without_number(name)
        if split and isinstance(group[name], h5py.Dataset):
            by_stem.setdefault(split[0], {})[split[1]] = name
    roles = roles_of(by_stem)
    if "observations" not in roles or "actions" not in roles:
        return None
    seen, acted = by_stem[roles["observations"]], by_stem[roles["actions"]]
    paid = by_stem[roles["rewards"]] if "rewards" in roles else {}
    numbers = sorted(seen.keys() & acted.keys())
    if not numbers:
        return None

    def read(group: h5py.Group, number: int) -> SourceEpisode:
        rewards = group[paid[number]][()] if number in paid else None
        return episode_of(
            group[seen[number]][()], group[acted[number]][()], rewards, terminated=False
        )

    def episodes() -> Iterator[SourceEpisode]:
        with _opened(path) as file:
            for number in numbers:
                yield read(file[group_name], number)

    group_name = group.name
    first, done = group[seen[numbers[0]]], group[acted[numbers[0]]]
    notes = ([] if len(first) > len(done) else [NO_LAST]) + ([] if paid else [NO_REWARDS])
    return Source(
        form=tr("a pair of arrays for each episode (HDF5)"),
        episodes=episodes,
        arrays=(("observations", words_of(first)), ("actions", words_of(done))),
        notes=(*notes, NO_ENDS),
    )


def _flat(path: Path, group: h5py.Group, columns: Columns) -> Source | None:
    """Read episodes that stand one after another, as in D4RL."""
    arrays = _datasets(group)
    if any(name not in arrays for name in (*columns.observations, columns.actions) if name):
        return None
    plan = plan_flat(arrays, columns)
    if plan is None:
        return None
    place = group.name

    def episodes() -> Iterator[SourceEpisode]:
        with _opened(path) as file:
            yield from plan.iterate(_datasets(file[place]))

    words = plan.words(arrays)
    return Source(form="D4RL (HDF5)", episodes=episodes, arrays=words, notes=plan.notes)


# ------------------------------------------------------------ reading


def _reader(
    path: Path, place: str, names: list[str], read: Callable[[h5py.Group], SourceEpisode]
) -> Callable[[], Iterator[SourceEpisode]]:
    def episodes() -> Iterator[SourceEpisode]:
        with _opened(path) as file:
            for name in names:
                yield read(file[place][name])

    return episodes


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """Open the file; what it raises because of damage becomes one sentence."""
    try:
        with files.hdf5(path) as file:
            yield file
    except TeleopError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as problem:
        raise RecordingError(
            f"{path} is damaged ({type(problem).__name__}). Nothing was imported."
        ) from problem


def _datasets(group: h5py.Group) -> dict[str, Any]:
    """Return the arrays of a group that have rows, by name."""
    found = {name: group[name] for name in group}
    return {n: node for n, node in found.items() if isinstance(node, h5py.Dataset) and node.shape}


def _tree(node: h5py.Group | h5py.Dataset) -> Arrays:
    """Read an array, or a group of arrays as a dict."""
    if isinstance(node, h5py.Dataset):
        return node[()]
    return {name: _tree(node[name]) for name in node}


def _last(node: h5py.Group | h5py.Dataset) -> Arrays:
    if isinstance(node, h5py.Dataset):
        return node[-1]
    return _alone({name: _last(node[name]) for name in node})


def _alone(tree: Arrays) -> Arrays:
    """Return the only array of a dict itself."""
    return next(iter(tree.values())) if isinstance(tree, dict) and len(tree) == 1 else tree


def _rows(tree: Arrays) -> int:
    return _rows(next(iter(tree.values()))) if isinstance(tree, dict) else len(tree)


def _words(tree: Arrays, name: str) -> tuple[tuple[str, str], ...]:
    if isinstance(tree, dict):
        return tuple(words for key, value in tree.items() for words in _words(value, key))
    return ((name, words_of(tree)),)


def _held(file: h5py.File) -> list[str]:
    """Return the names and shapes of the first arrays of a file."""
    found: list[str] = []

    def visit(name: str, node: Any) -> bool | None:
        if isinstance(node, h5py.Dataset):
            found.append(f"{name} {node.shape}")
        return True if len(found) == _MOST_SHOWN else None

    file.visititems(visit)
    return found
