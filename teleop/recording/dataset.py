"""One dataset: a folder that is a Minari dataset at every moment.

    <dataset>/data/main_data.hdf5          index of links, replaced atomically
    <dataset>/data/metadata.json           Minari's description, replaced atomically
    <dataset>/data/manifest.json           what lists show; rebuilt from the files when in doubt
    <dataset>/data/labels.json             stars
    <dataset>/data/episodes/NNNNNN-xxxxxxxxxxxx.h5   immutable
    <dataset>/policies/<name>/             what was learned from it
    <dataset>/.teleop/                     lock, journals, trash, quarantine

The commit point is the rename of an episode file into `episodes/`; everything else is derived.
"""

import dataclasses
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock

from teleop import __version__
from teleop.envs.spaces import Space, space_from_json
from teleop.errors import DatasetBusyError, RecordingError, StorageError
from teleop.recording import storage
from teleop.recording.durable import replace_file, write_atomic
from teleop.recording.episode import Episode, EpisodeRow

# Readers of Minari 0.5.0 to 0.5.2 and 0.5.4 all take raw images under this version.
_MINARI_VERSION = "0.5.0"


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a dataset says about its environment.

    Attributes:
        env_id: Gymnasium id.
        observation_space: JSON, as Minari writes it.
        action_space: JSON, as Minari writes it.
        env_spec: `EnvSpec.to_json()`, or None where the environment has none.
        pace_hz: the usual pace of play; 0 for turn-based.
        description: one line.
    """

    env_id: str
    observation_space: str
    action_space: str
    env_spec: str | None = None
    pace_hz: float = 0.0
    description: str = ""


@dataclass(slots=True)
class Recovery:
    """What opening a dataset for writing had to repair."""

    recovered: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Dataset:
    """A dataset on disk. Reading needs no claim; writing does."""

    def __init__(self, folder: Path, dataset_id: str) -> None:
        self.folder = folder
        self.dataset_id = dataset_id
        self._data = folder / "data"
        self._episodes = self._data / "episodes"
        self._private = folder / ".teleop"
        self._lock = filelock.FileLock(self._private / "lock", blocking=False, thread_local=False)
        self._rows: dict[str, EpisodeRow] | None = None

    @property
    def policies(self) -> Path:
        """The folder of policies learned from this dataset."""
        return self.folder / "policies"

    @property
    def journals(self) -> Path:
        """The folder of running episodes."""
        return self._private / "journal"

    @property
    def exists(self) -> bool:
        """There is a dataset here."""
        return (self._data / "metadata.json").is_file()

    def metadata(self) -> dict[str, Any]:
        """Minari's `metadata.json`.

        Raises:
            RecordingError: it is missing or not JSON.
        """
        path = self._data / "metadata.json"
        try:
            loaded = json.loads(path.read_bytes())
        except (OSError, ValueError) as problem:
            raise RecordingError(
                f"{path} cannot be read ({problem}); a dataset needs it. "
                "Restore the file from a backup, or record into another folder."
            ) from problem
        if not isinstance(loaded, dict) or "observation_space" not in loaded:
            raise RecordingError(f"{path} is not the description of a dataset.")
        return loaded

    def info(self) -> DatasetInfo:
        """What the dataset says about its environment."""
        data = self.metadata()
        ours = data.get("teleop", {})
        return DatasetInfo(
            env_id=str(ours.get("env_id", "")),
            observation_space=data["observation_space"],
            action_space=data["action_space"],
            env_spec=data.get("env_spec"),
            pace_hz=float(ours.get("fps", 0.0)),
            description=str(data.get("description", "")),
        )

    def spaces(self) -> tuple[Space, Space]:
        """(observation space, action space)."""
        info = self.info()
        return space_from_json(info.observation_space), space_from_json(info.action_space)

    def rows(self) -> list[EpisodeRow]:
        """Every episode, oldest first, as far as lists need to know it."""
        stars = self._stars()
        known = self._known_rows()
        rows = []
        for name in self._files():
            row = known.get(name) or self._read_row(name)
            if row is not None:
                rows.append(dataclasses.replace(row, starred=row.uuid in stars))
        return rows

    def read(self, file: str) -> Episode:
        """A whole episode.

        Raises:
            RecordingError: there is no such episode, or it is damaged.
        """
        row = next((row for row in self.rows() if row.file == file), None)
        if row is None:
            raise RecordingError(f"{self.dataset_id} has no episode {file}.")
        return storage.read_episode(self._episodes / file, row, *self.spaces())

    def create(self, info: DatasetInfo) -> None:
        """Make the folders, the empty index and the description.

        Raises:
            StorageError: the disk refused.
        """
        try:
            for folder in (self._episodes, self.journals, self._trash, self._quarantine):
                folder.mkdir(parents=True, exist_ok=True)
            namespace = self.folder.parent / "namespace_metadata.json"
            if not namespace.exists():
                write_atomic(namespace, b"{}")
            if not self.exists:
                write_atomic(self._data / "main_data.hdf5", storage.index_bytes([]))
                self._write_metadata(_description(self.dataset_id, info), [])
        except OSError as problem:
            raise _refused(self.folder, problem) from problem

    def claim(self) -> Recovery:
        """Take the dataset for writing and put right what a crash left behind.

        Raises:
            DatasetBusyError: another Teleop has it.
            StorageError: the disk refused.
        """
        try:
            for folder in (self.journals, self._trash, self._quarantine):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout as problem:
            raise DatasetBusyError(
                f"Another Teleop is recording into {self.dataset_id}. Close it, or choose "
                "another folder with --recordings."
            ) from problem
        except OSError as problem:
            raise _refused(self.folder, problem) from problem
        try:
            return self._recover()
        except OSError as problem:
            self._lock.release()
            raise _refused(self.folder, problem) from problem
        except BaseException:
            self._lock.release()
            raise

    def release(self) -> None:
        """Let others write."""
        self._lock.release()

    def next_ordinal(self) -> int:
        """The number of the next take."""
        names = [p.name for p in (*self._trash.iterdir(), *self.journals.iterdir())]
        taken = [int(n[:6]) for n in [*self._files(), *names] if n[:6].isdigit()]
        return 1 + max(taken, default=-1)

    def commit(self, journal: Path) -> EpisodeRow:
        """Turn a finished journal into a saved episode, and read it back.

        Raises:
            StorageError: the disk refused; the journal is kept and is committed at the next claim.
            RecordingError: the journal holds no step.
        """
        self._check_claim()
        name = f"{journal.stem}.h5"
        draft = self.journals / f"{journal.stem}.h5tmp"
        try:
            self._check_space(journal)
            storage.build_episode(journal, draft)
            storage.verify_file(draft)
            replace_file(draft, self._episodes / name)  # the commit point
            self._publish(growing=True)
            journal.unlink(missing_ok=True)
        except OSError as problem:
            raise StorageError(
                f"{self.folder} cannot be written ({problem.strerror or problem}). The take is "
                "kept as a journal: make room or make the folder writable, then save again, or "
                "open Teleop again."
            ) from problem
        return next(row for row in self.rows() if row.file == name)

    def discard(self, journal: Path) -> str:
        """Put a take that was never saved into the trash; returns its name there."""
        self._check_claim()
        try:
            self._trash.mkdir(parents=True, exist_ok=True)
            replace_file(journal, self._trash / journal.name)
        except OSError as problem:
            raise _refused(self.folder, problem) from problem
        return journal.name

    def delete(self, file: str) -> str:
        """Put a saved episode into the trash; returns its name there.

        Raises:
            RecordingError: there is no such episode.
        """
        self._check_claim()
        if file not in self._files():
            raise RecordingError(f"{self.dataset_id} has no episode {file}.")
        try:
            self._trash.mkdir(parents=True, exist_ok=True)
            self._adopt()
            keep = [name for name in self._files() if name != file]
            self._write_metadata(self.metadata(), keep)
            write_atomic(self._data / "main_data.hdf5", storage.index_bytes(keep))
            replace_file(self._episodes / file, self._trash / file)
            self._publish(growing=False)
        except OSError as problem:
            raise _refused(self.folder, problem) from problem
        return file

    def restore(self, name: str) -> EpisodeRow:
        """Bring something back from the trash: a deleted episode, or a discarded take.

        Raises:
            RecordingError: it is not in the trash.
        """
        self._check_claim()
        trashed = self._trash / name
        if not trashed.exists():
            raise RecordingError(f"{name} is not in the trash of {self.dataset_id}.")
        try:
            if trashed.suffix == ".tj":
                replace_file(trashed, self.journals / name)
                return self.commit(self.journals / name)
            replace_file(trashed, self._episodes / name)
            self._publish(growing=True)
        except OSError as problem:
            raise _refused(self.folder, problem) from problem
        return next(row for row in self.rows() if row.file == name)

    def star(self, uuid: str, starred: bool) -> None:
        """Set or remove the user's mark on an episode."""
        stars = self._stars() | {uuid} if starred else self._stars() - {uuid}
        try:
            data = json.dumps({"starred": sorted(stars)}).encode()
            write_atomic(self._data / "labels.json", data)
        except OSError as problem:
            raise _refused(self.folder, problem) from problem

    @property
    def _trash(self) -> Path:
        return self._private / "trash"

    @property
    def _quarantine(self) -> Path:
        return self._private / "quarantine"

    def _files(self) -> list[str]:
        return sorted(path.name for path in self._episodes.glob("*.h5"))

    def _stars(self) -> set[str]:
        try:
            return set(json.loads((self._data / "labels.json").read_bytes())["starred"])
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def _known_rows(self) -> dict[str, EpisodeRow]:
        if self._rows is None:
            try:
                listed = json.loads((self._data / "manifest.json").read_bytes())["episodes"]
                rows = [EpisodeRow(**row) for row in listed]
            except (OSError, ValueError, KeyError, TypeError):
                rows = []  # derived data: the files themselves are read instead
            self._rows = {row.file: row for row in rows}
        return self._rows

    def _read_row(self, name: str) -> EpisodeRow | None:
        try:
            row = storage.read_row(self._episodes / name)
        except RecordingError:
            return None
        self._known_rows()[name] = row
        return row

    def _check_claim(self) -> None:
        if not self._lock.is_locked:
            raise DatasetBusyError(
                f"{self.dataset_id} is not open for writing: another Teleop has it. Close that one."
            )

    def _check_space(self, journal: Path) -> None:
        need = int(journal.stat().st_size * 1.5) + (1 << 20)
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise StorageError(
                f"The disk of {self.folder} is full: saving needs {need / 1e6:.1f} MB, "
                f"{free / 1e6:.1f} MB are free. The take is kept as a journal and is saved as "
                "soon as there is room: free some space and open Teleop again."
            )

    def _publish(self, *, growing: bool) -> None:
        """Rewrite what is derived from the episode files.

        Minari needs every episode that the description counts: a growing dataset gets its index
        first, a shrinking one its description first.
        """
        self._adopt()
        files = self._files()
        if growing:
            write_atomic(self._data / "main_data.hdf5", storage.index_bytes(files))
        self._write_metadata(self.metadata(), files)
        if not growing:
            write_atomic(self._data / "main_data.hdf5", storage.index_bytes(files))
        self._rows = {row.file: row for row in self.rows()}
        rows = [dataclasses.asdict(row) | {"starred": False} for row in self._rows.values()]
        manifest = {"schema": storage.SCHEMA, "episodes": rows}
        write_atomic(self._data / "manifest.json", json.dumps(manifest, indent=1).encode())

    def _write_metadata(self, data: dict[str, Any], files: list[str]) -> None:
        rows = [self._known_rows().get(name) or self._read_row(name) for name in files]
        size = sum((self._episodes / name).stat().st_size for name in files)
        data |= {
            "total_episodes": len(files),
            "total_steps": sum(row.total_steps for row in rows if row),
            "dataset_size": round(size / 1e6, 1),
        }
        write_atomic(self._data / "metadata.json", json.dumps(data).encode())

    def _adopt(self) -> None:
        """Give episodes that Minari's own API put into the index files of their own.

        An index that cannot be read is rebuilt from the files, as if there were none.
        """
        index = self._data / "main_data.hdf5"
        for name in storage.foreign_episodes(index):
            draft = self.journals / "adopted.h5tmp"
            storage.extract_foreign(index, name, draft)
            digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:12]
            target = f"{self.next_ordinal():06d}-{digest}.h5"
            replace_file(draft, self._episodes / target)

    def _recover(self) -> Recovery:
        report = Recovery()
        for draft in self.journals.glob("*.h5tmp"):
            draft.unlink()
        for journal in sorted(self.journals.glob("*.tj")):
            self._recover_journal(journal, report)
        for name in self._files():
            if name not in self._known_rows() and self._read_row(name) is None:
                replace_file(self._episodes / name, self._quarantine / name)
                report.quarantined.append(name)
        if self.exists and self._is_stale():
            self._publish(growing=len(self._files()) >= self.metadata().get("total_episodes", 0))
        return report

    def _recover_journal(self, journal: Path, report: Recovery) -> None:
        name = f"{journal.stem}.h5"
        if (self._episodes / name).exists() or (self._trash / name).exists():
            journal.unlink()
            return
        summary = storage.summarise_journal(journal)
        if summary.meta is None:
            replace_file(journal, self._quarantine / journal.name)
            report.quarantined.append(journal.name)
        elif summary.total_steps == 0:
            journal.unlink()
        else:
            try:
                self.commit(journal)
                report.recovered.append(name)
            except StorageError:
                report.waiting.append(journal.name)
            except Exception:  # noqa: BLE001  one bad journal must not lock the others out
                replace_file(journal, self._quarantine / journal.name)
                report.quarantined.append(journal.name)

    def _is_stale(self) -> bool:
        index = self._data / "main_data.hdf5"
        listed = self.metadata().get("total_episodes")
        known = self._known_rows()
        files = self._files()
        return not index.exists() or listed != len(files) or set(known) != set(files)


def _description(dataset_id: str, info: DatasetInfo) -> dict[str, Any]:
    data: dict[str, Any] = {
        "data_format": "hdf5",
        "dataset_id": dataset_id,
        "minari_version": _MINARI_VERSION,
        "jpeg_encoding": False,
        "observation_space": info.observation_space,
        "action_space": info.action_space,
        "author": [],
        "description": info.description,
        "requirements": [],
        "teleop": {
            "schema": storage.SCHEMA,
            "app_version": __version__,
            "fps": info.pace_hz,
            "env_id": info.env_id,
        },
    }
    return data | ({"env_spec": info.env_spec} if info.env_spec else {})


def _refused(folder: Path, problem: OSError) -> StorageError:
    why = problem.strerror or str(problem)
    return StorageError(
        f"{folder} cannot be written ({why}). What was saved is safe; free some space, make the "
        "folder writable, or choose another one with --recordings."
    )
