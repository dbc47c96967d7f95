"""What was deleted or discarded: moved, never copied, until somebody destroys it."""

from collections.abc import Sequence
from pathlib import Path

from teleop.errors import RecordingError
from teleop.recording import gate, storage
from teleop.recording.durable import replace_file
from teleop.recording.places import Places
from teleop.recording.shelf import Shelf

_JOURNAL = ".tj"


class Trash:
    """The trash of one dataset."""

    def __init__(self, places: Places, shelf: Shelf, dataset_id: str) -> None:
        self._places, self._shelf, self._dataset_id = places, shelf, dataset_id

    def names(self) -> list[str]:
        """Everything that is in it."""
        folder = self._places.trash
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def put_journal(self, journal: Path) -> str:
        """A take that was never saved; returns its name here.

        Raises:
            OSError: the disk refused.
        """
        self._places.trash.mkdir(parents=True, exist_ok=True)
        replace_file(journal, self._places.trash / journal.name)
        return journal.name

    def put_episodes(self, files: Sequence[str], description: dict[str, object]) -> None:
        """Saved episodes, out of the lists first.

        Args:
            files: their names.
            description: Minari's metadata of the dataset.

        Raises:
            OSError: the disk refused.
        """
        self._places.trash.mkdir(parents=True, exist_ok=True)
        self._shelf.adopt()
        keep = [name for name in self._shelf.files() if name not in files]
        self._shelf.write_description(description, keep)
        self._shelf.write_index(keep)
        for file in files:
            replace_file(self._places.episodes / file, self._places.trash / file)
        self._shelf.publish(growing=False)

    def take_back(self, name: str) -> Path | None:
        """Bring something back: the journal of a discarded take; None if it was an episode.

        Raises:
            OSError: the disk refused.
            RecordingError: it is not here, or damaged.
        """
        trashed = self._places.trash / name
        if Path(name).name != name or not trashed.is_file():
            raise RecordingError(f"{name} is not in the trash of {self._dataset_id}.")
        if trashed.suffix == _JOURNAL:
            replace_file(trashed, self._places.journals / name)
            return self._places.journals / name
        gate.admit(trashed)
        storage.verify_file(trashed)
        replace_file(trashed, self._places.episodes / name)
        gate.know(self._places.episodes / name)
        self._shelf.publish(growing=True)
        return None

    def destroy(self, names: Sequence[str] | None) -> list[str]:
        """Destroy these, or everything; returns what was destroyed.

        Raises:
            OSError: the disk refused.
        """
        chosen = [name for name in self.names() if names is None or name in names]
        for name in chosen:
            (self._places.trash / name).unlink()
        return chosen
