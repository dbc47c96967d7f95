"""Maximum-entropy inverse RL finds the demonstrator's goal, and plans to it from anywhere."""

from collections.abc import Callable
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
from teleop.learning.recipes import recipe_problems
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


@pytest.mark.parametrize(
    ("env_id", "count"), [("FrozenLake-v1", 15), ("CliffWalking-v1", 4), ("Taxi-v4", 50)]
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
    played = np.mean([r.total_reward for r in evaluate(env_id, policy, 60, first_seed=500)])
    if env_id == "FrozenLake-v1":  # only lucky takes were kept; the best policy reaches 0.74
        assert played > 0.5
    else:
        assert played >= demos.mean_return


def test_environments_without_a_table_are_named_before_the_click(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    assert "numbered states" in recipe_problems(demos)["maxent"]
    with pytest.raises(LearningError, match="numbered states"):
        next(iter(maxent.train(demos)))


@pytest.mark.parametrize("broken", [{}, {0: {0: [(1.0, 99, 0.0, False)]}}, {0: {0: [(0.4,)]}}])
def test_a_malformed_table_is_one_sentence(broken: object) -> None:
    env = gym.make("FrozenLake-v1")
    env.unwrapped.P = broken  # type: ignore[attr-defined]
    with pytest.raises(EnvError, match="table of transitions is malformed"):
        transition_table(env)
