"""One dataset: a folder that is a Minari dataset at every moment.

The commit point is the rename of an episode file into `data/episodes/`; everything else is derived
(`dataset_index`). Reading needs no claim; writing does, and one program at a time has it.
"""

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from teleop.envs.spaces import Space, space_from_json
from teleop.errors import DatasetBusyError, RecordingError, StorageError, reason
from teleop.recording.datasets.dataset_index import DatasetIndex
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.datasets.description import DatasetInfo, description_of, info_in
from teleop.recording.datasets.labels import Label, Labels
from teleop.recording.datasets.training_cache import TrainingCache
from teleop.recording.datasets.trash import Trash
from teleop.recording.disk import files
from teleop.recording.disk.disk_space import need_room, scarcity
from teleop.recording.disk.lock import Lock
from teleop.recording.disk.path_errors import refusals
from teleop.recording.episodes import episode_reader, episode_writer
from teleop.recording.episodes.certificate import (
    Certificate,
    add_certificate,
    iter_certify,
    read_certificates,
)
from teleop.recording.episodes.episode import Episode, EpisodeRow
from teleop.recording.journals.startup_repair import Recovery, put_in, recover, save_journal
from teleop.recording.trust import vetting_service
from teleop.recording.trust.vetting import EPISODE_FILE, printable
from teleop.text import tr


