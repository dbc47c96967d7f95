"""Convert a journal to one immutable HDF5 episode file, with bounded memory."""

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py
import numpy as np

from teleop.envs.spaces import Space, compact_json, space_to_json
from teleop.errors import RecordingError, StorageError, reason
from teleop.recording.disk import files
from teleop.recording.disk.safe_file import SafeFile
from teleop.recording.episodes.columns import Column, NumberColumn, column_for, column_like
from teleop.recording.episodes.episode import Episode
from teleop.recording.episodes.infos import InfoColumns
from teleop.recording.episodes.quality_flags import QualityFlags
from teleop.recording.journals.flattening import iter_leaves
from teleop.recording.journals.journal import StepHead
from teleop.recording.journals.journal_reader import JournalReader

SCHEMA = 1  # version of the episode file format
LIBVER = ("v110", "v110")  # readable by HDF5 1.10 (2016) and later; half the size of older layouts
_LARGEST_ATTRIBUTE = 32 << 10  # bytes; HDF5 files for old readers allow no larger one
_BATCH = 8 << 20  # bytes of journal between flushes


def build_episode(journal: JournalReader, target: Path) -> None:
    """Convert a journal to an HDF5 episode file, with bounded memory.

    The last step of an interrupted episode is marked as truncated.

    Raises:
        StorageError: writing to disk failed; the journal is unchanged.
        RecordingError: the journal contains no steps.
    """
    if not journal.meta or journal.total_steps == 0:
        raise RecordingError(f"{journal.path.name} holds no step.")
    try:
        with SafeFile(target) as raw:
            with h5py.File(raw, "w", libver=LIBVER) as file:
                _fill(file.create_group("episode"), journal, raw)
            raw.check()
    except OSError as problem:
        files.unlink(target, missing_ok=True)
        why = reason(problem)
        raise StorageError(
            f"The episode could not be written to {target.parent} ({why}). It is kept as a "
            "journal and is saved as soon as there is room: free some space and open Teleop again."
        ) from problem


class _StepColumns:
    """The columns that every episode has, whatever its spaces."""

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


def _fill(group: h5py.Group, journal: JournalReader, raw: SafeFile) -> None:
    meta, total = journal.meta, journal.total_steps
    observation, action = journal.observation, journal.action
    odd = QualityFlags(meta, journal.infos.kept_as_text)
    fixed = _StepColumns(group, total)
    fixed.rewards.watch = odd.rewards
    seen = [column_for(group, "observations", leaf, total + 1) for leaf in observation.leaves]
    acted = [column_for(group, "actions", leaf, total) for leaf in action.leaves]
    odd.watch("observations", observation, seen)
    odd.watch("actions", action, acted)
    infos = InfoColumns(group["infos"], journal.infos, total + 1)
    columns: list[Column] = [*fixed.all(), *seen, *acted, *infos.columns()]
    step = pending = 0
    for row in journal.rows():
        step += row.is_step
        fixed.add(row.head, row.is_step, cut_here=step == total and not journal.closed)
        for column, data in zip(acted, row.action, strict=False):  # a RESET has no action
            column.add(data)
        for column, data in zip(seen, row.observation, strict=True):
            column.add(data)
        infos.add(row.info)
        pending += row.size
        if pending > _BATCH:
            _flush(columns, raw)
            pending = 0
    _flush(columns, raw)
    columns += _write_inputs(group, journal.inputs)
    found = {"recovered": not journal.is_whole, "flags": odd.found}
    _write_attributes(group, meta | found, (total, journal.total_reward), columns)


def _flush(columns: list[Column], raw: SafeFile) -> None:
    for column in columns:
        column.flush()
    if raw.has_failed:
        raw.check()


