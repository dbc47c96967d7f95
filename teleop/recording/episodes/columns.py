"""Columns of an HDF5 episode file: numbers, images and text, each with a CRC-32."""

import zlib
from collections.abc import Callable
from typing import Any, Protocol

import h5py
import numpy as np

from teleop.recording.journals.flattening import IMAGE_DEFLATE, Kind, LeafSpec, is_image, text_bytes

_SMALL = 64 << 10  # bytes; a smaller array is one chunk and needs no index
_CHUNK = 64 << 10


class Column(Protocol):
    """An HDF5 dataset that is filled row by row from journal bytes."""

    crc: int

    @property
    def name(self) -> str:
        """The path in the file."""

    def add(self, row: bytes) -> None:
        """Add the stored bytes of one row."""

    def extend(self, rows: Any) -> None:
        """Add and write the values of many rows."""

    def flush(self) -> None:
        """Write the rows added so far."""


class NumberColumn:
    """Rows of one dtype and shape."""

    def __init__(
        self, group: h5py.Group, path: str, rows: int, dtype: str, shape: tuple[int, ...] = ()
    ) -> None:
        self._dtype, self._shape = np.dtype(dtype), shape
        self._dataset = group.create_dataset(
            path, (rows, *shape), self._dtype, **_layout(rows, self._dtype, shape)
        )
        self._pending: list[bytes] = []
        self._at = 0
        self.crc = 0
        self.watch: Callable[[np.ndarray[Any, Any]], None] | None = None

    @property
    def name(self) -> str:
        """The path in the file."""
        return str(self._dataset.name)

    def add(self, row: bytes) -> None:
        """Add the raw little-endian bytes of one row."""
        self._pending.append(row)

    def add_value(self, value: Any) -> None:
        """Add one row as a number or array."""
        self.add(np.asarray(value, dtype=self._dtype).tobytes())

    def extend(self, rows: Any) -> None:
        """Add and write the values of many rows."""
        values = np.ascontiguousarray(rows, dtype=self._dtype)
        self._dataset[self._at : self._at + len(values)] = values
        self.crc = zlib.crc32(values.data, self.crc)
        self._at += len(values)

    def flush(self) -> None:
        """Write the rows added so far."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        count = len(self._pending)
        rows = np.frombuffer(data, self._dtype).reshape(count, *self._shape)
        self._dataset[self._at : self._at + count] = rows
        if self.watch:
            self.watch(rows)
        self.crc = zlib.crc32(data, self.crc)
        self._at += count
        self._pending.clear()


class ImageColumn:
    """Images, one chunk each, copied from the journal in compressed form."""

    def __init__(self, group: h5py.Group, path: str, rows: int, shape: tuple[int, ...]) -> None:
        self._dataset = group.create_dataset(
            path,
            (rows, *shape),
            "u1",
            chunks=(1, *shape),
            compression="gzip",
            compression_opts=IMAGE_DEFLATE,
            maxshape=(None, *shape),
        )
        self._rest = (0,) * len(shape)
        self._at = 0
        self.crc = 0

    @property
    def name(self) -> str:
        """The path in the file."""
        return str(self._dataset.name)

    def add(self, row: bytes) -> None:
        """Write one compressed image."""
        self._dataset.id.write_direct_chunk((self._at, *self._rest), row)
        self.crc = zlib.crc32(row, self.crc)
        self._at += 1

    def extend(self, rows: Any) -> None:
        """Compress and write many images."""
        for row in rows:
            self.add(zlib.compress(np.ascontiguousarray(row).data, IMAGE_DEFLATE))

    def flush(self) -> None:
        """Do nothing: each image is written at once."""


class TextColumn:
    """Strings of any length."""

    def __init__(self, group: h5py.Group, path: str, rows: int) -> None:
        self._dataset = group.create_dataset(path, (rows,), h5py.string_dtype())
        self._pending: list[str] = []
        self._at = 0
        self.crc = 0

    @property
    def name(self) -> str:
        """The path in the file."""
        return str(self._dataset.name)

    def add(self, row: bytes) -> None:
        """Add the UTF-8 bytes of one string."""
        self._pending.append(row.decode())
        self.crc = zlib.crc32(row + b"\0", self.crc)

    def extend(self, rows: Any) -> None:
        """Add and write many strings."""
        for row in rows:
            self.add(text_bytes(row))
        self.flush()

    def flush(self) -> None:
        """Write the strings added so far."""
        if self._pending:
            self._dataset[self._at : self._at + len(self._pending)] = self._pending
            self._at += len(self._pending)
            self._pending.clear()


def column_for(group: h5py.Group, prefix: str, leaf: LeafSpec, rows: int) -> Column:
    """Create the column that stores a leaf of a space."""
    path = "/".join((prefix, *leaf.path))
    if leaf.kind is Kind.IMAGE:
        return ImageColumn(group, path, rows, leaf.shape)
    if leaf.kind is Kind.TEXT:
        return TextColumn(group, path, rows)
    return NumberColumn(group, path, rows, leaf.dtype, leaf.shape)


def column_like(group: h5py.Group, path: str, values: np.ndarray[Any, Any]) -> Column:
    """Create a column for values in memory: (rows, ...)."""
    shape = values.shape[1:]
    if values.dtype == object:
        return TextColumn(group, path, len(values))
    if is_image(shape, values.dtype):
        return ImageColumn(group, path, len(values), shape)
    return NumberColumn(group, path, len(values), values.dtype.newbyteorder("<").str, shape)


def is_text(dataset: h5py.Dataset) -> bool:
    """Return whether the values are strings of any length."""
    about = h5py.check_string_dtype(dataset.dtype)
    return about is not None and about.length is None


def crc_of(dataset: h5py.Dataset) -> int:
    """Compute the CRC-32 of a written column by reading its dataset back."""
    if is_text(dataset):
        crc = 0
        for text in dataset[()]:
            crc = zlib.crc32(text + b"\0", crc)
        return crc
    if dataset.chunks and is_image(dataset.shape[1:], dataset.dtype):
        crc = 0
        for index in range(dataset.shape[0]):
            _, chunk = dataset.id.read_direct_chunk((index, *(0,) * (dataset.ndim - 1)))
            crc = zlib.crc32(chunk, crc)
        return crc
    return zlib.crc32(np.ascontiguousarray(dataset[()]).tobytes())


def _layout(rows: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> dict[str, Any]:
    row = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    if rows * row == 0:
        return {}
    packing = {
        "compression": "gzip",
        "compression_opts": IMAGE_DEFLATE,
        "shuffle": dtype.itemsize > 1,
    }
    if rows * row < _SMALL:
        return packing | {"chunks": (rows, *shape)}
    return packing | {"chunks": (max(1, _CHUNK // row), *shape), "maxshape": (None, *shape)}
