"""Check disk space: warn before the disk is full, and start no save that cannot finish."""

import shutil
from pathlib import Path

from teleop.errors import StorageError
from teleop.text import tr

_SCARCE_BYTES = 200 << 20


def low_space_warning(folder: Path) -> str:
    """Return a warning if the disk is nearly full, else an empty string."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    if free > _SCARCE_BYTES:
        return ""
    return tr(
        "Only {free:.0f} MB are left on the disk that holds {folder}. Free some space soon, or "
        "takes cannot be saved.",
        free=free / 1e6,
        folder=folder,
    )


def need_room(folder: Path, journal_bytes: int) -> None:
    """Check that the disk has room to save a take while its journal still exists.

    Raises:
        StorageError: there is too little room.
        OSError: the free space is unknown.
    """
    need = int(journal_bytes * 1.5) + (1 << 20)
    free = shutil.disk_usage(folder).free
    if free < need:
        raise StorageError(
            tr(
                "The disk that holds {folder} is full. Saving needs {need:.1f} MB, but only "
                "{free:.1f} MB are free. The take is kept as a journal. Free some space and "
                "restart Teleop to save it.",
                folder=folder,
                need=need / 1e6,
                free=free / 1e6,
            )
        )
