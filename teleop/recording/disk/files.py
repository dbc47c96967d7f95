"""Access files in a recordings folder: links are not followed, only regular files are opened.

A folder from someone else is untrusted: a link in it could make Teleop read, write, move or delete
files elsewhere. So every path below a guarded root is opened folder by folder, each relative to the
previous one, without following links. Links at or above the root are the user's own. On systems
without such calls (Windows), every part of a path is checked first.
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

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py

from teleop.recording.disk.path_errors import REFUSED, RefusedPathError, UntrustedPathError

MOST_JSON = 16 << 20  # bytes of a JSON file, which is read completely
MOST_DESCRIPTION = 64 << 20  # bytes; the bounds of a Full HD image, number by number, take 50 MB
MOST_WEIGHTS = 1 << 30  # bytes of a policy's weights, which are read completely
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
    """Follow no links below this folder from now on."""
    _roots.add(_absolute(root))
    _below.cache_clear()


def root_of(path: Path) -> Path:
    """Return the guarded root above a path, or the path's folder if there is none."""
    root, parts = _below(_absolute(path))
    return Path(root) if parts else Path(root).parent


# ------------------------------------------------------------ reading


def open_file(path: Path, buffering: int = -1) -> io.BufferedReader:
    """Open a regular file for reading.

    Args:
        path: the file.
        buffering: see `open`.

    Raises:
        UntrustedPathError: a part of the path is a link, or it is not a regular file.
        OSError: the file does not exist or cannot be read.
    """
    size = io.DEFAULT_BUFFER_SIZE if buffering < 0 else buffering
    return io.BufferedReader(io.FileIO(_open(path, os.O_RDONLY), "rb"), size)


def read_bytes(path: Path, most: int = MOST_JSON) -> bytes:
    """Read a small file completely.

    Args:
        path: the file.
        most: the maximum size in bytes.

    Raises:
        OSError: see `open_file`, or the file is larger.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most + 1) if size <= most else b""
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes; {most:,} are the most", str(path))
    return data


def read_tail(path: Path, most: int = MOST_JSON) -> bytes:
    """Read the last `most` bytes of a growing file.

    Raises:
        OSError: see `open_file`.
    """
    with open_file(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)


@contextlib.contextmanager
def hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises:
        OSError: see `open_file`, or it is not an HDF5 file.
    """
    with named_by_handle(path) as source, h5py.File(source, "r", locking=False) as file:
        yield file


@contextlib.contextmanager
def named_by_handle(path: Path) -> Iterator[str | io.BufferedReader]:
    """Open a file and yield a name for its handle, or the file, for another library to open.

    Raises:
        OSError: see `open_file`.
    """
    with open_file(path) as file:
        name = f"/proc/self/fd/{file.fileno()}"
        yield name if Path(name).exists() else file


