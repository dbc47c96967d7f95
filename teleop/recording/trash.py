"""What was deleted or discarded: moved, never copied, until somebody destroys it."""

from collections.abc import Sequence
from pathlib import Path

from teleop.errors import RecordingError
from teleop.recording import files, gate, storage
from teleop.recording.places import Places
from teleop.recording.shelf import Shelf

_JOURNAL = ".tj"


class Trash:
    """The trash of one dataset."""

    def __init__(self, places: Places, shelf: Shelf, dataset_id: str) -> None:
        self._places, self._shelf, self._dataset_id = places, shelf, dataset_id

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
        self._shelf.adopt()
        keep = [name for name in self._shelf.files() if name not in names]
        self._shelf.write_description(description, keep)
        self._shelf.write_index(keep)
        for name in names:
            files.replace(self._places.episodes / name, self._places.trash / name)
        self._shelf.publish(growing=False)

    def take_back(self, name: str) -> Path | None:
        """Bring something back: the journal of a discarded take; None if it was an episode.

        Raises:
            OSError: the disk refused.
            RecordingError: it is not here, or damaged.
        """
        trashed = self._places.trash / name
        if Path(name).name != name or not files.is_file(trashed):
            raise RecordingError(f"{name} is not in the trash of {self._dataset_id}.")
        if trashed.suffix == _JOURNAL:
            files.replace(trashed, self._places.journals / name)
            return self._places.journals / name
        gate.admit(trashed)
        storage.verify_file(trashed)
        files.replace(trashed, self._places.episodes / name)
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
            files.unlink(self._places.trash / name)
        return chosen
