"""Check that a file is only data, before it is used and without following anything in it.

HDF5 files can point to other files (external and virtual storage, links), load code (filter
plugins), and declare sizes that fill the memory. A recording needs none of that, so such a file is
refused with a message that says what it asks for. The caller runs this in a separate process with
little memory (`vetting_service`), because a malformed file can crash HDF5 itself.
"""

import io
import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py
import numpy as np
from h5py import h5d, h5o, h5s, h5t, h5z

from teleop.errors import DamagedFileError, HostileFileError
from teleop.recording.disk import files

EPISODE_FILE = re.compile(r"^(\d{6,9})-([0-9a-f]{12})\.h5$")
_LINK = re.compile(r"^episodes/\d{6,9}-[0-9a-f]{12}\.h5$")
NAME = re.compile(r"^[^\x00-\x1f\x7f/\\]{1,200}$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 12
_MOST_OBJECTS = 2_000_000
_LARGEST_CHUNK = 16 << 20
_BUDGET = 8 << 30  # bytes of memory for all arrays of one file
_DEFLATE_AT_BEST = 1100  # one byte of deflate data never expands to more bytes
_HONEST_RATIO = 300  # Atari and CarRacing frames compress 13 to 80 times
_LITTLE = 200 << 20  # bytes of memory that any file may use
_SLICE = 1 << 20
_IMAGE_MARKS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def vet_file(path: Path, *, links: bool = False, pictures: bool = False) -> None:
    """Check one HDF5 file.

    Args:
        path: the file.
        links: whether it is an index, which may link to episode files next to it.
        pictures: whether it may contain encoded images (Minari's JPEG format).

    Raises:
        HostileFileError: the file contains something that no recording needs.
        DamagedFileError: the file is not a readable HDF5 file.
    """
    try:
        _vet(path, links=links, pictures=pictures)
    except (HostileFileError, DamagedFileError):
        raise
    except Exception as problem:
        raise DamagedFileError(_damaged(path, type(problem).__name__)) from problem


def printable(text: str) -> str:
    """Replace control characters in untrusted text, because a terminal would obey them."""
    return _CONTROL.sub("�", text.encode("utf-8", "replace").decode())


def picture_of(data: bytes, size: tuple[int, int] | None = None) -> np.ndarray[Any, Any]:
    """Decode an image; only JPEG and PNG of the expected size are accepted.

    Args:
        data: the bytes of the image file.
        size: the expected (width, height); None for any up to 4096 per side.

    Raises:
        HostileFileError: the data is something else.
    """
    from PIL import Image

    if not data.startswith(_IMAGE_MARKS):
        raise HostileFileError("A stored picture is neither JPEG nor PNG; it was not opened.")
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as image:
        if (size and image.size != size) or max(image.size) > 4096:
            raise HostileFileError(
                f"A stored picture says it is {image.size[0]}x{image.size[1]}; its space says "
                f"{size[0]}x{size[1]}. It was not opened."
                if size
                else f"A stored picture says it is {image.size[0]}x{image.size[1]}."
            )
        return np.asarray(image)


class _File:
    """One file while it is checked."""

    def __init__(self, path: Path, *, links: bool, pictures: bool) -> None:
        self.path, self.links, self.pictures = path, links, pictures
        self.size = files.stat(path).st_size
        self.left = _BUDGET

    def need(self, holds: bool, wants: str) -> None:
        if not holds:
            raise _refusal(self.path, wants)


def _vet(path: Path, *, links: bool, pictures: bool) -> None:
    _plain_file(path)
    with files.open_file(path) as raw:
        if raw.read(8) != _SIGNATURE:
            raise DamagedFileError(_damaged(path, "it is not an HDF5 file"))
    about = _File(path, links=links, pictures=pictures)
    with files.hdf5(path) as file:
        for node in _walk(about, file["/"]):
            if isinstance(node, h5py.Dataset):
                _vet_dataset(about, node)
    taken = _BUDGET - about.left
    bomb = taken > _LITTLE and taken > _HONEST_RATIO * about.size
    about.need(
        not bomb, f"requires {taken >> 20} MB of memory for {about.size} bytes (decompression bomb)"
    )


def _walk(about: _File, root: h5py.Group) -> Iterator[h5py.Group | h5py.Dataset]:
    """Yield every object once, without following anything that leads elsewhere."""
    seen: set[Any] = set()
    todo: list[tuple[h5py.Group, int]] = [(root, 0)]
    while todo:
        group, depth = todo.pop()
        about.need(depth <= _DEEPEST, f"nests deeper than {_DEEPEST} groups")
        _vet_attributes(about, group)
        for name in group:
            about.need(bool(NAME.match(name)) and name not in (".", ".."), "has an odd name in it")
            if _is_own_link(about, group, name, depth):
                continue
            node = group[name]
            info = h5o.get_info(node.id)
            twice = info.addr in seen or info.rc != 1
            about.need(not twice, "links to one object twice (a cycle)")
            seen.add(info.addr)
            about.need(len(seen) <= _MOST_OBJECTS, f"has more than {_MOST_OBJECTS} objects")
            known = isinstance(node, h5py.Group | h5py.Dataset)
            about.need(known, "holds a named datatype")
            _vet_attributes(about, node)
            yield node
            if isinstance(node, h5py.Group):
                todo.append((node, depth + 1))


def _is_own_link(about: _File, group: h5py.Group, name: str, depth: int) -> bool:
    """Return whether this is an index's link to an episode file; refuse any other link."""
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        own = about.links and depth == 0 and _LINK.match(link.filename) and link.path == "/episode"
        target = printable(link.filename)
        about.need(bool(own), f"refers to data in another file ({target:.80})")
        return True
    about.need(isinstance(link, h5py.HardLink), f"holds a soft link ({name})")
    return False


def _vet_attributes(about: _File, node: h5py.Group | h5py.Dataset) -> None:
    about.need(len(node.attrs) <= 512, "has more than 512 attributes on one object")
    for index in range(len(node.attrs)):
        attribute = h5py.h5a.open(node.id, index=index)
        kind = _vet_type(about, attribute.get_type())
        count = attribute.get_space().get_simple_extent_npoints()
        big = count > (65536 if kind == "number" else 1)  # strings may share one heap object
        big = big or attribute.get_storage_size() > 16 << 20
        about.need(not big, "has an attribute that is too large")


def _vet_type(about: _File, kind: Any) -> str:
    """Return `number`, `text` or `bytes`; refuse anything else."""
    group = kind.get_class()
    if group in (h5t.INTEGER, h5t.FLOAT):
        about.need(kind.get_size() <= 8, "has numbers wider than 8 bytes")
        return "number"
    if group == h5t.ENUM:
        names = {kind.get_member_name(index) for index in range(min(kind.get_nmembers(), 3))}
        is_bool = kind.get_size() == 1 and names == {b"FALSE", b"TRUE"}
        about.need(is_bool, "has an enumeration that is not a bool")
        return "number"
    if group == h5t.STRING:
        if kind.is_variable_str():
            return "text"
        about.need(kind.get_size() <= 65536, "has strings of fixed length that are too long")
        return "number"
    if group == h5t.VLEN and about.pictures:
        inner = kind.get_super()
        about.need(
            inner.get_class() == h5t.INTEGER and inner.get_size() == 1, "nests arrays in arrays"
        )
        return "bytes"
    wants = {h5t.REFERENCE: "references to other objects", h5t.COMPOUND: "compound records"}
    raise _refusal(about.path, f"holds {wants.get(group, f'values of HDF5 class {group}')}")


def _vet_dataset(about: _File, dataset: h5py.Dataset) -> None:
    plan, space = dataset.id.get_create_plist(), dataset.id.get_space()
    about.need(
        space.get_simple_extent_type() in (h5s.SIMPLE, h5s.SCALAR), "has an array without a shape"
    )
    about.need(len(dataset.shape) <= 8, "has an array of more than 8 dimensions")
    about.need(
        plan.get_external_count() == 0, f"refers to raw data in another file, in {_at(dataset)}"
    )
    layout = plan.get_layout()
    plain = layout in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED)
    about.need(plain, f"refers to data in other files, in {_at(dataset)} (virtual dataset)")
    kind = _vet_type(about, dataset.id.get_type())
    _vet_filters(about, plan)
    _vet_size(about, dataset, kind, chunked=layout == h5d.CHUNKED)
    if kind != "number":
        _vet_heap(about, dataset, kind)


