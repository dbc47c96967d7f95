"""Learning happens, is reproducible, and what is saved acts the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from teleop import workflows
from teleop.api.episode_dataset import library_in
from teleop.api.policies import iter_record
from teleop.envs.factory import close_env, make_env
from teleop.errors import LearningError
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import RandomPolicy, evaluate, score
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import Levels, Number, head_for
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.tuning import held_out
from teleop.learning.tuning.choice import TrainingChoice
from teleop.recording import Dataset, Library

Record = Callable[..., Dataset]
QUICK = bc.Config(members=2, steps=300, lag_steps=2, budget_s=0)


def trained(dataset: Dataset, config: bc.Config = QUICK) -> LearnedPolicy:
    return bc.clone(load_demonstrations(dataset), config)


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


def test_keyboard_demonstrations_of_a_continuous_action_become_levels(record: Record) -> None:
    demos = load_demonstrations(record("LunarLanderContinuous-v3", 2))
    assert demos.head.is_choice
    policy = trained(record("LunarLanderContinuous-v3", 2))
    action = policy.act(np.zeros(8, np.float32))
    assert set(np.unique(action)) <= {-1.0, 0.0, 1.0}
    assert policy.choices(action) == tuple(
        int(np.argmax(b)) for b in policy.distribution(np.zeros(8, np.float32))
    )


def test_analog_actions_are_regressed_within_bounds() -> None:
    space = gym.spaces.Box(-1, 1, (1,))
    head = head_for(space, np.linspace(-1, 1, 50)[:, None])
    assert isinstance(head.branches[0], Number)
    assert head.action(np.array([70.0], np.float32)) == np.array([1.0], np.float32)


def test_an_action_may_be_keys_on_one_axis_and_a_stick_on_the_other() -> None:
    actions = np.stack([np.linspace(-1, 1, 60), np.tile([0.0, 1.0], 30)], axis=1)
    head = head_for(gym.spaces.Box(-1, 1, (2,)), actions)
    assert [type(branch) for branch in head.branches] == [Number, Levels]
    assert head.size == 3
    assert head.action(np.array([0.0, 0.2, 0.8], np.float32)).tolist() == pytest.approx([0.0, 1.0])


def test_the_lag_shift_pairs_what_was_seen_with_what_was_done_later(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    pairs = demos.pairs(3)
    assert len(pairs) == demos.total_steps - 3
    assert (pairs[:, 1] - pairs[:, 0] == 3).all()


def test_scripts_without_reaction_time_get_no_lag(record: Record) -> None:

    dataset = record("CartPole-v1", 1)
    root = dataset.folder.parents[1]
    exact = list(
        iter_record(library_in(root), "CartPole-v1", "expert", 1, dataset_id="aa/exact-v0", seed=0)
    )
    assert exact
    from teleop.learning.tuning.lag_search import default_lag
    from teleop.recording import Library

    assert default_lag(load_demonstrations(Library(root).dataset("aa/exact-v0"))) == 0
    assert default_lag(load_demonstrations(dataset)) == 2  # 100 ms at 15 Hz


_PICKLE = b"\x80\x04."  # the start of a pickle, which must never be loaded


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(_PICKLE), "cannot be read"),
        (lambda folder: _set(folder, "format", 99), "newer version of Teleop"),
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
    with pytest.raises(LearningError, match="was trained in CartPole-v1"):
        policy.check_fits("LunarLander-v3", env.observation_space, env.action_space)
    close_env(env)


def test_nothing_to_learn_from_is_one_sentence(record: Record) -> None:
    dataset = record("CartPole-v1", 1)
    with pytest.raises(LearningError, match="no episodes"):
        load_demonstrations(dataset, files=[])


def _set(folder: Path, key: str, value: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))


def test_a_damaged_weight_is_noticed(record: Record, tmp_path: Path) -> None:
    trained(record("CartPole-v1", 2)).save(tmp_path / "p")
    path = tmp_path / "p" / "weights.safetensors"
    whole = path.read_bytes()
    for place in range(len(whole) - 400, len(whole), 40):  # the head has checks of its own
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(LearningError, match="differ from their checksum"):
            load_policy(tmp_path / "p")


def test_a_policy_in_a_dataset_of_another_environment_is_refused(
    record: Record, library: Library
) -> None:
    policy = trained(record("LunarLander-v3", 2))
    other = record("CartPole-v1", 1)
    policy.save(other.policies / "stray")
    with pytest.raises(LearningError, match="trained in LunarLander-v3"):
        workflows.find_policy(library, other.dataset_id, "stray")


def test_a_batch_whose_episodes_begin_at_different_times(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    shape = Architecture(frames=2, stride=1)
    policy = bc.clone(demos, replace(QUICK, shape=shape, insist=True))
    rows = demos.inputs.vector[:6].reshape(3, 2, 4)
    policy.reset(0)
    policy.predict(rows[0], episode_start=np.array([True, True]))
    policy.predict(rows[1], episode_start=np.array([False, False]))
    batch, _ = policy.predict(rows[2], episode_start=np.array([False, True]))
    policy.reset(0)
    alone = [policy.predict(row[0])[0] for row in rows][-1]
    policy.reset(0)
    assert batch.tolist() == [alone, policy.predict(rows[2][1])[0]]


def test_the_length_that_answers_best_is_kept() -> None:
    found = [
        held_out.HeldOut(TrainingChoice(0), steps, agreement, 0.01, 20)
        for steps, agreement in ((100, 0.5), (300, 0.9), (1000, 0.8), (3000, 0.7))
    ]
    assert held_out.best_of(found).steps == 300


def test_few_held_out_episodes_leave_the_usual_length() -> None:
    found = [
        held_out.HeldOut(TrainingChoice(0), steps, agreement, 0.01, 1)
        for steps, agreement in ((100, 0.9), (1000, 0.5))
    ]
    assert held_out.best_of(found).steps == 1000


def test_the_interval_is_that_of_95_percent() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    low, high = bootstrap_interval(values)
    expected = 2 * 1.96 * float(values.std(ddof=1)) / np.sqrt(len(values))  # 1.645 for 90 %
    assert high - low == pytest.approx(expected, rel=0.08)
    assert low < values.mean() < high


PENDULUM = "Pendulum-v1"
SEEN = (np.array([1.0, 0.0, 0.0], np.float32), np.array([-1.0, 0.2, 4.0], np.float32))


def test_where_an_episode_begins_a_memory_is_empty(record: Record) -> None:
    shape = Architecture(memory=8)
    config = bc.Config(members=1, steps=60, lag_steps=0, budget_s=0, shape=shape, insist=True)
    policy = trained(record(PENDULUM, 1), config)

    def next_after(*, begins: bool) -> Any:
        policy.predict(SEEN[0], episode_start=begins)
        return policy.advise(SEEN[1])[1]

    first = next_after(begins=True)
    later = next_after(begins=False)
    again = next_after(begins=True)
    assert str(first) != str(later)
    assert str(first) == str(again)


def test_after_somebody_else_acted_what_was_planned_is_planned_anew(record: Record) -> None:
    shape = Architecture(chunk=4, execute=4)
    config = bc.Config(members=1, steps=60, lag_steps=0, budget_s=0, shape=shape, insist=True)
    policy = trained(record(PENDULUM, 1), config)
    policy.reset(0)
    fresh = policy.act(SEEN[1])
    policy.reset(0)
    policy.act(SEEN[0])
    planned = policy.act(SEEN[1])  # from what was planned at the moment before
    policy.replan()
    assert not np.array_equal(planned, fresh)
    assert np.array_equal(policy.act(SEEN[1]), fresh)
