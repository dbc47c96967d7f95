"""Takes with values that follow from seed and step, so that recovered data can be compared."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from teleop.errors import StorageError
from teleop.recording import Dataset, DatasetInfo, Episode, Library, Recorder, Take, dataset_info
from teleop.recording.episodes.episode import row_of_tree
from teleop.types import Actor, Step

KINDS = ("vector", "image", "dict")
DATASET = "torture/human-v0"
_SPACES: dict[str, spaces.Space[Any]] = {
    "vector": spaces.Box(-np.inf, np.inf, (8,), np.float32),
    "image": spaces.Box(0, 255, (48, 64, 3), np.uint8),
    "dict": spaces.Dict(
        {
            "camera": spaces.Box(0, 255, (32, 32), np.uint8),
            "pair": spaces.Tuple([spaces.Discrete(1000), spaces.Box(-1, 9999, (2,), np.float64)]),
            "said": spaces.Text(30),
        }
    ),
}


class Still(gym.Env[Any, Any]):
    """An environment that only defines spaces."""

    action_space = spaces.Discrete(1000)

    def __init__(self, kind: str) -> None:
        self.observation_space = _SPACES[kind]


class Nobody:
    """A driver for takes that are written by hand."""

    actor, name = Actor.HUMAN, "nobody"

    def reset(self, seed: int) -> None:
        """Do nothing."""

    def act(self, observation: Any) -> int:
        """Return a constant action."""
        del observation
        return 0


def observation(kind: str, seed: int, step: int) -> Any:
    """Return the observation at a step."""
    if kind == "vector":
        return np.arange(8, dtype=np.float32) + 1000 * seed + step
    if kind == "image":
        rng = np.random.default_rng(seed * 100_000 + step)
        return rng.integers(0, 20, (48, 64, 3), np.uint8)
    camera = np.full((32, 32), (seed + step) % 256, np.uint8)
    pair = (step % 1000, np.array([seed, step], np.float64))
    return {"camera": camera, "pair": pair, "said": f"{seed} and {step}"}


def open_dataset(root: Path, kind: str) -> Dataset:
    """Open and claim the dataset, which repairs whatever was interrupted."""
    about = dataset_info(Still(kind))
    info = DatasetInfo("Still-v0", about.observation_space, about.action_space)
    dataset = Library(root).open_for_writing(DATASET, info)
    dataset.writer.claim()
    return dataset


def take(
    recorder: Recorder, kind: str, seed: int, steps: int, say: Callable[..., None]
) -> Take | None:
    """Record one take; call `say("step", seed, n)` after each step."""
    recorder.start(observation(kind, seed, 0), {}, seed, Nobody(), 0.0)
    for step in range(steps):
        seen = observation(kind, seed, step + 1)
        last = step == steps - 1
        row = Step(seen, step, float(step), last, False, {"k": step * 0.5}, step / 50, 50.0)
        recorder.step(row)
        say("step", seed, step + 1)
    return recorder.end()


def play(root: Path, kind: str, say: Callable[..., None], takes: int, first: int = 0) -> None:
    """Record takes; save most of them, discard, delete and restore some."""
    dataset = open_dataset(root, kind)
    recorder = Recorder(dataset, Still(kind))
    for seed in range(first, first + takes):
        found = take(recorder, kind, seed, 5 + seed * 7 % 11, say)
        if found is None:
            continue
        if seed % 7 == 3:
            recorder.discard(found)
            continue
        if found.problem:
            raise StorageError(found.problem)
        row = recorder.keep(found)
        say("saved", seed, 0)
        if seed % 5 == 2:
            say("deleting", seed, 0)
            dataset.writer.delete(row.file)
            say("deleted", seed, 0)
            if seed % 2:
                dataset.writer.restore(row.file)
                say("saved", seed, 0)
    dataset.writer.release()


def wrong_in(kind: str, episode: Episode) -> str:
    """Return what differs from the recording; empty if nothing does."""
    seed = episode.row.seed
    if seed is None:
        return "no seed"
    for step in range(len(episode.rewards) + 1):
        found = row_of_tree(episode.observations, step)
        if not _same(found, observation(kind, seed, step)):
            return f"observation {step} of {seed}"
    total = len(episode.rewards)
    if episode.actions.tolist() != list(range(total)):
        return f"actions of {seed}"
    return "" if episode.rewards.tolist() == [float(s) for s in range(total)] else "rewards"


def _same(a: Any, b: Any) -> bool:
    if isinstance(b, dict):
        return all(_same(a[key], b[key]) for key in b)
    if isinstance(b, tuple):
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(np.array_equal(a, b)) if not isinstance(b, str) else str(a) == b


class Acknowledged:
    """What a recording program has acknowledged."""

    def __init__(self) -> None:
        self.saved: set[int] = set()
        self.unsure: set[int] = set()
        self.running: tuple[int, int] | None = None

    def hear(self, what: str, seed: int, step: int) -> None:
        """Process one message."""
        if what == "step":
            self.running = (seed, step)
        elif what == "saved":
            self.saved.add(seed)
            self.unsure.discard(seed)
            self.running = None
        elif what == "deleting":
            self.saved.discard(seed)
            self.unsure.add(seed)


def losses(root: Path, kind: str, acknowledged: Acknowledged, most_steps: int = 0) -> list[str]:
    """Return what a crash has cost: saved episodes missing or altered, steps of the running take.

    Args:
        root: the recordings folder.
        kind: kind of scenario.
        acknowledged: what was acknowledged before the crash.
        most_steps: number of steps of the running take that may be missing.
    """
    if not (root / DATASET / "data" / "metadata.json").exists():
        return [f"{acknowledged.saved} gone"] if acknowledged.saved else []
    dataset = open_dataset(root, kind)
    found, wrong = {}, []
    for row in dataset.rows():
        episode = dataset.read(row)
        if problem := wrong_in(kind, episode):
            wrong.append(problem)
        found[row.seed] = len(episode.rewards)
    dataset.writer.release()
    wrong += [f"saved episode {seed} is gone" for seed in acknowledged.saved - found.keys()]
    if acknowledged.running and acknowledged.running[0] not in acknowledged.saved:
        seed, steps = acknowledged.running
        trashed = seed % 7 == 3 and seed not in found
        if not trashed and found.get(seed, 0) < steps - most_steps:
            wrong.append(f"{steps - found.get(seed, 0)} steps of running take {seed} are gone")
    return wrong


def main() -> None:
    """Run `python -m tests.torture.scenario ROOT KIND TAKES ACKS`, for tracing from outside."""
    root, kind, takes, acks = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    with acks.open("ab", buffering=0) as file:

        def say(*words: Any) -> None:
            file.write(json.dumps(words).encode() + b"\n")

        play(root, kind, say, takes)


if __name__ == "__main__":
    main()
