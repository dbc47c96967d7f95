"""Writes what another program recorded as a Minari dataset, for the library to take in."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from teleop.envs.spaces import Space, space_to_json
from teleop.errors import RecordingError
from teleop.recording.disk import files
from teleop.recording.disk.safe_file import SafeFile
from teleop.recording.episodes.episode import Arrays
from teleop.recording.importing.source import Source, SourceEpisode
from teleop.recording.importing.space_fit import MisfitError, SeenSpace, fitted
from teleop.types.metadata import Label

_MINARI = "0.5.0"  # versions that read this layout: 0.5.0 to 0.5.4


def write_source(
    source: Source,
    folder: Path,
    dataset_id: str,
    *,
    spaces: tuple[Space, Space] | None = None,
    env_spec: str | None = None,
) -> list[Label]:
    """Write all episodes of a source to `folder/data`; return the label of each.

    Args:
        source: what to write.
        folder: an empty folder.
        dataset_id: id in the description.
        spaces: spaces of observations and actions that the values must fit; None to find them.
        env_spec: the environment, as Gymnasium's `EnvSpec.to_json`.

    Raises:
        MisfitError: the values do not belong to `spaces`.
        RecordingError: the episodes are damaged or differ, or there are none.
        OSError: writing to disk failed.
    """
    data, steps, labels = folder / "data", 0, list[Label]()
    files.make_folder(data)
    found = SeenSpace(is_action=False), SeenSpace(is_action=True)
    with SafeFile(data / "main_data.hdf5") as raw:
        with h5py.File(raw, "w") as file:
            for episode in source.episodes():
                observed, acted = _stored(source, episode, spaces, found)
                _fill(file, len(labels), episode, observed, acted)
                steps += len(episode.rewards)
                labels.append(episode.label)
        raw.check()
    if not labels:
        raise RecordingError("The file holds no episodes.")
    about = _description(source, spaces or (found[0].space(), found[1].space()), env_spec)
    about |= {"dataset_id": dataset_id, "total_episodes": len(labels), "total_steps": steps}
    about["dataset_size"] = round(files.stat(data / "main_data.hdf5").st_size / 1e6, 1)
    files.write_atomic(data / "metadata.json", json.dumps(about).encode())
    return labels


def _description(
    source: Source, spaces: tuple[Space, Space], env_spec: str | None
) -> dict[str, Any]:
    return ({"env_spec": env_spec} if env_spec else {}) | {
        "data_format": "hdf5",
        "minari_version": _MINARI,
        "jpeg_encoding": False,
        "observation_space": space_to_json(spaces[0]),
        "action_space": space_to_json(spaces[1]),
        "description": " ".join((f"Imported: {source.form}.", *source.notes)),
    }


def _stored(
    source: Source,
    episode: SourceEpisode,
    spaces: tuple[Space, Space] | None,
    found: tuple[SeenSpace, SeenSpace],
) -> tuple[Arrays, Arrays]:
    """Return observations and actions as they are stored."""
    if spaces is None:
        return found[0].add(episode.observations), found[1].add(episode.actions)
    try:
        observed = fitted(episode.observations, spaces[0])
    except MisfitError as problem:
        raise MisfitError(f"its observations are {problem}") from problem
    try:
        return observed, fitted(episode.actions, spaces[1], scaled=source.is_scaled)
    except MisfitError as problem:
        raise MisfitError(f"its actions are {problem}") from problem


def _fill(
    file: h5py.File, number: int, episode: SourceEpisode, observed: Arrays, acted: Arrays
) -> None:
    group, steps = file.create_group(f"episode_{number}"), len(episode.rewards)
    group.attrs["id"], group.attrs["total_steps"] = number, steps
    if episode.seed is not None:
        group.attrs["seed"] = episode.seed
    _write(group, "observations", observed)
    _write(group, "actions", acted)
    group["rewards"] = episode.rewards
    last = np.arange(steps) == steps - 1
    group["terminations"] = last & episode.terminated
    group["truncations"] = last & (not episode.terminated)
    group.create_group("infos")  # Minari's `__repr__` needs it


def _write(group: h5py.Group, name: str, tree: Arrays) -> None:
    if isinstance(tree, dict):
        inner = group.create_group(name)
        for key, value in tree.items():
            _write(inner, key.replace("/", "_"), value)
        return
    packing: dict[str, Any] = {}
    if tree.dtype == np.uint8 and tree.ndim > 2:
        packing = {"compression": "gzip", "chunks": (1, *tree.shape[1:])}
    group.create_dataset(name, data=tree, **packing)
