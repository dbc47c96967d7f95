"""A dataset as a sequence of episodes."""

import html
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import gymnasium as gym
import numpy as np

from teleop import paths
from teleop.envs.factory import make_env
from teleop.errors import RecordingError
from teleop.recording import Dataset, Episode, Library
from teleop.recording.datasets.query import Query
from teleop.types.metadata import EpisodeRow

if TYPE_CHECKING:
    import pandas

_SHOWN = 10  # rows in a notebook


def library_in(root: str | Path | None) -> Library:
    """The recordings folder, made with the samples if there is none.

    Args:
        root: the folder; None: ./recordings if there is one, else this user's.

    Raises:
        StorageError: it cannot be made.
    """
    chosen = None if root is None else Path(root)
    library = Library(paths.recordings_folder(Path.cwd(), chosen))
    library.ensure(paths.samples_folder())
    return library


def find_dataset(library: Library, name: str) -> Dataset:
    """A dataset by its id, or the best one of an environment.

    Raises:
        RecordingError: there is none.
    """
    if name.rsplit("-v", 1)[-1].isdigit() and "/" in name and library.dataset(name).exists:
        return library.dataset(name)
    if library.summaries(name):
        return library.existing(library.best_dataset_id(name))
    return library.existing(name)


def load_dataset(dataset_id: str, root: str | Path | None = None) -> "EpisodeDataset":
    """A dataset of the recordings folder.

    Args:
        dataset_id: such as "lunarlander-v3/sample-v0", or an environment's id.
        root: the recordings folder; by default ./recordings, else this user's.

    Raises:
        RecordingError: there is none, or it cannot be read.
    """
    dataset = find_dataset(library_in(root), dataset_id)
    dataset.spaces()
    return EpisodeDataset(dataset)


class EpisodeDataset(Sequence[Episode]):
    """Episodes of one dataset; each is read from disk when it is asked for.

    `data[i]`, `len(data)`, `for episode in data`; the other names are Minari's where Minari has
    one. The rows are those at the time it was made: load it again to see later episodes.

    Attributes:
        rows: what lists show of each episode: return, steps, seed, label, without opening it.
    """

    def __init__(self, dataset: Dataset, rows: Sequence[EpisodeRow] | None = None) -> None:
        self._dataset = dataset
        self.rows: tuple[EpisodeRow, ...] = tuple(dataset.rows() if rows is None else rows)

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self._dataset.dataset_id

    @property
    def folder(self) -> Path:
        """Where it is on disk; `minari.load_dataset` reads it there."""
        return self._dataset.folder

    @property
    def env_id(self) -> str:
        """The environment's name, with what differs from its defaults; may be empty."""
        return self._dataset.info().env_id

    @property
    def observation_space(self) -> gym.Space[Any]:
        """Of the environment."""
        return self._dataset.spaces()[0]

    @property
    def action_space(self) -> gym.Space[Any]:
        """Of the environment."""
        return self._dataset.spaces()[1]

    @property
    def total_episodes(self) -> int:
        """The same as `len`."""
        return len(self.rows)

    @property
    def total_steps(self) -> int:
        """Of all episodes together."""
        return sum(row.total_steps for row in self.rows)

    def recover_environment(self, **kwargs: Any) -> gym.Env[Any, Any]:
        """A new environment like the one that was recorded.

        Args:
            **kwargs: for the environment, such as `render_mode`.

        Raises:
            EnvError: it is not installed here, or the dataset does not name one.
        """
        return make_env(self.env_id, render=kwargs.pop("render_mode", None) is not None, **kwargs)

    def iterate_episodes(self, indices: Sequence[int] | None = None) -> Iterator[Episode]:
        """The episodes one after another, or those at some indices.

        Raises:
            RecordingError: one is damaged.
        """
        chosen = range(len(self)) if indices is None else indices
        yield from (self[index] for index in chosen)

    def sample_episodes(self, count: int, seed: int | None = None) -> list[Episode]:
        """Different episodes, drawn at random.

        Raises:
            ValueError: there are fewer.
        """
        chosen = np.random.default_rng(seed).choice(len(self), count, replace=False)
        return [self[int(index)] for index in chosen]

    def filter(
        self,
        condition: Callable[[EpisodeRow], bool] | None = None,
        *,
        text: str = "",
        starred: bool = False,
        success: bool | None = None,
        tag: str = "",
        min_return: float | None = None,
        sort: str = "episode",
    ) -> "EpisodeDataset":
        """The episodes that match all that is given.

        Args:
            condition: called with each of `rows`.
            text: occurs in tags, note, driver or seed.
            starred: only starred ones.
            success: only those marked as success (True) or failure (False).
            tag: only with this tag.
            min_return: only with at least this return.
            sort: by episode, return, steps, date, seed or driver; prefix - for descending.

        Raises:
            RecordingError: there is no such order.
        """
        query = Query(text, starred, success, tag, min_return, sort)
        rows = query.of([row for row in self.rows if condition is None or condition(row)])
        return EpisodeDataset(self._dataset, rows)

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each episode; pandas must be installed.

        Raises:
            ImportError: it is not.
        """
        import pandas

        return pandas.DataFrame([_as_dict(row) for row in self.rows])

    @overload
    def __getitem__(self, index: int) -> Episode: ...

    @overload
    def __getitem__(self, index: slice) -> "EpisodeDataset": ...

    def __getitem__(self, index: int | slice) -> "Episode | EpisodeDataset":
        if isinstance(index, slice):
            return EpisodeDataset(self._dataset, self.rows[index])
        return self._dataset.read(self.rows[index])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        env = self.env_id or "no environment"
        return f"<{self.id}: {len(self)} episodes, {self.total_steps} steps of {env}>"

    def _repr_html_(self) -> str:
        rows = [_as_dict(row) for row in self.rows[:_SHOWN]]
        names = list(rows[0]) if rows else []
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(row[name]))}</td>" for name in names) + "</tr>"
            for row in rows
        )
        more = f"<p>and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else ""
        return f"<p>{html.escape(repr(self))}</p><table><tr>{head}</tr>{body}</table>{more}"


def dataset_of(data: EpisodeDataset) -> tuple[Dataset, list[str]]:
    """(the dataset on disk, names of the chosen episodes), for training.

    Raises:
        RecordingError: no episode is chosen.
    """
    if not data.rows:
        raise RecordingError(
            f"No episode of {data.id} is selected, so there is nothing to learn from."
        )
    return data._dataset, [row.file for row in data.rows]


def _as_dict(row: EpisodeRow) -> dict[str, Any]:
    return {
        "episode": row.number,
        "return": row.total_reward,
        "steps": row.total_steps,
        "seed": row.seed,
        "driver": row.who,
        "starred": row.starred,
        "success": row.label.success,
        "tags": ", ".join(row.label.tags),
        "note": row.label.note,
    }