def _vet_filters(about: _File, plan: Any) -> None:
    filters = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    odd = sorted(set(filters) - _FILTERS)
    about.need(not odd, f"requires the filter plugin {odd[0] if odd else ''}")
    about.need(
        len(set(filters)) == len(filters), "compresses the same data twice (decompression bomb)"
    )


def _vet_size(about: _File, dataset: h5py.Dataset, kind: str, *, chunked: bool) -> None:
    width = dataset.id.get_type().get_size()
    size = math.prod(dataset.shape) * width
    stored = dataset.id.get_storage_size()
    where = _at(dataset)
    about.need(size <= about.left, f"requires {size / 1e9:.1f} GB of memory for {where}")
    about.left -= size
    about.need(stored <= about.size, f"says {where} is larger than the file itself")
    if chunked:
        chunk = math.prod(dataset.chunks) * width
        about.need(chunk <= _LARGEST_CHUNK, f"has chunks of {chunk >> 20} MB in {where}")
        bomb = size > stored * _DEFLATE_AT_BEST + 4096 and stored > 0
        bomb = bomb or (stored == 0 and size > _SLICE)
        about.need(not bomb, f"unpacks {stored} bytes to {size / 1e6:.0f} MB in {where}")
    elif kind == "number":
        about.need(
            stored == size or (stored == 0 and size <= 4096),
            f"says {where} has {size} bytes, but stores {stored}",
        )


