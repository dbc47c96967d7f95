"""Groups of an HDF5 file whose root cannot be read any more.

In the old format, which Minari and h5py write by default, a group is an object header of version 1
with a symbol table message: the addresses of a `TREE` and of a `HEAP`; in the newer one its header
begins with `OHDR` (HDF5 file format specification 3.0, IV.A.1 and IV.A.2.r). Headers are found by
looking through the bytes; the superblock (version 0) of a copy is then pointed at one by one,
as if it were the root.
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
_ROOT_AT = 56  # of the root group's entry in a superblock of version 0
_ENTRY = struct.Struct("<QQIIQQ")  # name offset, header, cache type, reserved, tree, heap


def iter_groups(path: Path) -> Iterator[tuple[int, int, int]]:
    """(object header, tree, heap) of every group but the root that is left in a file."""
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
    """(object header, 0, 0) of everything in the newer format."""
    with (
        files.open_file(path) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for found in re.finditer(rb"OHDR\x02", data):
            yield found.start(), 0, 0


def make_root(path: Path, group: tuple[int, int, int]) -> None:
    """Make a group the root of its file: of a copy, never of the file itself."""
    with path.open("r+b") as file:
        file.seek(_ROOT_AT)
        file.write(_ENTRY.pack(0, group[0], 1 if group[1] else 0, 0, group[1], group[2]))


def _symbol_tables(data: mmap.mmap, start: int, size: int) -> Iterator[tuple[int, int]]:
    """(tree, heap) of symbol table messages in a header and its continuations."""
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
