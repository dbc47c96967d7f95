"""A Gymnasium wrapper that records every episode of any loop into a Teleop dataset."""

import secrets
import time
import weakref
from pathlib import Path
from typing import Any

import gymnasium as gym

from teleop.api.episode_dataset import EpisodeDataset, library_in
from teleop.envs.conversion import ConvertingWrapper
from teleop.envs.factory import pace_of
from teleop.errors import StorageError
from teleop.recording import Dataset, Recorder, dataset_info
from teleop.types import Action, Actor, Info, Observation, Step

_ACTORS = {"human": Actor.HUMAN, "policy": Actor.POLICY, "script": Actor.SCRIPT}


class RecordEpisodes(gym.Wrapper[Any, Any, Any, Any]):
    """Records every episode that is played through it; the dataset is also a Minari dataset.

    An episode is saved when it terminates or is truncated, when `reset` is called before that, and
    on `close`. Recorded steps survive a crash of the program: the next program that opens the
    dataset saves them.

    Observations and rewards are returned with the types that the spaces declare, as they are
    recorded.

    Attributes:
        driver: who acts in the next steps: "human", "policy" or "script". It may be changed at any
            time, even within an episode.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        dataset_id: str,
        root: str | Path | None = None,
        *,
        driver: str = "script",
        name: str = "",
    ) -> None:
        """Wrap an environment and open the dataset for writing.

        Args:
            env: made with `gymnasium.make`, so that recordings can name it and be replayed.
            dataset_id: for example "cartpole-v1/mine-v0"; created if it does not exist.
            root: the recordings folder; default: ./recordings if it exists, else the user's folder.
            driver: who acts: "human", "policy" or "script".
            name: name of the policy or script.

        Raises:
            RecordingError: the id is not valid, the dataset has other spaces, another program is
                writing to it, or a space cannot be recorded.
            StorageError: the folder cannot be written.
        """
        inner = env if isinstance(env, ConvertingWrapper) else ConvertingWrapper(env)
        super().__init__(inner)
        self.driver, self._name = driver, name
        _ = self.actor  # raise for an unknown driver now, not in the first step
        self._pace_hz = pace_of(env)
        self._dataset: Dataset = library_in(root).open_for_writing(dataset_id, dataset_info(env))
        self._dataset.writer.claim()
        self._release = weakref.finalize(self, self._dataset.writer.release)
        self._recorder = Recorder(self._dataset, env)
        self._start_s = 0.0

    @property
    def actor(self) -> Actor:
        """Who acts in the next steps.

        Raises:
            ValueError: `driver` is not one of the three.
        """
        if self.driver not in _ACTORS:
            raise ValueError(f"driver is {self.driver!r}; expected human, policy or script")
        return _ACTORS[self.driver]

    @property
    def name(self) -> str:
        """Name of the policy or script."""
        return self._name or ("you" if self.driver == "human" else "")

    @property
    def dataset(self) -> EpisodeDataset:
        """The episodes that are saved so far."""
        return EpisodeDataset(self._dataset)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Save the running episode, if any, and start the next one.

        Args:
            seed: seed of the episode; None draws a seed, so that the episode can be replayed.
            options: passed to the environment. They are not recorded: an episode that depends on
                them cannot be replayed.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        self._save()
        seed = secrets.randbelow(1 << 31) if seed is None else seed
        observation, info = self.env.reset(seed=seed, options=options)
        self._start_s = time.perf_counter()
        self._recorder.start(observation, info, seed, self, self._start_s)
        return observation, info

    def step(self, action: Action) -> tuple[Observation, Any, bool, bool, Info]:
        """Take a step, record it, and save the episode if it is over.

        Raises:
            StorageError: the disk is full; earlier steps are kept.
        """
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self._recorder.is_recording:
            self._recorder.step(
                Step(
                    observation,
                    action,
                    float(reward),
                    bool(terminated),
                    bool(truncated),
                    info,
                    time_s=time.perf_counter() - self._start_s,
                    pace_hz=self._pace_hz,
                    actor=self.actor,
                )
            )
            if terminated or truncated:
                self._save()
        return observation, reward, terminated, truncated, info

    def discard(self) -> None:
        """Move the running episode to the trash; `reset` starts the next one."""
        take = self._recorder.end()
        if take is not None:
            self._recorder.discard(take)

    def close(self) -> None:
        """Save the running episode, then close the dataset and the environment."""
        try:
            self._save()
        finally:
            self._release()
            super().close()

    def _save(self) -> None:
        if not self._recorder.is_recording:
            return
        take = self._recorder.end()
        if take is None:
            return
        self._recorder.keep(take)
        if take.problem:
            raise StorageError(take.problem)
