"""What `import teleop` promises to programs."""

import base64
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import teleop
from teleop import paths
from teleop.recording import Library

SHAPE = {
    "RecordEpisodes": "(env, dataset_id, root=None, *, driver='script', name='')",
    "compare": "(episode, *policies, env_id='')",
    "evaluate": "(policy, env_id='', episodes=20, *, seed=50000, on_result=None)",
    "iter_train": "(data, config=None)",
    "learning_curve": "(data, *, seed=0, episodes=10)",
    "load_dataset": "(dataset_id, root=None)",
    "load_policy": "(folder)",
    "open": "(env_id='LunarLander-v3', *, root=None, seed=None)",
    "record": "(env_id, policy='expert', episodes=10, *, dataset_id='', seed=0, root=None, "
    "noise=0.0)",
    "train": "(data, config=None, *, on_progress=None)",
}
CARTPOLE = "cartpole-v1/mine-v0"


def shape_of(name: str) -> str:
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(getattr(teleop, name)).parameters.values()
    ]
    return str(inspect.Signature(bare))


@pytest.mark.parametrize("name", SHAPE)
def test_functions_keep_their_shape(name: str) -> None:
    assert shape_of(name) == SHAPE[name]


def test_every_name_can_be_had_and_is_documented() -> None:
    for name in teleop.__all__:
        found = getattr(teleop, name)
        assert name in dir(teleop)
        assert name == "__version__" or inspect.getdoc(found), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = teleop.nothing


