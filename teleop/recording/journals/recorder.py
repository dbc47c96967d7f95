"""Record takes: start, step and end them, then keep or discard them; a discard can be undone."""

import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gymnasium as gym

from teleop._version import __version__
from teleop.envs.factory import name_of, pace_of
from teleop.envs.spaces import space_to_json
from teleop.errors import RecordingError, StorageError, sentence
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.datasets.description import DatasetInfo
from teleop.recording.disk import files
from teleop.recording.episodes.fingerprint import fingerprint_of
from teleop.recording.journals.flattening import Codec, unnamed_parts
from teleop.recording.journals.journal import SCHEMA, JournalWriter, iter_records
from teleop.text import tr
from teleop.types import YOU, Actor, Driver, Info, InputEvent, Observation, Step
from teleop.types.metadata import EpisodeRow


@dataclass(frozen=True, slots=True)
class Take:
    """A recorded run that is neither kept nor discarded yet.

    Attributes:
        journal: path of the journal.
        total_steps: number of steps on disk.
        total_reward: return of the whole run.
        problem: why some steps are not on disk; empty if all are.
    """

    journal: Path
    total_steps: int
    total_reward: float
    problem: str = ""


@dataclass(slots=True)
class _Running:
    journal: JournalWriter
    start_s: float
    reward: float = 0.0
    inputs: list[InputEvent] = field(default_factory=list)


class Recorder:
    """Records takes of one environment into one claimed dataset."""

    def __init__(self, dataset: Dataset, env: gym.Env[Any, Any]) -> None:
        """Create a recorder for an environment.

        Raises:
            RecordingError: a space cannot be recorded.
        """
        self.dataset, self._env = dataset, env
        self._observation = Codec(env.observation_space)
        self._action = Codec(env.action_space)
        self._about = dataset_info(env)
        self._running: _Running | None = None
        self._last: _Running | None = None

    @property
    def is_recording(self) -> bool:
        """Whether a take is running."""
        return self._running is not None

    def start(
        self, observation: Observation, info: Info, seed: int, driver: Driver, now: float
    ) -> None:
        """Start a take right after the environment was reset.

        Args:
            observation: the observation that `reset` returned.
            info: the info that `reset` returned.
            seed: the seed passed to `reset`.
            driver: who chooses the actions.
            now: `time.perf_counter()` at the reset.

        Raises:
            StorageError: writing to disk failed.
        """
        ordinal, name = self.dataset.writer.next_ordinal(), uuid.uuid4().hex[:12]
        meta = self._meta(ordinal, name, seed, driver)
        measured = self._observation.measure(observation)
        meta["measured"] = measured
        meta["flags"] = _first_flags(self._env.observation_space, observation, measured)
        codec = Codec(self._env.observation_space, measured) if measured else self._observation
        journal = JournalWriter(self._path(ordinal, name), meta, codec, self._action)
        try:
            journal.reset(observation, info)
        except RecordingError:
            with contextlib.suppress(StorageError):
                journal.close()
            files.unlink(journal.path, missing_ok=True)
            raise
        self._running = _Running(journal, now)
        self._last = self._running

    def _meta(self, ordinal: int, name: str, seed: int, driver: Driver) -> dict[str, Any]:
        """Return the metadata that is known at the start of a take."""
        return {
            "schema": SCHEMA,
            "uuid": name,
            "ordinal": ordinal,
            "observation_space": self._about.observation_space,
            "action_space": self._about.action_space,
            "env_id": self._about.env_id,
            "seed": seed,
            "started": time.time(),
            "app_version": __version__,
            "gymnasium_version": gym.__version__,
            "fingerprint": fingerprint_of(self._about.env_id),
            "driver": _DRIVERS[driver.actor],
            "driver_name": driver.name if driver.name != YOU else "",
        }

    def branch(self, steps: int, start_s: float) -> Take | None:
        """Continue in a new take that shares the first steps of the current or last take.

        Args:
            steps: number of shared steps.
            start_s: `time.perf_counter()` at which the new take would have started.

        Returns:
            the old take, ended at its last step; None if no take was running.

        Raises:
            StorageError: writing to disk failed; the old take is unchanged.
        """
        last = self._last
        if last is None:
            return None
        last.journal.flush()
        records = iter_records(last.journal.path)
        _, first = next(records)
        meta = json.loads(first)
        ordinal, name = self.dataset.writer.next_ordinal(), uuid.uuid4().hex[:12]
        meta |= {"branched_from": {"uuid": meta["uuid"], "steps": steps}}
        meta |= {"uuid": name, "ordinal": ordinal}
        journal = JournalWriter(self._path(ordinal, name), meta, *last.journal.codecs)
        try:
            reward = journal.repeat(records, steps)
        except StorageError:
            with contextlib.suppress(StorageError):
                journal.close()
            files.unlink(journal.path, missing_ok=True)
            raise
        left = self.end() if self._running else None
        self._running = self._last = _Running(journal, start_s, reward)
        return left

    def hear(self, event: InputEvent) -> None:
        """Store a raw input event; it is written with the next step."""
        if self._running:
            since = event.time_s - self._running.start_s
            self._running.inputs.append(replace(event, time_s=since))

    def count_from(self, start_s: float) -> None:
        """Set the start time of the take, so that a pause does not count."""
        if self._running:
            self._running.start_s = start_s

    def step(self, step: Step) -> None:
        """Record one step.

        Raises:
            StorageError: writing to disk failed; the take ends with the previous step.
            RecordingError: the values do not fit the environment's spaces.
        """
        running = self._running
        if running is None:
            raise ValueError("no take is running")
        if running.inputs:
            running.journal.inputs(running.inputs)
            running.inputs = []
        running.journal.step(step)
        running.reward += step.reward

    def end(self) -> Take | None:
        """Finish and return the take; a take without steps is deleted, and None is returned.

        Raises:
            StorageError: not even the first step could be written.
        """
        running, self._running = self._running, None
        if running is None:
            return None
        problem = ""
        try:
            running.journal.end()
        except StorageError as refused:  # the steps on disk are complete without an END
            problem = sentence(refused)
        if running.journal.steps == 0:
            files.unlink(running.journal.path, missing_ok=True)
            if problem:
                raise StorageError(problem)
            return None
        return Take(running.journal.path, running.journal.steps, running.reward, problem)

    def _path(self, ordinal: int, name: str) -> Path:
        return self.dataset.places.journals / f"{ordinal:06d}-{name}.tj"

    def keep(self, take: Take) -> EpisodeRow:
        """Save a take as an episode.

        Raises:
            StorageError: writing to disk failed; the take stays as a journal.
        """
        return self.dataset.writer.commit(take.journal)

    def discard(self, take: Take) -> str:
        """Move a take to the trash; return the name that `DatasetWriter.restore` needs."""
        return self.dataset.writer.discard(take.journal)


