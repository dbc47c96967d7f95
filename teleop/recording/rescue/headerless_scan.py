"""Find the groups of an HDF5 file whose root group is unreadable.

In the old format, which Minari and h5py write by default, a group is a version 1 object header with
a symbol table message. The message contains the addresses of a `TREE` and a `HEAP`. In the newer
format, the header begins with `OHDR` (HDF5 file format specification 3.0, IV.A.1 and IV.A.2.r).
This module searches the bytes of the file for such headers. `make_root` then changes the superblock
(version 0) of a copy so that it points to one of them as the root.
"""

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from teleop.recording.disk import files

# version, reserved, number of messages, reference count (one), size of the messages, padding
_HEADER = re.compile(rb"\x01\x00(..)\x01\x00\x00\x00(...)\x00\x00\x00\x00\x00", re.DOTALL)
_MESSAGE = struct.Struct("<HHB3x")
_ADDRESSES = struct.Struct("<QQ")
_SYMBOL_TABLE, _CONTINUATION = 17, 16
_ROOT_AT = 56  # offset of the root group's entry in a version 0 superblock
_ENTRY = struct.Struct("<QQIIQQ")  # name offset, header, cache type, reserved, tree, heap


def iter_groups(path: Path) -> Iterator[tuple[int, int, int]]:
    """Yield (object header, tree, heap) of every group that is left in a file, except the root."""
    with (
        files.open_file(path) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        root = int.from_bytes(data[_ROOT_AT + 8 : _ROOT_AT + 16], "little")
        for found in _HEADER.finditer(data):
            if found.start() == root:
                continue
            size = int.from_bytes(found[2], "little")
            for tree, heap in _symbol_tables(data, found.end(), size):
                if data[tree : tree + 4] == b"TREE" and data[heap : heap + 4] == b"HEAP":
                    yield found.start(), tree, heap


def iter_new_headers(path: Path) -> Iterator[tuple[int, int, int]]:
    """Yield (object header, 0, 0) of every object in the newer format."""
    with (
        files.open_file(path) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for found in re.finditer(rb"OHDR\x02", data):
            yield found.start(), 0, 0


def make_root(path: Path, group: tuple[int, int, int]) -> None:
    """Make a group the root group of a file; call this on a copy, never on the original."""
    with path.open("r+b") as file:
        file.seek(_ROOT_AT)
        file.write(_ENTRY.pack(0, group[0], 1 if group[1] else 0, 0, group[1], group[2]))


def _symbol_tables(data: mmap.mmap, start: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield (tree, heap) of each symbol table message in a header and its continuations."""
    blocks, seen = [(start, size)], {start}
    while blocks:
        at, left = blocks.pop()
        end = min(at + left, len(data))
        while at + _MESSAGE.size <= end:
            kind, length, _ = _MESSAGE.unpack_from(data, at)
            at += _MESSAGE.size
            if at + max(length, _ADDRESSES.size) > len(data):
                break
            first, second = _ADDRESSES.unpack_from(data, at)
            if kind == _SYMBOL_TABLE:
                yield first, second
            elif kind == _CONTINUATION and first not in seen:
                seen.add(first)
                blocks.append((first, second))
            at += length
