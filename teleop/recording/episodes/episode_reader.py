"""Read episodes from HDF5: Teleop's own files, or groups that another program wrote."""

import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py
import numpy as np
from h5py import h5d, h5g, h5o, h5s
from numpy.typing import NDArray

from teleop.envs.action_spaces.disturbance import INTENDED
from teleop.envs.spaces import Space
from teleop.errors import HostileFileError, RecordingError, reason
from teleop.recording.disk import files
from teleop.recording.episodes.columns import crc_of, is_text
from teleop.recording.episodes.episode import OWN_GROUP, Arrays, Episode
from teleop.recording.episodes.episode_rows import row_of
from teleop.recording.episodes.episode_writer import SCHEMA
from teleop.recording.journals.flattening import Kind, LeafSpec, is_image, iter_leaves, nested
from teleop.recording.trust.vetting import picture_of
from teleop.text import tr
from teleop.types import Actor, InputEvent
from teleop.types.metadata import EpisodeRow

# exceptions that h5py raises for damaged files
UNREADABLE = (
    *(OSError, LookupError, ValueError, TypeError, RuntimeError, AttributeError),
    *(ArithmeticError, MemoryError, zlib.error),
)
TRAINING_INFOS = (INTENDED, "is_success", "success")  # infos that training uses
_INPUTS = ("time", "control", "value")


def read_row(path: Path, group: str = OWN_GROUP) -> EpisodeRow:
    """Return the row of an episode for lists.

    Args:
        path: an episode file of Teleop, or a `main_data.hdf5` that contains data itself.
        group: the group of the episode in the file.

    Raises:
        RecordingError: there is no readable episode.
    """
    own = group == OWN_GROUP
    try:
        digest = file_hash(path) if own else ""
        with files.hdf5(path) as file:
            name = path.name if own else f"{path.name}#{group}"
            return row_of(name, file[group], digest)
    except UNREADABLE as problem:
        raise RecordingError(f"{path} is not a readable episode ({problem}).") from problem


def read_episode(
    path: Path, row: EpisodeRow, observation: Space, action: Space, group: str = OWN_GROUP
) -> Episode:
    """Read a whole episode and compare every checksum.

    Raises:
        RecordingError: the episode is damaged; the message names the part.
    """
    try:
        with files.hdf5(path) as file:
            return _Reader(path, file[group]).episode(row, observation, action)
    except UNREADABLE as problem:
        raise RecordingError(
            tr(
                "{path} cannot be read ({problem}). `teleop recover` extracts the intact episodes.",
                path=path,
                problem=problem,
            )
        ) from problem


def read_numbers(
    path: Path, row: EpisodeRow, seen: list[LeafSpec], acted: list[LeafSpec]
) -> Episode:
    """Read an episode of numbers with few infos, three times as fast as `read_episode`.

    Only the infos in `TRAINING_INFOS` are read. The hash of the whole file replaces the checksums
    of its parts.

    Args:
        path: an episode file of Teleop.
        row: the row of the episode.
        seen: leaves of the observation space, all of them numbers.
        acted: leaves of the action space, all of them numbers.

    Raises:
        RecordingError: the file cannot be read this way; `read_episode` reports why.
    """
    if file_hash(path) != row.sha256:
        raise RecordingError(f"{path} has changed since it was saved.")
    try:
        with files.hdf5(path) as opened:
            file = opened.id
            return Episode(
                row=row,
                observations=_numbers_tree(file, "observations", seen),
                actions=_numbers_tree(file, "actions", acted),
                rewards=_numbers(file, "rewards"),
                terminations=_numbers(file, "terminations"),
                truncations=_numbers(file, "truncations"),
                times_s=_numbers(file, "infos/teleop_timestamp"),
                paces_hz=_numbers(file, "infos/teleop_pace"),
                actors=_numbers(file, "infos/teleop_actor"),
                meta={},
                infos=_training_infos(file),
            )
    except UNREADABLE as problem:
        raise RecordingError(
            tr("{path} cannot be read ({problem}).", path=path, problem=problem)
        ) from problem


def _training_infos(file: Any) -> dict[str, NDArray[Any]]:
    """Return the numeric infos that training uses, as far as the episode has them."""
    found = {}
    group = h5g.open(file, f"/{OWN_GROUP}/infos".encode())
    for name in TRAINING_INFOS:
        if name.encode() in group and isinstance(h5o.open(group, name.encode()), h5d.DatasetID):
            values = _numbers(file, f"infos/{name}")
            if values.dtype.kind in "biuf":
                found[name] = values
    return found


