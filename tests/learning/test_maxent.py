"""Maximum-entropy inverse RL finds the demonstrator's goal, and plans to it from anywhere."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from numpy.typing import NDArray

import teleop
from teleop.envs.transition_table import TransitionTable, transition_table
from teleop.errors import EnvError, LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import maxent
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.learning.recipes import recipe_problems
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.planning import replanned
from teleop.recording import Dataset, Library

Record = Callable[..., Dataset]


def best_actions(table: TransitionTable) -> NDArray[np.int64]:
    """Return the best action in each state under the environment's own reward: (S,)."""
    value = np.zeros(table.states)
    for _ in range(2000):
        gain = table.probability * table.reward + 0.99 * table.continuing * value[table.following]
        value = table.expected(gain).max(axis=1)
    best: NDArray[np.int64] = table.expected(gain).argmax(axis=1)
    return best


def demonstrations(folder: Path, env_id: str, count: int, seed: int) -> Demonstrations:
    """Record somebody who knows the way, and slips in one step of twenty; lucky takes are kept."""
    env = teleop.RecordEpisodes(gym.make(env_id), "table/person-v0", folder, driver="human")
    best, rng = best_actions(transition_table(env)), np.random.default_rng(seed)
    actions, start = int(env.action_space.n), 10_000 * seed  # type: ignore[attr-defined]
    for number in range(5 * count):
        state, _ = env.reset(seed=start + number)
        over = False
        while not over:
            action = rng.integers(actions) if rng.random() < 0.05 else best[state]
            state, _, ended, cut, _ = env.step(int(action))
            over = ended or cut
    env.close()
    dataset = Library(folder).dataset("table/person-v0")
    rows = [row for row in dataset.rows() if row.total_reward > 0 or "Frozen" not in env_id]
    return load_demonstrations(dataset, [row.file for row in rows[:count]])


def _plans_from_everywhere(policy: LearnedPolicy, env_id: str) -> None:
    """From no state is the policy much worse than the best one: it does not get stuck."""
    table = transition_table(gym.make(env_id))
    ways = [best_actions(table), np.array([int(policy.act(s)) for s in range(table.states)])]
    best, own = (_values(table, way) for way in ways)
    assert (own > best - 25).all()


def _values(table: TransitionTable, way: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the discounted return of one action per state, from each state: (S,)."""
    value, rows = np.zeros(table.states), np.arange(table.states)
    for _ in range(2000):
        gain = table.probability * table.reward + 0.99 * table.continuing * value[table.following]
        value = table.expected(gain)[rows, way]
    return value


@pytest.mark.parametrize(
    ("env_id", "count"),
    [
        ("FrozenLake-v1", 15),
        ("CliffWalking-v1", 4),
        pytest.param("Taxi-v4", 50, marks=pytest.mark.slow),
    ],
)
def test_the_policy_reaches_the_demonstrators_return(
    tmp_path: Path, env_id: str, count: int
) -> None:
    demos = demonstrations(tmp_path / "recordings", env_id, count, seed=3)
    progress = list(maxent.train(demos))
    losses = [each.loss for each in progress if each.loss is not None]
    assert losses == sorted(losses, reverse=True)
    policy = progress[-1].policy
    assert policy is not None
    _plans_from_everywhere(policy, env_id)
    played = np.mean([r.total_reward for r in evaluate(env_id, policy, 60, first_seed=500)])
    if env_id == "FrozenLake-v1":  # only lucky takes were kept; the best policy reaches 0.74
        assert played > 0.5
    else:
        assert played >= demos.mean_return


def test_environments_without_a_table_are_named_before_the_click(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    assert "needs Discrete observations" in recipe_problems(demos)["maxent"]
    with pytest.raises(LearningError, match="needs Discrete observations"):
        next(iter(maxent.train(demos)))


@pytest.mark.parametrize(
    "broken",
    [
        [(0.4, 1, 0.0, False)],
        [(1.0, 99, 0.0, False)],
        [(1.5, 1, 0.0, False), (-0.5, 2, 0.0, False)],
        [(1.0, float("inf"), 0.0, False)],
        [(1.0,)],
    ],
)
def test_a_malformed_table_is_one_sentence(broken: object) -> None:
    env = gym.make("FrozenLake-v1")
    assert transition_table(env).states == 16
    env.unwrapped.P[3][2] = broken  # type: ignore[attr-defined]
    with pytest.raises(EnvError, match="table of transitions is malformed"):
        transition_table(env)


def test_what_cannot_be_planned_with_is_said_before_the_click(tmp_path: Path) -> None:
    demos = demonstrations(tmp_path / "recordings", "CliffWalking-v1", 2, seed=1)
    assert maxent.why_not(demos) == ""
    wrapped = (
        "CliffWalking-v1?wrapper=gymnasium.wrappers:StickyAction(repeat_action_probability=0.2)"
    )
    assert "wrappers" in maxent.why_not(replace(demos, env_id=wrapped))
    assert "other spaces" in maxent.why_not(replace(demos, env_id="FrozenLake-v1"))
    for wrong in ({"gamma": 1.0}, {"steps": 0}, {"penalty": -1.0}):
        with pytest.raises(LearningError, match="gamma must be above 0"):
            next(iter(maxent.train(demos, maxent.Config(**wrong))))


def test_the_reward_is_saved_and_plans_in_the_same_environment(tmp_path: Path) -> None:
    demos = demonstrations(tmp_path / "recordings", "CliffWalking-v1", 4, seed=1)
    policy = [p.policy for p in maxent.train(demos) if p.policy][-1]
    policy.save(tmp_path / "policy")
    reward = load_reward(tmp_path / "policy")
    assert reward is not None
    again = replanned(policy, reward, "CliffWalking-v1")
    assert next(iter(evaluate("CliffWalking-v1", again, 1))).total_reward == -13
    with pytest.raises(LearningError, match="spaces differ"):
        replanned(policy, reward, "FrozenLake-v1")


def test_the_number_of_steps_is_kept(tmp_path: Path) -> None:
    demos = demonstrations(tmp_path / "recordings", "CliffWalking-v1", 2, seed=1)
    assert [each.step for each in maxent.train(demos, maxent.Config(steps=30))][-1] <= 30
    one, twenty = (
        next(iter(maxent.train(demos, maxent.Config(steps=steps)))).loss for steps in (1, 20)
    )
    assert one is not None
    assert twenty is not None
    assert one > twenty
