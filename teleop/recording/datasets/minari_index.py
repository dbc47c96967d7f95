"""Minari's `main_data.hdf5`.

Teleop writes it as a small index of links. Other programs store data in it.
"""

import io
import os
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py
import numpy as np

from teleop.recording.disk import files
from teleop.recording.disk.safe_file import SafeFile
from teleop.recording.episodes.episode import OWN_GROUP
from teleop.recording.episodes.episode_reader import UNREADABLE
from teleop.recording.episodes.episode_writer import LIBVER, SCHEMA

_PACKED_LIBVER = ("earliest", "v110")  # lets `headerless_scan` find episodes if the root is lost


def index_bytes(files: Iterable[str]) -> bytes:
    """Return a `main_data.hdf5` that links to episode files, in the given order."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=LIBVER) as file:
        file.attrs["teleop_schema"] = SCHEMA
        file.attrs["teleop_note"] = np.bytes_("index only: the episodes are in episodes/")
        for number, name in enumerate(files):
            file[f"episode_{number}"] = h5py.ExternalLink(f"episodes/{name}", f"/{OWN_GROUP}")
    return buffer.getvalue()


def foreign_episodes(index: Path) -> list[str]:
    """Return the names of episodes that are stored in the index itself, not linked.

    The list is empty if the index is missing or cannot be read.
    """
    try:
        with files.hdf5(index) as file:
            own = [n for n in file if not isinstance(file.get(n, getlink=True), h5py.ExternalLink)]
    except UNREADABLE:
        return []
    numbered = [name for name in own if name.startswith("episode_") and name[8:].isdigit()]
    return sorted(numbered, key=lambda name: int(name[8:]))


def extract_episode(index: Path, name: str, target: Path) -> None:
    """Copy an episode that another program stored in the index to its own file.

    Raises:
        OSError: writing to disk failed, or the source is damaged.
    """
    with files.hdf5(index) as source, SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=LIBVER) as file:
            source.copy(name, file, name=OWN_GROUP)
            if "infos" not in file[OWN_GROUP]:
                file[OWN_GROUP].create_group("infos")  # Minari's `__repr__` needs it
        raw.check()


def pack(episodes: Iterable[tuple[Path, str]], target: Path) -> None:
    """Write one `main_data.hdf5` that contains all data itself.

    Args:
        episodes: (file, group in it) of each episode.
        target: the path of the new file.

    Raises:
        OSError: writing to disk failed.
    """
    with SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=_PACKED_LIBVER) as file:
            for number, (path, group) in enumerate(episodes):
                with files.hdf5(path) as source:
                    source.copy(group, file, name=f"episode_{number}")
                if raw.has_failed:
                    break
        raw.check()
