"""Rows of lists: read from an episode's HDF5 group, and read from and written to a manifest."""

import hashlib
import json
import re
from typing import Any

import h5py
import numpy as np

from teleop.recording.episodes.columns import is_text
from teleop.recording.trust.vetting import EPISODE_FILE, printable
from teleop.types.metadata import EpisodeRow

_UUID = re.compile(r"[0-9a-f]{12}\Z")


def row_of(name: str, group: h5py.Group, digest: str) -> EpisodeRow:
    """Return the row of an episode, read from its group.

    Args:
        name: the name of the file.
        group: the episode's group.
        digest: SHA-256 of the file; empty for an episode without its own file.
    """
    attrs = group.attrs
    meta = json.loads(attrs.get("teleop_meta", "{}"))
    named = EPISODE_FILE.match(name)
    number, fallback = (int(named[1]), named[2]) if named else _numbered(name, group)
    total = attrs["total_steps"] if "total_steps" in attrs else group["rewards"].shape[0]
    rewards = None if "teleop_return" in attrs else group["rewards"][()].sum()
    return EpisodeRow(
        file=name,
        uuid=fallback if named else _uuid(attrs.get("teleop_uuid"), fallback),
        ordinal=number,
        total_steps=int(total),
        total_reward=float(attrs["teleop_return"] if rewards is None else rewards),
        seed=_seed(attrs),
        started=float(meta.get("started", 0.0)),
        driver=str(meta.get("driver", "human" if "teleop_uuid" in attrs else "other")),
        driver_name=printable(str(meta.get("driver_name", "")))[:80],
        recovered=bool(meta.get("recovered", attrs.get("teleop_recovered", False))),
        sha256=digest,
        flags=tuple(printable(str(flag)) for flag in meta.get("flags", ())),
    )


def _numbered(name: str, group: h5py.Group) -> tuple[int, str]:
    """Return (number, stable id) of an episode if its file name does not contain them."""
    last = name.removesuffix(".h5").rsplit("_", 1)[-1]
    number = int(last) if last.isdigit() else int(group.attrs.get("id", 0))
    digest = hashlib.sha256(name.encode() + group["rewards"][:64].tobytes())

    def add(_: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.shape and not is_text(node):
            digest.update(np.asarray(node[:64]).tobytes())

    for part in ("observations", "actions"):
        add("", group[part])
        if isinstance(group[part], h5py.Group):
            group[part].visititems(add)
    return number, digest.hexdigest()[:12]


def _uuid(value: Any, fallback: str) -> str:
    """Return a uuid of twelve hexadecimal digits, because it becomes part of file names."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text if _UUID.match(text) else fallback


def _seed(attrs: Any) -> int | None:
    """Return the seed; None if there was none (Minari then writes text or nothing)."""
    try:
        return int(attrs["seed"])
    except (LookupError, ValueError, TypeError, ArithmeticError):
        return None


def row_from_json(data: dict[str, Any]) -> EpisodeRow:
    """Return the row in a manifest entry.

    Raises:
        KeyError, TypeError, ValueError: the entry is invalid.
    """
    return EpisodeRow(
        file=str(data["file"]),
        uuid=_uuid(data["uuid"], "0" * 12),
        ordinal=int(data["ordinal"]),
        total_steps=int(data["total_steps"]),
        total_reward=float(data["total_reward"]),
        seed=None if data["seed"] is None else int(data["seed"]),
        started=float(data["started"]),
        driver=str(data["driver"]),
        driver_name=printable(str(data["driver_name"])),
        recovered=bool(data["recovered"]),
        sha256=str(data["sha256"]),
        flags=tuple(printable(str(flag)) for flag in data.get("flags", ())),
    )


def row_to_json(row: EpisodeRow) -> dict[str, Any]:
    """Return the manifest entry of a row, without its label and certificate."""
    return {key: getattr(row, key) for key in _ROW_FIELDS}


_ABOUT = ("label", "certificate")  # fields that are not in the file
_ROW_FIELDS = tuple(f for f in EpisodeRow.__dataclass_fields__ if f not in _ABOUT)
