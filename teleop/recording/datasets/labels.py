"""Labels of episodes: star, tags, note, success, trim, task, … The episode files stay unchanged.

`labels.json` maps an episode's uuid to its label, so a label follows its episode anywhere.
"""

import dataclasses
import json
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from teleop.errors import RecordingError, TeleopError, sentence
from teleop.recording.disk import files
from teleop.recording.disk.lock import Lock
from teleop.types.metadata import NO_LABEL, Label, Mark

_PATIENCE_S = 10.0  # wait for another program that changes labels


class Labels:
    """All labels of one dataset; several programs can change them at once.

    Attributes:
        damage: why the last read failed; empty if it succeeded.
    """

    def __init__(self, path: Path, lock: Path) -> None:
        self._path, self._lock = path, Lock(lock, _PATIENCE_S)
        self.damage = ""

    def read(self) -> dict[str, Label]:
        """Return the labels by uuid.

        A file that cannot be read counts as empty and is never overwritten.
        """
        self.damage = ""
        try:
            data = json.loads(files.read_bytes(self._path))
            if "starred" in data:  # the old format, without tags
                return {str(uuid): Label(starred=True) for uuid in data["starred"]}
            return {str(uuid): _label(found) for uuid, found in data["episodes"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as why:
            what = sentence(why) if isinstance(why, TeleopError) else "The file is damaged."
            self.damage = f"Stars, tags, notes and trims of {self._path} are left out. {what}"
            return {}

    def change(self, uuid: str, **changes: Any) -> Label:
        """Change fields of one label and return the label.

        Raises:
            RecordingError: see `Label.changed`.
            OSError: writing to disk failed.
        """
        with self._lock:
            labels = self.read()
            labels[uuid] = labels.get(uuid, NO_LABEL).changed(**changes)
            self._write(labels)
        return labels[uuid]

    def forget(self, uuids: Collection[str]) -> None:
        """Remove the labels of some episodes."""
        with self._lock:
            labels = self.read()
            self._write({uuid: label for uuid, label in labels.items() if uuid not in uuids})

    def add(self, others: dict[str, Label]) -> None:
        """Add labels of episodes from another dataset; existing labels take precedence."""
        with self._lock:
            self._write(others | self.read())

    def _write(self, labels: dict[str, Label]) -> None:
        if self.damage:
            files.replace(self._path, self._path.with_suffix(f".damaged-{time.time_ns()}"))
            self.damage = ""
        files.write_atomic(self._path, labels_bytes(labels))


def labels_bytes(labels: Mapping[str, Label]) -> bytes:
    """Return the content of a file of labels by uuid."""
    rows = {uuid: _plain(label) for uuid, label in sorted(labels.items()) if label != NO_LABEL}
    return json.dumps({"schema": 1, "episodes": rows}, indent=1).encode()


def _plain(label: Label) -> dict[str, Any]:
    """Return only the fields that are set."""
    fields = dataclasses.asdict(label)
    return {key: value for key, value in fields.items() if value != getattr(NO_LABEL, key)}


def _label(data: dict[str, Any]) -> Label:
    """Read a label from an untrusted file; an invalid label counts as empty."""
    try:
        trim = data.get("trim")
        return NO_LABEL.changed(
            starred=bool(data.get("starred", False)),
            tags=tuple(str(tag) for tag in data.get("tags", ())),
            note=str(data.get("note", "")),
            success=None if data.get("success") is None else bool(data["success"]),
            trim=None if trim is None else (int(trim[0]), int(trim[1])),
            codename=str(data.get("codename", "")),
            task=str(data.get("task", "")),
            marks=tuple(
                Mark(int(mark["step"]), str(mark["name"])) for mark in data.get("marks", ())
            ),
        )
    except (RecordingError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        return NO_LABEL
