"""Minari's own API and command line on our recordings, untouched."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.factory import close_env, make_env
from teleop.evaluation.scoring import RandomPolicy
from teleop.recording import Library, Recorder, dataset_info
from teleop.recording.episodes.episode import row_of_tree
from teleop.session import Phase, Session, seeds_from


class Room(gym.Env[Any, Any]):
    """A Dict environment: a picture, a position, a word."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012  as Gymnasium has it
    observation_space = spaces.Dict(
        {
            "camera": spaces.Box(0, 255, (32, 40, 3), np.uint8),
            "place": spaces.Tuple([spaces.Discrete(9), spaces.Box(0, 9, (2,), np.float32)]),
            "word": spaces.Text(8),
        }
    )
    action_space = spaces.Discrete(3)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._step = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        """Begin."""
        super().reset(seed=seed, options=options)
        self._step = 0
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        """Go on."""
        self._step += 1
        return self._seen(), float(action), self._step == 9, False, {"distance": self._step / 2}

    def _seen(self) -> Any:
        camera = self.np_random.integers(0, 9, (32, 40, 3), np.uint8)
        place = (self._step % 9, np.array([self._step, 1], np.float32))
        return {"camera": camera, "place": place, "word": f"step {self._step}"}


gym.register("TestRoom-v0", entry_point=f"{__name__}:Room")
KINDS = ["CartPole-v1", "LunarLander-v3", "CarRacing-v3", "FrozenLake-v1", "TestRoom-v0"]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("env_id", KINDS)
def test_minari_loads_iterates_samples_recovers_and_combines(
    library: Library, env_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(library.root))
    for name, seed in (("test/one-v0", 0), ("test/two-v0", 5)):
        _record(library, env_id, name, seed)
    loaded = minari.load_dataset("test/one-v0")
    ours = library.dataset("test/one-v0")
    episodes = list(loaded.iterate_episodes())
    assert len(episodes) == 2
    for found, row in zip(episodes, ours.rows(), strict=True):
        wanted = ours.read(row)
        assert len(found.rewards) == row.total_steps
        assert _same(found.observations, wanted.observations)
        assert np.array_equal(found.actions, wanted.actions)
        assert np.array_equal(found.rewards, wanted.rewards)
    assert len(list(loaded.sample_episodes(2))) == 2
    env = loaded.recover_environment()
    assert env.spec is not None
    assert env.spec.id == env_id
    env.close()
    both = minari.combine_datasets(
        [loaded, minari.load_dataset("test/two-v0")], new_dataset_id="test/both-v0"
    )
    assert both.total_episodes == 4
    combined = library.dataset("test/both-v0")
    assert [row.number for row in combined.rows()] == [1, 2, 3, 4]
    assert len({row.uuid for row in combined.rows()}) == 4
    found_again = combined.read(combined.rows()[0])
    if env_id not in ("CarRacing-v3", "TestRoom-v0"):  # Minari makes JPEGs of pictures
        assert _same(found_again.observations, episodes[0].observations)
    assert np.array_equal(found_again.rewards, episodes[0].rewards)


def test_its_command_line_lists_and_shows(library: Library) -> None:
    _record(library, "CartPole-v1", "test/one-v0", 0)
    for arguments in (("list", "local"), ("show", "test/one-v0")):
        done = subprocess.run(
            [str(Path(sys.executable).parent / "minari"), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={"MINARI_DATASETS_PATH": str(library.root), "PATH": "/usr/bin:/bin"},
        )
        assert "test/one-v0" in done.stdout


def _record(library: Library, env_id: str, name: str, seed: int) -> None:
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing(name, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    make = lambda: make_env(env_id, render=False)  # noqa: E731
    session = Session(make, RandomPolicy(env_id), seeds_from(seed), recorder)
    for episode in range(2):
        if episode:
            session.renew(0.0)
        session.start(0.0)
        while session.phase is Phase.RUNNING and session.steps < 12:
            session.tick(1.0 + session.steps)
        take = session.stop()
        assert take is not None
        recorder.keep(take)
    close_env(env)
    session.close()
    dataset.writer.release()


def _same(a: Any, b: Any) -> bool:
    if isinstance(b, dict):
        return set(a) == set(b) and all(_same(a[key], b[key]) for key in b)
    if isinstance(b, tuple):
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    rows = [row_of_tree(part, index) for part in (a, b) for index in range(len(b))]
    half = len(b)
    return all(np.array_equal(x, y) for x, y in zip(rows[:half], rows[half:], strict=True))
