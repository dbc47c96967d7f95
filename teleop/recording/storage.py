"""Episode files: a journal becomes one immutable HDF5 file, and comes back as an `Episode`."""

import hashlib
import io
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # else HDF5 loads foreign filter libraries

import h5py
import numpy as np

from teleop.envs.spaces import Space, space_from_json
from teleop.errors import RecordingError, StorageError
from teleop.recording.columns import Column, NumberColumn, TextColumn, column_for, crc_of
from teleop.recording.episode import Arrays, Episode, EpisodeRow
from teleop.recording.infos import InfoColumns, InfoPlan
from teleop.recording.journal import STEP_HEAD, Record, StepHead, iter_records, unpack_head
from teleop.recording.leaves import Codec, iter_leaves, read_length
from teleop.recording.safe_file import SafeFile
from teleop.types import Actor

SCHEMA = 1
_BATCH = 8 << 20  # bytes of journal between flushes
# what h5py raises on damaged files
_UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError)


@dataclass(slots=True)
class JournalSummary:
    """What a first pass over a journal finds."""

    meta: dict[str, Any] | None = None
    has_reset: bool = False
    total_steps: int = 0
    total_reward: float = 0.0
    is_whole: bool = False
    closed: bool = False
    infos: InfoPlan = field(default_factory=InfoPlan)
    inputs: list[list[Any]] = field(default_factory=list)


def summarise_journal(path: Path) -> JournalSummary:
    """Read a journal once: how long it is, how it ended, which infos it has."""
    summary = JournalSummary()
    action: Codec | None = None
    observation: Codec | None = None
    for kind, payload in iter_records(path):
        if kind == Record.META:
            summary.meta = json.loads(payload)
            observation, action = _codecs(summary.meta or {})
        elif kind in (Record.RESET, Record.STEP) and observation and action:
            head, _, _, info = _split(kind, payload, observation, action)
            summary.infos.look_at(info)
            summary.has_reset = True
            summary.total_steps += kind == Record.STEP
            summary.total_reward += head.reward
            summary.closed = head.terminated or head.truncated
        elif kind == Record.INPUT:
            summary.inputs += json.loads(payload)
        elif kind == Record.END:
            summary.is_whole = True
    return summary


def build_episode(journal: Path, target: Path) -> JournalSummary:
    """Turn a journal into an HDF5 episode file, in bounded memory.

    The last step of an interrupted episode is marked as truncated.

    Raises:
        StorageError: the disk refused; the journal is untouched.
        RecordingError: the journal holds no step.
    """
    summary = summarise_journal(journal)
    if summary.meta is None or summary.total_steps == 0:
        raise RecordingError(f"{journal.name} holds no step.")
    try:
        with SafeFile(target) as raw:
            with h5py.File(raw, "w", libver=("earliest", "v110")) as file:
                _fill(file.create_group("episode"), journal, summary, raw)
            raw.check()
    except OSError as problem:
        target.unlink(missing_ok=True)
        why = problem.strerror or str(problem)
        raise StorageError(
            f"The episode could not be written to {target.parent} ({why}). It is kept as a "
            "journal and is saved as soon as there is room: free some space and open Teleop again."
        ) from problem
    return summary


def read_row(path: Path, starred: bool = False) -> EpisodeRow:
    """What lists show of an episode file.

    Raises:
        RecordingError: it is not a readable episode.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with h5py.File(path, "r") as file:
            return _row(path.name, file["episode"], digest, starred)
    except _UNREADABLE as problem:
        raise RecordingError(f"{path} is not a readable episode ({problem}).") from problem


def read_episode(path: Path, row: EpisodeRow, observation: Space, action: Space) -> Episode:
    """A whole episode.

    Raises:
        RecordingError: it is damaged; the message names the part.
    """
    try:
        with h5py.File(path, "r") as file:
            group = file["episode"]
            damaged = _damaged_parts(group)
            if damaged:
                raise RecordingError(
                    f"{path} is damaged: {', '.join(damaged)} differ from their checksums. "
                    "Delete the episode, or restore the file from a backup."
                )
            return Episode(
                row=row,
                observations=_read_tree(group["observations"], observation),
                actions=_read_tree(group["actions"], action),
                rewards=group["rewards"][()],
                terminations=group["terminations"][()],
                truncations=group["truncations"][()],
                times_s=_info(group, "teleop_timestamp", np.arange(row.total_steps + 1.0)),
                paces_hz=_info(group, "teleop_pace", np.zeros(row.total_steps + 1, "f4")),
                actors=_info(group, "teleop_actor", _scripted(row.total_steps + 1)),
                meta=json.loads(group.attrs.get("teleop_meta", "{}")),
            )
    except _UNREADABLE as problem:
        raise RecordingError(f"{path} cannot be read ({problem}).") from problem


def verify_file(path: Path) -> None:
    """Read a file back and compare every checksum.

    Raises:
        RecordingError: a part is missing or differs.
    """
    try:
        with h5py.File(path, "r") as file:
            damaged = _damaged_parts(file["episode"])
    except _UNREADABLE as problem:
        raise RecordingError(f"{path} cannot be read back ({problem}).") from problem
    if damaged:
        raise RecordingError(f"{path} differs from what was recorded: {', '.join(damaged)}.")


def index_bytes(files: Iterable[str]) -> bytes:
    """A `main_data.hdf5` that links to episode files, in their order."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["teleop_schema"] = SCHEMA
        file.attrs["teleop_note"] = "index only: the episodes are in episodes/"
        for number, name in enumerate(files):
            file[f"episode_{number}"] = h5py.ExternalLink(f"episodes/{name}", "/episode")
    return buffer.getvalue()


