"""Named arrays in a safetensors file, with a checksum in its header."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from teleop.recording.disk import files

_CHECKSUM = "sha256"  # key in the header


def write_tensors(path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """Write arrays, unless the file already holds exactly these: its age is their age.

    Raises:
        OSError: writing to disk failed.
    """
    data = save(tensors, {_CHECKSUM: _checksum(tensors)})
    if not _holds(path, data):
        files.write_atomic(path, data)


def read_tensors(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """Read arrays and verify their checksum.

    Args:
        path: the file.
        most: the maximum size in bytes.

    Raises:
        OSError: the file cannot be read, or is too large.
        SafetensorError: the file is damaged.
        ValueError: the file is damaged, or the checksum differs.
    """
    data = files.read_bytes(path, most)
    tensors: dict[str, NDArray[Any]] = load(data)
    head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    wanted = head.get("__metadata__", {}).get(_CHECKSUM)  # older files have none
    if wanted is not None and wanted != _checksum(tensors):
        raise ValueError("its weights differ from their checksum")
    return tensors


def _checksum(tensors: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _holds(path: Path, data: bytes) -> bool:
    """Return whether a file exists and contains exactly these bytes."""
    try:
        return files.read_bytes(path, len(data)) == data
    except OSError:
        return False
