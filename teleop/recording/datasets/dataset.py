"""One dataset: a folder that is a valid Minari dataset at all times.

The commit point is the rename of an episode file into `data/episodes/`. Everything else is derived
(`dataset_index`). Reading needs no claim. Writing needs one, and only one program at a time can
hold it.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from teleop.envs.spaces import Space, space_from_json
from teleop.errors import RecordingError
from teleop.recording.datasets.dataset_index import DatasetIndex, no_episode
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.datasets.dataset_writer import DatasetWriter
from teleop.recording.datasets.description import DatasetInfo, info_in
from teleop.recording.datasets.labels import Labels
from teleop.recording.datasets.training_cache import TrainingCache
from teleop.recording.disk import files
from teleop.recording.disk.path_errors import refusals
from teleop.recording.episodes import episode_reader
from teleop.recording.episodes.episode import OWN_GROUP, Episode, StepDetails
from teleop.recording.trust import vetting_service
from teleop.text import tr
from teleop.types.metadata import EpisodeRow, Label


class Dataset:
    """A dataset on disk."""

    def __init__(self, folder: Path, dataset_id: str) -> None:
        files.guard(folder)
        self.folder = folder
        self.dataset_id = dataset_id
        self.places = DatasetPaths(folder)
        self.index = DatasetIndex(self.places, dataset_id)
        self._labels = Labels(self.places.labels, self.places.private / "labels.lock")
        self.writer = DatasetWriter(self.places, self.index, self._labels, dataset_id)

    @property
    def policies(self) -> Path:
        """The folder of the policies trained on this dataset."""
        return self.places.policies

    @property
    def exists(self) -> bool:
        """Whether the dataset exists on disk."""
        return files.is_file(self.places.description)

    @property
    def is_foreign(self) -> bool:
        """Whether another program made the dataset; Teleop then only reads it."""
        return self.index.is_foreign

    # ------------------------------------------------------------ reading

    def metadata(self) -> dict[str, Any]:
        """Return the content of Minari's `metadata.json`.

        Raises:
            RecordingError: the file cannot be read.
        """
        return self.index.description()

    def info(self) -> DatasetInfo:
        """Return the dataset's description of its environment."""
        return info_in(self.metadata())

    def spaces(self) -> tuple[Space, Space]:
        """Return (observation space, action space)."""
        info = self.info()
        try:
            return space_from_json(info.observation_space), space_from_json(info.action_space)
        except RecordingError as problem:
            raise RecordingError(
                f"{self.places.description}: {problem} Restore the file from a backup, or get the "
                "episodes out with `teleop recover`."
            ) from problem

    def rows(self) -> list[EpisodeRow]:
        """Return the row of every episode, oldest first.

        Raises:
            HostileFileError: data of another program in the dataset must not be opened.
        """
        labels = self._labels.read()
        rows = self.index.rows() + self.index.external_rows()
        return [
            dataclasses.replace(row, label=labels[row.uuid]) if row.uuid in labels else row
            for row in rows
        ]

    @property
    def label_damage(self) -> str:
        """Why the last call of `rows` left out the labels; empty if it did not."""
        return self._labels.damage

    def damaged(self) -> list[str]:
        """Return the names of unreadable episode files and of quarantined files."""
        aside = [path.name for path in files.plain_files(self.places.quarantine)]
        return self.index.damaged() + aside

    def read(self, episode: str | EpisodeRow) -> Episode:
        """Read a whole episode, given its file name or its row.

        Raises:
            RecordingError: there is no such episode, or it is damaged.
        """
        row = episode if isinstance(episode, EpisodeRow) else self.row(episode)
        path, group = self._admitted(row)
        if group == OWN_GROUP and episode_reader.file_hash(path) != row.sha256:
            # the arrays have their own checksums; Minari's API may have changed the attributes
            flags = (*row.flags, tr("the file has changed since it was saved"))
            row = dataclasses.replace(episode_reader.read_row(path), label=row.label, flags=flags)
        return episode_reader.read_episode(path, row, *self.spaces(), group)

    def read_many(self, rows: Sequence[EpisodeRow]) -> Iterator[Episode]:
        """Read many episodes for training, without infos and from the cache if possible.

        Raises:
            RecordingError: an episode is damaged.
        """
        cache = TrainingCache(self.places.cache, *self.spaces())
        if not cache.is_of_use:
            yield from (self.read(row) for row in rows)
            return
        for row in rows:
            found = cache.find(row) if self._is_unchanged(row) else None
            if found is None:
                found = self._read_quickly(cache, row)
                cache.keep(found)
            yield found
        cache.settle(len(rows))

    def _read_quickly(self, cache: TrainingCache, row: EpisodeRow) -> Episode:
        if self._is_unchanged(row):
            with contextlib.suppress(RecordingError):
                return cache.read(self.places.episodes / row.file, row)
        return self.read(row)

    def _is_unchanged(self, row: EpisodeRow) -> bool:
        return bool(row.sha256) and vetting_service.knows(self.places.episodes / row.file)

    def row(self, file: str) -> EpisodeRow:
        """Return the row of an episode.

        Raises:
            RecordingError: there is no such episode, or it is damaged.
        """
        found = next((row for row in self.rows() if row.file == file), None)
        if found is None and file in self.index.files():
            raise RecordingError(
                f"Episode {file} of {self.dataset_id} cannot be read: the file is damaged. "
                f"`teleop recover {self.places.episodes / file}` extracts what is left."
            )
        if found is None:
            raise no_episode(self.dataset_id, file)
        return found

    def step_details(self, row: EpisodeRow) -> StepDetails:
        """Return who acted in each step, and when keys, buttons and sticks moved."""
        admitted = self._admitted(row)
        return StepDetails(
            episode_reader.read_actors(*admitted), episode_reader.read_inputs(*admitted)
        )

    def _admitted(self, row: EpisodeRow) -> tuple[Path, str]:
        """Return the file and group of an episode; an unknown file is vetted first."""
        path, group = self.places.source(row.file)
        foreign = group != OWN_GROUP
        vetting_service.admit(path, links=foreign, pictures=foreign)
        return path, group

    # ------------------------------------------------------------ labels

    def label(self, uuid: str, **changes: Any) -> Label:
        """Change fields of an episode's `Label`.

        Raises:
            RecordingError: there is no such episode, or a value is invalid.
            StorageError: writing to disk failed.
        """
        row = next((row for row in self.rows() if row.uuid == uuid), None)
        if row is None:
            raise no_episode(self.dataset_id, uuid)
        trim = changes.get("trim")
        if trim is not None and trim[1] > row.total_steps:
            raise RecordingError(
                f"Episode {row.number} has {row.total_steps} steps; a trim up to "
                f"{trim[1]} reaches beyond it."
            )
        with refusals(self.folder):
            return self._labels.change(uuid, **changes)
