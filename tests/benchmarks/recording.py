"""Cost of recording next to Minari's DataCollector: time, pauses, size and memory.

Each step's own time is measured inside and subtracted. The time of the benchmark's loop around an
environment without a recorder is subtracted, too. The rest is the cost of recording.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from teleop import curation
from teleop.envs.factory import make_env
from teleop.evaluation.scoring import RandomPolicy
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.types import Step
from tests.benchmarks.report import say
from tests.benchmarks.scale import memory_mb

ROUNDS = 3
STEPS = {"CartPole-v1": 3000, "LunarLander-v3": 3000, "CarRacing-v3": 500}
_GROWTH = {"CartPole-v1": 100_000, "CarRacing-v3": 2000}

Result = tuple[Any, float, bool, bool, dict[str, Any]]


def run() -> None:
    """Measure all in turns, and print medians."""
    for env_id, steps in STEPS.items():
        times: dict[str, list[Any]] = {name: [] for name in _PLAYERS}
        for number in range(ROUNDS):
            for name, player in _PLAYERS.items():
                times[name].append(_times(player, env_id, steps, seed=number))
        _report(env_id, {name: np.concatenate(parts) for name, parts in times.items()})
    for env_id, steps in STEPS.items():
        _sizes(env_id, min(steps, 1000))
    for env_id, steps in _GROWTH.items():
        for name in ("teleop", "minari"):
            arguments = [
                sys.executable,
                "-m",
                "tests.benchmarks.recording",
                name,
                env_id,
                str(steps),
            ]
            done = subprocess.run(arguments, capture_output=True, text=True, check=False)
            text = done.stdout.strip() or done.stderr.strip()[-80:]
            say(f"{env_id}: memory grows over {steps:,} steps of one episode, {name}, MB", text)


class _Timed(gym.Wrapper[Any, Any, Any, Any]):
    """Measures the time of each step."""

    seconds = 0.0

    def step(self, action: Any) -> Any:
        """Take one step."""
        began = time.perf_counter()
        result = self.env.step(action)
        self.seconds = time.perf_counter() - began
        return result


class _Bare:
    """The environment without a recorder."""

    def __init__(self, env_id: str, folder: Path) -> None:
        del folder
        self.inner = _Timed(make_env(env_id, render=False))
        self.env: Any = self.inner

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self.env.reset(seed=seed)

    def step(self, action: Any) -> Result:
        """Take one step."""
        result: Result = self.env.step(action)
        return result

    def close(self) -> None:
        """Finish writing."""
        self.env.close()


class _Teleop(_Bare):
    """Recorded by Teleop; saving is deferred, as the app does it in the background."""

    def __init__(self, env_id: str, folder: Path) -> None:
        super().__init__(env_id, folder)
        about = dataset_info(self.env)
        self.dataset = Library(folder).open_for_writing("bench/human-v0", about)
        self.dataset.writer.claim()
        self._recorder = Recorder(self.dataset, self.env)
        self._policy = RandomPolicy(env_id)
        self._takes: list[Any] = []

    def reset(self, seed: int) -> None:
        observation, info = self.env.reset(seed=seed)
        self._end()
        self._recorder.start(observation, info, seed, self._policy, 0.0)

    def step(self, action: Any) -> Result:
        observation, reward, terminated, truncated, info = self.env.step(action)
        row = Step(observation, action, float(reward), terminated, truncated, info)
        self._recorder.step(row)
        return observation, float(reward), terminated, truncated, info

    def close(self) -> None:
        self._end()
        for take in self._takes:
            self._recorder.keep(take)
        self.dataset.writer.release()
        super().close()

    def _end(self) -> None:
        if take := self._recorder.end():
            self._takes.append(take)


class _Minari(_Bare):
    """Recorded by Minari."""

    def __init__(self, env_id: str, folder: Path, *, jpeg: bool = False) -> None:
        from minari import DataCollector

        os.environ["MINARI_DATASETS_PATH"] = str(folder)
        self.inner = _Timed(make_env(env_id, render=False))
        self.env = DataCollector(self.inner, record_infos=True, jpeg_encoding=jpeg)

    def close(self) -> None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.env.create_dataset("bench/minari-v0")
        super().close()


_PLAYERS: dict[str, Callable[[str, Path], _Bare]] = {
    "bare": _Bare,
    "teleop": _Teleop,
    "minari": _Minari,
}


def _times(make: Callable[[str, Path], _Bare], env_id: str, steps: int, seed: int) -> Any:
    """Return (steps, 2): seconds of each step besides its own, and whether it ended an episode."""
    with tempfile.TemporaryDirectory() as folder:
        player = make(env_id, Path(folder))
        rows = list(_play(player, env_id, steps, seed))
        player.close()
        return np.array(rows)


def _play(player: _Bare, env_id: str, steps: int, seed: int) -> Any:
    policy = RandomPolicy(env_id)
    policy.reset(seed)
    player.reset(seed)
    for _ in range(steps):
        action = policy.act(None)
        began = time.perf_counter()
        _, _, terminated, truncated, _ = player.step(action)
        seconds = time.perf_counter() - began - player.inner.seconds
        ended = terminated or truncated
        yield seconds, ended
        if ended:
            seed += 1
            player.reset(seed)


def _report(env_id: str, times: dict[str, Any]) -> None:
    medians = {name: 1e6 * float(np.median(rows[:, 0])) for name, rows in times.items()}
    ours, theirs = (medians[name] - medians["bare"] for name in ("teleop", "minari"))
    aim = 0.5 if env_id == "CarRacing-v3" else 0.25
    say(f"{env_id}: recording adds, ours / Minari's, µs", f"{ours:.1f} / {theirs:.1f}")
    say(f"{env_id}: ratio (aim {aim})", f"{ours / theirs:.2f}")
    say(f"{env_id}: the loop itself, subtracted, µs", f"{medians['bare']:.1f}")
    ends = {name: 1e3 * rows[rows[:, 1] > 0, 0] for name, rows in times.items()}
    if len(ends["teleop"]):
        longest = ", ".join(f"{name} {part.max():.1f}" for name, part in ends.items())
        say(f"{env_id}: longest step that ends an episode, ms", longest)


def _sizes(env_id: str, steps: int) -> None:
    """Print the bytes per step of the same episodes in each format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m").mkdir()
        ours = _Teleop(env_id, folder / "t")
        list(_play(ours, env_id, steps, 0))
        ours.close()
        theirs = _Minari(env_id, folder / "m")
        list(_play(theirs, env_id, steps, 0))
        theirs.close()
        dataset: Dataset = ours.dataset
        curation.export(dataset, dataset.rows(), "robomimic", folder / "r.hdf5")
        data = dataset.places.data
        mine = sum(path.stat().st_size for path in (*data.rglob("*.h5"), dataset.places.index))
        minari = sum(path.stat().st_size for path in (folder / "m").rglob("main_data.hdf5"))
        robomimic = (folder / "r.hdf5").stat().st_size
        sizes = {"ours": mine, "minari raw": minari, "robomimic": robomimic}
        shown = ", ".join(f"{form} {size / steps:.0f}" for form, size in sizes.items())
        say(f"{env_id}: bytes a step", shown)
        say(f"{env_id}: of Minari's (aim {0.1 if steps < 1000 else 0.5})", f"{mine / minari:.2f}")


def _grow(name: str, env_id: str, steps: int) -> None:
    """Play one long episode; print by how many MB the process grew."""
    with tempfile.TemporaryDirectory() as folder:
        env = gym.wrappers.TimeLimit(_Endless(make_env(env_id, render=False)), steps + 1)
        player = _PLAYERS[name](env_id, Path(folder))
        inner = player.env
        if name == "minari":
            inner.env = env
        else:
            player.env = env
        player.reset(0)
        policy = RandomPolicy(env_id)
        policy.reset(0)
        for _ in range(200):
            player.step(policy.act(None))
        before = memory_mb()
        for _ in range(steps - 200):
            player.step(policy.act(None))
        print(f"{memory_mb() - before:.1f}")  # noqa: T201


class _Endless(gym.Wrapper[Any, Any, Any, Any]):
    """An environment in which episodes never end."""

    def step(self, action: Any) -> Any:
        """Take a step; continue after the end of an episode."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if terminated or truncated:
            observation, info = self.env.reset()
        return observation, reward, False, False, info


if __name__ == "__main__":
    _grow(sys.argv[1], sys.argv[2], int(sys.argv[3]))
