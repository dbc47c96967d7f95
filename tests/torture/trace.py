"""A program's file operations, in order, as recorded by `strace`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_CALLS = (
    "openat,write,pwrite64,ftruncate,lseek,fsync,fdatasync,rename,renameat,renameat2,"
    "unlink,unlinkat,mkdir,mkdirat,close,sendfile,copy_file_range"
)
_BY_HANDLE = ("write", "pwrite64", "ftruncate", "lseek", "fsync", "fdatasync", "close")
_LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)")
_RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PATH = re.compile(r'(?:(AT_FDCWD|\d+), )?"((?:\\x[0-9a-f]{2})*)"')
TRUNCATE, CREATE, FOLDER = 1, 2, 4


def available() -> bool:
    """Return whether this computer can trace programs."""
    return shutil.which("strace") is not None


@dataclass(slots=True)
class Operation:
    """One system call that changed a file or folder.

    Attributes:
        call: name of the call.
        handle: the open file; for `openat`, the new one.
        paths: paths, for calls that take them.
        data: the bytes written.
        number: offset of `pwrite64`, length of `ftruncate`, TRUNCATE | CREATE | FOLDER of `openat`.
        result: return value.
    """

    call: str
    handle: int
    paths: tuple[str, ...]
    data: bytes
    number: int
    result: int


def record(folder: Path, command: Sequence[str]) -> list[Operation]:
    """Run a program; return its operations on files below a folder."""
    log = folder / "trace"
    tracing = ["strace", "-f", "-e", f"trace={_CALLS}", "-xx", "-s", "100000000", "-o", str(log)]
    subprocess.run([*tracing, *command], check=True, stderr=subprocess.DEVNULL)
    return list(_below(folder, _calls(log)))


def _below(folder: Path, calls: Iterator[Operation]) -> Iterator[Operation]:
    handles: set[int] = set()
    folders: dict[int, Operation] = {}  # open folders; they matter when synced
    for operation in calls:
        if operation.call in _BY_HANDLE:
            opened = folders.get(operation.handle)
            if opened is not None and operation.call == "fsync":
                yield from (opened, operation)
            if operation.handle in handles:
                yield operation
            if operation.call == "close":
                handles.discard(operation.handle)
                folders.pop(operation.handle, None)
        elif operation.number & FOLDER:
            folders[operation.handle] = operation
        elif operation.paths and operation.paths[0].startswith(str(folder)):
            handles |= {operation.handle} if operation.call == "openat" else set()
            yield operation


def _calls(log: Path) -> Iterator[Operation]:
    """Yield successful calls with full paths, also for paths relative to an open folder."""
    opened: dict[str, str] = {}
    for line in _whole_lines(log):
        found = _LINE.match(line)
        if not found or int(found[4]) < 0:
            continue
        call, arguments, result = found[2], found[3], int(found[4])
        if call in ("sendfile", "copy_file_range"):
            raise NotImplementedError(call)
        if call in _BY_HANDLE:
            texts = [_bytes(text) for text in _TEXT.findall(arguments)]
            handle = int(arguments.split(",")[0])
            data = texts[0] if texts else b""
            yield Operation(call, handle, (), data, _number(call, arguments), result)
        else:
            paths = tuple(
                os.path.join(opened.get(where, ""), _bytes(text).decode())  # noqa: PTH118
                for where, text in _PATH.findall(arguments)
            )
            flags = TRUNCATE * ("O_TRUNC" in arguments) | CREATE * ("O_CREAT" in arguments)
            flags |= FOLDER * ("O_DIRECTORY" in arguments)
            if call == "openat":
                opened[str(result)] = paths[0]
            yield Operation(call, result, paths, b"", flags, result)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _number(call: str, arguments: str) -> int:
    parts = arguments.split(",")
    return int({"pwrite64": parts[-1], "ftruncate": parts[1 % len(parts)]}.get(call, "0"))


def _whole_lines(log: Path) -> Iterator[str]:
    """Yield lines; an interrupted call is joined where it ended."""
    unfinished: dict[str, str] = {}
    with log.open() as file:
        for line in file:
            text = line.rstrip("\n")
            if text.endswith("<unfinished ...>"):
                unfinished[text.split()[0]] = text.removesuffix("<unfinished ...>").rstrip()
                continue
            resumed = _RESUMED.match(text)
            yield unfinished.pop(resumed[1]) + resumed[3] if resumed else text
