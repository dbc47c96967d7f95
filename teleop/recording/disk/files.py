"""Files below a recordings folder: no link in there is followed, nothing but plain files is opened.

A folder that somebody sent is as untrusted as a file: a link in place of a file or a folder would
let a stranger read, write, move or delete what lies elsewhere. So every path below a guarded root
is walked folder by folder, each opened relative to the one before without following links, and the
last step is taken relative to the folder that was opened: swapping a link in meanwhile changes
nothing. Links at or above the root are the user's own. Where the system has no such calls
(Windows), every part of a path is looked at first.
"""

import contextlib
import errno
import functools
import io
import os
import shutil
import stat as modes
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # else HDF5 loads foreign filter libraries

import h5py

from teleop.recording.disk.path_errors import REFUSED, RefusedPathError, UntrustedPathError

MOST_JSON = 16 << 20  # bytes of a JSON file, which is read whole
MOST_DESCRIPTION = 64 << 20  # the bounds of a Full HD picture, number by number, take 50 MB
MOST_WEIGHTS = 1 << 30  # bytes of a policy's weights, likewise
_BY_HANDLE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OPENING = _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_OPENING |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW | getattr(os, "O_CLOEXEC", 0)
_BLOCK = 1 << 20
_JUNCTION = getattr(modes, "IO_REPARSE_TAG_MOUNT_POINT", -1)
_KINDS = {
    modes.S_IFLNK: "a symbolic link",
    modes.S_IFDIR: "a folder",
    modes.S_IFIFO: "a pipe",
    modes.S_IFSOCK: "a socket",
    modes.S_IFCHR: "a device",
    modes.S_IFBLK: "a device",
}
_roots: set[str] = set()


def guard(root: Path) -> None:
    """From now on, no link below this folder is followed."""
    _roots.add(_absolute(root))
    _below.cache_clear()


def root_of(path: Path) -> Path:
    """The guarded root that a path lies below, or its folder."""
    root, parts = _below(_absolute(path))
    return Path(root) if parts else Path(root).parent


# ------------------------------------------------------------ reading


def open_file(path: Path, buffering: int = -1) -> io.BufferedReader:
    """A plain file, for reading.

    Args:
        path: the file.
        buffering: as `open` has it.

    Raises:
        UntrustedPathError: a part of the path is a link, or it is not a plain file.
        OSError: there is none, or it cannot be read.
    """
    size = io.DEFAULT_BUFFER_SIZE if buffering < 0 else buffering
    return io.BufferedReader(io.FileIO(_open(path, os.O_RDONLY), "rb"), size)


def read_bytes(path: Path, most: int = MOST_JSON) -> bytes:
    """All of a small file.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        OSError: as `open_file`, or it is larger.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most + 1) if size <= most else b""
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes; {most:,} are the most", str(path))
    return data


def read_tail(path: Path, most: int = MOST_JSON) -> bytes:
    """The last bytes of a file that only grows.

    Raises:
        OSError: as `open_file`.
    """
    with open_file(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)


@contextlib.contextmanager
def hdf5(path: Path) -> Iterator[h5py.File]:
    """An HDF5 file, for reading.

    Raises:
        OSError: as `open_file`, or it is no HDF5 file.
    """
    with named_by_handle(path) as source, h5py.File(source, "r", locking=False) as file:
        yield file


@contextlib.contextmanager
def named_by_handle(path: Path) -> Iterator[str | io.BufferedReader]:
    """What a library opens instead of the path: a name of the open file, or the file itself.

    Raises:
        OSError: as `open_file`.
    """
    with open_file(path) as file:
        name = f"/proc/self/fd/{file.fileno()}"
        yield name if Path(name).exists() else file


def names(folder: Path) -> list[str]:
    """What is in a folder, by name; nothing where there is no folder.

    Raises:
        UntrustedPathError: it is a link, or below one.
    """
    try:
        with _listed(folder) as entries:
            return sorted(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def plain_files(folder: Path, *endings: str) -> list[Path]:
    """Plain files in a folder, by name, that end in one of these; all of them without any.

    Hidden files are left out: other programs leave some behind.

    Raises:
        UntrustedPathError: the folder is a link, or below one.
    """
    try:
        with _listed(folder) as entries:
            found = [e.name for e in entries if e.is_file(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    kept = (n for n in sorted(found) if not n.startswith(".") and n.endswith(endings or ("",)))
    return [folder / name for name in kept]


def tree(folder: Path) -> Iterator[Path]:
    """Plain files in a folder and in folders in it; no link is entered."""
    for name in names(folder):
        path = folder / name
        if is_folder(path):
            yield from tree(path)
        elif is_file(path):
            yield path


def stat(path: Path) -> os.stat_result:
    """What is there, a link itself.

    Raises:
        OSError: nothing is, or the way there leads through a link.
    """
    with _parent(path) as (where, name):
        return os.stat(name, dir_fd=where, follow_symlinks=False)


def is_file(path: Path) -> bool:
    """A plain file is there, and no link on the way."""
    return _is(path, modes.S_IFREG)


def is_folder(path: Path) -> bool:
    """A folder is there, and no link on the way."""
    return _is(path, modes.S_IFDIR)


def exists(path: Path) -> bool:
    """Anything is there, also a link that leads nowhere."""
    try:
        stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


# ------------------------------------------------------------ writing


def create(path: Path) -> int:
    """A new file, open for reading and writing; what had its name is gone. Returns a descriptor.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    unlink(path, missing_ok=True)
    return _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)


