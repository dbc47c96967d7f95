"""The chosen settings, tested on episodes that were not trained on."""

from collections.abc import Callable

import numpy as np
import pytest

from teleop.learning.algorithms import bc
from teleop.learning.analysis.held_out_check import iter_check
from teleop.learning.data.demonstrations import demonstrations_of, load_demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.ensemble import TunedSettings
from teleop.learning.policy_folder import read_row
from teleop.learning.training_run import TrainingRun
from teleop.recording import Dataset

Record = Callable[..., Dataset]


def test_losses_accuracy_and_the_table_are_those_of_held_out_steps(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 5))
    *_, found = iter_check(demos, TunedSettings(2, 300, 1), seed=0)
    assert (found.trained, found.held_out) == (3, 2)
    assert [step for step, _, _ in found.losses] == sorted({s for s, _, _ in found.losses})
    assert found.losses[-1][0] == 300
    first, last = found.losses[0], found.losses[-1]
    assert last[1] < first[1]
    (table,) = found.tables
    assert sum(map(sum, table.counts)) == found.steps
    right = sum(table.counts[i][i] for i in range(len(table.words)))
    assert found.accuracy == pytest.approx(right / found.steps)
    assert table.words == ("Push left", "Push right")


def test_what_cannot_be_checked_says_nothing(record: Record) -> None:
    one = load_demonstrations(record("CartPole-v1", 1))
    assert list(iter_check(one, TunedSettings(0, 50, 1), seed=0)) == []
    several = load_demonstrations(record("CartPole-v1", 3))
    memory = TunedSettings(0, 50, 1, Architecture(memory=8))
    assert list(iter_check(several, memory, seed=0)) == []


def test_numbers_have_a_loss_but_no_table() -> None:
    rng = np.random.default_rng(0)
    demos = demonstrations_of(rng.normal(size=(200, 3)), rng.normal(size=(200, 2)))
    demos = demos.with_labels(demos.inputs, demos.flat, 0.0)
    *_, found = iter_check(demos, TunedSettings(0, 100, 1), seed=0)
    assert found.accuracy is None
    assert found.tables == ()
    assert found.losses[-1][2] > 0


def test_the_loss_is_stored_with_the_policy_and_listed(record: Record) -> None:
    dataset = record("CartPole-v1", 4)
    run = TrainingRun(load_demonstrations(dataset), config=bc.Config(members=1, steps=100))
    list(run.train())
    checks = list(run.check())
    list(run.stand(4))
    assert run.policy is not None
    run.policy.save(dataset.policies / "checked")
    row = read_row(dataset.policies / "checked")
    assert row.loss == checks[-1].losses[-1][2]
    assert row.score is not None
    assert len(row.starts) == len(row.score.returns) == 4
    assert sorted(s.total_reward for s in row.starts) == sorted(row.score.returns)
