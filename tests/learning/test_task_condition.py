"""One policy learns several tasks, and does the one that it is asked for."""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import teleop
from teleop.errors import LearningError
from teleop.playback.replay import RecordedPolicy, Replay
from teleop.recording import Dataset, Library
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command

ENV, DATASET = "CartPole-v1", "cart/tasks-v0"
LEFT, RIGHT = "push to the left", "push to the right"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings with two tasks that nothing but their words tells apart."""
    root = tmp_path_factory.mktemp("tasks") / "recordings"
    for action, task in ((0, LEFT), (1, RIGHT)):
        known = {row.uuid for row in _dataset(root).rows()} if (root / "cart").exists() else set()
        with teleop.RecordEpisodes(gym.make(ENV), DATASET, root) as env:
            for seed in range(7, 11):
                env.reset(seed=seed)
                while not env.step(action)[2]:
                    pass
        dataset = _dataset(root)
        for row in dataset.rows():
            if row.uuid not in known:
                dataset.label(row.uuid, task=task)
    return root


def _dataset(root: Path) -> Dataset:
    return Library(root).dataset(DATASET)


def first_action(policy: teleop.LearnedPolicy, task: str) -> int:
    assert policy.ask_for(task)
    policy.reset(0)
    return int(policy.act(np.zeros(4, np.float32)))


@pytest.mark.parametrize("condition", ["one-hot", "tokens"])
def test_a_policy_does_what_it_is_asked_for(root: Path, tmp_path: Path, condition: str) -> None:
    data = teleop.load_dataset(DATASET, root)
    config = teleop.BC(condition=condition, steps=300, members=2, budget_s=0)
    teleop.train(data, config).save(tmp_path / "policy")
    policy = teleop.load_policy(tmp_path / "policy")
    assert set(policy.tasks) == {LEFT, RIGHT}
    assert (first_action(policy, LEFT), first_action(policy, RIGHT)) == (0, 1)
    assert not policy.ask_for("make coffee")
    assert policy.ask_for("to the left, push") is (condition == "tokens")
    # beside a recording it does what the person did there
    for episode in (data[0], data[-1]):
        replay = Replay(ENV, 0, [RecordedPolicy(episode), policy], draws=False)
        replay.advance()
        replay.close()
        assert replay.lanes[1].raw_actions[0] == episode.actions[0]


def test_the_command_trains_and_asks(root: Path) -> None:
    few = ("--steps", "300", "--members", "1", "--name", "both", "--episodes", "2")
    told = command("train", DATASET, *few, "--condition", "one-hot", here=root.parent).stdout
    assert "The reward is not used" in told
    scores = {}
    for task in (LEFT, RIGHT):
        line = ("evaluate", DATASET, "both", "--episodes", "3", "--task", task)
        (scores[task],) = as_json(*line, here=root.parent)
    assert all(score["mean"] < 12 for score in scores.values())  # pushing one way falls at once
    wrong = ("evaluate", DATASET, "both", "--task", "make coffee")
    said = one_sentence(command(*wrong, here=root.parent, code=2))
    assert said.startswith("both does not know this task. Tasks: push to the ")


def test_what_cannot_be_told_apart_is_said(root: Path, tmp_path: Path) -> None:
    data = teleop.load_dataset(DATASET, root)
    nameless = teleop.record(ENV, "human-like", 2, root=tmp_path)
    with pytest.raises(LearningError, match="All episodes have the same task or none"):
        teleop.train(nameless, teleop.BC(condition="tokens"))
    with pytest.raises(LearningError, match="one of: one-hot, tokens"):
        teleop.train(data, teleop.BC(condition="words"))


def test_recordings_of_a_policy_alone_teach_nothing(tmp_path: Path) -> None:
    data = teleop.record(ENV, lambda _: 0, 2, dataset_id=DATASET, root=tmp_path)
    with pytest.raises(LearningError, match="Only a policy drove"):
        teleop.train(data)