def test_importing_it_loads_nothing_heavy() -> None:
    script = (
        "import sys, teleop; heavy = {'numpy', 'torch', 'gymnasium', 'h5py', 'pygame', 'typing'}; "
        "raise SystemExit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.fixture
def env(tmp_path: Path) -> teleop.RecordEpisodes:
    return teleop.RecordEpisodes(gym.make("CartPole-v1"), CARTPOLE, tmp_path)


def play(env: teleop.RecordEpisodes, steps: int, seed: int | None = None) -> None:
    env.reset(seed=seed)
    for _ in range(steps):
        env.step(0)


def test_episodes_are_saved_at_their_end_at_reset_and_on_close(
    env: teleop.RecordEpisodes, tmp_path: Path
) -> None:
    env.reset(seed=3)
    over = False
    while not over:
        *_, terminated, truncated, _ = env.step(0)
        over = terminated or truncated
    assert [row.seed for row in env.dataset.rows] == [3]
    play(env, 2, seed=4)  # cut short by the next
    play(env, 3)
    env.discard()
    play(env, 1)
    env.close()
    env.close()
    data = teleop.load_dataset(CARTPOLE, tmp_path)
    assert [len(episode.actions) for episode in data] == [data.rows[0].total_steps, 2, 1]
    assert data[1].truncations.tolist() == [False, True]
    seeds = [row.seed for row in data.rows]
    assert seeds[:2] == [3, 4]
    assert seeds[2] is not None  # drawn, so that it can be replayed
    fresh = gym.make("CartPole-v1")
    for episode in data:
        observation, _ = fresh.reset(seed=episode.row.seed)
        assert np.array_equal(observation, episode.observations[0])


def test_who_acts_may_change_and_must_be_known(env: teleop.RecordEpisodes, tmp_path: Path) -> None:
    env.reset(seed=0)
    env.step(0)
    env.driver = "human"
    env.step(1)
    env.close()
    assert teleop.load_dataset(CARTPOLE, tmp_path)[0].actors[1:].tolist() == [2, 0]
    with pytest.raises(ValueError, match="expected human, policy or script"):
        teleop.RecordEpisodes(gym.make("CartPole-v1"), "cartpole-v1/b-v0", tmp_path, driver="me")


def test_a_dataset_has_one_writer_and_one_environment(
    env: teleop.RecordEpisodes, tmp_path: Path
) -> None:
    with pytest.raises(teleop.DatasetBusyError):
        teleop.RecordEpisodes(gym.make("CartPole-v1"), CARTPOLE, tmp_path)
    env.close()
    teleop.RecordEpisodes(gym.make("CartPole-v1"), CARTPOLE, tmp_path).close()
    with pytest.raises(teleop.RecordingError):
        teleop.RecordEpisodes(gym.make("Acrobot-v1"), CARTPOLE, tmp_path)


def test_minari_reads_what_a_loop_recorded(
    env: teleop.RecordEpisodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    play(env, 4, seed=1)
    env.close()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    (episode,) = minari.load_dataset(CARTPOLE).iterate_episodes()
    assert episode.actions.tolist() == [0, 0, 0, 0]


@pytest.fixture
def data(tmp_path: Path) -> teleop.EpisodeDataset:
    return teleop.record("CartPole-v1", "random", 4, root=tmp_path)


def test_a_dataset_is_a_sequence(data: teleop.EpisodeDataset) -> None:
    assert len(data) == data.total_episodes == 4
    assert data.total_steps == sum(len(episode.rewards) for episode in data)
    assert data[-1].row == data.rows[3]
    assert [row.seed for row in data[1:3].rows] == [1, 2]
    assert len(list(data.iterate_episodes([0, 2]))) == 2
    drawn = data.sample_episodes(3, seed=0)
    assert len({episode.row.uuid for episode in drawn}) == 3
    with pytest.raises(IndexError):
        _ = data[4]
    with data.recover_environment() as env:
        assert env.observation_space == data.observation_space


def test_a_dataset_is_filtered_and_sorted(data: teleop.EpisodeDataset) -> None:
    returns = [row.total_reward for row in data.filter(sort="-return").rows]
    assert returns == sorted(returns, reverse=True)
    best = data.filter(min_return=returns[0])
    assert [row.total_reward for row in best.rows] == returns[:1]
    assert len(data.filter(lambda row: row.seed in (1, 3))) == 2
    assert len(data.filter(starred=True)) == 0
    with pytest.raises(teleop.RecordingError, match="sort by"):
        data.filter(sort="colour")
    with pytest.raises(teleop.RecordingError, match="No episode"):
        teleop.train(data.filter(starred=True))


def test_a_dataset_shows_itself_without_running_what_is_in_it(
    data: teleop.EpisodeDataset, tmp_path: Path
) -> None:
    from teleop.recording import Library

    Library(tmp_path).dataset(data.id).label(data.rows[0].uuid, note="<script>alert(1)</script>")
    shown = teleop.load_dataset(data.id, tmp_path)._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert shown.count("<tr>") == 5


def test_foreign_policies_are_asked_as_they_want(tmp_path: Path) -> None:
    class Predicting:  # as Stable-Baselines3's models do
        def predict(self, observation: Any, deterministic: bool = False) -> tuple[int, None]:
            assert deterministic
            return int(observation[2] > 0), None

    class Acting:
        def act(self, observation: Any) -> int:
            return int(observation[2] > 0)

    first = teleop.evaluate(Predicting(), "CartPole-v1", 3)  # type: ignore[arg-type]
    second = teleop.evaluate(Acting(), "CartPole-v1", 3)  # type: ignore[arg-type]
    assert first.mean == second.mean > 20
    assert first.name == "Predicting"
    data = teleop.record("CartPole-v1", Acting(), 1, dataset_id=CARTPOLE, root=tmp_path)  # type: ignore[arg-type]
    assert (data.rows[0].driver, data.rows[0].driver_name) == ("policy", "Acting")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: teleop.evaluate("nobody", "CartPole-v1"),
            "use expert, wobbly, human-like",
        ),
        (lambda: teleop.evaluate(7, "CartPole-v1"), "7 is not a policy"),  # type: ignore[arg-type]
        (lambda: teleop.evaluate("random"), "Name the environment"),
        (lambda: teleop.load_dataset("nothing/here-v0", "."), "No dataset nothing/here-v0"),
        (lambda: teleop.record("Nowhere-v0"), "Nowhere-v0"),
    ],
)
def test_mistakes_are_one_sentence(
    call: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(teleop.TeleopError, match=words):
        call()


def test_settings_of_nothing_are_refused(data: teleop.EpisodeDataset) -> None:
    with pytest.raises(teleop.LearningError, match=r"use teleop.BC"):
        teleop.train(data, {"seed": 0})


def test_progress_and_the_policy_of_another_environment(data: teleop.EpisodeDataset) -> None:
    seen: list[Any] = []
    config = teleop.BC(seed=0, steps=50, members=1, budget_s=0)
    policy = teleop.train(data, config, on_progress=seen.append)
    assert any(progress.policy is not None for progress in seen)
    assert policy.name == "bc-4-episodes"
    with pytest.raises(teleop.LearningError):
        teleop.evaluate(policy, "Acrobot-v1", 1)
    with pytest.raises(teleop.StorageError, match="must end in"):
        teleop.compare(data[0], policy).save("film.avi")


def test_comparing_leaves_the_programs_own_driver_alone(
    data: teleop.EpisodeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER")
    teleop.compare(data[0], lambda _: 0)
    assert "SDL_VIDEODRIVER" not in os.environ


def test_the_window_without_a_screen_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import teleop\ntry: teleop.open('CartPole-v1', root='r')\n"
    script += "except teleop.DisplayError: raise SystemExit(7)"
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform.startswith("linux"):
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
        assert done.returncode == 7


def test_an_episode_is_a_small_player_in_a_notebook(tmp_path: Path) -> None:
    shutil.copytree(paths.samples_folder(), tmp_path / "r")
    shown = teleop.load_dataset("teleop-treasuregrid-v0/sample-v0", root=tmp_path / "r")[1]
    page = shown._repr_html_()
    film = base64.b64decode(page.partition("base64,")[2].partition('"')[0])
    assert film[4:8] == b"ftyp"  # MP4
    assert f"episode {shown.row.number}: return {shown.row.total_reward:.1f}" in page
    np.savez(tmp_path / "plain.npz", obs=np.zeros((5, 3), np.float32), actions=np.ones(5, int))
    Library(tmp_path / "r").import_dataset(tmp_path / "plain.npz")
    plain = teleop.load_dataset("imported/plain-v0", root=tmp_path / "r")[0]
    assert "video" not in plain._repr_html_()
    assert "No environment" in plain._repr_html_()