def _numbers_tree(file: Any, name: str, leaves: list[LeafSpec]) -> Arrays:
    arrays = [_numbers(file, "/".join((name, *leaf.path))) for leaf in leaves]
    return nested(leaves, arrays)


def _numbers(file: Any, name: str) -> NDArray[Any]:
    dataset = h5d.open(file, f"/{OWN_GROUP}/{name}".encode())
    values = np.empty(dataset.shape, dataset.dtype)
    dataset.read(h5s.ALL, h5s.ALL, values)
    return values


def read_actors(path: Path, group: str = OWN_GROUP) -> NDArray[np.int8]:
    """Return the (T,) `types.Actor` of each step; empty if it was not recorded.

    Raises:
        RecordingError: the file is damaged.
    """
    try:
        with files.hdf5(path) as file:
            infos = file[group]["infos"]
            there = "teleop_actor" in infos
            return np.asarray(infos["teleop_actor"][1:] if there else [], np.int8)
    except UNREADABLE as problem:
        raise RecordingError(
            tr("{path} cannot be read ({problem}).", path=path, problem=problem)
        ) from problem


def read_inputs(path: Path, group: str = OWN_GROUP) -> tuple[InputEvent, ...]:
    """Return how keys, buttons and sticks moved; times are seconds since the start.

    It is empty if it was not recorded.

    Raises:
        RecordingError: the file is damaged.
    """
    try:
        with files.hdf5(path) as file:
            columns = [file[group].get(f"teleop_input_{name}") for name in _INPUTS]
            if any(column is None for column in columns):
                return ()
            times, controls, values = (np.asarray(column[()]) for column in columns)
            rows = zip(times.tolist(), controls.tolist(), values.tolist(), strict=True)
            return tuple(
                InputEvent(float(time_s), control.decode("utf-8", "replace"), float(value))
                for time_s, control, value in rows
            )
    except UNREADABLE as problem:
        raise RecordingError(
            tr("{path} cannot be read ({problem}).", path=path, problem=problem)
        ) from problem


