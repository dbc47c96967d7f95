"""The description of a dataset and its environment, with the fields of Minari and Teleop."""

import json
import re
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from teleop._version import __version__
from teleop.envs.naming import EnvName, is_key, is_plain
from teleop.recording.episodes.episode_writer import SCHEMA
from teleop.recording.trust.vetting import printable

# With this version, Minari 0.5.0 to 0.5.2 and 0.5.4 all read raw images.
_MINARI_VERSION = "0.5.0"
_FASTEST_HZ = 1000.0
_ENV_ID = re.compile(r"^(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_.-]+$")


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Description of a dataset and its environment.

    Attributes:
        env_id: Gymnasium id.
        observation_space: JSON in Minari's format.
        action_space: JSON in Minari's format.
        env_spec: `EnvSpec.to_json()`, or None if the environment has none.
        pace_hz: the usual pace in steps per second; 0 for turn-based environments.
        description: one line of text.
    """

    env_id: str
    observation_space: str
    action_space: str
    env_spec: str | None = None
    pace_hz: float = 0.0
    description: str = ""


def description_of(dataset_id: str, info: DatasetInfo) -> dict[str, Any]:
    """Return Minari's `metadata.json` for a dataset without episodes."""
    data: dict[str, Any] = {
        "data_format": "hdf5",
        "dataset_id": dataset_id,
        "minari_version": _MINARI_VERSION,
        "jpeg_encoding": False,
        "observation_space": info.observation_space,
        "action_space": info.action_space,
        "author": [],
        "description": info.description,
        "requirements": [],
        "teleop": {
            "schema": SCHEMA,
            "app_version": __version__,
            "fps": info.pace_hz,
            "env_id": info.env_id,
        },
    }
    return data | ({"env_spec": info.env_spec} if info.env_spec else {})


def info_in(description: dict[str, Any]) -> DatasetInfo:
    """Read the description in a `metadata.json` of Teleop or Minari."""
    ours = description.get("teleop")
    ours = ours if isinstance(ours, dict) else {}
    named = ours.get("env_id")
    return DatasetInfo(
        env_id=named if isinstance(named, str) and named else _env_id(description.get("env_spec")),
        observation_space=description["observation_space"],
        action_space=description["action_space"],
        env_spec=description.get("env_spec"),
        pace_hz=_pace(ours.get("fps")),
        description=printable(str(description.get("description", ""))),
    )


def _pace(said: Any) -> float:
    """Return a pace that a person can play at; 0 for anything else."""
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return float(said) if is_number and 0 < said <= _FASTEST_HZ else 0.0


def _env_id(env_spec: Any) -> str:
    """Return the environment of another program's dataset; empty if it has no valid id."""
    try:
        spec = json.loads(env_spec)
        named = spec["id"]
    except (ValueError, TypeError, KeyError):
        return ""
    if not isinstance(named, str) or not _ENV_ID.match(named):
        return ""
    kwargs = spec.get("kwargs")
    usual = gym.registry[named].kwargs if named in gym.registry else {}
    plain = {
        key: value
        for key, value in (kwargs.items() if isinstance(kwargs, dict) else ())
        if is_key(key) and is_plain(value) and usual.get(key) != value
    }
    return str(EnvName(named, plain))
