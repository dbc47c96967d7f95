"""Preferences: answers are kept, a reward is learned from them, and a policy from the reward."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import bc, practise
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.practice.task import make_task
from teleop.learning.rewards.asking import Asking, judged
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.pieces import all_pieces, piece_steps
from teleop.learning.rewards.preference_model import agreement, learn_reward
from teleop.learning.rewards.preferences import (
    Choice,
    Piece,
    Preference,
    Preferences,
    reward_folder,
)
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording import Dataset
from teleop.recording.datasets.labels import Labels
from teleop.types.findings import PieceSource
from tests.harness.cli import as_json, one_sentence, teleop

Record = Callable[..., Dataset]


@pytest.fixture
def dataset(record: Record) -> Dataset:
    """Two episodes of CartPole, and a policy that falls."""
    dataset = record("CartPole-v1", 2)
    demos = load_demonstrations(dataset)
    config = bc.Config(budget_s=0, steps=1, members=1, seed=3)
    poor = [part.policy for part in bc.train(demos, config) if part.policy][-1]
    poor.save(dataset.policies / "poor")
    return dataset


def answer_all(dataset: Dataset, count: int) -> Asking:
    """Answer by script."""
    asking = Asking(dataset, seed=1)
    for _ in range(count):
        asking.answer(judged(asking.pair).value)
    asking.save()
    return asking


def test_pieces_come_from_episodes_policies_and_random_actions(dataset: Dataset) -> None:
    demos = load_demonstrations(dataset)
    pieces = all_pieces(dataset, make_task(demos))
    assert {piece.source.kind for piece in pieces} == {"episode", "policy", "random"}
    size = piece_steps(demos.pace_hz)
    assert all(1 <= piece.source.steps <= size for piece in pieces)
    recorded = [piece for piece in pieces if piece.source.kind == "episode"]
    assert sum(piece.source.steps for piece in recorded) == demos.total_steps
    assert sum(piece.total_reward for piece in recorded) == demos.returns.sum()
    episode = dataset.read(recorded[1].source.name)
    first = recorded[1].source.first
    assert (recorded[1].seen[0] == demos.encoding.row(episode.observations[first])).all()


def test_answers_outlive_the_window_and_the_policy(dataset: Dataset) -> None:
    answer_all(dataset, 6)
    for file in (dataset.policies / "poor").iterdir():
        file.unlink()
    (dataset.policies / "poor").rmdir()
    again = Asking(dataset)
    assert again.count == 6
    again.undo()
    assert Asking(dataset).count == 5
    assert Preferences(dataset).count == 5


def test_a_damaged_answer_is_left_out_and_counted(dataset: Dataset) -> None:
    answer_all(dataset, 5)
    first = sorted(Preferences(dataset).folder.glob("0*.safetensors"))[0]
    first.write_bytes(first.read_bytes()[:100])
    again = Asking(dataset)
    assert (again.count, len(again.damaged)) == (4, 1)
    again.answer("equal")
    assert Preferences(dataset).count == 6  # the damaged file stays where it is


def test_take_back_deletes_the_answer_it_forgets(dataset: Dataset) -> None:
    asking = Asking(dataset)
    for _ in range(3):
        asking.answer("left")
    newest = Preferences(dataset).folder / "000009-damaged00000.safetensors"
    newest.write_bytes(b"not an answer")
    again = Asking(dataset)
    again.undo()
    kept, damaged = Preferences(dataset).read()
    assert (len(kept), again.count, damaged) == (2, 2, [newest.name])
    again.answer("right")  # a number that follows the damaged file's
    assert len(Preferences(dataset).read()[0]) == 3


@pytest.mark.parametrize("broken", ['"seed": Infinity', '"seed": "x"', '"absorbing": 1e400'])
def test_a_hostile_answer_is_left_out(dataset: Dataset, broken: str) -> None:
    asking = Asking(dataset)
    asking.answer("left")
    (path,) = Preferences(dataset).folder.glob("0*.safetensors")
    tensors = read_tensors(path, 1 << 20)
    about = bytes(tensors["about"]).decode()
    key = broken.split(":")[0]
    about = re.sub(rf"{key}: [0-9]+", broken, about, count=1)
    tensors["about"] = np.frombuffer(about.encode(), np.uint8).copy()
    write_tensors(path, tensors)
    assert Preferences(dataset).read() == ({}, [path.name])


def test_pieces_of_a_trimmed_episode_are_shown_where_they_are(dataset: Dataset) -> None:
    row = dataset.rows()[0]
    Labels(dataset.places.labels, dataset.places.private / "labels.lock").change(
        row.uuid, trim=(7, row.total_steps)
    )
    again = type(dataset)(dataset.places.root, dataset.dataset_id)
    demos = load_demonstrations(again)
    pieces = [p for p in all_pieces(again, make_task(demos)) if p.source.name == row.file]
    assert pieces[0].source.first == 7
    episode = again.read(row.file)
    assert (pieces[0].seen[0] == demos.encoding.row(episode.observations[7])).all()


@pytest.mark.slow
def test_a_policy_learns_from_answers_alone(dataset: Dataset) -> None:
    asking = answer_all(dataset, 60)
    assert asking.agreement is not None
    assert asking.agreement > 0.8
    folder = str(reward_folder(dataset, "preferences"))
    demos = load_demonstrations(dataset)
    config = practise.Config(scratch=True, reward=folder, steps=50_000, seed=2)
    policy = [part.policy for part in practise.train(demos, config) if part.policy][-1]
    played = [r.total_reward for r in evaluate("CartPole-v1", policy, 20, 400_000)]
    assert np.mean(played) >= 400  # 80 % of what is the most, and what the judge would choose


def _piece(task_features: int, value: float, name: str) -> Piece:
    seen = np.full((5, task_features), value, np.float32)
    acts = np.tile(np.array([[1.0, 0.0]], np.float32), (5, 1))
    return Piece(PieceSource("episode", name, 0, 0, 5), seen, acts, value)


def test_a_thousand_contradictory_answers_do_no_harm(record: Record) -> None:
    task = make_task(load_demonstrations(record("CartPole-v1", 1)))
    good, bad = _piece(4, 0.1, "a"), _piece(4, -0.1, "b")
    rng = np.random.default_rng(0)
    answers = [
        Preference(good, bad, Choice.LEFT if rng.random() < 0.5 else Choice.RIGHT)
        for _ in range(1000)
    ]
    reward = learn_reward(task, answers)
    assert 0.4 < agreement(reward, task, answers) < 0.6
    clear = [Preference(good, bad, Choice.LEFT)] * 8 + [Preference(bad, good, Choice.RIGHT)] * 8
    found = learn_reward(task, clear)
    assert agreement(found, task, clear) == 1.0


def test_answers_that_tell_nothing_are_named(dataset: Dataset) -> None:
    asking = Asking(dataset)
    for _ in range(5):
        asking.answer("cannot tell")
    assert asking.reward is None
    with pytest.raises(LearningError, match="No answer tells which piece is better"):
        asking.save()


@pytest.mark.slow
def test_the_command_line_answers_by_script(dataset: Dataset, tmp_path: Path) -> None:
    where = ("--recordings", str(tmp_path / "recordings"))
    line = ("prefer", dataset.dataset_id, "--judge", "return", "--answers", "6", *where)
    assert as_json(*line, here=tmp_path)["answers"] == 6
    assert load_reward(reward_folder(dataset, "preferences")) is not None
    done = teleop("prefer", dataset.dataset_id, "--judge", "me", *where, here=tmp_path, code=2)
    assert "no judge called me" in one_sentence(done)
