"""The trash: deleted episodes and discarded takes, moved here until they are purged."""

from collections.abc import Sequence
from pathlib import Path

from teleop.errors import RecordingError
from teleop.recording.datasets.dataset_index import DatasetIndex
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader
from teleop.recording.trust import vetting_service
from teleop.text import tr

_JOURNAL = ".tj"


class Trash:
    """The trash of one dataset."""

    def __init__(self, places: DatasetPaths, index: DatasetIndex, dataset_id: str) -> None:
        self._places, self._index, self._dataset_id = places, index, dataset_id

    def names(self) -> list[str]:
        """Return the names of all files in the trash."""
        return [path.name for path in files.plain_files(self._places.trash)]

    def put_journal(self, journal: Path) -> str:
        """Move an unsaved take to the trash and return its name there.

        Raises:
            OSError: writing to disk failed.
        """
        files.make_folder(self._places.trash)
        files.replace(journal, self._places.trash / journal.name)
        return journal.name

    def put_episodes(self, names: Sequence[str], description: dict[str, object]) -> None:
        """Move saved episodes to the trash, after removing them from the lists.

        Args:
            names: the names of their files.
            description: Minari's metadata of the dataset.

        Raises:
            OSError: writing to disk failed.
        """
        files.make_folder(self._places.trash)
        self._index.adopt()
        keep = [name for name in self._index.files() if name not in names]
        self._index.write_description(description, keep)
        self._index.write_index(keep)
        for name in names:
            files.replace(self._places.episodes / name, self._places.trash / name)
        self._index.publish(growing=False)

    def take_back(self, name: str) -> Path | None:
        """Restore a file; return the journal of a discarded take, or None for an episode.

        Raises:
            OSError: writing to disk failed.
            RecordingError: the file is not in the trash, or is damaged.
        """
        trashed = self._places.trash / name
        if Path(name).name != name or not files.is_file(trashed):
            raise RecordingError(
                tr(
                    "{name} is not in the trash of {dataset_id}.",
                    name=name,
                    dataset_id=self._dataset_id,
                )
            )
        if trashed.suffix == _JOURNAL:
            files.replace(trashed, self._places.journals / name)
            return self._places.journals / name
        vetting_service.admit(trashed)
        episode_reader.verify_file(trashed)
        files.replace(trashed, self._places.episodes / name)
        vetting_service.know(self._places.episodes / name)
        self._index.publish(growing=True)
        return None

    def destroy(self, names: Sequence[str] | None) -> list[str]:
        """Permanently delete the given files, or all; return the names of the deleted files.

        Raises:
            OSError: writing to disk failed.
        """
        chosen = [name for name in self.names() if names is None or name in names]
        for name in chosen:
            files.unlink(self._places.trash / name)
        return chosen
