"""A lock that one program at a time can hold, and that ends with the program.

The lock file is opened like every other file in a recordings folder, so no link is followed.
"""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from teleop.recording.disk import files

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOOK_EVERY_S = 0.05


class Lock:
    """A file lock for one program at a time; the same object can acquire it several times."""

    def __init__(self, path: Path, patience_s: float = 0.0) -> None:
        """Create the lock object without acquiring the lock.

        Args:
            path: the lock file.
            patience_s: how long to wait for another program, in seconds.
        """
        self._path, self._patience_s = path, patience_s
        self._handle, self._count = -1, 0

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._count > 0

    def acquire(self) -> bool:
        """Acquire the lock; return False if another program holds it.

        Raises:
            OSError: the file cannot be created.
        """
        if self._count == 0:
            handle = files.open_lock(self._path)
            end = time.monotonic() + self._patience_s
            while not _try_lock(handle):
                if time.monotonic() >= end:
                    os.close(handle)
                    return False
                time.sleep(_LOOK_EVERY_S)
            self._handle = handle
        self._count += 1
        return True

    def release(self) -> None:
        """Release the lock; call this as often as `acquire`."""
        if self._count == 0:
            return
        self._count -= 1
        if self._count == 0:
            os.close(self._handle)  # this unlocks it

    def __enter__(self) -> None:
        """Acquire the lock.

        Raises:
            TimeoutError: another program held the lock for the whole wait.
            OSError: the file cannot be created.
        """
        if not self.acquire():
            raise TimeoutError(0, "another program does not let go of it", str(self._path))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
