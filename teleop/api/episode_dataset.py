"""A dataset as a sequence of episodes."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import gymnasium as gym
import numpy as np

from teleop import paths
from teleop.api.shown_episode import ShownEpisode, read_shown
from teleop.envs.factory import make_env
from teleop.errors import RecordingError, writing
from teleop.recording import Dataset, Episode, Library
from teleop.recording.datasets.query import Query
from teleop.recording.exchange.episode_records import episode_record, write_parquet
from teleop.types.html_table import html_table
from teleop.types.metadata import EpisodeRow

if TYPE_CHECKING:
    import pandas

_SHOWN = 10  # rows in a notebook


def library_in(root: str | Path | None) -> Library:
    """Open the recordings folder, or create it with the samples.

    Args:
        root: the folder; None: ./recordings if it exists, else the user's folder.

    Raises:
        StorageError: the folder cannot be created.
    """
    chosen = None if root is None else Path(root)
    library = Library(paths.recordings_folder(Path.cwd(), chosen))
    library.ensure(paths.samples_folder())
    return library


def find_dataset(library: Library, name: str) -> Dataset:
    """Find a dataset by its id, or the best dataset of an environment.

    Raises:
        RecordingError: there is no such dataset.
    """
    if name.rsplit("-v", 1)[-1].isdigit() and "/" in name and library.dataset(name).exists:
        return library.dataset(name)
    if library.summaries(name):
        return library.existing(library.best_dataset_id(name))
    return library.existing(name)


def load_dataset(dataset_id: str, root: str | Path | None = None) -> "EpisodeDataset":
    """Load a dataset from the recordings folder.

    Args:
        dataset_id: for example "lunarlander-v3/sample-v0", or an environment's id.
        root: the recordings folder; default: ./recordings if it exists, else the user's folder.

    Raises:
        RecordingError: the dataset does not exist or cannot be read.
    """
    dataset = find_dataset(library_in(root), dataset_id)
    dataset.spaces()
    return EpisodeDataset(dataset)


class EpisodeDataset(Sequence[Episode]):
    """The episodes of one dataset; each is read from disk when it is accessed.

    Use `data[i]`, `len(data)` and `for episode in data`. Methods that Minari has, too, use Minari's
    names. The rows are a snapshot: load the dataset again to see later episodes.

    Attributes:
        rows: return, steps, seed and label of each episode, available without opening it.
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
        """The folder on disk; `minari.load_dataset` reads the dataset from there."""
        return self._dataset.folder

    @property
    def env_id(self) -> str:
        """The environment's name with all options that differ from the defaults; may be empty."""
        return self._dataset.info().env_id

    @property
    def observation_space(self) -> gym.Space[Any]:
        """The environment's observation space."""
        return self._dataset.spaces()[0]

    @property
    def action_space(self) -> gym.Space[Any]:
        """The environment's action space."""
        return self._dataset.spaces()[1]

    @property
    def total_episodes(self) -> int:
        """Number of episodes, the same as `len`."""
        return len(self.rows)

    @property
    def total_steps(self) -> int:
        """Number of steps of all episodes."""
        return sum(row.total_steps for row in self.rows)

    def recover_environment(self, **kwargs: Any) -> gym.Env[Any, Any]:
        """Create an environment like the recorded one.

        Args:
            **kwargs: arguments of the environment, such as `render_mode`.

        Raises:
            EnvError: the environment is not installed, or the dataset does not name one.
        """
        return make_env(self.env_id, render=kwargs.pop("render_mode", None) is not None, **kwargs)

    def iterate_episodes(self, indices: Sequence[int] | None = None) -> Iterator[Episode]:
        """Yield all episodes, or those at the given indices.

        Raises:
            RecordingError: an episode is damaged.
        """
        chosen = range(len(self)) if indices is None else indices
        yield from (self[index] for index in chosen)

    def sample_episodes(self, count: int, seed: int | None = None) -> list[Episode]:
        """Return a number of different episodes, drawn at random.

        Raises:
            ValueError: there are fewer episodes than `count`.
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
        task: str = "",
    ) -> "EpisodeDataset":
        """Return the episodes that match all given conditions.

        Args:
            condition: called with each of `rows`.
            text: text in task, tags, note, marks, driver or seed.
            starred: only starred episodes.
            success: only episodes labelled as success (True) or failure (False).
            tag: only episodes with this tag.
            min_return: only episodes with at least this return.
            sort: episode, return, steps, date, seed or driver; prefix `-` for descending order.
            task: only episodes of this task.

        Raises:
            RecordingError: the sort order is unknown.
        """
        query = Query(text, starred, success, tag, min_return, sort, task)
        rows = query.of([row for row in self.rows if condition is None or condition(row)])
        return EpisodeDataset(self._dataset, rows)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a data frame with a row for each episode; requires pandas.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas

        return pandas.DataFrame([episode_record(row) for row in self.rows])

    def to_parquet(self, path: str | Path) -> Path:
        """Write a Parquet file with a row for each episode, for DuckDB, Polars and others.

        Raises:
            RecordingError: pyarrow is missing.
            StorageError: the file cannot be written.
        """
        with writing(Path(path)):
            write_parquet(self._dataset, self.rows, Path(path))
        return Path(path)

    @overload
    def __getitem__(self, index: int) -> ShownEpisode: ...

    @overload
    def __getitem__(self, index: slice) -> "EpisodeDataset": ...

    def __getitem__(self, index: int | slice) -> "ShownEpisode | EpisodeDataset":
        if isinstance(index, slice):
            return EpisodeDataset(self._dataset, self.rows[index])
        return read_shown(self._dataset, self.rows[index])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        env = self.env_id or "no environment"
        return f"<{self.id}: {len(self)} episodes, {self.total_steps} steps of {env}>"

    def _repr_html_(self) -> str:
        rows = [_told(episode_record(row)) for row in self.rows[:_SHOWN]]
        more = f"<p>and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else ""
        return html_table(rows, repr(self)) + more


def dataset_of(data: EpisodeDataset) -> tuple[Dataset, list[str]]:
    """Return (the dataset on disk, names of the selected episodes) for training.

    Raises:
        RecordingError: no episode is selected.
    """
    if not data.rows:
        raise RecordingError(
            f"No episode of {data.id} is selected, so there is nothing to learn from."
        )
    return data._dataset, [row.file for row in data.rows]


def _told(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a reader looks for first."""
    names = ("episode", "return", "steps", "seed", "driver", "starred", "success", "task", "note")
    return {name: record[name] for name in names} | {"tags": ", ".join(record["tags"])}
