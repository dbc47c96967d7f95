"""What earlier versions wrote is read as it was: recordings, running takes, labels, policies."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teleop.errors import LearningError
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.policy_formats import upgraded
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_certificates import certified_rows, iter_certify_row

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
ID = "cartpole-v1/human-v0"


@pytest.fixture(params=VERSIONS)
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Dataset]:
    shutil.copytree(GOLDEN / request.param, tmp_path / "recordings")
    dataset = Library(tmp_path / "recordings").existing(ID)
    yield dataset
    dataset.writer.release()


def test_recordings_of_earlier_versions_replay_exactly(dataset: Dataset) -> None:
    assert [(row.seed, row.total_steps) for row in dataset.rows()] == [(7, 39), (8, 40)]
    for row in dataset.rows():
        list(iter_certify_row(dataset, row))
        episode = dataset.read(row)
        assert len(episode.actions) == row.total_steps
    assert [row.verdict for row in certified_rows(dataset)] == ["exact", "exact"]


def test_stars_of_earlier_versions_are_kept(dataset: Dataset) -> None:
    assert [row.starred for row in dataset.rows()] == [True, False]


def test_a_running_take_of_an_earlier_version_is_recovered(dataset: Dataset) -> None:
    (name,) = dataset.writer.claim().recovered
    row = next(row for row in dataset.rows() if row.file == name)
    assert (row.seed, row.total_steps, row.recovered) == (9, 20, True)
    list(iter_certify_row(dataset, row))
    assert {row.verdict for row in certified_rows(dataset) if row.file == name} == {"exact"}


def test_policies_of_earlier_versions_say_what_they_said(dataset: Dataset) -> None:
    folder = dataset.policies / "bc-2-episodes"
    said: dict[str, Any] = json.loads((folder / "says.json").read_text())
    policy = load_policy(folder)
    policy.reset(0)
    for seen, action, odds in zip(
        said["observations"], said["actions"], said["probabilities"], strict=True
    ):
        observation = np.array(seen, np.float32)
        assert policy.act(observation) == action
        assert policy.distribution(observation)[0] == pytest.approx(odds, abs=1e-6)
    policy.save(folder)  # in the present format
    assert isinstance(load_policy(folder), LearnedPolicy)


def test_recordings_of_earlier_versions_train(dataset: Dataset) -> None:
    config = bc.Config(members=1, steps=20, lag_steps=1, budget_s=0)
    assert bc.clone(load_demonstrations(dataset), config).config.data["total_steps"] == 79


def test_a_bundle_of_an_earlier_version_is_imported(library: Library) -> None:
    dataset = library.import_dataset(GOLDEN / "schema-1.teleop.zip")
    assert [(row.total_steps, row.starred) for row in dataset.rows()] == [(39, True), (40, False)]


def test_a_regression_head_of_format_1_is_one_number_an_axis() -> None:
    head = {"kind": "regression", "low": [-1.0, 0.0], "high": [1.0, 2.0], "shape": [2]}
    data = {"format": 1, "head": head, "recipe": {"hidden": [4, 4]}}
    found = upgraded(data, Path("p"))
    assert found["branches"][1] == {"low": 0.0, "high": 2.0, "mean": 0.0, "sd": 1.0}
    assert found["shape"] == {"hidden": [4, 4]}


def test_a_policy_of_a_later_version_says_so(dataset: Dataset) -> None:
    config = dataset.policies / "bc-2-episodes" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"format": 99}))
    with pytest.raises(LearningError, match=r"newer version of Teleop \(format 99.*Update Teleop"):
        load_policy(config.parent)
