"""Students whose data the teacher took out, for each folder of a class."""

import contextlib
import json
from pathlib import Path

from teleop.paths import write_texts

_MOST = 1000  # folders and students that are kept


class TakenOut:
    """The names in one file; with path None they last as long as the program."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._names: dict[str, list[str]] = {}

    def of(self, folder: Path) -> set[str]:
        """Return the students of a class whose data was taken out."""
        return set(self._read().get(str(folder.absolute()), ()))

    def change(self, folder: Path, student: str, *, is_out: bool) -> None:
        """Take a student's data out, or put it back.

        Raises:
            StorageError: the file cannot be written.
        """
        names = self._read()
        now = set(names.get(str(folder.absolute()), ()))
        now = now | {student} if is_out else now - {student}
        names[str(folder.absolute())] = sorted(now)[:_MOST]
        self._names = dict(list(names.items())[-_MOST:])
        if self._path is not None:
            write_texts({self._path: json.dumps(self._names, indent=1)})

    def _read(self) -> dict[str, list[str]]:
        if self._path is None:
            return dict(self._names)
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._path.read_text("utf-8"))
            if isinstance(found, dict):
                return {
                    folder: [str(name) for name in names]
                    for folder, names in found.items()
                    if isinstance(names, list)
                }
        return {}
