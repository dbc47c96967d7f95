"""A class is graded: forged, broken, copied and foreign bundles are found and named."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import teleop
from teleop.classroom.grading import iter_grades
from teleop.classroom.handed_in import bundles_in
from teleop.classroom.rubric import Measure, Rule, read_rubric
from teleop.errors import ReportError
from tests.harness.cli import one_sentence
from tests.harness.cli import teleop as command
from tests.harness.students import forged, hand_in

RUBRIC = """
format = 1
title = "Balance"
environment = "CartPole-v1"
seed = 777000
starts = 10
[[rule]]
name = "Takes"
points = 2
measure = "episodes"
full = 3
zero = 0
[[rule]]
name = "The policy balances"
points = 8
measure = "policy_return"
full = 450
zero = 50
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rubric and a class of eight."""
    here = tmp_path_factory.mktemp("grading")
    (here / "rubric.toml").write_text(RUBRIC)
    good = hand_in(here, "badger", "expert", seed=1)
    hand_in(here, "heron", "expert", seed=4)
    hand_in(here, "otter", "random", seed=2)
    shutil.copy(good, here / "class" / "copycat.teleop.zip")
    broken = here / "class" / "mole.teleop.zip"
    broken.write_bytes(good.read_bytes()[:-2000])
    hand_in(here, "newt", "expert", env_id="Acrobot-v1", seed=3)
    scripted = teleop.record("CartPole-v1", "expert", 3, root=here / "toad" / "recordings")
    target = here / "class" / "toad.teleop.zip"
    command("export", scripted.id, "--output", str(target), here=here / "toad")
    forged(here, "weasel")
    return here


def graded(here: Path, output: str = "grades") -> dict[str, dict[str, str]]:
    command("grade", "class", "--rubric", "rubric.toml", "--output", output, here=here)
    rows = csv.DictReader((here / output / "grades.csv").read_text("utf-8").splitlines())
    return {row["student"]: row for row in rows}


def test_a_class_is_graded_and_cheats_are_named(here: Path) -> None:
    rows = graded(here)
    assert list(rows) == ["badger", "copycat", "heron", "mole", "newt", "otter", "toad", "weasel"]
    assert (rows["heron"]["Takes"], rows["heron"]["max"]) == ("2", "10")
    assert rows["heron"]["problems"] == ""
    assert float(rows["heron"]["The policy balances"]) > 2
    assert float(rows["otter"]["The policy balances"]) < 1
    for one, other in (("badger", "copycat"), ("copycat", "badger")):  # who copied is not known
        assert (rows[one]["Takes"], rows[one]["points"]) == ("0", "0")
        assert f"episodes 1, 2, 3 handed in by {other}, too" in rows[one]["problems"]
        assert f"policy nearest not counted: handed in by {other}" in rows[one]["problems"]
    assert "damaged" in rows["mole"]["problems"] or "incomplete" in rows["mole"]["problems"]
    assert rows["newt"]["points"] == "0"
    assert "it is of Acrobot-v1, not of CartPole-v1" in rows["newt"]["problems"]
    assert rows["toad"]["Takes"] == "0"
    assert "episodes 1, 2, 3 not counted as own: driven by a script" in rows["toad"]["problems"]
    assert rows["weasel"]["Takes"] == "0.67"  # one of two takes was forged
    assert "episode 1 not counted: diverges when replayed" in rows["weasel"]["problems"]


@pytest.mark.slow
def test_the_same_class_gives_the_same_bytes(here: Path) -> None:
    graded(here, "one")
    graded(here, "two")
    names = sorted(path.relative_to(here / "one") for path in (here / "one").rglob("*.*"))
    assert len(names) == 2 + 8
    for name in names:
        assert (here / "one" / name).read_bytes() == (here / "two" / name).read_bytes()


def test_gradescope_reads_a_score_for_each_rule(here: Path) -> None:
    graded(here)
    result = json.loads((here / "grades" / "gradescope" / "heron.json").read_text())
    assert result["tests"][0] == {
        "name": "Takes", "score": 2.0, "max_score": 2.0, "output": "episodes: 3"
    }  # fmt: skip
    assert result["score"] == pytest.approx(sum(test["score"] for test in result["tests"]))


def test_policies_play_the_teachers_own_starts(here: Path) -> None:
    rubric = read_rubric(here / "rubric.toml")
    bundle = here / "class" / "badger.teleop.zip"
    policy = teleop.load_policy(
        here / "badger" / "recordings" / "cartpole-v1" / "human-v0" / "policies" / "nearest"
    )
    mean = teleop.evaluate(policy, episodes=10, seed=777000).mean
    (grade,) = iter_grades([bundle], rubric, lambda *_: None)
    assert grade.rules[1].value == pytest.approx(mean)


def test_points_are_shared_out() -> None:
    def rule(**values: Any) -> Rule:
        return Rule(name="a", points=4, measure=Measure.STEPS, **values)

    assert [rule(full=10).points_for(v) for v in (9.9, 10, None, float("nan"))] == [0, 4, 0, 0]
    assert [rule(full=10, zero=5).points_for(v) for v in (4, 5, 7.5, 10, 99)] == [0, 0, 2, 4, 4]
    falling = rule(full=5, zero=10)  # less is better
    assert [falling.points_for(v) for v in (12, 7.5, 3)] == [0, 2, 4]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("full = 3\nzero = 0", "full = 3\nzero = 3", "rule 1: zero and full are both 3"),
        ("full = 450", "full = nan", "rule 2: .*finite"),
        ("points = 2", "points = 0", "rule 1, points: .*greater than 0; found 0"),
        ('"episodes"', '"luck"', "rule 1, measure: .*found 'luck'"),
        ("starts = 10", "start = 10", "start: this key is not known; did you mean starts"),
        ('"The policy balances"', '"Takes"', "two rules are called 'Takes'"),
        ("format = 1", "format = 3", "format 3, which a newer Teleop wrote"),
        ("[[rule]]", "[[rul]]", "rul"),
    ],
)
def test_a_wrong_rubric_is_one_sentence(tmp_path: Path, before: str, after: str, said: str) -> None:
    file = tmp_path / "rubric.toml"
    file.write_text(RUBRIC.replace(before, after, 1))
    with pytest.raises(ReportError, match=said):
        read_rubric(file)


def test_places_without_bundles_are_named(here: Path, tmp_path: Path) -> None:
    for places, said in (([tmp_path], "no bundle"), ([tmp_path / "gone"], "does not exist")):
        with pytest.raises(ReportError, match=said):
            bundles_in(places)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "otter.teleop.zip").touch()
    with pytest.raises(ReportError, match="Two bundles are called otter"):
        bundles_in([tmp_path / "a", tmp_path / "b"])
    arguments = ("grade", "gone", "--rubric", "rubric.toml")
    assert "gone" in one_sentence(command(*arguments, here=here, code=2))
    arguments = ("grade", "class", "--rubric", "none.toml")
    assert "none.toml cannot be read" in one_sentence(command(*arguments, here=here, code=2))