def extract_foreign(index: Path, name: str, target: Path) -> None:
    """Copy an episode that another program put into the index to a file of its own."""
    with index.open("rb") as handle, h5py.File(handle, "r") as source, SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=("earliest", "v110")) as file:
            source.copy(name, file, name="episode")
            file["episode"].attrs["teleop_foreign"] = True
        raw.check()


def foreign_episodes(index: Path) -> list[str]:
    """Names of episodes in an index that are data of their own, not links to our files.

    None in an index that is missing or cannot be read.
    """
    try:
        with index.open("rb") as handle, h5py.File(handle, "r") as file:
            own = [n for n in file if not isinstance(file.get(n, getlink=True), h5py.ExternalLink)]
    except _UNREADABLE:
        return []
    return sorted((n for n in own if n.startswith("episode_")), key=lambda n: int(n[8:]))


def _codecs(meta: dict[str, Any]) -> tuple[Codec, Codec]:
    spaces = (meta["observation_space"], meta["action_space"])
    observation, action = (Codec(space_from_json(text)) for text in spaces)
    return observation, action


def _split(
    kind: int, payload: bytes, observation: Codec, action: Codec
) -> tuple[StepHead, list[bytes], list[bytes], dict[str, Any]]:
    """Head, action leaves (none for a RESET), observation leaves, info."""
    head, offset = unpack_head(payload), STEP_HEAD.size
    acted: list[bytes] = []
    if kind == Record.STEP:
        acted, offset = action.split(payload, offset)
    seen, offset = observation.split(payload, offset)
    info, _ = read_length(payload, offset)
    return head, acted, seen, json.loads(info) if info else {}


class _StepColumns:
    """The columns that every step has, whatever the spaces."""

    def __init__(self, group: h5py.Group, total: int) -> None:
        rows = total + 1
        self.rewards = NumberColumn(group, "rewards", total, "<f8")
        self.terminations = NumberColumn(group, "terminations", total, "?")
        self.truncations = NumberColumn(group, "truncations", total, "?")
        self.times = NumberColumn(group, "infos/teleop_timestamp", rows, "<f8")
        self.interventions = NumberColumn(group, "infos/teleop_intervention", rows, "?")
        self.actors = NumberColumn(group, "infos/teleop_actor", rows, "|i1")
        self.paces = NumberColumn(group, "infos/teleop_pace", rows, "<f4")
        self.pictures = NumberColumn(group, "infos/teleop_picture", rows, "<i8")

    def all(self) -> list[NumberColumn]:
        return list(vars(self).values())

    def add(self, head: StepHead, is_step: bool, cut_here: bool) -> None:
        if is_step:
            self.rewards.add_value(head.reward)
            self.terminations.add_value(head.terminated)
            self.truncations.add_value(head.truncated or cut_here)
        self.times.add_value(head.time_s)
        self.interventions.add_value(head.intervention)
        self.actors.add_value(head.actor)
        self.paces.add_value(head.pace_hz)
        self.pictures.add_value(head.picture)


def _fill(group: h5py.Group, journal: Path, summary: JournalSummary, raw: SafeFile) -> None:
    meta, total = summary.meta or {}, summary.total_steps
    observation, action = _codecs(meta)
    fixed = _StepColumns(group, total)
    seen = [column_for(group, "observations", leaf, total + 1) for leaf in observation.leaves]
    acted = [column_for(group, "actions", leaf, total) for leaf in action.leaves]
    infos = InfoColumns(group["infos"], summary.infos, total + 1)
    columns: list[Column] = [*fixed.all(), *seen, *acted, *infos.columns()]
    step = pending = 0
    for kind, payload in iter_records(journal):
        if kind not in (Record.RESET, Record.STEP):
            continue
        head, actions, observations, info = _split(kind, payload, observation, action)
        step += kind == Record.STEP
        fixed.add(head, kind == Record.STEP, cut_here=step == total and not summary.closed)
        for column, data in zip(acted, actions, strict=False):  # a RESET has no action
            column.add(data)
        for column, data in zip(seen, observations, strict=True):
            column.add(data)
        infos.add(info)
        pending += len(payload)
        if pending > _BATCH:
            _flush(columns, raw)
            pending = 0
    _flush(columns, raw)
    columns += _write_inputs(group, summary.inputs)
    _write_attributes(group, summary, {column.name: column.crc for column in columns})