def dataset_info(env: gym.Env[Any, Any]) -> DatasetInfo:
    """Return the description of a dataset for an environment.

    Raises:
        RecordingError: a space cannot be recorded.
    """
    env_id = name_of(env)
    return DatasetInfo(
        env_id=env_id,
        observation_space=space_to_json(env.observation_space),
        action_space=space_to_json(env.action_space),
        env_spec=_spec_json(env),
        pace_hz=pace_of(env),
        description=f"{env_id}, recorded with Teleop",
    )


def _first_flags(space: Any, observation: Any, measured: dict[str, Any]) -> list[str]:
    """Return flags for anything unusual in the first observation."""
    flags = [
        f"observations {name} are {dtype} of shape {shape}, not what their space says".replace(
            "  ", " "
        )
        for name, (dtype, shape) in measured.items()
    ]
    extra = unnamed_parts(space, observation)
    if extra:
        flags.append(
            tr(
                "not recorded because the space does not define them: {extra}",
                extra=", ".join(extra),
            )
        )
    return flags


_DRIVERS = {Actor.HUMAN: "human", Actor.POLICY: "policy", Actor.SCRIPT: "script"}


def _spec_json(env: gym.Env[Any, Any]) -> str | None:
    if env.spec is None:
        return None
    try:
        return env.spec.to_json()
    except (ValueError, TypeError):  # an entry point that is a callable has no JSON form
        return None
