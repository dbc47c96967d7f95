"""The whole way: a key press, an episode on disk, a policy, both side by side."""

from pathlib import Path

import numpy as np
import pytest

from teleop.envs.factory import close_env, make_env
from teleop.recording import Library
from tests.harness.window import Person


def test_from_a_key_press_to_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "recordings"
    root.mkdir()
    person = Person(root, "LunarLander-v3")
    app = person.app
    for turn in range(3):
        person.record(steps=4)
        person.key("w", up=False)
        person.until(lambda: app.model.live and app.model.live.steps >= 8)
        person.key("w", down=False)
        person.key("a")
        person.until(lambda: app.model.live and app.model.live.steps >= 14)
        person.key("escape")
        person.key("return")
        person.until_saved(turn + 1)

    person.click("next")
    person.click("train")
    person.until(lambda: app.model.training and app.model.training.losses)
    person.until(lambda: app.model.preview is not None)  # it plays while it learns
    person.until(lambda: app.model.training and not app.model.training.running)
    assert app.model.training is not None
    assert app.model.training.policy == "bc-3-episodes"

    person.until(lambda: app.model.library and app.model.library.policies)
    person.click("next")
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    comparison = app.model.comparison
    assert comparison is not None
    assert comparison.fidelity == "exact"
    assert len(comparison.likely) == len(comparison.lanes[0].actions) == len(comparison.pressed)
    person.key("home")
    person.until(lambda: comparison.shown == 0)
    person.key("right")
    person.until(lambda: comparison.shown == 1)
    app.close()

    _check_files(root, monkeypatch)


def _check_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minari lists exactly what was saved; each episode holds what the hands did, and repeats."""
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    assert list(minari.list_local_datasets()) == ["lunarlander-v3/human-v0"]
    loaded = minari.load_dataset("lunarlander-v3/human-v0")
    assert loaded.total_episodes == 3
    dataset = Library(root).dataset("lunarlander-v3/human-v0")
    for row in dataset.rows():
        episode = dataset.read(row.file)
        assert row.driver == "human"
        assert 2 in episode.actions
        assert np.isin(1, episode.actions)
        env = make_env("LunarLander-v3", render=False)
        observation, _ = env.reset(seed=row.seed)
        for step, action in enumerate(episode.actions):
            assert np.array_equal(observation, episode.observations[step])
            observation, *_ = env.step(int(action))
        close_env(env)