def _vet_heap(about: _File, dataset: h5py.Dataset, kind: str) -> None:
    """Refuse strings that add up to more than the file, such as rows that share a long string."""
    about.need(len(dataset.shape) <= 1, f"has strings in more than one dimension in {_at(dataset)}")
    if not dataset.shape:
        return
    left, at, step = about.size, 0, 1
    while at < dataset.shape[0]:
        rows = dataset[at : at + step]
        taken = sum(len(row) for row in rows)
        left -= taken
        about.need(left >= 0, f"has strings in {_at(dataset)} that add up to more than the file")
        if kind == "bytes":
            for row in rows:
                about.need(
                    bytes(row[:8]).startswith(_IMAGE_MARKS),
                    f"has pictures in {_at(dataset)} that are neither JPEG nor PNG",
                )
        at += step
        step = max(1, min(4096, _SLICE // max(1, taken // len(rows))))


def _plain_file(path: Path) -> None:
    try:
        mode = files.stat(path).st_mode
    except OSError as problem:
        raise _refusal(path, f"cannot be read ({problem.strerror})") from problem
    if not stat.S_ISREG(mode):
        raise _refusal(path, "is not a regular file (it is a link or a device)")


def _at(dataset: h5py.Dataset) -> str:
    return printable(str(dataset.name))[:80]


def _refusal(path: Path, wants: str) -> HostileFileError:
    return HostileFileError(
        f"{path} {wants}. Teleop recordings never contain this, so the file was not opened. If "
        "the file was damaged in transit, `teleop recover` may extract episodes from it."
    )


def _damaged(path: Path, why: str) -> str:
    return f"{path} cannot be read ({why}). `teleop recover` extracts the intact episodes."
