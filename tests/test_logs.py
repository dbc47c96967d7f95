"""What a log keeps, where it writes it, and that a log that fails costs no training."""

import json
import resource
import sys
from pathlib import Path

import pytest

import teleop
from teleop.evaluation.success import Result
from teleop.learning.progress import Progress
from teleop.types.results import Tried
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_training_is_written_as_json_lines_and_for_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (tmp_path / "recordings").mkdir()
    as_json("record", "CartPole-v1", "--episodes", "4", here=tmp_path)
    targets = ("--log", "jsonl:logs/a.jsonl", "--log", "tensorboard:runs")
    few = ("--budget", "3", "--episodes", "3", "--name", "first")
    as_json("train", "CartPole-v1", *few, *targets, here=tmp_path)
    run, *rows = read(tmp_path / "logs/a.jsonl")
    assert run["run"] == "first"
    assert isinstance(run["config"], dict)
    assert run["config"]["budget_s"] == 3
    losses = [(row["step"], row["training/loss"]) for row in rows if "training/loss" in row]
    assert len(losses) > 3
    assert any("choosing/return" in row for row in rows)
    assert any("choosing/settings" in row for row in rows)
    assert any("score/policy/return" in row for row in rows)
    board = EventAccumulator(str(tmp_path / "runs/first"))
    board.Reload()
    scalars = board.Scalars("training/loss")
    assert [(each.step, pytest.approx(each.value)) for each in scalars] == losses

    evaluated = ("evaluate", "CartPole-v1", "random", "script", "--episodes", "2")
    as_json(*evaluated, "--log", "jsonl:logs/a.jsonl", here=tmp_path)
    after = read(tmp_path / "logs/a.jsonl")[1 + len(rows) :]  # what was there stays
    assert [row["run"] for row in after if "run" in row] == ["random", "script"]
    assert sum("evaluation/return" in row for row in after) == 4


def test_figures_have_names_and_steps() -> None:
    log = teleop.Log()
    log(Progress("Training", 10, 100, loss=0.5))
    log(Progress("Training", 20, 100))  # says nothing
    tried = (Tried("2 steps", 8, 90.0, 0.5, chosen=True), Tried("0 steps", 8, 10.0, None, False))
    log(Progress("Choosing", 30, 100, returns=(1.0, 3.0), tried=tried, finding="Lag: 2"))
    log(Result(7, 12.0, 40, success=True))
    assert log.series() == {
        "training/loss": ([10], [0.5]),
        "training/return": ([30], [2.0]),
        "choosing/return": ([30], [90.0]),
        "choosing/starts": ([30], [8]),
        "choosing/success": ([30], [0.5]),
        "evaluation/return": ([1], [12.0]),
        "evaluation/steps": ([1], [40.0]),
        "evaluation/success": ([1], [1.0]),
    }
    assert log.rows[1]["finding"] == "Lag: 2"
    assert "<table>" in log._repr_html_()  # there is no curve of one point


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_log_that_cannot_be_written_any_more_is_given_up_and_said(tmp_path: Path) -> None:
    log = teleop.Log(f"jsonl:{tmp_path / 'full.jsonl'}")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        for step in range(20):
            log(Progress("Training", step, 100, loss=0.5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()
    assert len(log.rows) == 20  # the run went on
    (problem,) = log.problems
    assert "full.jsonl was stopped" in problem


def test_a_log_that_cannot_be_begun_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)  # as if it were not installed
    for to, words in (
        ("wandb:mine", r"pip install 'teleop-studio\[wandb\]'"),
        ("paper:x", "write jsonl:FILE, tensorboard:FOLDER"),
        ("jsonl:", "is not understood"),
        (f"jsonl:{tmp_path}", "cannot be written"),
    ):
        with pytest.raises(teleop.LogError, match=words):
            teleop.Log(to)
    line = ("evaluate", "cartpole-v1/sample-v0", "random", "--log", "paper:x")
    assert "The log paper:x" in one_sentence(command(*line, here=tmp_path, code=2))
