"""Environments that hang or crash: said, stopped, and nothing that was recorded is lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from teleop.envs import trust
from tests.harness.recordings import recorded_calmly
from tests.harness.window import Person

MakePerson = Callable[[str], Person]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[MakePerson]:
    trust.allow("packages", "tests.harness.rough_environments")
    people: list[Person] = []

    def make(env_id: str) -> Person:
        root = tmp_path / "recordings"
        root.mkdir(exist_ok=True)
        people.append(Person(root, env_id))
        return people[-1]

    yield make
    for person in people:
        person.app.close()


def push(person: Person) -> None:
    """Record, and hold the cart to the right until it misbehaves."""
    person.record(1)
    person.key("d", up=False)


def test_an_environment_that_hangs_is_named_and_stopped_and_the_take_is_kept(
    drive: MakePerson,
) -> None:
    person = drive("Hangs-v0")
    first_seed = person.app.model.live.seed  # type: ignore[union-attr]
    push(person)
    person.until(lambda: person.app.model.slow)
    person.until(lambda: "banner" in person.app.ui.events.nodes)
    assert "Hangs-v0 has not responded for 3 s (step)" in person.app.ui.events.nodes["banner"].label
    person.key("escape")
    assert person.app.ui.events.focus.id == "stop"
    person.key("return")
    person.until(lambda: person.app.model.lost)
    assert person.app.model.lost == "Hangs-v0 was stopped."
    person.key("return")  # start it again
    person.until(lambda: person.saved() == 1)
    assert person.app.model.library.episodes[0].total_steps >= 7  # type: ignore[union-attr]
    person.until(lambda: person.app.model.live is not None)
    assert person.app.model.live.seed != first_seed  # type: ignore[union-attr]


@pytest.mark.slow
def test_an_environment_that_comes_back_goes_on(drive: MakePerson) -> None:
    person = drive("Pauses-v0")
    push(person)
    person.until(lambda: person.app.model.slow)
    before = person.app.model.live.steps  # type: ignore[union-attr]
    person.until(lambda: person.app.model.slow is None)
    person.until(lambda: person.app.model.live and person.app.model.live.steps > before + 3)


def test_an_environment_that_crashes_is_named_and_the_take_is_kept(drive: MakePerson) -> None:
    person = drive("Crashes-v0")
    push(person)
    person.until(lambda: person.app.model.lost)
    assert person.app.model.lost == ("Crashes-v0 crashed in step (segmentation fault).")
    person.until(lambda: "restart.home" in person.app.ui.events.nodes)
    person.click("restart.home")
    person.until(lambda: person.app.current == "home")
    person.app.context.open_env("CartPole-v1")
    person.app.go("demonstrate")
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == "CartPole-v1")
    person.app.context.open_env("Crashes-v0")
    person.until(lambda: person.saved() == 1)


def test_one_that_hangs_while_training_is_stopped_and_said(
    drive: MakePerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "recordings"
    root.mkdir()
    recorded_calmly(root, "Hangs-v0", monkeypatch, dataset_id="hangs-v0/human-v0")
    person = drive("Hangs-v0")
    app = person.app
    app.go("train")
    person.click("train")
    while not (app.model.training and app.model.training.problem):
        person.until(lambda: app.model.slow or (app.model.training and app.model.training.problem))
        if app.model.slow:
            assert app.model.slow.process == "trainer"
            person.click("stop")
            person.until(lambda: not app.model.slow)
    assert app.model.training.problem.startswith("Hangs-v0 was stopped. ")
    assert app.model.training.problem.endswith("safe; train again.")


def test_an_environment_that_never_opens_can_be_left(drive: MakePerson) -> None:
    person = drive("CartPole-v1")
    person.app.context.open_env("HangsInReset-v0")
    person.until(lambda: "stop" in person.app.ui.events.nodes)
    assert "HangsInReset-v0 has not responded" in person.app.ui.events.nodes["banner"].label
    person.click("stop")
    person.until(lambda: person.app.model.lost)
    person.click("restart")
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == "CartPole-v1")


def test_a_picture_of_one_colour_is_said_once_a_second_has_passed(drive: MakePerson) -> None:
    person = drive("Dark-v0")
    person.record()
    person.until(lambda: any("only one colour" in t for t in person.app.overlays.toasts.texts))
    assert person.app.model.live.steps >= 25  # type: ignore[union-attr]


def test_an_environment_that_draws_late_opens_and_draws(drive: MakePerson) -> None:
    person = drive("DrawsLate-v0")
    opened_s = time.perf_counter()
    person.until(lambda: time.perf_counter() - opened_s > 1.2)  # nobody has to begin at once
    person.record(40)
    assert not any("only one colour" in t for t in person.app.overlays.toasts.texts)
    assert person.app.model.frames["drive"].height == 60
