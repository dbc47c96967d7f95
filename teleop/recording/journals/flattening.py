"""Flatten observations and actions to a list of leaves, and convert them to bytes and back.

A leaf is one array of a nested space: `position` of a Dict, `_index_0` of a Tuple. Leaves are in
the order of the space, depth first. The order never changes, so the bytes contain no names.
"""

import dataclasses
import math
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.envs.spaces import Space, is_text
from teleop.errors import RecordingError
from teleop.text import tr

_LENGTH = struct.Struct("<I")
_INTEGER = struct.Struct("<q")
_INTEGERS = 1 << 63
_WIDEST = 8  # bytes of a number; not all HDF5 readers accept wider ones
_IMAGE_SIDE = 32  # Minari treats smaller uint8 boxes as plain numbers too
IMAGE_DEFLATE = 3  # CPU time as at level 1, but 9-32 % smaller for Atari and CarRacing frames


class Kind(Enum):
    """How a leaf is stored."""

    NUMBER = "number"
    IMAGE = "image"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class LeafSpec:
    """One array of a nested space.

    Attributes:
        path: names of the HDF5 groups and the dataset: `("camera", "_index_0")`.
        keys: keys that index a nested value, from the root: `("camera", 0)`.
        kind: number, image or text.
        dtype: little-endian NumPy dtype string; `O` for text.
        shape: shape of one value.
    """

    path: tuple[str, ...]
    keys: tuple[str | int, ...]
    kind: Kind
    dtype: str
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Size of one uncompressed value in bytes; 0 for text."""
        return (
            0 if self.kind is Kind.TEXT else np.dtype(self.dtype).itemsize * math.prod(self.shape)
        )

    def value_in(self, tree: Any) -> Any:
        """Return this leaf's value from a nested observation or action."""
        try:
            for key in self.keys:
                tree = tree[key]
        except (KeyError, IndexError, TypeError) as problem:
            where = "/".join(self.path)
            raise RecordingError(
                f"The environment returned a value without {where}, which its space has. "
                "The episode up to here is kept."
            ) from problem
        return tree


def iter_leaves(
    space: Space, path: tuple[str, ...] = (), keys: tuple[str | int, ...] = ()
) -> Iterator[LeafSpec]:
    """Yield the leaves of a space, depth first in the order of the space.

    Raises:
        RecordingError: a part of the space cannot be recorded.
    """
    match space:
        case spaces.Dict():
            for key, sub in space.spaces.items():
                yield from iter_leaves(sub, (*path, key), (*keys, key))
        case spaces.Tuple():
            for index, sub in enumerate(space.spaces):
                yield from iter_leaves(sub, (*path, f"_index_{index}"), (*keys, index))
        case spaces.Discrete():
            yield LeafSpec(path, keys, Kind.NUMBER, "<i8", ())
        case spaces.Box() | spaces.MultiDiscrete() | spaces.MultiBinary():
            kind = Kind.IMAGE if is_image(tuple(space.shape or ()), space.dtype) else Kind.NUMBER
            dtype = np.dtype(space.dtype or np.float64).newbyteorder("<").str
            yield LeafSpec(path, keys, kind, dtype, tuple(space.shape or ()))
        case _ if is_text(space):
            yield LeafSpec(path, keys, Kind.TEXT, "O", ())
        case _:
            raise RecordingError(f"{type(space).__name__} spaces cannot be recorded.")


def nested(leaves: Sequence[LeafSpec], values: Sequence[Any]) -> Any:
    """Nest the values of a space's leaves in the structure of the space."""
    if len(leaves) == 1 and not leaves[0].path:
        return values[0]
    tree: dict[Any, Any] = {}
    for leaf, value in zip(leaves, values, strict=True):
        place = tree
        for key in leaf.keys[:-1]:
            place = place.setdefault(key, {})
        place[leaf.keys[-1]] = value
    return _with_tuples(tree)


