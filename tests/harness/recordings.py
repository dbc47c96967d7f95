"""Recordings of any spaces, and of environments that misbehave."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs import trust
from teleop.envs.factory import make_env
from teleop.recording import Dataset, DatasetInfo, Library, Recorder, Take, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Actor, Observation, Step
from tests.harness.rough_environments import CALM


class Odd(gym.Env[Any, Any]):
    """An environment that only defines spaces."""

    action_space = spaces.Discrete(3)

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space = space


class Nobody:
    """A driver for recordings that are written by hand."""

    actor = Actor.SCRIPT
    name = "nobody"

    def reset(self, seed: int) -> None:
        """Do nothing."""

    def act(self, observation: Any) -> int:
        """Return a constant action."""
        del observation
        return 0


def odd_dataset(library: Library, env: Odd) -> Dataset:
    """Create a dataset for an environment and open it for writing."""
    said = dataset_info(env)
    info = DatasetInfo("Odd-v0", said.observation_space, said.action_space)
    dataset = library.open_for_writing("odd/test-v0", info)
    dataset.writer.claim()
    return dataset


def recorded(library: Library, space: spaces.Space[Any], infos: Any = None) -> tuple[Dataset, Take]:
    env = Odd(space)
    dataset = odd_dataset(library, env)
    recorder = Recorder(dataset, env)
    space.seed(0)
    recorder.start(space.sample(), {}, 0, Nobody(), 0.0)
    for index in range(3):
        info_row = infos[index] if infos else {}
        recorder.step(Step(space.sample(), index, 1.0, False, index == 2, info_row, index / 10))
    take = recorder.end()
    assert take is not None
    return dataset, take


class Push:
    """Drives the cart to where it misbehaves."""

    actor = Actor.SCRIPT
    name = "push"

    def reset(self, seed: int) -> None:
        """Start from the first step."""
        del seed
        self._steps = 0

    def act(self, observation: Observation) -> np.ndarray:
        del observation
        self._steps += 1
        return np.full(1, 1.0 if self._steps % 2 else 0.8, np.float32)


def recorded_calmly(
    root: Path,
    env_id: str,
    monkeypatch: pytest.MonkeyPatch,
    dataset_id: str = "rough/scripted-v0",
) -> None:
    """Record an episode while the environment still behaves well."""
    monkeypatch.setenv(CALM, "1")
    trust.allow("packages", "tests.harness.rough_environments")
    env = make_env(env_id)
    dataset = Library(root).open_for_writing(dataset_id, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: make_env(env_id), Push(), seeds_from(0), recorder)
    list(record_episodes(session, recorder, 1))
    session.close()
    dataset.writer.release()
    monkeypatch.delenv(CALM)
