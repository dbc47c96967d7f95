"""Disks that fill up at many byte counts: on a real small file system, or by a limit."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from teleop.errors import StorageError
from tests.torture.kill import PICTURES_BEHIND
from tests.torture.scenario import (
    KINDS,
    Acknowledged,
    losses,
    open_dataset,
    play,
)

_SIZE = 6 << 20
_PAGE = 4096


def available() -> bool:
    """Return whether this program may mount a small file system."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = _mount(Path(folder))
        if mounted:
            _unmount(Path(folder))
        return mounted


def run(trials: int = 200) -> list[str]:
    """Fill a small disk, at another byte count in each trial; return what went wrong."""
    wrong = []
    for trial in range(trials):
        kind = KINDS[trial % len(KINDS)]
        # saving needs a megabyte of space: half of the trials have less
        room = _PAGE * (trial + 1) * (1 if trial % 2 else 4)
        with _small_disk() as disk:
            wrong += [f"{room} bytes ({kind}): {what}" for what in _fill(disk, kind, room)]
    return wrong


def run_by_limit(trials: int = 200) -> list[str]:
    """Limit the size of all files (RLIMIT_FSIZE), so that writes fail in the middle of files."""
    wrong = []
    for trial in range(trials):
        kind = KINDS[trial % len(KINDS)]
        limit = 600 + trial * 137
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "recordings"
            root.mkdir()
            acknowledged, ended, said = _child(root, kind, limit)
            wrong += [f"limit {limit} ({kind}): {what}" for what in _judge(ended, said)]
            found = losses(root, kind, acknowledged, _behind(kind))
            wrong += [f"limit {limit} ({kind}): {what}" for what in found]
    return wrong


def _behind(kind: str) -> int:
    """Return the number of steps that may not have been written when the disk was full."""
    return 0 if kind == "vector" else PICTURES_BEHIND


def _fill(disk: Path, kind: str, room: int) -> list[str]:
    """Record until the disk is full, then free space and continue."""
    root = disk / "recordings"
    root.mkdir()
    open_dataset(root, kind).writer.release()
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(0, free - room)))
    acknowledged, ended, said = _child(root, kind)
    wrong = _judge(ended, said)
    filler.unlink()
    wrong += losses(root, kind, acknowledged, _behind(kind))
    return wrong + _goes_on(root, kind)


def _child(root: Path, kind: str, limit: int = 0) -> tuple[Acknowledged, str, list[str]]:
    """Record in a process, because HDF5 may die; return (acknowledged, how it ended, messages)."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        code = 1
        try:
            if limit:
                import resource
                import signal

                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            play(root, kind, lambda *words: _say(sink, words), takes=400)
            code = 0
        except StorageError as problem:
            _say(sink, ("full", str(problem)))
            code = 2
        except BaseException as problem:  # noqa: BLE001  anything else is a finding
            _say(sink, ("broke", repr(problem)))
        finally:
            os._exit(code)
    os.close(sink)
    acknowledged, said = Acknowledged(), []
    with os.fdopen(source, "rb") as pipe:
        for line in pipe:
            words = json.loads(line)
            if words[0] in ("full", "broke"):
                said.append(f"{words[0]}: {words[1]}")
            else:
                acknowledged.hear(*words)
    _, status = os.waitpid(child, 0)
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else ""
    return acknowledged, ended, said


def _say(sink: int, words: Any) -> None:
    os.write(sink, json.dumps(words).encode() + b"\n")


def _judge(ended: str, said: list[str]) -> list[str]:
    """Expect one clear sentence and no crash."""
    if ended:
        return [f"the program died of {ended}"]
    if len(said) != 1 or not said[0].startswith("full: "):
        return [f"it said {said}"]
    return [] if said[0].count(". ") <= 3 and "Errno" not in said[0] else [f"unclear: {said[0]}"]


def _goes_on(root: Path, kind: str) -> list[str]:
    acknowledged = Acknowledged()
    play(root, kind, acknowledged.hear, takes=2, first=1000)
    return losses(root, kind, acknowledged)


@contextmanager
def _small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder)
        if not _mount(disk):
            raise SystemExit("Mounting a small file system needs root.")
        try:
            yield disk
        finally:
            _unmount(disk)


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)