def verify_file(path: Path) -> None:
    """Read a file back and compare every checksum.

    Raises:
        RecordingError: a part is missing or differs.
    """
    try:
        with files.hdf5(path) as file:
            group = file[OWN_GROUP]
            crcs = _crcs(group)
            damaged = [name for name, crc in crcs.items() if crc_of(group[name]) != crc]
            schema = int(group.attrs.get("teleop_schema", 0))
    except UNREADABLE as problem:
        raise RecordingError(f"{path} cannot be read back ({problem}).") from problem
    if damaged:
        raise RecordingError(f"{path} differs from what was recorded: {', '.join(damaged)}.")
    if schema > SCHEMA:
        raise RecordingError(_too_new(path, schema))


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        RecordingError: the file cannot be read.
    """
    try:
        with files.open_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise RecordingError(
            tr("{path} cannot be read ({problem}).", path=path, problem=reason(problem))
        ) from problem


def content_id(episode: Episode) -> str:
    """Return an id that depends only on the observations, actions, rewards and ends."""
    digest = hashlib.sha256()
    arrays = (episode.rewards, episode.terminations, episode.truncations)
    for tree in (episode.observations, episode.actions, *arrays):
        _digest(tree, digest)
    return digest.hexdigest()


class _Reader:
    """One episode's group while it is read."""

    def __init__(self, path: Path, group: h5py.Group) -> None:
        self._path, self._group = path, group
        self._crcs = _crcs(group)
        schema = int(group.attrs.get("teleop_schema", 0))
        if schema > SCHEMA:
            raise RecordingError(_too_new(path, schema))

    def episode(self, row: EpisodeRow, observation: Space, action: Space) -> Episode:
        rewards = self._array("rewards")
        if len(rewards) != row.total_steps:
            raise RecordingError(
                f"{self._path} says it has {row.total_steps} steps, but holds {len(rewards)}. "
                "`teleop recover` extracts the intact episodes."
            )
        rows = row.total_steps + 1
        infos = self._infos()
        return Episode(
            row=row,
            observations=self._tree("observations", observation),
            actions=self._tree("actions", action),
            rewards=rewards,
            terminations=self._array("terminations"),
            truncations=self._array("truncations"),
            times_s=infos.pop("teleop_timestamp", np.arange(float(rows))),
            paces_hz=infos.pop("teleop_pace", np.zeros(rows, "f4")),
            actors=infos.pop("teleop_actor", np.full(rows, int(Actor.SCRIPT), np.int8)),
            meta=json.loads(self._group.attrs.get("teleop_meta", "{}")),
            infos={key: part for key, part in infos.items() if not key.startswith("teleop_")},
        )

    def _infos(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "infos" not in self._group:
            return found

        def take(name: str, node: Any) -> None:
            if isinstance(node, h5py.Dataset):
                found[name] = self._array(f"infos/{name}")

        self._group["infos"].visititems(take)
        return found

    def _tree(self, name: str, space: Space) -> Arrays:
        """Read the nested arrays of a space from its group."""
        leaves = list(iter_leaves(space))
        return nested(leaves, [self._leaf("/".join((name, *leaf.path)), leaf) for leaf in leaves])

    def _leaf(self, name: str, leaf: LeafSpec) -> Arrays:
        dataset = self._group[name]
        encoded = dataset.dtype == object or (dataset.dtype == np.uint8 and dataset.ndim == 2)
        if leaf.kind is Kind.IMAGE and encoded:
            return _pictures(dataset, leaf)
        return self._array(name)

    def _array(self, name: str) -> Any:
        """Read the values of an HDF5 dataset and compare their checksum."""
        dataset = self._group[name]
        if is_text(dataset):
            values: Any = np.array(dataset.asstr("utf-8", "replace")[()], dtype=object)
            self._compare(name, lambda: crc_of(dataset))
            return values
        if dataset.chunks and is_image(dataset.shape[1:], dataset.dtype) and dataset.chunks[0] == 1:
            return self._images(name, dataset)
        values = dataset[()]
        self._compare(name, lambda: zlib.crc32(np.ascontiguousarray(values).tobytes()))
        return values

    def _images(self, name: str, dataset: h5py.Dataset) -> Any:
        """Read images, one compressed chunk each, once for both the checksum and the values."""
        values = np.empty(dataset.shape, dataset.dtype)
        flat = values.reshape(len(values), -1)
        rest = (0,) * (dataset.ndim - 1)
        crc = 0
        for index in range(len(values)):
            mask, chunk = dataset.id.read_direct_chunk((index, *rest))
            if mask:  # a filter was skipped, which Teleop never does
                self._compare(name, lambda: -1)
                return dataset[()]
            crc = zlib.crc32(chunk, crc)
            flat[index] = np.frombuffer(_inflated(chunk, flat.shape[1]), np.uint8)
        self._compare(name, lambda: crc)
        return values

    def _compare(self, name: str, compute: Any) -> None:
        if name in self._crcs and compute() != self._crcs[name]:
            raise RecordingError(
                tr(
                    "{path} is damaged: {name} differs from its checksum. Delete the episode, or "
                    "restore the file from a backup.",
                    path=self._path,
                    name=name,
                )
            )


def _crcs(group: h5py.Group) -> dict[str, int]:
    """Return the checksums by path inside the episode, wherever the episode was copied to."""
    crcs = json.loads(group.attrs.get("teleop_crc32", "{}"))
    prefix = f"/{OWN_GROUP}/"
    return {name.removeprefix(prefix): int(crc) for name, crc in crcs.items()}


def _pictures(dataset: h5py.Dataset, leaf: LeafSpec) -> Any:
    """Decode Minari's encoded images: (rows, ...) uint8."""
    height, width = leaf.shape[:2]  # rows of equal length form a plain byte array
    rows = [picture_of(bytes(data), (width, height)) for data in dataset[()]]
    return np.stack(rows).reshape(len(rows), *leaf.shape).astype(np.uint8)


def _inflated(chunk: bytes, size: int) -> bytes:
    """Decompress an image, but to no more than its expected size."""
    data = zlib.decompressobj().decompress(chunk, size + 1)
    if len(data) != size:
        raise HostileFileError("A stored picture is not of the size that its space says.")
    return data


def _digest(tree: Arrays, digest: Any) -> None:
    if isinstance(tree, dict):
        for key in sorted(tree):
            _digest(tree[key], digest)
    elif isinstance(tree, tuple):
        for part in tree:
            _digest(part, digest)
    elif tree.dtype == object:
        digest.update(json.dumps([str(text) for text in tree]).encode())
    else:
        digest.update(f"{tree.dtype.str}{tree.shape}".encode())
        digest.update(np.ascontiguousarray(tree).data)


def _too_new(path: Path, schema: int) -> str:
    return (
        f"{path} was written by a newer version of Teleop (schema {schema}; this version reads up "
        f"to {SCHEMA}). "
        "Update Teleop to open it."
    )
