"""What one setting changes: real policies for each value, from the command line too."""

import csv
from pathlib import Path
from typing import Any

import pytest

import teleop
from teleop.errors import LearningError
from teleop.learning.analysis.setting_curve import iter_setting_curve
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.recording import Library
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command

GATES = "gates/demos-v0"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curve")
    root = folder / "recordings"
    teleop.record("teleop/TwoGates-v0", "expert", 20, dataset_id=GATES, root=root)
    teleop.record("CartPole-v1", "expert", 3, dataset_id="cart/demos-v0", root=root)
    return folder


def loaded(here: Path, name: str) -> Demonstrations:
    return load_demonstrations(Library(here / "recordings").existing(name))


@pytest.mark.slow
def test_a_choice_passes_where_the_average_does_not(here: Path) -> None:
    command(
        *("curve", GATES, "--over", "recipe=average,choose", "--runs", "2", "--episodes", "10"),
        *("--picture", "curve.svg"),
        here=here,
    )
    rows = list(csv.DictReader((here / "curve.csv").read_text().splitlines()))
    rates = {row["series"]: float(row["y value"]) for row in rows if row["y"] == "success (%)"}
    assert rates == {"average": 0.0, "choose": 100.0}
    assert (here / "curve.svg").read_text().count("</svg>") == 1


def test_more_training_steps_reach_more(here: Path) -> None:
    arguments = ("curve", "cart/demos-v0", "--over", "steps=1,300", "--runs", "1")
    found = as_json(*arguments, "--episodes", "5", here=here)
    first, second = found["points"]
    assert (first["value"], second["value"]) == ("1", "300")
    assert first["mean"] + 100 < second["mean"]
    assert first["low"] <= first["mean"] <= first["high"]
    assert found["demonstrations"] == 500


def test_a_value_is_what_is_trained_with(here: Path) -> None:
    """Fewer demonstrations, chunks and rounds are really used; see what each run was given."""
    demos = loaded(here, "cart/demos-v0")
    cases: list[tuple[str, str, Any]] = [("bc", "chunk", 2), ("nearest", "episodes", 1)]
    for algorithm, name, value in cases:
        found = [
            point
            for point in iter_setting_curve(demos, algorithm, name, [value], runs=1, starts=2)
            if point is not None
        ]
        assert [point.value for point in found] == [str(value)]


@pytest.mark.parametrize(
    ("algorithm", "name", "value", "said"),
    [
        ("bc", "stepps", 3, "bc has no setting called stepps; it has .*steps"),
        ("bc", "steps", "many", "The setting steps is 'many'"),
        ("bc", "chunk", 0, "chunk=0 is too small"),
        ("bc", "frames", "two", "frames=two is not understood; an example is frames=1"),
        ("bc", "recipe", "magic", "No recipe is called 'magic'"),
        ("bc", "episodes", 99, "episodes=99 is not possible: there are 1 to 3"),
    ],
)
def test_a_wrong_value_is_named_before_anything_is_trained(
    here: Path, algorithm: str, name: str, value: Any, said: str
) -> None:
    curve = iter_setting_curve(loaded(here, "cart/demos-v0"), algorithm, name, [value])
    with pytest.raises(LearningError, match=said):
        next(curve)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--over", "steps"), "--over steps is not understood: write NAME=A,B,C"),
        (("--over", "steps="), "write NAME=A,B,C"),
        (("--over", "steps=1,1"), "names a value twice"),
        (("--picture", "a.svg"), "--over (missing) is not understood"),
        (("--over", "steps=1", "--picture", "a.png"), "must end in .svg"),
    ],
)
def test_a_wrong_option_is_one_sentence(here: Path, arguments: tuple[str, ...], said: str) -> None:
    done = command("curve", "cart/demos-v0", *arguments, here=here, code=2)
    assert said in one_sentence(done)