def _write_inputs(group: h5py.Group, inputs: list[list[Any]]) -> list[Column]:
    """Write raw input events as three arrays; their length is not the number of steps."""
    if not inputs:
        return []
    count = len(inputs)
    times = NumberColumn(group, "teleop_input_time", count, "<f8")
    longest = max(len(control.encode()) for _, control, _ in inputs)
    controls = NumberColumn(group, "teleop_input_control", count, f"S{max(1, longest)}")
    values = NumberColumn(group, "teleop_input_value", count, "<f4")
    for time_s, control, value in inputs:
        times.add_value(time_s)
        controls.add_value(control.encode())
        values.add_value(value)
    columns: list[Column] = [times, controls, values]
    for column in columns:
        column.flush()
    return columns


def _write_attributes(
    group: h5py.Group, meta: dict[str, Any], total: tuple[int, float], columns: list[Column]
) -> None:
    """Write the attributes of an episode.

    There are at most eight, because HDF5 keeps up to eight in the group's own compact header.

    Args:
        group: the episode's group.
        meta: uuid, ordinal, seed, both spaces as JSON, and other metadata.
        total: (steps, return).
        columns: all columns that were written.
    """
    attrs = group.attrs
    attrs["total_steps"], attrs["teleop_return"] = total
    attrs["id"] = meta["ordinal"]
    if meta.get("seed") is not None:
        attrs["seed"] = int(meta["seed"])
    for key, value in (meta.get("options") or {}).items():
        if isinstance(value, int | float | str):
            attrs[f"options/{key}"] = value
    attrs["teleop_schema"] = SCHEMA
    attrs["teleop_uuid"] = np.bytes_(meta["uuid"])
    spaces = {key: compact_json(meta[key]) for key in ("observation_space", "action_space")}
    small = len(json.dumps(spaces)) < _LARGEST_ATTRIBUTE
    kept = {key: value for key, value in meta.items() if key not in spaces}
    attrs["teleop_meta"] = _json(kept | (spaces if small else {}))
    attrs["teleop_crc32"] = _json(_crcs(columns))


def _crcs(columns: list[Column]) -> dict[str, int]:
    """Return the checksums by path inside the episode."""
    return {column.name.removeprefix("/episode/"): column.crc for column in columns}


def _json(data: Any) -> np.bytes_:
    """Encode JSON as a string of fixed length; strings of variable length cost 4 kB per file."""
    return np.bytes_(json.dumps(data))


def write_episode(episode: Episode, observation: Space, action: Space, target: Path) -> None:
    """Write an episode from memory: one that another program recorded, or a trimmed one.

    Raises:
        OSError: writing to disk failed.
        RecordingError: the spaces cannot be recorded.
    """
    with SafeFile(target) as raw:
        with h5py.File(raw, "w", libver=LIBVER) as file:
            _fill_from(file.create_group("episode"), episode, observation, action)
        raw.check()


def _fill_from(group: h5py.Group, episode: Episode, observation: Space, action: Space) -> None:
    total = len(episode.rewards)
    columns: list[Column] = []

    def add(path: str, values: Any) -> None:
        column = column_like(group, path, values)
        column.extend(values)
        columns.append(column)

    for leaf in iter_leaves(observation):
        add("/".join(("observations", *leaf.path)), leaf.value_in(episode.observations))
    for leaf in iter_leaves(action):
        add("/".join(("actions", *leaf.path)), leaf.value_in(episode.actions))
    add("rewards", episode.rewards)
    add("terminations", episode.terminations)
    add("truncations", episode.truncations)
    add("infos/teleop_timestamp", episode.times_s)
    add("infos/teleop_actor", episode.actors)
    add("infos/teleop_pace", episode.paces_hz)
    for key, values in episode.infos.items():
        add(f"infos/{key}", values)
    row = episode.row
    meta = episode.meta | {
        "schema": SCHEMA,
        "uuid": row.uuid,
        "ordinal": row.ordinal,
        "seed": row.seed,
        "started": row.started,
        "driver": row.driver,
        "driver_name": row.driver_name,
        "recovered": row.recovered,
        "flags": row.flags,
        "observation_space": space_to_json(observation),
        "action_space": space_to_json(action),
    }
    _write_attributes(group, meta, (total, float(episode.rewards.sum())), columns)
