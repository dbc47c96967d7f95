"""Write to a dataset; this needs a claim, which one program at a time can hold."""

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from teleop.envs.spaces import Space
from teleop.errors import DatasetBusyError, RecordingError, StorageError, reason
from teleop.recording.datasets.dataset_index import DatasetIndex, no_episode
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.datasets.description import DatasetInfo, description_of
from teleop.recording.datasets.labels import Labels
from teleop.recording.datasets.training_cache import delete_cache
from teleop.recording.datasets.trash import Trash
from teleop.recording.disk import files
from teleop.recording.disk.disk_space import low_space_warning, need_room
from teleop.recording.disk.lock import Lock
from teleop.recording.disk.path_errors import refusals
from teleop.recording.episodes import episode_reader, episode_writer
from teleop.recording.episodes.episode import OWN_GROUP, Episode
from teleop.recording.journals.journal_reader import JournalReader
from teleop.recording.journals.startup_repair import Recovery, copy_into, recover, save_journal
from teleop.recording.trust import vetting_service
from teleop.text import tr
from teleop.types.metadata import EpisodeRow


class EpisodeSource(Protocol):
    """A dataset to copy episodes from."""

    @property
    def places(self) -> DatasetPaths:
        """The paths of the dataset."""

    def read(self, episode: EpisodeRow) -> Episode:
        """Read a whole episode."""

    def spaces(self) -> tuple[Space, Space]:
        """Return (observation space, action space)."""


