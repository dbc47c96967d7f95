"""Commands give the same figures wherever they run, in the order in which they were asked."""

import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from teleop import paths
from teleop.errors import LearningError, WorkerError
from teleop.learning.data.dataset_reference import DatasetReference, demonstrations_from
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.recording import Library
from teleop.runtime.processes.client import Client
from teleop.runtime.processes.entry import run_trainer
from teleop.runtime.protocol.session_messages import ProcessName
from teleop.workers.runners import in_order, running
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command

SAMPLE = "cartpole-v1/sample-v0"


class Backwards:
    """Knows the last result first."""

    def each(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        for index in reversed(range(len(items))):
            try:
                yield index, function(items[index])
            except ZeroDivisionError as problem:
                yield index, problem

    def close(self) -> None: ...


def inverse(value: int) -> float:
    return 1 / value


def test_results_come_in_the_order_of_the_questions() -> None:
    assert list(in_order(Backwards(), inverse, [4, 2, 1])) == [0.25, 0.5, 1]
    results = in_order(Backwards(), inverse, [4, 0, 1])
    assert next(results) == 0.25
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample recordings."""
    folder = tmp_path_factory.mktemp("runners")
    shutil.copytree(paths.samples_folder(), folder / "recordings")
    return folder


@pytest.mark.parametrize(
    "line",
    [
        ("curve", SAMPLE, "--episodes", "2"),
        pytest.param(
            ("curve", SAMPLE, "--over", "steps=20,40", "--runs", "2", "--episodes", "2"),
            marks=pytest.mark.slow,
        ),
        pytest.param(("influence", SAMPLE, "--episodes", "2"), marks=pytest.mark.slow),
        ("evaluate", SAMPLE, "random", "script", "--episodes", "45"),
        ("verify", SAMPLE),
    ],
    ids=lambda line: line[0],
)
def test_the_figures_are_the_same_wherever_they_were_made(here: Path, line: tuple[str]) -> None:
    assert as_json(*line, "--on", "local:2", here=here) == as_json(*line, here=here)
    said = one_sentence(command(*line, "--on", "moon", here=here, code=2))
    assert said.startswith("--on moon is not understood; write local:N")
    assert not list(here.glob("teleop-jobs-*"))


def test_verify_stores_what_other_processes_found(here: Path, tmp_path: Path) -> None:
    shutil.copytree(here / "recordings", tmp_path / "recordings")
    stored = tmp_path / "recordings" / SAMPLE / "data/certificates.jsonl"
    stored.unlink(missing_ok=True)
    rows = as_json("verify", SAMPLE, "--on", "local:2", here=tmp_path)
    assert {row["verdict"] for row in rows} == {"exact"}
    assert len(stored.read_text("utf-8").splitlines()) == len(rows)


def test_a_policy_named_twice_counts_once(here: Path) -> None:
    rows = as_json("evaluate", SAMPLE, "random", "random", "--episodes", "3", here=here)
    assert [row["episodes"] for row in rows] == [3]


def test_labels_that_change_meanwhile_are_not_mixed(here: Path, tmp_path: Path) -> None:
    shutil.copytree(here / "recordings", tmp_path / "recordings")
    dataset = Library(tmp_path / "recordings").existing(SAMPLE)
    demos = load_demonstrations(dataset)
    named = DatasetReference.of(dataset, demos)
    assert demonstrations_from(named).total_steps == demos.total_steps
    dataset.label(dataset.rows()[0].uuid, trim=(0, 5))
    again = DatasetReference.of(dataset, load_demonstrations(dataset))
    assert demonstrations_from(again).total_steps < demos.total_steps
    with pytest.raises(LearningError, match="have changed"):
        demonstrations_from(named)


def test_an_address_that_means_nothing_is_an_error() -> None:
    for address in ("local:x", "local:²", "dask://", "slurm:", "local:9999"):
        with pytest.raises(WorkerError, match="is not understood"), running(address):
            pass


def test_a_process_that_is_still_loading_is_not_waited_for() -> None:
    client: Client[Any, Any] = Client(ProcessName.TRAINER, run_trainer, (), lambda: None)
    client.close()
    assert client.process.exitcode == -signal.SIGKILL