def create_new(path: Path) -> int:
    """A new file, open for writing; there must be none. Returns a descriptor.

    Raises:
        OSError: as `open_file`, or there is one, or the disk refused.
    """
    return _open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def append(path: Path, data: bytes) -> None:
    """Add to a file, made if there is none: one write, so that several programs may do so at once.

    Raises:
        UntrustedPathError: likewise where the file has a second name elsewhere.
        OSError: the disk refused.
    """
    handle = _open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.fstat(handle).st_nlink > 1:
            raise UntrustedPathError(path, "a file with a second name elsewhere")
        os.write(handle, data)
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """A file to hold a lock on, made if there is none; nothing is written. Returns a descriptor.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    make_folder(path.parent)
    return _open(path, os.O_RDWR | os.O_CREAT)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a whole file so that readers see the old one or the new one, never a half.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(create(draft), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace(draft, path)
    finally:
        unlink(draft, missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """A file's bytes as a new file, durably.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    with open_file(source) as read, os.fdopen(create(target), "wb") as written:
        shutil.copyfileobj(read, written, _BLOCK)
        written.flush()
        sync_data(written.fileno())


def replace(source: Path, target: Path) -> None:
    """Rename over a file, atomically and durably, on one disk.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    with _parent(source) as (old, name), _parent(target) as (new, wanted):
        os.replace(name, wanted, src_dir_fd=old, dst_dir_fd=new)
        _sync(new)
        if source.parent != target.parent:
            _sync(old)


def unlink(path: Path, *, missing_ok: bool = False) -> None:
    """Remove a file, or a link itself.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    try:
        with _parent(path) as (where, name):
            os.unlink(name, dir_fd=where)
    except FileNotFoundError:
        if not missing_ok:
            raise


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it; what a link in it leads to stays.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    with _parent(folder) as (where, name):
        shutil.rmtree(name, dir_fd=where)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        UntrustedPathError: there is something else, or a link on the way.
        OSError: the disk refused.
    """
    root, parts = _below(_absolute(folder))
    at = Path(root)
    at.mkdir(parents=True, exist_ok=True)
    for part in parts:
        at /= part
        with contextlib.suppress(FileExistsError), _parent(at) as (where, name):
            os.mkdir(name, dir_fd=where)
    if not is_folder(folder):
        raise UntrustedPathError(folder, _kind(folder))


def sync_data(handle: int) -> None:
    """Make an open file's bytes durable, with as little else as the system allows."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries (new names, renames) durable.

    Raises:
        OSError: as `open_file`, or the disk refused.
    """
    with _parent(folder / "any") as (where, _):
        _sync(where)


# ------------------------------------------------------------ inside


def _open(path: Path, flags: int) -> int:
    """A descriptor of a plain file."""
    if not _BY_HANDLE:
        _look_at_parts(_absolute(path))
    with _parent(path) as (where, name):
        try:
            handle = os.open(name, flags | _OPENING, 0o644, dir_fd=where)
        except OSError as problem:
            if problem.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
                raise _refusal(path, _mode(name, where)) from problem
            raise
    mode = os.fstat(handle).st_mode
    if not modes.S_ISREG(mode):
        os.close(handle)
        raise _refusal(path, mode)
    return handle


@contextlib.contextmanager
def _parent(path: Path) -> Iterator[tuple[int | None, str]]:
    """(descriptor of the folder that something is in, its name there), for calls with `dir_fd`."""
    folder, name = os.path.split(_absolute(path))
    with _refusals_named(str(path)):
        if _BY_HANDLE:
            with _folder(folder) as where:
                yield where, name
        else:
            _look_at_parts(folder)
            yield None, str(path)


@contextlib.contextmanager
def _refusals_named(path: str) -> Iterator[None]:
    """The system names the last part of a path alone; a person needs all of it."""
    try:
        yield
    except RefusedPathError:
        raise
    except OSError as problem:
        if problem.errno in REFUSED:
            raise RefusedPathError(path, problem) from problem
        raise


@contextlib.contextmanager
def _folder(folder: str) -> Iterator[int]:
    """An open folder, with no link between it and the guarded root above it."""
    root, parts = _below(folder)
    handle = os.open(root, _FOLDER & ~_NO_FOLLOW)
    try:
        for depth, part in enumerate(parts, start=1):
            try:
                inner = os.open(part, _FOLDER, dir_fd=handle)
            except OSError as problem:
                mode = _mode(part, handle)
                at = Path(root, *parts[:depth])
                if modes.S_ISLNK(mode):
                    raise _refusal(at, mode) from problem
                if problem.errno in REFUSED:
                    raise RefusedPathError(str(at), problem) from problem
                raise
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _listed(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
    """The entries of a folder."""
    if not _BY_HANDLE:
        _look_at_parts(_absolute(folder))
        with _refusals_named(str(folder)), os.scandir(folder) as entries:
            yield entries
        return
    with (
        _refusals_named(str(folder)),
        _folder(_absolute(folder)) as where,
        os.scandir(where) as entries,
    ):
        yield entries


@functools.lru_cache(maxsize=4096)
def _below(path: str) -> tuple[str, tuple[str, ...]]:
    """(the guarded root above an absolute path, or the path itself; what is between them)."""
    root, at = "", path
    while True:
        root = at if at in _roots else root
        above = os.path.dirname(at)  # noqa: PTH120  a tenth of the time
        if above == at:
            break
        at = above
    if not root:
        return path, ()
    rest = path[len(root) :].lstrip(os.sep)
    return root, Path(rest).parts


def _look_at_parts(path: str) -> None:
    """Refuse links and junctions on the way, where folders cannot be held open."""
    root, parts = _below(path)
    at = Path(root)
    for part in parts:
        at /= part
        with contextlib.suppress(FileNotFoundError):
            found = at.lstat()
            tag = getattr(found, "st_reparse_tag", 0)  # clouds have tags of their own
            if modes.S_ISLNK(found.st_mode) or tag == _JUNCTION:
                raise _refusal(at, modes.S_IFLNK)


def _is(path: Path, kind: int) -> bool:
    try:
        return modes.S_IFMT(stat(path).st_mode) == kind
    except OSError:
        return False


def _mode(name: str, where: int | None) -> int:
    try:
        return os.stat(name, dir_fd=where, follow_symlinks=False).st_mode
    except OSError:
        return 0


def _refusal(path: Path, mode: int) -> UntrustedPathError:
    return UntrustedPathError(path, _KINDS.get(modes.S_IFMT(mode), "no plain file"))


def _kind(path: Path) -> str:
    try:
        return _KINDS.get(modes.S_IFMT(stat(path).st_mode), "no folder")
    except OSError:
        return "missing"


def _sync(handle: int | None) -> None:
    if handle is not None:
        os.fsync(handle)


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100  `resolve` follows links