def names(folder: Path) -> list[str]:
    """Return the names in a folder; an empty list if there is no folder.

    Raises:
        UntrustedPathError: the folder is a link or is below one.
    """
    try:
        with _listed(folder) as entries:
            return sorted(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def plain_files(folder: Path, *endings: str) -> list[Path]:
    """Return the regular files in a folder with one of these endings, or all, by name.

    Hidden files are left out, because other programs create some.

    Raises:
        UntrustedPathError: the folder is a link or is below one.
    """
    try:
        with _listed(folder) as entries:
            found = [e.name for e in entries if e.is_file(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    kept = (n for n in sorted(found) if not n.startswith(".") and n.endswith(endings or ("",)))
    return [folder / name for name in kept]


def tree(folder: Path) -> Iterator[Path]:
    """Yield the regular files in a folder and its subfolders; links are not followed."""
    for name in names(folder):
        path = folder / name
        if is_folder(path):
            yield from tree(path)
        elif is_file(path):
            yield path


def stat(path: Path) -> os.stat_result:
    """Return the status of a path; a link itself is not followed.

    Raises:
        OSError: the path does not exist or leads through a link.
    """
    with _parent(path) as (where, name):
        return os.stat(name, dir_fd=where, follow_symlinks=False)


def is_file(path: Path) -> bool:
    """Return whether the path is a regular file and contains no link."""
    return _is(path, modes.S_IFREG)


def is_folder(path: Path) -> bool:
    """Return whether the path is a folder and contains no link."""
    return _is(path, modes.S_IFDIR)


def exists(path: Path) -> bool:
    """Return whether anything is at the path, including a broken link."""
    try:
        stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


# ------------------------------------------------------------ writing


def create(path: Path) -> int:
    """Create a file, replacing an old one; return a descriptor for reading and writing.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    unlink(path, missing_ok=True)
    return _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)


def create_new(path: Path) -> int:
    """Create a file that must not exist yet; return a descriptor for writing.

    Raises:
        OSError: see `open_file`, the file exists, or writing to disk failed.
    """
    return _open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def append(path: Path, data: bytes) -> None:
    """Append to a file, which is created if needed.

    This is one write, so several programs can append at once.

    Raises:
        UntrustedPathError: see `open_file`, or the file has a second name elsewhere.
        OSError: writing to disk failed.
    """
    handle = _open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.fstat(handle).st_nlink > 1:
            raise UntrustedPathError(path, "a file with a second name elsewhere")
        os.write(handle, data)
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """Open a lock file, which is created if needed; return its descriptor.

    Nothing is written to the file.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    make_folder(path.parent)
    return _open(path, os.O_RDWR | os.O_CREAT)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a whole file atomically: readers see the old or the new content, never a mix.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
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
    """Copy the content of a file to a new file, durably.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    with open_file(source) as read, os.fdopen(create(target), "wb") as written:
        shutil.copyfileobj(read, written, _BLOCK)
        written.flush()
        sync_data(written.fileno())


def replace(source: Path, target: Path) -> None:
    """Rename a file over another on the same disk, atomically and durably.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    with _parent(source) as (old, name), _parent(target) as (new, wanted):
        os.replace(name, wanted, src_dir_fd=old, dst_dir_fd=new)
        _sync(new)
        if source.parent != target.parent:
            _sync(old)


def unlink(path: Path, *, missing_ok: bool = False) -> None:
    """Remove a file, or a link itself.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    try:
        with _parent(path) as (where, name):
            os.unlink(name, dir_fd=where)
    except FileNotFoundError:
        if not missing_ok:
            raise


def remove_tree(folder: Path) -> None:
    """Remove a folder and its content; the targets of links in it stay.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    with _parent(folder) as (where, name):
        shutil.rmtree(name, dir_fd=where)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents.

    Raises:
        UntrustedPathError: something else is at the path, or the path contains a link.
        OSError: writing to disk failed.
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
    """Make an open file's data durable, and as little else as the system allows."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder (new names, renames) durable.

    Raises:
        OSError: see `open_file`, or writing to disk failed.
    """
    with _parent(folder / "any") as (where, _):
        _sync(where)


# ------------------------------------------------------------ internals


def _open(path: Path, flags: int) -> int:
    """Open a regular file and return its descriptor."""
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
    """Yield (descriptor of the parent folder, name in it) for calls with `dir_fd`."""
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
    """Raise permission and drive errors with the full path; the system names only its last part."""
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
    """Open a folder, with no link between it and the guarded root above it."""
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
    """Yield the entries of a folder."""
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
    """Return (guarded root above an absolute path, or the path itself; parts between them)."""
    root, at = "", path
    while True:
        root = at if at in _roots else root
        above = os.path.dirname(at)  # noqa: PTH120  takes a tenth of the time
        if above == at:
            break
        at = above
    if not root:
        return path, ()
    rest = path[len(root) :].lstrip(os.sep)
    return root, Path(rest).parts


def _look_at_parts(path: str) -> None:
    """Refuse links and junctions in a path, for systems that cannot hold folders open."""
    root, parts = _below(path)
    at = Path(root)
    for part in parts:
        at /= part
        with contextlib.suppress(FileNotFoundError):
            found = at.lstat()
            tag = getattr(found, "st_reparse_tag", 0)  # cloud services use other tags
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
    return os.path.abspath(path)  # noqa: PTH100  `resolve` would follow links