class DatasetWriter:
    """Makes all changes to a dataset.

    Attributes:
        trash: deleted episodes and discarded takes.
    """

    def __init__(
        self, places: DatasetPaths, index: DatasetIndex, labels: Labels, dataset_id: str
    ) -> None:
        self._places, self._index, self._labels = places, index, labels
        self._dataset_id = dataset_id
        self._lock = Lock(places.lock)
        self.trash = Trash(places, index, dataset_id)

    def create(self, info: DatasetInfo) -> None:
        """Create the folders, the empty index and the description.

        Raises:
            StorageError: writing to disk failed.
        """
        with refusals(self._places.root):
            self._places.make()
            namespace = self._places.root.parent / "namespace_metadata.json"
            if not files.exists(namespace):
                files.write_atomic(namespace, b"{}")
            if not files.is_file(self._places.description):
                self._index.write_index([])
                self._index.write_description(description_of(self._dataset_id, info), [])

    def claim(self) -> Recovery:
        """Claim the dataset for writing and repair what a crash left behind.

        Raises:
            DatasetBusyError: another Teleop has claimed it.
            RecordingError: another program made it.
            StorageError: writing to disk failed.
        """
        if self._index.is_foreign:
            raise RecordingError(
                tr(
                    "{dataset_id} was made by another program: Teleop reads it and does not "
                    "change it. Copy its episodes: teleop merge NEW-v0 {dataset_id}",
                    dataset_id=self._dataset_id,
                )
            )
        with refusals(self._places.root):
            self._places.make()
            if not self._lock.acquire():
                raise DatasetBusyError(
                    tr(
                        "Another Teleop process is recording into {dataset_id}. Close it, or "
                        "choose another folder with --recordings.",
                        dataset_id=self._dataset_id,
                    )
                )
            try:
                return recover(self._places, self._index)
            except BaseException:
                self._lock.release()
                raise

    def release(self) -> None:
        """Release the claim, so that other programs can write."""
        self._lock.release()

    def next_ordinal(self) -> int:
        """Return the number of the next take."""
        return self._index.next_ordinal()

    def room_left(self) -> str:
        """Return a warning if the disk is nearly full, else an empty string."""
        return low_space_warning(self._places.root)

    def commit(self, journal: Path) -> EpisodeRow:
        """Save a finished journal as an episode, verify it and return its row.

        Raises:
            StorageError: writing to disk failed; the journal stays and is committed at the next
                claim.
            RecordingError: the journal contains no steps.
        """
        self._check_claim()
        try:
            need_room(self._places.root, files.stat(journal).st_size)
            name = save_journal(self._places, JournalReader(journal))
            self._index.publish(growing=True)
            files.unlink(journal, missing_ok=True)
        except OSError as problem:
            if not files.exists(self._places.root.parent):
                raise StorageError(
                    f"{self._places.root} no longer exists. The take is stored in it: reconnect "
                    "the drive or move the folder back, then save the take again."
                ) from problem
            raise StorageError(
                tr(
                    "{folder} cannot be written ({problem}). The take is kept as a journal: make "
                    "room or make the folder writable, then save again, or open Teleop again.",
                    folder=self._places.root,
                    problem=reason(problem),
                )
            ) from problem
        return self._row(name)

    def add(self, sources: Iterable[tuple[EpisodeSource, EpisodeRow]]) -> list[str]:
        """Copy episodes of other datasets with the same spaces, with their labels.

        Returns:
            the names of the new files.

        Raises:
            RecordingError: an episode is damaged.
            StorageError: writing to disk failed; the episodes copied before stay.
        """
        added, labels = [], {}
        taken = {row.uuid for row in self._index.rows()}
        with self._writing(publish=True):
            ordinals = itertools.count(self.next_ordinal())
            for source, row in sources:
                name = row.uuid if row.uuid not in taken else uuid4().hex[:12]
                added.append(self._copy_in(source, row, name, next(ordinals)))
                taken.add(name)
                labels[name] = row.label
            self._labels.add(labels)
        return added

    def add_files(self, paths: Iterable[Path]) -> None:
        """Copy episode files that are already vetted.

        Raises:
            StorageError: writing to disk failed; the files copied before stay.
        """
        with self._writing(publish=True):
            for ordinal, path in enumerate(paths, start=self.next_ordinal()):
                copy_into(self._places, path, episode_reader.read_row(path).uuid, ordinal)

    # ------------------------------------------------------------ trash

    def discard(self, journal: Path) -> str:
        """Move an unsaved take to the trash and return its name there."""
        with self._writing():
            return self.trash.put_journal(journal)

    def delete(self, *names: str) -> None:
        """Move saved episodes to the trash; they keep their names.

        Raises:
            RecordingError: there is no such episode.
        """
        there = self._index.files()
        with self._writing():
            for name in names:
                if name not in there:
                    raise no_episode(self._dataset_id, name)
            self.trash.put_episodes(names, self._index.description())

    def erase(self, *names: str) -> None:
        """Delete saved episodes for good, with their labels and what was derived from them."""
        there = self._index.files()
        with self._writing():
            present = [name for name in names if name in there]
            self.trash.put_episodes(present, self._index.description())
            self.trash.destroy(names)
            for name in names:
                files.unlink(self._places.quarantine / name, missing_ok=True)
            self._labels.forget({Path(name).stem.partition("-")[2] for name in names})
            delete_cache(self._places.cache)

    def restore(self, name: str) -> EpisodeRow:
        """Restore a deleted episode or a discarded take from the trash.

        Raises:
            RecordingError: it is not in the trash.
        """
        with self._writing():
            journal = self.trash.take_back(name)
        return self._row(name) if journal is None else self.commit(journal)

    def purge(self, names: Sequence[str] | None = None) -> list[str]:
        """Delete files in the trash permanently.

        Args:
            names: the files to delete; None for all.

        Returns:
            the names of the deleted files.
        """
        with self._writing():
            return self.trash.destroy(names)

    # ------------------------------------------------------------ internals

    def _copy_in(self, source: EpisodeSource, row: EpisodeRow, name: str, ordinal: int) -> str:
        """Copy one episode of another dataset to a file in this dataset."""
        path, group = source.places.source(row.file)
        if group == OWN_GROUP:
            vetting_service.admit(path)
            return copy_into(self._places, path, name, ordinal)
        draft = self._places.journals / "foreign.h5tmp"
        episode_writer.write_episode(source.read(row), *source.spaces(), draft)
        try:
            return copy_into(self._places, draft, name, ordinal)
        finally:
            files.unlink(draft, missing_ok=True)

    def _row(self, name: str) -> EpisodeRow:
        row = next(row for row in self._index.rows() if row.file == name)
        label = self._labels.read().get(row.uuid)
        return dataclasses.replace(row, label=label) if label else row

    @contextlib.contextmanager
    def _writing(self, *, publish: bool = False) -> Iterator[None]:
        """Require a claim, and turn disk errors into readable messages.

        Args:
            publish: whether to update the index afterwards, even after an error.
        """
        self._check_claim()
        with refusals(self._places.root):
            try:
                yield
            finally:
                if publish:
                    self._index.publish(growing=True)

    def _check_claim(self) -> None:
        if not self._lock.is_held:
            raise DatasetBusyError(
                tr(
                    "{dataset_id} cannot be written because another Teleop process has it open. "
                    "Close that process.",
                    dataset_id=self._dataset_id,
                )
            )
