"""Export datasets as plain arrays (`.npz`) and as a table (`.csv`)."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from teleop.errors import RecordingError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.episode import Episode
from teleop.recording.exchange.flat import Part, iter_trimmed, no_place, parts_of
from teleop.types.metadata import EpisodeRow


def write_npz(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write all episodes, concatenated, to one `.npz` file without pickles.

    An episode of T steps has T+1 rows in `observations_*`, and T rows in `actions_*`, `rewards`,
    `terminations` and `truncations`. `episode_steps` contains T of each episode, `seeds` its seed
    (-1 if unknown), and `about` the dataset's description as JSON.

    Returns:
        an empty list: all data can be stored.

    Raises:
        RecordingError: an episode is damaged.
        OSError: writing to disk failed.
    """
    observation, action = dataset.spaces()
    seen, acted = parts_of(observation, "observations"), parts_of(action, "actions")
    arrays: dict[str, list[Any]] = {}
    steps = []
    for episode in iter_trimmed(dataset, rows):
        for prefix, parts, tree in (
            ("observations", seen, episode.observations),
            ("actions", acted, episode.actions),
        ):
            for part in parts:
                values = part.of(tree)
                values = values.astype(str) if part.is_text else values
                arrays.setdefault(_prefixed(prefix, part), []).append(values)
        for name in ("rewards", "terminations", "truncations", "times_s", "actors"):
            arrays.setdefault(name, []).append(getattr(episode, name))
        steps.append(len(episode.rewards))
    joined: dict[str, Any] = {name: np.concatenate(parts) for name, parts in arrays.items()}
    joined["episode_steps"] = np.array(steps)
    joined["seeds"] = np.array([-1 if row.seed is None else row.seed for row in rows])
    joined["about"] = np.array(json.dumps(_about(dataset, rows)))
    with target.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **joined)
    return []


def _about(dataset: Dataset, rows: Sequence[EpisodeRow]) -> dict[str, Any]:
    info = dataset.info()
    return {
        "dataset_id": dataset.dataset_id,
        "env_id": info.env_id,
        "observation_space": json.loads(info.observation_space),
        "action_space": json.loads(info.action_space),
        "episodes": [row.uuid for row in rows],
    }


def write_imitation(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write the trajectories of the `imitation` library: an `.npz` that its `load` reads.

    The library reads `infos` as Python objects and asks each for its keys, so they are pickled, as
    it does itself. All of them are empty dicts; Teleop's own import never loads them.

    Returns:
        a note: `infos` are empty.

    Raises:
        RecordingError: an episode is damaged, or the spaces are nested.
        OSError: writing to disk failed.
    """
    observation, action = (parts_of(space, "all") for space in dataset.spaces())
    if len(observation) != 1 or len(action) != 1:
        raise RecordingError("imitation knows no nested spaces; export to minari or lerobot.")
    episodes = list(iter_trimmed(dataset, rows))
    lengths = [len(episode.rewards) for episode in episodes]
    infos = np.empty(sum(lengths), object)
    infos[:] = [{} for _ in infos]
    columns = {
        "obs": np.concatenate([observation[0].of(each.observations) for each in episodes]),
        "acts": np.concatenate([action[0].of(each.actions) for each in episodes]),
        "rews": np.concatenate([each.rewards for each in episodes]),
        "terminal": np.array([bool(each.terminations[-1]) for each in episodes]),
        "indices": np.cumsum(lengths)[:-1],
        "infos": infos,
    }
    with target.open("wb") as file:
        np.savez(file, allow_pickle=True, **columns)
    return ["infos are empty"]


def write_csv(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write one row per step: observation, action and result; images are left out.

    Returns:
        notes on data that was left out.

    Raises:
        RecordingError: an episode is damaged.
        OSError: writing to disk failed.
    """
    observation, action = dataset.spaces()
    seen = [part for part in parts_of(observation, "observation") if not part.is_image]
    acted = parts_of(action, "action")
    left_out = [part.name for part in parts_of(observation, "observation") if part.is_image]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_head(seen, acted))
        for episode in iter_trimmed(dataset, rows):
            writer.writerows(_lines(episode, seen, acted))
    return no_place(left_out)


_ENDS = ("reward", "terminated", "truncated", "time_s", "actor")


def _head(seen: list[Part], acted: list[Part]) -> list[str]:
    columns = ["episode", "seed", "step"]
    for prefix, parts in (("observation", seen), ("action", acted)):
        for part in parts:
            name = _prefixed(prefix, part)
            size = int(np.prod(part.leaf.shape, dtype=int))
            columns += [name] if not part.leaf.shape else [f"{name}_{i}" for i in range(size)]
    return [*columns, *_ENDS]


def _lines(episode: Episode, seen: list[Part], acted: list[Part]) -> Any:
    total = len(episode.rewards)
    blocks = [part.of(episode.observations)[:total].reshape(total, -1) for part in seen]
    blocks += [part.of(episode.actions).reshape(total, -1) for part in acted]
    for step in range(total):
        values = [value for block in blocks for value in block[step].tolist()]
        ends = (
            float(episode.rewards[step]),
            int(episode.terminations[step]),
            int(episode.truncations[step]),
            round(float(episode.times_s[step + 1]), 6),
            int(episode.actors[step + 1]),
        )
        seed = "" if episode.row.seed is None else episode.row.seed
        yield [episode.row.uuid, seed, step, *values, *ends]


def _prefixed(prefix: str, part: Part) -> str:
    return part.name if part.name.startswith(prefix) else f"{prefix}_{part.name}"
