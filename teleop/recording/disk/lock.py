"""A lock that one program at a time holds, and that ends with the program.

The file is opened like every other below a recordings folder, so that no link can name another.
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
    """Held by one program at a time; by the same object several times over."""

    def __init__(self, path: Path, patience_s: float = 0.0) -> None:
        """Nothing is locked yet.

        Args:
            path: the file.
            patience_s: how long to wait for another program.
        """
        self._path, self._patience_s = path, patience_s
        self._handle, self._count = -1, 0

    @property
    def is_held(self) -> bool:
        """This object holds it."""
        return self._count > 0

    def acquire(self) -> bool:
        """Take it; False if another program has it.

        Raises:
            OSError: the file cannot be made.
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
        """Let go, as often as it was taken."""
        if self._count == 0:
            return
        self._count -= 1
        if self._count == 0:
            os.close(self._handle)  # which unlocks it

    def __enter__(self) -> None:
        """Take it.

        Raises:
            TimeoutError: another program has had it all the time.
            OSError: the file cannot be made.
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
