"""Learning happens, is reproducible, and what is saved acts the same."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from teleop.envs.making import close_env, make_env
from teleop.errors import LearningError
from teleop.evaluate import RandomPolicy, evaluate, score
from teleop.learning import bc
from teleop.learning.demonstrations import load_demonstrations
from teleop.learning.heads import CategoricalHead, RegressionHead, levels_per_axis
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.recording import Dataset

Record = Callable[..., Dataset]
QUICK = bc.BCConfig(members=2, steps=300, lag_steps=2)


def trained(dataset: Dataset, config: bc.BCConfig = QUICK) -> LearnedPolicy:
    policies = [p.policy for p in bc.train(load_demonstrations(dataset), config) if p.policy]
    return policies[-1]


def test_a_clone_of_five_episodes_balances_the_pole(record: Record) -> None:
    policy = trained(record("CartPole-v1", 5))
    cloned = score("CartPole-v1", "clone", list(evaluate("CartPole-v1", policy, 3)))
    chance = RandomPolicy("CartPole-v1")
    random = score("CartPole-v1", "random", list(evaluate("CartPole-v1", chance, 3)))
    assert cloned.mean >= 400 > 100 > random.mean


def test_the_loss_falls_and_a_policy_comes_before_the_end(record: Record) -> None:
    progress = list(bc.train(load_demonstrations(record("CartPole-v1", 2)), QUICK))
    losses = [p.loss for p in progress if p.loss is not None]
    playable = next(i for i, p in enumerate(progress) if p.policy)
    assert np.mean(losses[-3:]) < np.log(2) - 0.1  # log(2) is guessing
    assert playable < len(progress) - 1
    assert progress[-1].step == progress[-1].total


def test_the_same_data_and_seed_give_the_same_bytes(record: Record, tmp_path: Path) -> None:
    dataset = record("CartPole-v1", 2)
    for name in ("one", "two"):
        trained(dataset).save(tmp_path / name)
    one, two = ((tmp_path / n / "weights.safetensors").read_bytes() for n in ("one", "two"))
    assert one == two


def test_what_is_loaded_acts_as_what_was_saved(record: Record, tmp_path: Path) -> None:
    policy = trained(record("LunarLander-v3", 2))
    policy.save(tmp_path / "p")
    loaded = load_policy(tmp_path / "p")
    for observation in np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32):
        assert policy.act(observation) == loaded.act(observation)
        (likely,) = loaded.distribution(observation)
        assert sum(likely) == pytest.approx(1.0, abs=1e-5)
        assert int(np.argmax(likely)) == loaded.act(observation)


def test_numpy_plays_what_torch_trained(record: Record) -> None:
    import torch

    from teleop.learning.fit import Fit, FitConfig, to_numpy
    from teleop.learning.policy import Normaliser

    demos = load_demonstrations(record("CartPole-v1", 1))
    rows, targets = demos.pairs(0, [0])
    normaliser = Normaliser.of(rows)
    fit = Fit(normaliser(rows), targets, demos.head, FitConfig(steps=50), seed=1)
    fit.run(50)
    layers = to_numpy(fit.network)
    row = normaliser(rows[:1])
    with torch.no_grad():
        wanted = fit.network(torch.from_numpy(row)).numpy()[0]
    hidden = row[0]
    for layer in layers[:-1]:
        hidden = np.maximum(layer.weight @ hidden + layer.bias, 0)
    assert np.allclose(layers[-1].weight @ hidden + layers[-1].bias, wanted, atol=1e-5)


def test_keyboard_demonstrations_of_a_continuous_action_become_levels(record: Record) -> None:
    demos = load_demonstrations(record("LunarLanderContinuous-v3", 2))
    assert isinstance(demos.head, CategoricalHead)
    policy = trained(record("LunarLanderContinuous-v3", 2))
    action = policy.act(np.zeros(8, np.float32))
    assert set(np.unique(action)) <= {-1.0, 0.0, 1.0}
    assert policy.choices(action) == tuple(
        int(np.argmax(b)) for b in policy.distribution(np.zeros(8, np.float32))
    )


def test_analog_actions_are_regressed_within_bounds() -> None:
    actions = np.linspace(-1, 1, 50)[:, None]
    assert levels_per_axis(actions) is None
    head = RegressionHead((-1.0,), (1.0,), (1,), "float32")
    assert head.action(np.array([7.0], np.float32)) == np.array([1.0], np.float32)


def test_discrete_observations_become_one_hot() -> None:
    from teleop.learning.features import Features

    env = make_env("FrozenLake-v1", render=False)
    features = Features(env.observation_space)
    rows = features.rows(np.array([0, 5]))
    assert rows.shape == (2, 16)
    assert rows.argmax(axis=1).tolist() == [0, 5]
    assert features.row(5).argmax() == 5
    close_env(env)


def test_the_lag_shift_pairs_what_was_seen_with_what_was_done_later(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    rows, targets = demos.pairs(3, [0])
    episode = demos.episodes[0]
    assert np.array_equal(rows, episode.rows[:-3])
    assert np.array_equal(targets, episode.targets[3:])


def test_scripts_without_reaction_time_get_no_lag(record: Record) -> None:
    from teleop import deeds

    dataset = record("CartPole-v1", 1)
    root = dataset.folder.parents[1]
    exact = list(deeds.record(deeds.open_library(root), "CartPole-v1", 1, False, "aa/exact-v0", 0))
    assert exact
    from teleop.learning.lag import usual_lag
    from teleop.recording import Library

    assert usual_lag(load_demonstrations(Library(root).dataset("aa/exact-v0"))) == 0
    assert usual_lag(load_demonstrations(dataset)) == 2  # 100 ms at 15 Hz


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "not a policy"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"\x80\x04."), "not a policy"),
        (lambda folder: _set(folder, "format", 99), "newer Teleop"),
        (lambda folder: _set(folder, "observation_space", "{}"), "stored space"),
    ],
)
def test_a_damaged_policy_is_one_sentence(
    record: Record, tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    trained(record("CartPole-v1", 1)).save(tmp_path / "p")
    damage(tmp_path / "p")
    with pytest.raises(Exception, match=words):
        load_policy(tmp_path / "p")


def test_a_policy_for_another_space_is_refused(record: Record) -> None:
    policy = trained(record("CartPole-v1", 1))
    env = make_env("LunarLander-v3", render=False)
    with pytest.raises(LearningError, match="was learned in CartPole-v1"):
        policy.check_fits("LunarLander-v3", env.observation_space, env.action_space)
    close_env(env)


def test_nothing_to_learn_from_is_one_sentence(record: Record) -> None:
    dataset = record("CartPole-v1", 1)
    with pytest.raises(LearningError, match="no episodes"):
        load_demonstrations(dataset, files=[])


def _set(folder: Path, key: str, value: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
