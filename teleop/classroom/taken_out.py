"""The episodes of students whose data the teacher took out, wherever their bundles lie."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from teleop.paths import write_texts

_MOST = 100_000  # episodes that are kept


class TakenOut:
    """The episodes in one file; with path None they last as long as this object."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._uuids: tuple[str, ...] = ()

    @property
    def uuids(self) -> set[str]:
        """The uuids of the episodes that were taken out."""
        return set(self._read())

    def change(self, uuids: Iterable[str], *, is_out: bool) -> None:
        """Take episodes out, or put them back.

        Raises:
            StorageError: the file cannot be written.
        """
        before, changed = self._read(), set(uuids)
        kept = tuple(uuid for uuid in before if uuid not in changed)
        self._uuids = (*kept, *sorted(changed if is_out else ()))[-_MOST:]
        if self._path is not None:
            write_texts({self._path: json.dumps({"taken_out": self._uuids}, indent=1)})

    def _read(self) -> tuple[str, ...]:
        if self._path is None:
            return self._uuids
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._path.read_text("utf-8"))
            if isinstance(found, dict) and isinstance(found.get("taken_out"), list):
                return tuple(str(uuid) for uuid in found["taken_out"])
        return ()
