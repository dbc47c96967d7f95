"""A file that HDF5 can write to while the disk becomes full.

HDF5 2.0 crashes the process (SIGSEGV in 143 of 150 trials) if a write fails while a file is open.
So `SafeFile` remembers the first failed write and keeps it and all later writes in memory pages.
HDF5 reads its own data back and stays consistent. `check` raises the error after HDF5 has closed
the file.
"""

import errno
import io
import os
from pathlib import Path
from typing import Any

from teleop.recording.disk import files

_PAGE = 4096


class SafeFile(io.FileIO):
    """A file for reading and writing that reports write errors only in `check`."""

    def __init__(self, path: Path) -> None:
        super().__init__(files.create(path), "r+b")
        self._failure: OSError | None = None
        self._pages: dict[int, bytearray] = {}

    @property
    def has_failed(self) -> bool:
        """Whether a write has failed, so that further writes are useless."""
        return self._failure is not None

    def check(self) -> None:
        """Raise the first write error, if any; otherwise sync the file to disk.

        Raises:
            OSError: the first write error.
        """
        if self._failure is not None:
            raise self._failure
        os.fsync(self.fileno())

    def write(self, data: Any, /) -> int:
        """Write to disk, or to memory once a write has failed."""
        view = memoryview(data).cast("B")
        start = self.tell()
        if self._failure is None:
            try:
                if super().write(view) != view.nbytes:
                    self._failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError as problem:
                self._failure = problem
        if self._failure is not None:
            self._keep(view, start)
            self.seek(start + view.nbytes)
        return view.nbytes

    def readinto(self, buffer: Any, /) -> int:
        """Read from disk, overlaid with the pages in memory; bytes past the end are zero."""
        view = memoryview(buffer).cast("B")
        start = self.tell()
        got = super().readinto(view) or 0
        view[got:] = bytes(view.nbytes - got)
        for number, page in self._pages.items():
            first = max(start, number * _PAGE)
            last = min(start + view.nbytes, (number + 1) * _PAGE)
            if first < last:
                inside = page[first - number * _PAGE : last - number * _PAGE]
                view[first - start : last - start] = inside
        self.seek(start + view.nbytes)
        return view.nbytes

    def truncate(self, size: int | None = None, /) -> int:
        """Change the length of the file, or only pretend to once a write has failed."""
        if self._failure is None:
            try:
                return super().truncate(size)
            except OSError as problem:
                self._failure = problem
        return size or 0

    def _keep(self, view: memoryview, start: int) -> None:
        done = 0
        while done < view.nbytes:
            number, offset = divmod(start + done, _PAGE)
            size = min(_PAGE - offset, view.nbytes - done)
            page = self._pages.get(number)
            if page is None:
                page = self._pages[number] = self._page_on_disk(number)
            page[offset : offset + size] = view[done : done + size]
            done += size

    def _page_on_disk(self, number: int) -> bytearray:
        self.seek(number * _PAGE)
        page = bytearray(_PAGE)
        super().readinto(page)
        return page
