"""The chart of several methods: what each costs, what it reaches, and that runs are kept."""

import csv
import json
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from teleop.errors import StorageError
from teleop.evaluation.intervals import nested_interval
from teleop.evaluation.success import Result, SuccessRule
from teleop.learning.analysis import method_runs
from teleop.learning.analysis.method_chart import MethodComparison, point_of
from teleop.learning.analysis.method_file import MethodFile
from teleop.learning.analysis.method_runs import MethodRuns, Plan, Reached
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.practice import task
from teleop.learning.rewards.pieces import piece_steps
from teleop.recording import Dataset, Library
from teleop.types.methods import METHOD_TITLES, MethodChart, MethodLine
from tests.harness.cli import as_json, one_sentence, teleop

Record = Callable[..., Dataset]
SHORT = "CartPole-v1?time_limit=60"


def run(comparison: MethodComparison) -> tuple[MethodChart, list[Plan]]:
    """Run what is missing; return the chart and the runs that were made."""
    made: dict[Plan, None] = {}
    for _, _, plan, _ in comparison.run():
        if plan is not None:
            made[plan] = None
    return comparison.chart(), list(made)


def line(chart: MethodChart, name: str) -> MethodLine:
    return next(each for each in chart.lines if each.name == name)


@pytest.mark.slow
def test_each_method_says_what_it_cost_the_person_and_in_steps(record: Record) -> None:
    dataset = record(SHORT, 2)
    demos = load_demonstrations(dataset)
    names = ["cloning", "dagger", "gail", "practise", "scratch"]
    chart, made = run(MethodComparison(dataset, steps=1000, runs=1, methods=names))
    assert [each.name for each in chart.lines] == names
    assert not any(each.missing for each in chart.lines)
    assert {plan.method for plan in made} == {each.name for each in chart.lines}
    minute = 60 * demos.pace_hz
    whole, few = demos.total_steps / minute, round(demos.total_steps / 8) / minute
    cloning = line(chart, "cloning")
    assert cloning.by_human[-1].human == pytest.approx(whole)
    assert {point.steps for point in cloning.by_human} == {0}
    dagger = line(chart, "dagger")
    assert dagger.by_human[0].human == pytest.approx(few)
    for point in dagger.by_human:  # the expert answers at every step that the policy plays
        assert point.human == pytest.approx(few + point.steps / minute)
    assert dagger.by_human[-1].steps > 0
    assert [p.human for p in line(chart, "scratch").by_human] == [0.0]
    assert [p.human for p in line(chart, "practise").by_human] == pytest.approx([few, whole])
    assert line(chart, "practise").by_steps[0].steps == 0  # the clone itself
    for name in ("gail", "practise", "scratch"):
        assert line(chart, name).by_steps[-1].steps >= 1000
    assert chart.rule == "return of 475 or more"
    assert (chart.runs, chart.starts, chart.turn_based) == (1, 20, False)


def test_an_answer_costs_as_long_as_a_piece_and_a_second(record: Record) -> None:
    demos = load_demonstrations(record(SHORT, 2))
    runs = MethodRuns(demos)
    assert runs.usual == ["cloning", "dagger", "gail", "preferences", "practise", "scratch"]
    answers = runs.amounts("preferences")[0]
    learning = runs.iter_run(runs.plan("preferences", answers, 1, 1000))
    first = next(reached for _, reached in learning if reached)  # the clone, before it practises
    few = round(demos.total_steps / 8) / 60 / demos.pace_hz
    answer = (piece_steps(demos.pace_hz) / demos.pace_hz + 1) / 60
    assert first.human == pytest.approx(few + answers * answer)
    assert first.steps > 0  # pieces of what was played


@pytest.mark.slow
def test_complete_runs_are_kept_and_not_made_again(record: Record) -> None:
    dataset = record(SHORT, 2)
    two = ("dagger", "iq")
    first, made = run(MethodComparison(dataset, steps=500, runs=1, methods=two))
    assert made
    again, none = run(MethodComparison(dataset, steps=500, runs=1, methods=two))
    assert none == []
    assert again == first
    _, more = run(MethodComparison(dataset, steps=600, runs=1, methods=two))
    assert [plan.method for plan in more] == ["iq"] * 2  # corrections do not depend on it
    assert run(MethodComparison(dataset, steps=500, runs=1, methods=two))[1] == []
    _, second = run(MethodComparison(dataset, steps=500, runs=2, methods=("iq",)))
    assert {plan.seed for plan in second} == {2}


