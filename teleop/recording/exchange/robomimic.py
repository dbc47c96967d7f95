"""Export datasets in robomimic's HDF5 layout (robomimic 0.3 `SequenceDataset`).

See "Dataset Structure" in robomimic's documentation. Each `data/demo_i` has `actions` in -1..1,
`rewards`, `dones`, `obs/<key>` and `next_obs/<key>`; the attributes are `total` and `env_args`.
`mask/train` and `mask/valid` split the episodes: a tenth is for validation.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from teleop.envs.naming import parse_name
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.disk.safe_file import SafeFile
from teleop.recording.episodes.episode import Episode
from teleop.recording.exchange.flat import ActionVector, Part, iter_trimmed, no_place, parts_of
from teleop.types.metadata import EpisodeRow

_GYM_ENV_TYPE = 2  # robomimic's EnvType.GYM_TYPE


def write_robomimic(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write the episodes to one HDF5 file.

    Returns:
        notes on data that robomimic cannot store or refuses.

    Raises:
        RecordingError: an episode is damaged.
        OSError: writing to disk failed.
    """
    observation, action = dataset.spaces()
    parts = parts_of(observation, "flat")
    vector = ActionVector(action, scaled=True)
    with SafeFile(target) as raw:
        with h5py.File(raw, "w") as file:
            data = file.create_group("data")
            total, largest = 0, 0.0
            for number, episode in enumerate(iter_trimmed(dataset, rows)):
                demo = data.create_group(f"demo_{number}")
                _fill(demo, episode, parts, vector)
                total += len(episode.rewards)
                acted = vector.rows(episode.actions)
                largest = max(largest, float(np.abs(acted).max(initial=0.0)))
            _describe(data, dataset, vector, total)
            _mask(file, len(rows))
        raw.check()
    notes = no_place([part.name for part in parts if part.is_text])
    if largest > 1:  # actions without bounds are not scaled
        notes.append(
            f"robomimic refuses actions beyond -1..1, and these reach {largest:.3g}: scale them"
        )
    return notes


def _fill(demo: h5py.Group, episode: Episode, parts: list[Part], vector: ActionVector) -> None:
    total = len(episode.rewards)
    demo.attrs["num_samples"] = total
    if episode.row.seed is not None:
        demo.attrs["seed"] = episode.row.seed
    demo.attrs["teleop_uuid"] = episode.row.uuid
    demo["actions"] = vector.rows(episode.actions)
    demo["rewards"] = episode.rewards
    demo["dones"] = (episode.terminations | episode.truncations).astype(np.int64)
    for part in parts:
        if not part.is_text:
            values = _with_shape(part.of(episode.observations), part)
            packing = {"compression": "gzip", "chunks": (1, *values.shape[1:])}
            options: dict[str, Any] = packing if part.is_image else {}
            demo.create_dataset(f"obs/{part.name}", data=values[:total], **options)
            demo.create_dataset(f"next_obs/{part.name}", data=values[1:], **options)


def _with_shape(values: np.ndarray[Any, Any], part: Part) -> np.ndarray[Any, Any]:
    """Add dimensions: rows have at least one in robomimic, and images have three."""
    if values.ndim == 1:
        return values[:, None]
    if part.is_image and values.ndim == 3:
        return values[..., None]
    return values


def _describe(data: h5py.Group, dataset: Dataset, vector: ActionVector, total: int) -> None:
    data.attrs["total"] = total
    name = parse_name(dataset.info().env_id)
    kwargs = dict(name.kwargs)
    if name.time_limit is not None:
        kwargs["max_episode_steps"] = name.time_limit
    env_args: dict[str, Any] = {"env_name": name.env_id, "type": _GYM_ENV_TYPE}
    env_args |= {"env_kwargs": kwargs}
    if name.wrappers:
        env_args["teleop_wrappers"] = list(name.wrappers)
    data.attrs["env_args"] = json.dumps(env_args)
    low, high = vector.bounds()
    data.attrs["action_names"] = json.dumps(vector.names)
    data.attrs["action_low"], data.attrs["action_high"] = low, high


def _mask(file: h5py.File, episodes: int) -> None:
    if episodes < 2:
        return
    shuffled = np.random.default_rng(0).permutation(episodes)
    valid = max(1, episodes // 10)
    for name, chosen in (("valid", shuffled[:valid]), ("train", shuffled[valid:])):
        names = [f"demo_{index}" for index in sorted(chosen.tolist())]
        file[f"mask/{name}"] = np.array(names, dtype="S")