def _with_tuples(tree: Any) -> Any:
    """Convert nested dicts with the keys 0, 1, 2… to tuples."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        return tuple(_with_tuples(tree[index]) for index in range(len(tree)))
    return {key: _with_tuples(part) for key, part in tree.items()}


def is_image(shape: tuple[int, ...], dtype: Any) -> bool:
    """Return whether a value of this shape and dtype is stored as an image."""
    return bool(dtype == np.uint8 and len(shape) in (2, 3) and min(shape[:2]) >= _IMAGE_SIDE)


Measures = Mapping[str, tuple[str, tuple[int, ...]]]


class Codec:
    """Converts values of one space to journal bytes and back."""

    def __init__(self, space: Space, measured: Measures | None = None) -> None:
        """Create a codec for a space.

        Args:
            space: the space that the environment declares.
            measured: (dtype, shape) by leaf path, for leaves with values that differ from the
                space.

        Raises:
            RecordingError: a part of the space cannot be recorded.
        """
        self.space = space
        self.leaves = tuple(_measured(leaf, measured or {}) for leaf in iter_leaves(space))
        self._encoders = [(leaf, _encoder(leaf)) for leaf in self.leaves]
        alone = len(self.leaves) == 1 and not self.leaves[0].keys
        self.joined: Callable[[Any], bytes] = self._encoders[0][1] if alone else self._joined

    def measure(self, value: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Return the leaves of a value that differ from the space: (dtype, shape) by path.

        A number counts as the space's dtype if that dtype can represent it exactly.
        """
        odd = {}
        for leaf in self.leaves:
            if leaf.kind is Kind.TEXT:
                continue
            part = leaf.value_in(value)
            array, is_numpy = np.asarray(part), isinstance(part, np.ndarray | np.generic)
            if array.dtype.kind not in "biuf" or array.dtype.itemsize > _WIDEST:
                continue  # `encode` raises the error
            fits = _holds(leaf.dtype, array, is_numpy=is_numpy)
            dtype = leaf.dtype if fits else array.dtype.newbyteorder("<").str
            if (dtype, array.shape) != (leaf.dtype, leaf.shape):
                odd["/".join(leaf.path)] = (dtype, array.shape)
        return odd

    @property
    def has_images(self) -> bool:
        """Whether any leaf is an image, so that `packed` takes time."""
        return any(leaf.kind is Kind.IMAGE for leaf in self.leaves)

    def encode(self, value: Any) -> list[bytes]:
        """Copy the leaves of a value to bytes; `packed` compresses the images later.

        Raises:
            RecordingError: a leaf does not fit its space.
        """
        return [encode(leaf.value_in(value)) for leaf, encode in self._encoders]

    def _joined(self, value: Any) -> bytes:
        """Encode all leaves of a value without images; a space with one leaf does not need this."""
        return b"".join(self.encode(value))

    def packed(self, parts: list[bytes]) -> bytes:
        """Compress the images and join the leaves from `encode` to the stored form."""
        return b"".join(
            [
                with_length(zlib.compress(part, IMAGE_DEFLATE)) if leaf.kind is Kind.IMAGE else part
                for leaf, part in zip(self.leaves, parts, strict=True)
            ]
        )

    def split(self, data: bytes, offset: int) -> tuple[list[bytes], int]:
        """Return the stored bytes of each leaf (images still compressed) and the end offset."""
        parts = []
        for leaf in self.leaves:
            size = leaf.row_bytes
            if leaf.kind is not Kind.NUMBER:
                (size,) = _LENGTH.unpack_from(data, offset)
                offset += _LENGTH.size
            parts.append(data[offset : offset + size])
            offset += size
        return parts, offset


