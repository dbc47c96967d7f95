"""Treasure Grid: a wall is moved; the clone repeats the old turn, the planner goes round."""

from pathlib import Path

import numpy as np
import pytest

from teleop.api.policies import iter_record
from teleop.envs.teaching.treasure_grid import REWARDS, TERRAIN, WALLS, walls_from, walls_text
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import bc, gail, maxent
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.rewards.learned_reward import LearnedReward, load_reward
from teleop.learning.rewards.planning import replanned
from teleop.learning.rewards.reward_check import rank_correlation
from teleop.learning.rewards.reward_models import TableReward
from teleop.recording import Library

GRID = "teleop/TreasureGrid-v0"
MOVED = f"{GRID}?walls=e1-e2-e3-e4-e5-e6-e8"  # the gap at e4 is closed, and e7 is open


def five_takes(folder: Path, seed: int) -> Demonstrations:
    """Five takes of a person who presses a wrong key now and then."""
    library = Library(folder)
    name = "teleop-treasuregrid-v0/five-v0"
    list(iter_record(library, GRID, "human-like", 5, dataset_id=name, seed=seed))
    return load_demonstrations(library.dataset(name))


def planned(demos: Demonstrations, folder: Path, features: str = "") -> LearnedPolicy:
    """Train, save, and load again."""
    found = [p.policy for p in maxent.train(demos, maxent.Config(features=features)) if p.policy]
    found[-1].save(folder)
    return load_policy(folder)


def mean_return(env_id: str, policy: LearnedPolicy) -> float:
    """The mean return of 20 fresh starts."""
    return float(np.mean([r.total_reward for r in evaluate(env_id, policy, 20, 5000)]))


def cell_rewards(reward: LearnedReward | None) -> tuple[np.ndarray, np.ndarray]:
    """The learned and the true reward of arriving in each cell that is no wall."""
    assert reward is not None
    assert isinstance(reward.model, TableReward)
    free = [s for s in range(TERRAIN.size) if divmod(s, TERRAIN.shape[1]) not in walls_from(WALLS)]
    true = np.array(REWARDS)[TERRAIN.ravel()]
    return reward.model.arriving[free], true[free]


@pytest.mark.parametrize("seed", [3, 40])
def test_the_planner_goes_round_a_moved_wall_and_the_clone_does_not(
    tmp_path: Path, seed: int
) -> None:
    demos = five_takes(tmp_path / "recordings", seed)
    clone = [p.policy for p in bc.train(demos, bc.Config(budget_s=3)) if p.policy][-1]
    planner = planned(demos, tmp_path / "planner")
    assert mean_return(GRID, clone) > 4
    assert mean_return(GRID, planner) > 6
    assert mean_return(MOVED, clone) < -40
    reward = load_reward(tmp_path / "planner")
    assert reward is not None
    assert mean_return(MOVED, replanned(planner, reward, MOVED)) > 2
    learned, true = cell_rewards(reward)
    correlation = rank_correlation(learned, true)
    assert correlation is not None
    assert correlation > 0.8


def test_another_reward_explains_the_same_takes_and_fails_elsewhere(tmp_path: Path) -> None:
    """The ambiguity of inverse RL: a reward of single cells says nothing about other ones."""
    demos = five_takes(tmp_path / "recordings", 3)
    planner = planned(demos, tmp_path / "cells", "cells")
    assert mean_return(GRID, planner) > 6
    reward = load_reward(tmp_path / "cells")
    assert reward is not None
    assert mean_return(MOVED, replanned(planner, reward, MOVED)) < -40
    correlation = rank_correlation(*cell_rewards(reward))
    assert correlation is not None
    assert correlation < 0.6


def test_wrong_features_and_rewards_without_a_plan_are_named(tmp_path: Path) -> None:
    demos = five_takes(tmp_path / "recordings", 3)
    with pytest.raises(LearningError, match="features must be own, cells or all"):
        list(maxent.train(demos, maxent.Config(features="some")))
    policy = [p.policy for p in gail.train(demos, gail.Config(steps=1100)) if p.policy][-1]
    policy.save(tmp_path / "gail")
    reward = load_reward(tmp_path / "gail")
    assert reward is not None
    with pytest.raises(LearningError, match="Only the rewards of maximum-entropy"):
        replanned(policy, reward, MOVED)


def test_walls_have_names() -> None:
    assert walls_text(walls_from("e4-b2")) == "b2-e4"
    assert walls_from("") == frozenset()