class Dataset:
    """A dataset on disk."""

    def __init__(self, folder: Path, dataset_id: str) -> None:
        files.guard(folder)
        self.folder = folder
        self.dataset_id = dataset_id
        self.places = DatasetPaths(folder)
        self._index = DatasetIndex(self.places, dataset_id)
        self._trash = Trash(self.places, self._index, dataset_id)
        self._labels = Labels(self.places.labels, self.places.private / "labels.lock")
        self._lock = Lock(self.places.lock)

    @property
    def policies(self) -> Path:
        """The folder of policies learned from this dataset."""
        return self.places.policies

    @property
    def journals(self) -> Path:
        """The folder of running episodes."""
        return self.places.journals

    @property
    def exists(self) -> bool:
        """There is a dataset here."""
        return files.is_file(self.places.description)

    @property
    def is_foreign(self) -> bool:
        """Another program made it: it is read, not written."""
        return self.exists and "teleop" not in self.metadata()

    # ------------------------------------------------------------ reading

    def metadata(self) -> dict[str, Any]:
        """Minari's `metadata.json`.

        Raises:
            RecordingError: it cannot be read.
        """
        return self._index.description()

    def info(self) -> DatasetInfo:
        """What the dataset says about its environment."""
        return info_in(self.metadata())

    def spaces(self) -> tuple[Space, Space]:
        """(observation space, action space)."""
        info = self.info()
        try:
            return space_from_json(info.observation_space), space_from_json(info.action_space)
        except RecordingError as problem:
            raise RecordingError(
                f"{self.places.description}: {problem} Restore the file from a backup, or get the "
                "episodes out with `teleop recover`."
            ) from problem

    def rows(self) -> list[EpisodeRow]:
        """Every episode, oldest first, as far as lists need to know it.

        Raises:
            HostileFileError: another program's data in it must not be opened.
        """
        labels = self._labels.read()
        rows = self._index.rows() + self._index.foreign_rows()
        return [
            dataclasses.replace(row, label=labels[row.uuid]) if row.uuid in labels else row
            for row in rows
        ]

    @property
    def label_damage(self) -> str:
        """Why labels were left out when the rows were last read; empty if they were not."""
        return self._labels.damage

    def damaged(self) -> list[str]:
        """Names of episode files that cannot be read, and of what was put aside before."""
        aside = [path.name for path in files.plain_files(self.places.quarantine)]
        return self._index.damaged() + aside

    def read(self, episode: str | EpisodeRow) -> Episode:
        """A whole episode, by its file's name or its row.

        Raises:
            RecordingError: there is no such episode, or it is damaged.
        """
        row = episode if isinstance(episode, EpisodeRow) else self.row(episode)
        path, group = self._admitted(row)
        if group == episode_reader.OWN_GROUP and episode_reader.file_hash(path) != row.sha256:
            # its arrays have checksums of their own; Minari's API may have edited its attributes
            flags = (*row.flags, tr("the file has changed since it was saved"))
            row = dataclasses.replace(episode_reader.read_row(path), label=row.label, flags=flags)
        return episode_reader.read_episode(path, row, *self.spaces(), group)

    def read_many(self, rows: Sequence[EpisodeRow]) -> Iterator[Episode]:
        """Many episodes, for training: without infos, and at once where they were read before.

        Raises:
            RecordingError: one is damaged.
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
        """The row of an episode.

        Raises:
            RecordingError: there is no such episode, or it is damaged.
        """
        found = next((row for row in self.rows() if row.file == file), None)
        if found is None and file in self._index.files():
            raise RecordingError(
                f"Episode {file} of {self.dataset_id} cannot be read: the file is damaged. "
                f"`teleop recover {self.places.episodes / file}` gets out what is left."
            )
        if found is None:
            raise self._has_no(file)
        return found

    def source(self, row: EpisodeRow) -> tuple[Path, str]:
        """(HDF5 file, group in it) of an episode."""
        if "#" in row.file:
            return self.places.index, row.file.split("#")[1]
        return self.places.episodes / row.file, episode_reader.OWN_GROUP

    def input_times(self, row: EpisodeRow) -> NDArray[np.float64]:
        """When keys, buttons and sticks moved, in seconds since the start; empty if unknown."""
        return episode_reader.read_input_times(*self._admitted(row))

    def actors(self, row: EpisodeRow) -> NDArray[np.int8]:
        """(T,) who acted in each step; empty if unknown."""
        return episode_reader.read_actors(*self._admitted(row))

    def _admitted(self, row: EpisodeRow) -> tuple[Path, str]:
        """Where an episode is, looked at if it is not known."""
        path, group = self.source(row)
        foreign = group != episode_reader.OWN_GROUP
        vetting_service.admit(path, links=foreign, pictures=foreign)
        return path, group

    # ------------------------------------------------------------ labels and certificates

    def label(self, uuid: str, **changes: Any) -> Label:
        """Say something about an episode: fields of `Label`.

        Raises:
            RecordingError: there is no such episode, or a field is out of bounds.
            StorageError: the disk refused.
        """
        row = next((row for row in self.rows() if row.uuid == uuid), None)
        if row is None:
            raise self._has_no(uuid)
        trim = changes.get("trim")
        if trim is not None and trim[1] > row.total_steps:
            raise RecordingError(
                f"Episode {row.ordinal + 1} has {row.total_steps} steps; a trim up to "
                f"{trim[1]} reaches beyond it."
            )
        with refusals(self.folder):
            return self._labels.change(uuid, **changes)

    def labels(self) -> dict[str, Label]:
        """Every label, by uuid."""
        return self._labels.read()

    def certificates(self) -> dict[str, Certificate]:
        """The latest valid certificate of each episode, by uuid."""
        found = read_certificates(self.places.certificates)
        hashes = {row.uuid: row.sha256 for row in self._index.rows()}
        return {uuid: c for uuid, c in found.items() if c.sha256 == hashes.get(uuid, "")}

    def iter_certify(self, row: EpisodeRow) -> Iterator[Certificate | None]:
        """Re-simulate an episode, None after each step; keep and yield what that found.

        Raises:
            RecordingError: the episode is damaged.
        """
        for found in iter_certify(self.read(row), self.info().env_id):
            if found is not None:
                with contextlib.suppress(OSError):  # read-only media: it is found again next time
                    add_certificate(self.places.certificates, found)
            yield found

    # ------------------------------------------------------------ writing

    def create(self, info: DatasetInfo) -> None:
        """Make the folders, the empty index and the description.

        Raises:
            StorageError: the disk refused.
        """
        with refusals(self.folder):
            self.places.make()
            namespace = self.folder.parent / "namespace_metadata.json"
            if not files.exists(namespace):
                files.write_atomic(namespace, b"{}")
            if not self.exists:
                self._index.write_index([])
                self._index.write_description(description_of(self.dataset_id, info), [])

    def claim(self) -> Recovery:
        """Take the dataset for writing and put right what a crash left behind.

        Raises:
            DatasetBusyError: another Teleop has it.
            RecordingError: another program made it.
            StorageError: the disk refused.
        """
        if self.is_foreign:
            raise RecordingError(
                tr(
                    "{dataset_id} was made by another program: Teleop reads it and does not "
                    "change it. Copy its episodes: teleop merge NEW-v0 {dataset_id}",
                    dataset_id=self.dataset_id,
                )
            )
        with refusals(self.folder):
            self.places.make()
            if not self._lock.acquire():
                raise DatasetBusyError(
                    tr(
                        "Another Teleop is recording into {dataset_id}. Close it, or choose "
                        "another folder with --recordings.",
                        dataset_id=self.dataset_id,
                    )
                )
            try:
                return recover(self.places, self._index)
            except BaseException:
                self._lock.release()
                raise

    def release(self) -> None:
        """Let others write."""
        self._lock.release()

    def next_ordinal(self) -> int:
        """The number of the next take."""
        return self._index.next_ordinal()

    def room_left(self) -> str:
        """A warning that the disk fills up; empty while there is room."""
        return scarcity(self.folder)

    def commit(self, journal: Path) -> EpisodeRow:
        """Turn a finished journal into a saved episode, and read it back.

        Raises:
            StorageError: the disk refused; the journal is kept and is committed at the next claim.
            RecordingError: the journal holds no step.
        """
        self._check_claim()
        try:
            need_room(self.folder, files.stat(journal).st_size)
            name = save_journal(self.places, journal)
            self._index.publish(growing=True)
            files.unlink(journal, missing_ok=True)
        except OSError as problem:
            if not files.exists(self.folder.parent):
                raise StorageError(
                    f"{self.folder} no longer exists. The take is stored in it: reconnect the "
                    "drive or move the folder back, then save the take again."
                ) from problem
            raise StorageError(
                tr(
                    "{folder} cannot be written ({problem}). The take is kept as a journal: make "
                    "room or make the folder writable, then save again, or open Teleop again.",
                    folder=self.folder,
                    problem=reason(problem),
                )
            ) from problem
        return self.row(name)

    def add(self, sources: Iterable[tuple["Dataset", EpisodeRow]]) -> list[str]:
        """Copy episodes of other datasets with the same spaces, with what was said about them.

        Returns:
            names of the new files.

        Raises:
            RecordingError: one is damaged.
            StorageError: the disk refused; what was copied before stays.
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

    def arrive(self) -> None:
        """Look at everything in a dataset from elsewhere, before it gets a place in a library.

        Raises:
            RecordingError: a part wants too much, is damaged, or of a later version.
        """
        self.spaces()
        for name in self._index.files():
            if not EPISODE_FILE.match(name):
                raise RecordingError(f"{printable(name)[:80]!r} is no episode file's name.")
            vetting_service.admit(self.places.episodes / name)
            episode_reader.verify_file(self.places.episodes / name)
        if self._index.files():
            self._index.write_index(self._index.files())  # never the stranger's index
        else:
            vetting_service.admit(self.places.index, links=True, pictures=True)
        files.unlink(self.places.manifest, missing_ok=True)
        files.unlink(self.places.certificates, missing_ok=True)

    def settle(self) -> None:
        """What has arrived is in its place: remember that it was looked at, name it."""
        for name in self._index.files():
            vetting_service.know(self.places.episodes / name)
        vetting_service.know(self.places.index)
        if self.is_foreign:
            data = self.metadata() | {"dataset_id": self.dataset_id}
            files.write_atomic(self.places.description, json.dumps(data).encode())
        else:
            self.claim()
            self.release()

    def add_files(self, paths: Iterable[Path]) -> None:
        """Copy episode files that were looked at already.

        Raises:
            StorageError: the disk refused; what was copied before stays.
        """
        with self._writing(publish=True):
            for ordinal, path in enumerate(paths, start=self.next_ordinal()):
                put_in(self.places, path, episode_reader.read_row(path).uuid, ordinal)

    # ------------------------------------------------------------ the trash

    def discard(self, journal: Path) -> str:
        """Put a take that was never saved into the trash; returns its name there."""
        with self._writing():
            return self._trash.put_journal(journal)

    def delete(self, *names: str) -> None:
        """Put saved episodes into the trash, under their names.

        Raises:
            RecordingError: there is no such episode.
        """
        there = self._index.files()
        with self._writing():
            for name in names:
                if name not in there:
                    raise self._has_no(name)
            self._trash.put_episodes(names, self.metadata())

    def trash(self) -> list[str]:
        """Names of what was deleted or discarded."""
        return self._trash.names()

    def restore(self, name: str) -> EpisodeRow:
        """Bring something back from the trash: a deleted episode, or a discarded take.

        Raises:
            RecordingError: it is not in the trash.
        """
        with self._writing():
            journal = self._trash.take_back(name)
        return self.row(name) if journal is None else self.commit(journal)

    def purge(self, names: Sequence[str] | None = None) -> list[str]:
        """Delete the trash permanently. It cannot be undone.

        Args:
            names: only these; None for all.

        Returns:
            what was destroyed.
        """
        with self._writing():
            return self._trash.destroy(names)

    # ------------------------------------------------------------ inside

    def _copy_in(self, source: "Dataset", row: EpisodeRow, name: str, ordinal: int) -> str:
        """One episode of another dataset as a file of ours."""
        path, group = source.source(row)
        if group == episode_reader.OWN_GROUP:
            vetting_service.admit(path)
            return put_in(self.places, path, name, ordinal)
        draft = self.places.journals / "foreign.h5tmp"
        episode_writer.write_episode(source.read(row), *source.spaces(), draft)
        try:
            return put_in(self.places, draft, name, ordinal)
        finally:
            files.unlink(draft, missing_ok=True)

    @contextlib.contextmanager
    def _writing(self, *, publish: bool = False) -> Iterator[None]:
        """Only with a claim; what the disk refuses is said in a sentence.

        Args:
            publish: list what has come, also if not all of it did.
        """
        self._check_claim()
        with refusals(self.folder):
            try:
                yield
            finally:
                if publish:
                    self._index.publish(growing=True)

    def _has_no(self, name: str) -> RecordingError:
        dataset_id = self.dataset_id
        return RecordingError(
            tr("{dataset_id} has no episode {name}.", dataset_id=dataset_id, name=name)
        )

    def _check_claim(self) -> None:
        if not self._lock.is_held:
            raise DatasetBusyError(
                tr(
                    "{dataset_id} is not open for writing: another Teleop has it. Close that one.",
                    dataset_id=self.dataset_id,
                )
            )
