"""Minari's `main_data.hdf5`: ours is a small index of links; other programs put data into it."""

import io
import os
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # else HDF5 loads foreign filter libraries

import h5py
import numpy as np

from teleop.recording.disk import files
from teleop.recording.disk.safe_file import SafeFile
from teleop.recording.episodes.episode import OWN_GROUP
from teleop.recording.episodes.episode_reader import UNREADABLE
from teleop.recording.episodes.episode_writer import LIBVER, SCHEMA

_PACKED_LIBVER = ("earliest", "v110")  # `headerless_scan` finds episodes in one whose root is lost


def index_bytes(files: Iterable[str]) -> bytes:
    """A `main_data.hdf5` that links to episode files, in their order."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=LIBVER) as file:
        file.attrs["teleop_schema"] = SCHEMA
        file.attrs["teleop_note"] = np.bytes_("index only: the episodes are in episodes/")
        for number, name in enumerate(files):
            file[f"episode_{number}"] = h5py.ExternalLink(f"episodes/{name}", f"/{OWN_GROUP}")
    return buffer.getvalue()


def foreign_episodes(index: Path) -> list[str]:
    """Names of episodes in an index that are data of their own, not links to our files.

    None in an index that is missing or cannot be read.
    """
    try:
        with files.hdf5(index) as file:
            own = [n for n in file if not isinstance(file.get(n, getlink=True), h5py.ExternalLink)]
    except UNREADABLE:
        return []
    numbered = [name for name in own if name.startswith("episode_") and name[8:].isdigit()]
    return sorted(numbered, key=lambda name: int(name[8:]))


def extract_episode(index: Path, name: str, target: Path) -> None:
    """Copy an episode that another program put into the index to a file of its own.

    Raises:
        OSError: the disk refused, or the source is damaged.
    """
    with files.hdf5(index) as source, SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=LIBVER) as file:
            source.copy(name, file, name=OWN_GROUP)
            if "infos" not in file[OWN_GROUP]:
                file[OWN_GROUP].create_group("infos")  # Minari's repr needs it
        raw.check()


def pack(episodes: Iterable[tuple[Path, str]], target: Path) -> None:
    """One `main_data.hdf5` that holds everything itself.

    Args:
        episodes: (file, group in it) of each.
        target: where it goes.

    Raises:
        OSError: the disk refused.
    """
    with SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=_PACKED_LIBVER) as file:
            for number, (path, group) in enumerate(episodes):
                with files.hdf5(path) as source:
                    source.copy(group, file, name=f"episode_{number}")
                if raw.has_failed:
                    break
        raw.check()
