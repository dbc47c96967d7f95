"""What was deleted or discarded: moved, never copied, until somebody destroys it."""

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
        """Everything that is in it."""
        return [path.name for path in files.plain_files(self._places.trash)]

    def put_journal(self, journal: Path) -> str:
        """A take that was never saved; returns its name here.

        Raises:
            OSError: the disk refused.
        """
        files.make_folder(self._places.trash)
        files.replace(journal, self._places.trash / journal.name)
        return journal.name

    def put_episodes(self, names: Sequence[str], description: dict[str, object]) -> None:
        """Saved episodes, out of the lists first.

        Args:
            names: of their files.
            description: Minari's metadata of the dataset.

        Raises:
            OSError: the disk refused.
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
        """Bring something back: the journal of a discarded take; None if it was an episode.

        Raises:
            OSError: the disk refused.
            RecordingError: it is not here, or damaged.
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
        """Destroy these, or everything; returns what was destroyed.

        Raises:
            OSError: the disk refused.
        """
        chosen = [name for name in self.names() if names is None or name in names]
        for name in chosen:
            files.unlink(self._places.trash / name)
        return chosen