REACHED = [Reached(1.5, 20, (Result(7, 3.0, 4, None, True), Result(8, 5.0, 6, False)))]
PLAN = Plan("scratch", 0.0, 1, 500)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"format": 1}',
        b'{"format": 2, "of": OF, "runs": []}',
        b'{"format": 1, "of": "others", "runs": [{"plan": PLAN, "reached": [[1, 2, [RESULT]]]}]}',
        b'{"format": 1, "of": OF, "runs": [{"plan": [1], "reached": [[1, 2, [RESULT]]]}]}',
        b'{"format": 1, "of": OF, "runs": [{"plan": PLAN, "reached": [[1, 2, []]]}]}',
        b'{"format": 1, "of": OF, "runs": [{"plan": PLAN, "reached": []}]}',
        b'{"format": 1, "of": OF, "runs": [{"plan": PLAN, "reached": [[1e400, 2, [RESULT]]]}]}',
        b'{"format": 1, "of": OF, "runs": [{"plan": PLAN, "reached": [[1, Infinity, [RESULT]]]}]}',
    ],
)
def test_a_damaged_file_of_runs_is_made_again(record: Record, broken: bytes) -> None:
    dataset = record("CartPole-v1", 1)
    demos = load_demonstrations(dataset)
    MethodFile(dataset, demos).add(PLAN, REACHED)
    assert MethodFile(dataset, demos).runs == {PLAN: REACHED}
    file = dataset.places.data / "methods.json"
    of = json.dumps(json.loads(file.read_bytes())["of"]).encode()
    whole = broken.replace(b"OF", of).replace(b"PLAN", b'["scratch", 0, 1, 500]')
    file.write_bytes(whole.replace(b"RESULT", b"[7, 3, 4, null, true]"))
    found = MethodFile(dataset, demos)
    assert found.runs == {}
    found.add(PLAN, REACHED)
    assert MethodFile(dataset, demos).runs == {PLAN: REACHED}


def test_other_demonstrations_begin_anew(record: Record) -> None:
    dataset = record("CartPole-v1", 1)
    MethodFile(dataset, load_demonstrations(dataset)).add(PLAN, REACHED)
    more = record("CartPole-v1", 1, seed=5)
    assert MethodFile(more, load_demonstrations(more)).runs == {}


def test_runs_that_cannot_be_written_are_one_sentence(record: Record) -> None:
    dataset = record("CartPole-v1", 1)
    found = MethodFile(dataset, load_demonstrations(dataset))
    (dataset.places.data / "methods.json").mkdir()
    with pytest.raises(StorageError, match=r"methods\.json cannot be written"):
        found.add(PLAN, REACHED)


def test_a_method_that_is_not_possible_says_why(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    monkeypatch.setattr(task, "find_spec", lambda _: None)
    runs = MethodRuns(demos)
    assert runs.usual[2] == "iq"  # needs no further package
    for name in ("preferences", "practise", "scratch", "gail", "airl"):
        assert "pip install" in runs.why_not(name)
    monkeypatch.setattr(method_runs, "has_expert", lambda _: False)
    assert runs.why_not("dagger")
    assert not runs.why_not("cloning")


def test_a_turn_based_environment_counts_decisions(record: Record) -> None:
    dataset = record("teleop/TreasureGrid-v0", 2)
    demos = load_demonstrations(dataset)
    chart, _ = run(MethodComparison(dataset, steps=500, runs=1, methods=("cloning",)))
    assert chart.turn_based
    assert line(chart, "cloning").by_human[-1].human == demos.total_steps


def test_an_interval_holds_the_spread_of_runs_and_of_starts() -> None:
    rng = np.random.default_rng(0)
    apart = np.repeat([[0.0], [10.0], [20.0]], 20, axis=1)
    low, high = nested_interval(apart)
    assert low < 4
    assert high > 16  # three runs that differ, although starts within them do not
    alike = rng.normal(10, 1, (3, 20))
    low, high = nested_interval(alike)
    assert high - low < 2
    good = Reached(0.0, 0, tuple(Result(seed, 100.0, 10) for seed in range(20)))
    point = point_of([good], SuccessRule("", 50.0))
    assert point.success is not None
    assert point.success[0] == point.success[2] == 1.0
    assert point.success[1] == pytest.approx(0.839, abs=0.001)  # Wilson's; the bootstrap says 1
    assert point_of([good], SuccessRule("")).success is None


@pytest.mark.slow
def test_the_command_draws_the_chart(record: Record, library: Library) -> None:
    dataset = record(SHORT, 2)
    here = library.root
    name = dataset.dataset_id
    options = ("--recordings", ".", "--runs", "1", "--only", "cloning")
    done = teleop("methods", name, *options, "--picture", "out/methods.svg", here=here)
    assert METHOD_TITLES["cloning"].split()[0] in done.stdout
    picture = ElementTree.parse(here / "out/methods.svg").getroot()
    words = "".join(picture.itertext())
    for text in ("minutes of human time", "environment steps", "mean return", "success (%)"):
        assert text in words
    assert METHOD_TITLES["cloning"] in words
    found = as_json("methods", name, *options, here=here)
    rows = list(csv.DictReader((here / "out/methods.csv").read_text().splitlines()))
    shown = [
        float(r["y value"])
        for r in rows
        if r["series"] == METHOD_TITLES["cloning"] and r["y"] == "mean return"
    ]
    known = found["lines"][0]
    assert shown[: len(known["by_human"])] == pytest.approx([p["mean"] for p in known["by_human"]])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "cloning,magic"), "no method called magic"),
        (("--picture", "chart.png"), "must end in .svg"),
        (("--picture", "data/chart.svg"), "cannot be written"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    record: Record, library: Library, arguments: tuple[str, str], said: str
) -> None:
    dataset = record("CartPole-v1", 1)
    here = library.root
    (here / "data").write_text("a file, not a folder")
    options = (
        "--recordings",
        ".",
        "--runs",
        "1",
        *(() if "--only" in arguments else ("--only", "cloning")),
    )
    done = teleop("methods", dataset.dataset_id, *options, *arguments, here=here, code=2)
    assert said in one_sentence(done)
