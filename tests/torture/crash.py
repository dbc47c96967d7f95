"""The state after every file operation, and after power cuts that lose unsynced writes.

A recording program runs under `strace`. Its file operations are replayed up to any point into a
separate folder. This folder is then opened and compared with what had been acknowledged by then. A
power cut keeps what was synced; of the rest it keeps pages of 4 KiB, sizes and names at random.
"""

import json
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.kill import PICTURES_BEHIND
from tests.torture.scenario import Acknowledged, losses
from tests.torture.trace import CREATE, TRUNCATE, Operation, record

_PAGE = 4096
_STEPS_IN_A_SECOND = 50


def run(
    power_cuts: int = 500, kind: str = "vector", takes: int = 8, every: int = 1
) -> tuple[int, list[str]]:
    """Test the state after each (or every n-th) operation, and after power cuts.

    Returns:
        (number of states, what was lost in them).
    """
    with tempfile.TemporaryDirectory(prefix="teleop-crash-") as name:
        folder = Path(name)
        operations = _traced(folder, kind, takes)
        states = [(end, None) for end in range(1, len(operations) + 1, every)]
        rng = random.Random(0)
        cuts = [(rng.randint(1, len(operations)), rng.random()) for _ in range(power_cuts)]
        lost = []
        for number, (end, chance) in enumerate([*states, *cuts]):
            state = folder / f"state-{number}"
            disk = _Disk(folder / "recordings", state / "recordings")
            for operation in operations[:end]:
                disk.do(operation)
            disk.write(None if chance is None else random.Random(chance))
            behind = 0 if kind == "vector" else PICTURES_BEHIND
            allowed = behind if chance is None else _STEPS_IN_A_SECOND
            where = f"after operation {end} ({'kill' if chance is None else 'cut'})"
            found = losses(state / "recordings", kind, disk.acknowledged, allowed)
            lost += [f"{where}: {what}" for what in found]
            shutil.rmtree(state)
        return len(states) + len(cuts), lost


def _traced(folder: Path, kind: str, takes: int) -> list[Operation]:
    root, acks = folder / "recordings", folder / "acks"
    root.mkdir()
    program = [sys.executable, "-m", "tests.torture.scenario"]
    return record(folder, [*program, str(root), kind, str(takes), str(acks)])


class _File:
    """A file's current bytes, its bytes on the disk, and the changes in between."""

    def __init__(self) -> None:
        self.now = bytearray()
        self.sure = b""
        self.pending: list[tuple[str, int, bytes]] = []

    def write(self, offset: int, data: bytes) -> None:
        self.now.extend(bytes(max(0, offset - len(self.now))))
        self.now[offset : offset + len(data)] = data
        self.pending.append(("write", offset, data))

    def truncate(self, size: int) -> None:
        del self.now[size:]
        self.now.extend(bytes(size - len(self.now)))
        self.pending.append(("size", size, b""))

    def sync(self) -> None:
        self.sure, self.pending = bytes(self.now), []

    def after_a_cut(self, rng: random.Random) -> bytes:
        """Return what was synced, and some pages of what was not."""
        left, keep = bytearray(self.sure), rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        for what, at, data in self.pending:
            if what == "size" and rng.random() < keep:
                del left[at:]
                left.extend(bytes(at - len(left)))
            for start in range(0, len(data), _PAGE):
                if rng.random() < keep:
                    page = data[start : start + _PAGE]
                    left.extend(bytes(max(0, at + start - len(left))))
                    left[at + start : at + start + len(page)] = page
        return bytes(left)


@dataclass(slots=True)
class _Disk:
    """Replays operations on files below one folder into another."""

    source: Path
    target: Path
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    names: dict[str, _File | None] = field(default_factory=dict)  # None is a folder
    sure_names: dict[str, _File | None] = field(default_factory=dict)
    moves: list[tuple[str, ...]] = field(default_factory=list)
    made: dict[str, _File | None] = field(default_factory=dict)
    handles: dict[int, _File | None] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    acks: int = -1

    def do(self, operation: Operation) -> None:
        """Replay one operation."""
        match operation.call:
            case "openat":
                self._open(operation)
            case "mkdir" | "mkdirat":
                self._name(("make", operation.paths[0]), None)
            case "rename" | "renameat" | "renameat2":
                self._name(("move", *operation.paths), None)
            case "unlink" | "unlinkat":
                self._name(("drop", operation.paths[0]), None)
            case _:
                self._write(operation)

    def write(self, rng: random.Random | None) -> None:
        """Write the files where they can be opened: all of them, or what a power cut leaves."""
        names = self.names
        if rng is not None:
            names = dict(self.sure_names)
            for move in self.moves[: rng.randint(0, len(self.moves))]:
                _apply(names, move, self.made)
        self.target.mkdir(parents=True, exist_ok=True)
        for name, file in names.items():
            if not name.startswith(str(self.source)):
                continue
            path = self.target / Path(name).relative_to(self.source)
            (path if file is None else path.parent).mkdir(parents=True, exist_ok=True)
            if file is not None:
                path.write_bytes(bytes(file.now) if rng is None else file.after_a_cut(rng))

    def _open(self, operation: Operation) -> None:
        name, handle = operation.paths[0], operation.handle
        self.places[handle] = 0
        if name.endswith("/acks"):
            self.acks = handle
            return
        if name not in self.names and operation.number & CREATE:
            self._name(("create", name), _File())
        file = self.names.get(name)
        self.handles[handle] = file
        if file is not None and operation.number & TRUNCATE:
            file.truncate(0)

    def _write(self, operation: Operation) -> None:
        handle = operation.handle
        if handle == self.acks:
            if operation.call == "write":
                self.acknowledged.hear(*json.loads(operation.data))
            return
        file = self.handles.get(handle)
        if operation.call == "lseek":
            self.places[handle] = operation.result
        elif file is not None:
            self._change(file, operation)
        elif operation.call == "fsync":  # the handle is a folder
            self.sure_names, self.moves = dict(self.names), []

    def _change(self, file: _File, operation: Operation) -> None:
        match operation.call:
            case "write":
                file.write(self.places[operation.handle], operation.data[: operation.result])
                self.places[operation.handle] += operation.result
            case "pwrite64":
                file.write(operation.number, operation.data[: operation.result])
            case "ftruncate":
                file.truncate(operation.number)
            case "fsync" | "fdatasync":
                self._sync(file)

    def _sync(self, file: _File) -> None:
        """Sync a file; this also syncs its name."""
        file.sync()
        for move in [m for m in self.moves if m[0] == "create" and self.made[m[1]] is file]:
            self.moves.remove(move)
            _apply(self.sure_names, move, self.made)

    def _name(self, move: tuple[str, ...], file: _File | None) -> None:
        self.made[move[1]] = file if move[0] != "move" else self.made.get(move[1])
        self.moves.append(move)
        _apply(self.names, move, self.made)


def _apply(
    names: dict[str, _File | None], move: tuple[str, ...], made: dict[str, _File | None]
) -> None:
    match move:
        case ("create" | "make", name):
            names[name] = made[name]
        case ("move", old, new) if old in names:
            names[new] = names.pop(old)
        case ("drop", name):
            names.pop(name, None)