def unnamed_parts(space: Space, value: Any) -> list[str]:
    """Return the parts of a value that its Dict or Tuple space does not define or record."""
    if isinstance(space, spaces.Dict) and isinstance(value, Mapping):
        extra = [str(key) for key in value if key not in space.spaces]
        inner = (
            unnamed_parts(sub, value[key]) for key, sub in space.spaces.items() if key in value
        )
        return extra + [name for names in inner for name in names]
    if isinstance(space, spaces.Tuple) and isinstance(value, tuple | list):
        extra = [f"[{index}]" for index in range(len(space.spaces), len(value))]
        pairs = zip(space.spaces, value, strict=False)
        return extra + [name for sub, part in pairs for name in unnamed_parts(sub, part)]
    return []


def _measured(leaf: LeafSpec, measured: Measures) -> LeafSpec:
    found = measured.get("/".join(leaf.path))
    if found is None:
        return leaf
    dtype, shape = np.dtype(found[0]), tuple(found[1])
    if dtype.kind not in "biuf" or dtype.itemsize > _WIDEST:
        raise RecordingError(f"Values of dtype {dtype} cannot be recorded.")
    kind = Kind.IMAGE if is_image(shape, dtype) else Kind.NUMBER
    return dataclasses.replace(leaf, kind=kind, dtype=dtype.str, shape=shape)


def _holds(dtype: str, array: np.ndarray[Any, Any], *, is_numpy: bool) -> bool:
    """Return whether a dtype can represent the values of an array exactly."""
    if array.dtype == dtype or np.can_cast(array.dtype, dtype):
        return True
    if is_numpy and array.dtype.kind == np.dtype(dtype).kind == "f":
        return False  # this value may fit, but the next one may be rounded
    if array.dtype.kind == "f" and np.dtype(dtype).kind != "f" and not np.isfinite(array).all():
        return False
    with np.errstate(all="ignore"):
        return bool(np.array_equal(array.astype(dtype), array, equal_nan=array.dtype.kind == "f"))


def _encoder(leaf: LeafSpec) -> Callable[[Any], bytes]:
    """Return the function that encodes one leaf, with a fast path for the expected type."""
    dtype, shape = np.dtype(leaf.dtype), leaf.shape
    if leaf.kind is Kind.TEXT:
        return lambda value: with_length(text_bytes(value))
    is_integer = dtype.str == "<i8" and not shape

    def encode(value: Any) -> bytes:
        if type(value) is np.ndarray and value.dtype == dtype and value.shape == shape:
            return value.tobytes()
        if is_integer and type(value) is np.int64:
            return value.tobytes()
        if is_integer and type(value) is int and -_INTEGERS <= value < _INTEGERS:
            return _INTEGER.pack(value)
        return _encode_odd(leaf, value)

    return encode


def _encode_odd(leaf: LeafSpec, value: Any) -> bytes:
    """Convert any value to the leaf's dtype, check its shape and encode it."""
    try:
        array = np.asarray(value, dtype=leaf.dtype)
    except (ValueError, TypeError, OverflowError) as problem:
        raise RecordingError(
            f"The environment returned {value!r:.60} where its space wants {leaf.dtype} of shape "
            f"{leaf.shape}. The episode up to here is kept."
        ) from problem
    if array.shape != leaf.shape:
        where = "/".join(leaf.path) or "value"
        raise RecordingError(
            tr(
                "The environment returned a {where} of shape {shape}; its space declares "
                "{expected}. The episode up to here is kept.",
                where=where,
                shape=array.shape,
                expected=leaf.shape,
            )
        )
    return array.tobytes()


def text_bytes(value: Any) -> bytes:
    """Encode any text as UTF-8 that HDF5 accepts: no NUL, no lone surrogates."""
    return str(value).replace("\0", "\\0").encode("utf-8", "backslashreplace")


def with_length(data: bytes) -> bytes:
    """Prefix bytes with their length."""
    return _LENGTH.pack(len(data)) + data


def read_length(data: bytes, offset: int) -> tuple[bytes, int]:
    """Return the bytes that `with_length` wrote at an offset, and the end offset."""
    (size,) = _LENGTH.unpack_from(data, offset)
    start = offset + _LENGTH.size
    return data[start : start + size], start + size
