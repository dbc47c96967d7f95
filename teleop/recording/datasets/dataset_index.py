"""Files that are derived from the episode files: Minari's index and description, the manifest.

Each is rewritten atomically whenever an episode is added or removed, and rebuilt from the episode
files when in doubt. Losing these files loses no data.
"""

import json
import re
from pathlib import Path
from typing import Any

from teleop.errors import RecordingError
from teleop.recording.datasets import minari_index
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.disk import files
from teleop.recording.disk.path_errors import RefusedPathError
from teleop.recording.episodes import episode_reader
from teleop.recording.episodes.episode_rows import row_from_json, row_to_json
from teleop.recording.episodes.episode_writer import SCHEMA
from teleop.recording.trust import vetting_service
from teleop.recording.trust.vetting import printable
from teleop.text import tr
from teleop.types.metadata import EpisodeRow

_STEM = re.compile(r"\d{6}-[0-9a-f]{12}")
_OWN = re.compile(rf"{_STEM.pattern}\.h5")
_MOST_MANIFEST = 64 << 20  # bytes; one row takes about 300


class DatasetIndex:
    """The derived files of one dataset."""

    def __init__(self, places: DatasetPaths, dataset_id: str) -> None:
        self._places, self._dataset_id = places, dataset_id
        self._rows: dict[str, EpisodeRow] | None = None
        self._index_mark: list[int] | None = None
        self._sizes: dict[str, int] = {}

    def files(self) -> list[str]:
        """Return the names of the episode files, oldest first.

        Copies that cloud services and users make are left out.
        """
        names = [path.name for path in files.plain_files(self._places.episodes, ".h5")]
        own = {name.removesuffix(".h5") for name in names if _OWN.fullmatch(name)}
        return [name for name in names if _OWN.fullmatch(name) or not _copied(name, own)]

    @property
    def is_foreign(self) -> bool:
        """Whether another program made the dataset; Teleop then only reads it."""
        return files.is_file(self._places.description) and "teleop" not in self.description()

    def description(self) -> dict[str, Any]:
        """Return the content of Minari's `metadata.json`.

        Raises:
            RecordingError: the file is missing, not JSON, from a later version, or names no spaces.
        """
        path = self._places.description
        try:
            loaded: dict[str, Any] = json.loads(files.read_bytes(path, files.MOST_DESCRIPTION))
        except RefusedPathError:
            raise
        except (OSError, ValueError, RecursionError) as problem:
            raise RecordingError(
                f"{path} cannot be read ({problem}); a dataset needs it. Restore the file from a "
                "backup, or extract the episodes with `teleop recover`."
            ) from problem
        if isinstance(loaded, dict) and loaded.get("data_format", "hdf5") != "hdf5":
            form = printable(str(loaded["data_format"]))[:40]
            raise RecordingError(
                f"{path.parent.parent} is a Minari dataset in the {form} format; Teleop reads "
                "HDF5. Load it with Minari and write it again with data_format='hdf5'."
            )
        named = isinstance(loaded, dict) and all(
            isinstance(loaded.get(f"{kind}_space"), str) for kind in ("observation", "action")
        )
        if not named:
            raise RecordingError(
                f"{path} does not name its observation and action spaces, so it is not the "
                "description of a dataset that can be read."
            )
        ours = loaded.get("teleop")
        schema = ours.get("schema", 0) if isinstance(ours, dict) else 0
        if not isinstance(schema, int) or schema > SCHEMA:
            raise RecordingError(
                f"{path} was written by a newer version of Teleop (schema {schema}; this version "
                "reads up to "
                f"{SCHEMA}). Update Teleop to open it."
            )
        return loaded

    def rows(self) -> list[EpisodeRow]:
        """Return the row of each episode file, oldest first; unreadable files are left out."""
        known = self._known()
        rows = (known.get(name) or self.look_at(name) for name in self.files())
        return [row for row in rows if row is not None]

    def external_rows(self) -> list[EpisodeRow]:
        """Return the rows of episodes that another program stored in the index itself.

        An index that must not be opened does not prevent reading the episode files.

        Raises:
            HostileFileError: the index contains something that no recording needs, and there are no
                episode files.
        """
        try:
            return self._read_foreign()
        except RecordingError:
            if not self.files():
                raise
            return []

    def _read_foreign(self) -> list[EpisodeRow]:
        index = self._places.index
        self._known()
        if not files.is_file(index) or _mark(index) == self._index_mark:
            return []
        cached = self._cached_foreign(index)
        if cached is not None:
            return cached
        vetting_service.admit(index, links=True, pictures=True)
        rows = [
            episode_reader.read_row(index, name) for name in minari_index.foreign_episodes(index)
        ]
        self._cache_foreign(index, rows)
        return rows

    def damaged(self) -> list[str]:
        """Return the names of unreadable files: episode files and the index."""
        known = {row.file for row in self.rows()}
        there = files.names(self._places.episodes)
        named = [name for name in there if name.endswith(".h5") and not name.startswith(".")]
        plain = {path.name for path in files.plain_files(self._places.episodes, ".h5")}
        copies = plain - set(self.files())
        return [name for name in named if name not in known | copies] + self._damaged_index()

    def _damaged_index(self) -> list[str]:
        try:
            self._read_foreign()
        except RecordingError:
            return [self._places.index.name]
        return []

    def look_at(self, name: str) -> EpisodeRow | None:
        """Read the row of one episode file; return None if it is damaged or rejected."""
        path = self._places.episodes / name
        try:
            vetting_service.admit(path)
            row = episode_reader.read_row(path)
        except RecordingError:
            return None
        self._known()[name] = row
        return row

    def forget(self, name: str) -> None:
        """Remove a deleted episode file from the known rows."""
        self._known().pop(name, None)

    def publish(self, *, growing: bool) -> None:
        """Rewrite all derived files.

        Minari needs every episode that the description counts. So a growing dataset writes its
        index first, and a shrinking dataset writes its description first.

        Raises:
            OSError: writing to disk failed.
        """
        self.adopt()
        names = self.files()
        if growing:
            self.write_index(names)
        self.write_description(self.description(), names)
        if not growing:
            self.write_index(names)
        self._rows = {row.file: row for row in self.rows()}
        index_mark = _mark(self._places.index)
        manifest = {
            "schema": SCHEMA,
            "index": index_mark,
            "episodes": [row_to_json(row) for row in self._rows.values()],
        }
        files.write_atomic(self._places.manifest, json.dumps(manifest).encode())
        self._index_mark = index_mark

    def write_index(self, names: list[str]) -> None:
        """Replace Minari's HDF5 file."""
        files.write_atomic(self._places.index, minari_index.index_bytes(names))
        vetting_service.know(self._places.index)

    def write_description(self, data: dict[str, Any], names: list[str]) -> None:
        """Replace Minari's `metadata.json`, with the counts of the given files."""
        known = self._known()
        rows = [known.get(name) or self.look_at(name) for name in names]
        size = sum(self._size(name) for name in names)
        data |= {
            "dataset_id": self._dataset_id,
            "total_episodes": len(names),
            "total_steps": sum(row.total_steps for row in rows if row),
            "dataset_size": round(size / 1e6, 1),
        }
        files.write_atomic(self._places.description, json.dumps(data).encode())

    def adopt(self) -> None:
        """Move episodes that Minari's own API stored in the index to their own files.

        An index that must not be opened is quarantined and rebuilt from the episode files.
        """
        index = self._places.index
        self._known()
        if not files.is_file(index) or _mark(index) == self._index_mark:
            return
        try:
            vetting_service.admit(index, links=True, pictures=True)
        except RecordingError:
            files.replace(index, self._places.quarantine / index.name)
            return
        for name in minari_index.foreign_episodes(index):
            draft = self._places.journals / "adopted.h5tmp"
            minari_index.extract_episode(index, name, draft)
            digest = episode_reader.file_hash(draft)[:12]
            target = self._places.episodes / f"{self.next_ordinal():06d}-{digest}.h5"
            files.replace(draft, target)
            vetting_service.know(target)

    def next_ordinal(self) -> int:
        """Return the number of the next take."""
        places = self._places
        names = [*files.names(places.trash), *files.names(places.journals)]
        taken = [int(name.split("-")[0]) for name in [*self.files(), *names] if name[:6].isdigit()]
        return 1 + max(taken, default=-1)

    def is_stale(self) -> bool:
        """Return whether the derived files differ from the files in the folder."""
        known, names = self._known(), self.files()
        about = self.description()
        listed = about.get("total_episodes")
        index = self._places.index
        right = files.is_file(index) and _mark(index) == self._index_mark
        moved = about.get("dataset_id") != self._dataset_id
        return moved or not right or listed != len(names) or set(known) != set(names)

    def _size(self, name: str) -> int:
        """Return the size of an episode file in bytes; it never changes."""
        if name not in self._sizes:
            self._sizes[name] = files.stat(self._places.episodes / name).st_size
        return self._sizes[name]

    def _known(self) -> dict[str, EpisodeRow]:
        if self._rows is None:
            self._index_mark = None
            try:
                manifest = json.loads(files.read_bytes(self._places.manifest, _MOST_MANIFEST))
                rows = [row_from_json(row) for row in manifest["episodes"]]
                self._index_mark = manifest.get("index")
            except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                rows = []  # derived data: the episode files are read instead
            self._rows = {row.file: row for row in rows}
        return self._rows

    def _cached_foreign(self, index: Path) -> list[EpisodeRow] | None:
        try:
            cached = json.loads(files.read_bytes(self._places.cache / "foreign.json"))
            if cached["index"] != _mark(index):
                return None
            rows = [row_from_json(row) for row in cached["episodes"]]
            return rows if all(r.file.startswith(f"{index.name}#") for r in rows) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _cache_foreign(self, index: Path, rows: list[EpisodeRow]) -> None:
        data = {"index": _mark(index), "episodes": [row_to_json(row) for row in rows]}
        try:
            files.make_folder(self._places.cache)
            files.write_atomic(self._places.cache / "foreign.json", json.dumps(data).encode())
        except OSError:
            return  # read-only media: it is read again next time


def _copied(name: str, own: set[str]) -> bool:
    """Return whether a file copies an episode: `Copy of 000000-0123456789ab.h5`, `… (1).h5`."""
    found = _STEM.search(name)
    return found is not None and found[0] in own


def _mark(path: Path) -> list[int]:
    """Return size and time; they change when another program writes to the file."""
    found = files.stat(path)
    return [found.st_size, found.st_mtime_ns]


def no_episode(dataset_id: str, name: str) -> RecordingError:
    """Return the error for an episode that does not exist."""
    return RecordingError(
        tr("{dataset_id} has no episode {name}.", dataset_id=dataset_id, name=name)
    )
