"""Practice: better than the clone it starts from, never worse, and it can go on later."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import bc, practise
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.networks.onnx_export import export_onnx
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.practice.checkpoint import load_checkpoint
from teleop.learning.practice.finalists import Finalists
from teleop.learning.practice.shown import demonstrated, played
from teleop.learning.practice.task import make_task
from teleop.learning.recipes import recipe_problems
from teleop.learning.training_run import TrainingRun
from teleop.recording import Dataset

Record = Callable[..., Dataset]


def last_policy(progress: Iterator[object]) -> LearnedPolicy:
    """Train to the end; return the last policy."""
    found = [getattr(part, "policy", None) for part in progress]
    policy = [part for part in found if part is not None][-1]
    assert isinstance(policy, LearnedPolicy)
    return policy


def mean_return(env_id: str, policy: LearnedPolicy) -> float:
    """The mean return of 30 fresh starts."""
    return float(np.mean([r.total_reward for r in evaluate(env_id, policy, 30, 300_000)]))


@pytest.fixture
def clone(record: Record, tmp_path: Path) -> tuple[Demonstrations, Path]:
    """Demonstrations of CartPole, and the folder of a poor clone of them."""
    demos = load_demonstrations(record("CartPole-v1", 2))
    policy = last_policy(bc.train(demos, bc.Config(budget_s=0, steps=2, members=1, seed=1)))
    policy.save(tmp_path / "clone")
    return demos, tmp_path / "clone"


@pytest.mark.slow
def test_practice_improves_and_goes_on_later(record: Record, tmp_path: Path) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    policy = last_policy(practise.train(demos, practise.Config(steps=25_000, scratch=True)))
    policy.save(tmp_path / "practised")
    first = mean_return("CartPole-v1", load_policy(tmp_path / "practised"))
    assert first > 100  # random actions reach 22
    known = load_checkpoint(tmp_path / "practised")
    assert known is not None
    assert known.practised_s == pytest.approx(policy.config.learned["practised_s"], abs=0.1)
    again = practise.Config(steps=25_000, start=str(tmp_path / "practised"))
    further = last_policy(practise.train(demos, again))
    assert mean_return("CartPole-v1", further) > min(first + 50, 400)
    assert further.config.learned["practised_s"] > known.practised_s


def test_the_clone_stays_where_practice_does_not_help(
    record: Record,
) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    clone = last_policy(bc.train(demos, bc.Config(budget_s=0, steps=300)))
    finalists = Finalists("CartPole-v1", 0, 5)
    finalists.consider(clone)
    poor = last_policy(bc.train(demos, bc.Config(budget_s=0, steps=1, members=1, seed=3)))
    assert finalists.consider(poor)[1] is False
    assert finalists.winner() is clone


def test_demonstrated_and_played_steps_follow_each_other(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    task = make_task(demos)
    shown = demonstrated(task)
    inside = ~shown.last[:-1]
    assert (shown.following[:-1][inside] == shown.seen[1:][inside]).all()
    assert shown.rewards.sum() == pytest.approx(demos.returns.sum(), abs=2)
    policy = last_policy(bc.train(demos, bc.Config(budget_s=0, steps=50, members=1)))
    steps = played(task, policy, 5, None, 3)
    assert steps.last.sum() == 3
    results = list(evaluate("CartPole-v1", policy, 3, 5))
    assert steps.rewards.sum() == sum(result.total_reward for result in results)
    assert steps.returns(0.5)[-1] == steps.rewards[-1]


@pytest.mark.slow
def test_numbers_are_practised_too_and_exported(record: Record, tmp_path: Path) -> None:
    demos = load_demonstrations(record("Pendulum-v1", 2))
    clone = last_policy(bc.train(demos, bc.Config(budget_s=0, steps=50, members=1)))
    clone.save(tmp_path / "clone")
    config = practise.Config(steps=8_192, start=str(tmp_path / "clone"), minutes=1)
    policy = last_policy(practise.train(demos, config))
    assert isinstance(policy.act(np.zeros(3, np.float32)), np.ndarray)
    squashed = make_task(demos, squashed=True)
    from teleop.learning.practice.sac import SACLearner

    learner = SACLearner(squashed, 0)
    learner.learn()
    made = squashed.policy((learner.network(),), {}, {})
    learner.close()
    made.save(tmp_path / "made")
    assert export_onnx(load_policy(tmp_path / "made"), tmp_path / "made.onnx")["error"] < 1e-4
    low, high = -2.0, 2.0
    for seed in range(20):
        action = made.act(np.random.default_rng(seed).normal(0, 10, 3).astype(np.float32))
        assert low <= float(action[0]) <= high


def test_every_kind_of_choice_can_be_practised() -> None:
    class Switches(gym.Env[np.ndarray, np.ndarray]):
        """Takes MultiBinary actions."""

        observation_space = spaces.Box(-1, 1, (2,), np.float32)
        action_space = spaces.MultiBinary(3)

    from teleop.learning.networks.heads import full_head

    head = full_head(Switches().action_space)
    assert head.sizes == (2, 2, 2)
    assert head.rebuilt([1.0, 0.0, 1.0]).tolist() == [1, 0, 1]


def test_what_cannot_be_practised_is_said_before_the_click(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    assert "practise" not in recipe_problems(demos)
    unbounded = replace(demos, action_space=spaces.Box(-np.inf, np.inf, (1,)))
    assert "bounds" in recipe_problems(unbounded)["practise"]
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    monkeypatch.setattr("teleop.learning.practice.task.find_spec", lambda _: None)
    assert "pip install 'stable-baselines3>=2.9'" in recipe_problems(demos)["gail"]
    with pytest.raises(LearningError, match="pip install"):
        next(iter(practise.train(demos, practise.Config(scratch=True))))


@pytest.mark.parametrize("wrong", [{"minutes": 0.0}, {"steps": -1}])
def test_wrong_limits_are_refused(record: Record, wrong: dict[str, float]) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    with pytest.raises(LearningError, match="minutes must be above 0"):
        next(iter(practise.train(demos, practise.Config(**wrong))))  # type: ignore[arg-type]


def test_a_damaged_checkpoint_and_one_of_another_learner_are_named(
    clone: tuple[Demonstrations, Path],
) -> None:
    demos, folder = clone
    practised = last_policy(practise.train(demos, practise.Config(steps=1, scratch=True)))
    practised.save(folder)
    (folder / "practice.safetensors").write_bytes(b"not a file of tensors")
    with pytest.raises(LearningError, match=r"practice\.safetensors is damaged"):
        list(practise.train(demos, practise.Config(start=str(folder), steps=1)))


@pytest.mark.slow
def test_a_clone_that_was_never_beaten_does_not_go_on_from_another_network(
    clone: tuple[Demonstrations, Path],
) -> None:
    """Its folder may still hold what an earlier leader of the same run left."""
    demos, folder = clone
    practised = last_policy(practise.train(demos, practise.Config(steps=1, scratch=True)))
    for part in practised.parts:
        part.save(folder)
    phases = [p.phase for p in practise.train(demos, practise.Config(steps=1, start=str(folder)))]
    assert any(phase.startswith("Imitating") for phase in phases)


def test_scratch_and_a_start_exclude_each_other(clone: tuple[Demonstrations, Path]) -> None:
    demos, folder = clone
    config = practise.Config(scratch=True, start=str(folder))
    with pytest.raises(LearningError, match="not from both"):
        next(iter(practise.train(demos, config)))


def test_an_axis_without_a_range_gives_finite_targets() -> None:
    from teleop.learning.networks.heads import full_head

    head = full_head(spaces.Box(np.array([-1, 0], np.float32), np.array([1, 0], np.float32)))
    targets = head.targets(np.array([[0.5, 0.0]]))
    assert np.isfinite(targets).all()
    assert head.action(targets[0])[1] == 0.0


def test_a_reward_of_another_policy_must_exist(clone: tuple[Demonstrations, Path]) -> None:
    demos, folder = clone
    config = practise.Config(scratch=True, reward=str(folder), steps=1)
    with pytest.raises(LearningError, match="clone has no learned reward"):
        list(practise.train(demos, config))


def test_after_practice_both_play_from_the_same_starts(
    clone: tuple[Demonstrations, Path],
) -> None:
    demos, folder = clone
    training = TrainingRun(demos, "practise", {"start": str(folder), "steps": 1})
    list(training.train())
    found = list(training.pair())
    assert [start.seed for start in found] == [demos.seeds[1], demos.seeds[0]]
    assert [start.yours for start in found] == demos.returns[::-1].tolist()
    assert training.policy is not None
    again = next(iter(evaluate("CartPole-v1", training.policy, 1, found[0].seed)))
    assert again.total_reward == found[0].its
    assert any("the policy beats you" in text for text in training.advice())
