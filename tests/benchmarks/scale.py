"""A million steps: listing, reading for training next to Minari, growth with size, memory."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from teleop.recording import Dataset, DatasetInfo, Library
from teleop.recording.episodes.episode import Episode
from teleop.recording.episodes.episode_writer import write_episode
from teleop.types.metadata import EpisodeRow
from tests.benchmarks.report import say

EPISODES, STEPS = 5000, 200
DATASET = "lunarlander-v3/scale-v0"
ENV_ID = "LunarLander-v3"


def run(episodes: int = EPISODES) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made = _seconds(lambda: make(root, episodes))
        say(f"{episodes * STEPS:,} steps in {episodes:,} episodes: written, s", f"{made:.1f}")
        say("listed in the library, s (aim 0.2)", f"{_seconds(lambda: _listed(root)):.3f}")
        say("its episodes listed, s", f"{_seconds(lambda: _rows(root)):.3f}")
        first = _seconds(lambda: _read(root))
        minari = min(_seconds(lambda: _minari(root)) for _ in range(3))
        again = min(_seconds(lambda: _read(root)) for _ in range(3))
        say("Minari iterates it, s (best of 3)", f"{minari:.2f}")
        say("read for training the first time, s", f"{first:.2f}")
        say("ratio, first time (aim 1)", f"{first / minari:.2f}")
        say("read again, s (best of 3)", f"{again:.3f}")
        say("times faster than Minari (aim 20)", f"{minari / again:.0f}")


def grow() -> None:
    """Repeat the measurement at three sizes."""
    for episodes, steps in ((100, 1000), (1000, 1000), (10_000, 1000)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            made = _seconds(lambda: make(root, episodes, steps))  # noqa: B023
            listed = _seconds(lambda: _listed(root))  # noqa: B023
            rows = _seconds(lambda: _rows(root))  # noqa: B023
            first = _seconds(lambda: _read(root))  # noqa: B023
            again = _seconds(lambda: _read(root))  # noqa: B023
            size = sum(p.stat().st_size for p in root.rglob("*.h5"))
            million = episodes * steps / 1e6
            figures = (made / million, listed, rows, first / million, again / million)
            names = ("written s/M", "listed s", "rows s", "read s/M", "again s/M")
            shown = zip(names, figures, strict=True)
            text = ", ".join(f"{name} {figure:.3f}" for name, figure in shown)
            say(f"{episodes * steps:,} steps", text)
            say("  bytes a step", f"{size / episodes / steps:.1f}")


def make(root: Path, episodes: int, steps: int = STEPS) -> Dataset:
    """Create a dataset of random numbers in LunarLander's spaces, with episodes like recordings."""
    dataset = Library(root).open_for_writing(DATASET, _info())
    dataset.writer.claim()
    spaces = dataset.spaces()
    with tempfile.TemporaryDirectory(dir=root) as folder:
        drafts = (_draft(Path(folder), number, steps, spaces) for number in range(episodes))
        dataset.writer.add_files(drafts)
    dataset.writer.release()
    return dataset


def _info() -> DatasetInfo:
    from teleop.envs.factory import close_env, make_env
    from teleop.recording import dataset_info

    env = make_env(ENV_ID, render=False)
    info = dataset_info(env)
    close_env(env)
    return info


def _draft(folder: Path, number: int, steps: int, spaces: tuple[Any, Any]) -> Path:
    rng = np.random.default_rng(number)
    ends = np.zeros(steps, bool)
    ends[-1] = True
    row = EpisodeRow(
        "", f"{number:012x}", number, steps, 0.0, number, 0.0, "human", "", False, sha256=""
    )
    episode = Episode(
        row=row,
        observations=rng.normal(size=(steps + 1, 8)).astype(np.float32),
        actions=rng.integers(0, 4, steps),
        rewards=rng.normal(size=steps),
        terminations=ends,
        truncations=np.zeros(steps, bool),
        times_s=np.arange(steps + 1) / 30,
        paces_hz=np.full(steps + 1, 30, np.float32),
        actors=np.zeros(steps + 1, np.int8),
        meta={},
    )
    path = folder / "draft.h5"
    write_episode(episode, *spaces, path)
    return path


def _listed(root: Path) -> None:
    (summary,) = Library(root).summaries()
    assert summary.total_episodes


def _rows(root: Path) -> None:
    assert Library(root).dataset(DATASET).rows()


def _read(root: Path) -> float:
    dataset = Library(root).dataset(DATASET)
    return float(sum(e.rewards.sum() for e in dataset.read_many(dataset.rows())))


def _minari(root: Path) -> float:
    import minari

    os.environ["MINARI_DATASETS_PATH"] = str(root)
    loaded = minari.load_dataset(DATASET)
    return float(sum(e.rewards.sum() for e in loaded.iterate_episodes()))


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def memory_mb() -> float:
    """Return the current memory of this process."""
    return float(psutil.Process().memory_info().rss / 1e6)
