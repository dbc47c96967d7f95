"""Files that survive a power cut: replace atomically, and tell the disk to mean it."""

import os
from pathlib import Path

_HAS_DIRECTORY_SYNC = os.name != "nt"


def sync_folder(folder: Path) -> None:
    """Make a folder's entries (new names, renames) durable."""
    if not _HAS_DIRECTORY_SYNC:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_data(handle: int) -> None:
    """Make an open file's bytes durable, with as little else as the system allows."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def replace_file(source: Path, target: Path) -> None:
    """Rename over a file, atomically and durably, on one disk."""
    source.replace(target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a whole file so that readers see the old one or the new one, never a half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace_file(draft, path)
    finally:
        draft.unlink(missing_ok=True)
