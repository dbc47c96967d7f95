"""What the files of other programs are read into: episodes, and what is known about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.envs.spaces import Space
from teleop.errors import RecordingError
from teleop.recording.episodes.episode import Arrays
from teleop.text import tr
from teleop.types.import_preview import ImportPreview
from teleop.types.metadata import NO_LABEL, Label

FORMS = (
    "a .teleop.zip, a folder of Minari or LeRobot, HDF5 of Minari, robomimic or D4RL, .npz, or .csv"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which arrays of a file hold what; empty means: recognised by their names.

    Attributes:
        observations: names of the arrays that were observed.
        actions: name of the array of actions.
    """

    observations: tuple[str, ...] = ()
    actions: str = ""


@dataclass(frozen=True, slots=True)
class SourceEpisode:
    """An episode of T steps.

    Attributes:
        observations: (T + 1, ...), or a dict of such arrays.
        actions: (T, ...), or a dict of such arrays.
        rewards: (T,).
        terminated: whether the last step ended the task; otherwise it was cut off.
        seed: seed of its reset, if known.
        label: its task and the names of its moments, if known.
    """

    observations: Arrays
    actions: Arrays
    rewards: NDArray[np.float64]
    terminated: bool
    seed: int | None = None
    label: Label = NO_LABEL


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder that another program wrote.

    Attributes:
        form: the format, in words.
        episodes: reads the episodes one after another, from the beginning at each call.
        arrays: (name, shape and type in words) of what is used, for a preview.
        env_id: the environment that the file names; empty if it names none.
        spaces: (observation space, action space), if the file describes them.
        is_scaled: whether bounded actions are scaled to -1..1.
        notes: what is missing in the file, in sentences.
    """

    form: str
    episodes: Callable[[], Iterator[SourceEpisode]]
    arrays: tuple[tuple[str, str], ...]
    env_id: str = ""
    spaces: tuple[Space, Space] | None = None
    is_scaled: bool = False
    notes: tuple[str, ...] = ()


def preview_of(source: Source) -> ImportPreview:
    """Read a source to its end, and say what it holds.

    Raises:
        RecordingError: an episode is damaged.
        OSError: it cannot be read.
    """
    lengths = [len(episode.rewards) for episode in source.episodes()]
    counts = len(lengths), sum(lengths)
    return ImportPreview(source.form, source.arrays, *counts, source.env_id, source.notes)


NO_REWARDS = tr("The file has no rewards, so they are 0.")
NO_LAST = tr(
    "The file does not hold what was seen after the last action, so the last observation is "
    "repeated."
)
NO_ENDS = tr("The file does not say why episodes ended, so they count as cut off.")


def episode_of(
    observed: Arrays,
    actions: Arrays,
    rewards: NDArray[Any] | None,
    *,
    terminated: bool,
    last: Arrays = None,
    seed: int | None = None,
) -> SourceEpisode:
    """Return an episode, with a last observation.

    Args:
        observed: (T, ...) or (T + 1, ...), or a dict of such arrays.
        actions: (T, ...), or a dict of such arrays.
        rewards: (T,); None if the file has none.
        terminated: whether the last step ended the task.
        last: what was seen after the last action; None to repeat the last observation.
        seed: seed of its reset, if known.

    Raises:
        RecordingError: the arrays are not of one length.
    """
    steps = _length(actions)
    seen = _length(observed)
    if seen == steps and steps:
        observed = _with_last(observed, last)
    elif seen != steps + 1:
        raise RecordingError(
            f"An episode has {seen} observations for {steps} actions; expected as many, or one "
            "more. Nothing was imported."
        )
    paid = np.zeros(steps) if rewards is None else np.asarray(rewards, np.float64).reshape(-1)
    if len(paid) != steps:
        raise RecordingError(
            f"An episode has {len(paid)} rewards for {steps} actions. Nothing was imported."
        )
    return SourceEpisode(observed, actions, paid, terminated, seed)


def words_of(array: Any) -> str:
    """Return shape and type of the rows of an array, such as `4 x float32`."""
    shape = " x ".join(str(size) for size in array.shape[1:])
    return f"{shape} x {array.dtype}" if shape else str(array.dtype)


def _length(tree: Arrays) -> int:
    if isinstance(tree, dict):
        lengths = {_length(value) for value in tree.values()}
        if len(lengths) != 1:
            raise RecordingError(
                "The arrays of an episode are not of one length. Nothing was imported."
            )
        return lengths.pop()
    return len(tree)


def _with_last(tree: Arrays, last: Arrays) -> Arrays:
    if isinstance(tree, dict):
        ends = last if isinstance(last, dict) else {}
        return {name: _with_last(value, ends.get(name)) for name, value in tree.items()}
    end = tree[-1:] if last is None else np.asarray(last)[None]
    return np.concatenate([tree, end.astype(tree.dtype)])