def _flush(columns: list[Column], raw: SafeFile) -> None:
    for column in columns:
        column.flush()
    if raw.has_failed:
        raw.check()


def _write_inputs(group: h5py.Group, inputs: list[list[Any]]) -> list[Column]:
    """Raw input events as three arrays beside the steps (their number is not the steps')."""
    if not inputs:
        return []
    count = len(inputs)
    times = NumberColumn(group, "teleop_input_time", count, "<f8")
    controls = TextColumn(group, "teleop_input_control", count)
    values = NumberColumn(group, "teleop_input_value", count, "<f4")
    for time_s, control, value in inputs:
        times.add_value(time_s)
        controls.add(control.encode())
        values.add_value(value)
    columns: list[Column] = [times, controls, values]
    for column in columns:
        column.flush()
    return columns


def _write_attributes(group: h5py.Group, summary: JournalSummary, crcs: dict[str, int]) -> None:
    meta = summary.meta or {}
    attrs = group.attrs
    attrs["total_steps"] = summary.total_steps
    attrs["id"] = meta["ordinal"]
    if meta.get("seed") is not None:
        attrs["seed"] = int(meta["seed"])
    for key, value in (meta.get("options") or {}).items():
        if isinstance(value, int | float | str):
            attrs[f"options/{key}"] = value
    attrs["teleop_schema"] = SCHEMA
    attrs["teleop_uuid"] = meta["uuid"]
    attrs["teleop_return"] = summary.total_reward
    attrs["teleop_recovered"] = not summary.is_whole
    kept = {k: v for k, v in meta.items() if k not in ("observation_space", "action_space")}
    attrs["teleop_meta"] = json.dumps(kept)
    attrs["teleop_crc32"] = json.dumps(crcs)


def _row(name: str, group: h5py.Group, digest: str, starred: bool) -> EpisodeRow:
    attrs = group.attrs
    meta = json.loads(attrs.get("teleop_meta", "{}"))
    rewards = None if "teleop_return" in attrs else group["rewards"][()].sum()
    return EpisodeRow(
        file=name,
        uuid=str(attrs.get("teleop_uuid", name[7:19])),
        ordinal=int(name[:6]),
        total_steps=int(attrs["total_steps"]),
        total_reward=float(attrs["teleop_return"] if rewards is None else rewards),
        seed=int(attrs["seed"]) if "seed" in attrs else None,
        started=float(meta.get("started", 0.0)),
        driver=str(meta.get("driver", "script" if "teleop_foreign" in attrs else "human")),
        driver_name=str(meta.get("driver_name", "")),
        recovered=bool(attrs.get("teleop_recovered", False)),
        sha256=digest,
        starred=starred,
    )


def _info(group: h5py.Group, name: str, default: Any) -> Any:
    """One of our columns; a default in episodes that another program recorded."""
    infos = group.get("infos", {})
    return infos[name][()] if name in infos else default


def _scripted(rows: int) -> Any:
    return np.full(rows, int(Actor.SCRIPT), np.int8)


def _damaged_parts(group: h5py.Group) -> list[str]:
    crcs = json.loads(group.attrs.get("teleop_crc32", "{}"))
    return [name for name, crc in crcs.items() if crc_of(group.file[name]) != crc]


def _read_tree(node: h5py.Group | h5py.Dataset, space: Space) -> Arrays:
    """Nested arrays of a space out of its group."""
    leaves = list(iter_leaves(space))
    if len(leaves) == 1 and not leaves[0].path:
        return _read_leaf(node)
    tree: dict[Any, Any] = {}
    for leaf in leaves:
        place = tree
        for key in leaf.keys[:-1]:
            place = place.setdefault(key, {})
        place[leaf.keys[-1]] = _read_leaf(node["/".join(leaf.path)])
    return _with_tuples(tree)


def _read_leaf(dataset: h5py.Dataset) -> Arrays:
    if h5py.check_string_dtype(dataset.dtype):
        return np.array(dataset.asstr()[()], dtype=object)
    return dataset[()]


def _with_tuples(tree: Any) -> Arrays:
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        return tuple(_with_tuples(tree[index]) for index in range(len(tree)))
    return {key: _with_tuples(part) for key, part in tree.items()}
