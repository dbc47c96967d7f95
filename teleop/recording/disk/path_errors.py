"""Errors of paths in a recordings folder."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from teleop.errors import HostileFileError, StorageError, reason
from teleop.text import tr

REFUSED = frozenset(  # the system refuses access, whatever is at the path
    getattr(errno, name, 0)
    for name in ("EACCES", "EPERM", "EIO", "ESTALE", "ENOTCONN", "EHOSTDOWN")
)


class UntrustedPathError(HostileFileError, OSError):
    """A path leads through a link, or to something that is not a regular file."""

    def __init__(self, path: Path, what: str) -> None:
        OSError.__init__(self, errno.ELOOP, what, str(path))
        self._text = (
            f"{path} is {what}. In a recordings folder, Teleop opens only regular files and "
            "folders. Replace it with one of those, or remove it."
        )

    def __str__(self) -> str:
        return self._text


class RefusedPathError(StorageError, OSError):
    """The system refuses access to a path: no permission, or the drive does not answer."""

    def __init__(self, path: str, problem: OSError) -> None:
        OSError.__init__(self, problem.errno, problem.strerror, path)
        self._text = (
            f"{path} cannot be accessed ({problem.strerror}). Check its permissions and that the "
            "drive is connected, or use another folder with --recordings."
        )

    def __str__(self) -> str:
        return self._text


@contextlib.contextmanager
def refusals(folder: Path) -> Iterator[None]:
    """Turn disk errors into a `StorageError` with a readable message."""
    try:
        yield
    except UntrustedPathError:
        raise
    except HostileFileError:  # a link or a device, not a full disk
        raise
    except OSError as problem:
        raise StorageError(
            tr(
                "{folder} cannot be written ({problem}). Saved episodes are safe; free some "
                "space, make the folder writable, or choose another one with --recordings.",
                folder=folder,
                problem=reason(problem),
            )
        ) from problem
