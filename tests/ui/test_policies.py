"""The table of policies, charts that fill the window, and what is learned from, by real events."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from teleop.api.policies import iter_record
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import list_policies, load_policy
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Library
from tests.harness.window import Person

ID = "cartpole-v1/human-v0"
STARTS = 6


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Somebody with five episodes, the third marked as a failure, and two policies."""
    library = Library(tmp_path / "recordings")
    library.root.mkdir()
    list(iter_record(library, "CartPole-v1", "expert", 5, dataset_id=ID, seed=0))
    dataset = library.dataset(ID)
    dataset.label(dataset.rows()[2].uuid, success=False)
    config = bc.Config(members=1, steps=2, lag_steps=0, budget_s=0)  # falls at once: short films
    for name in ("first", "second"):
        bc.clone(load_demonstrations(dataset), config).save(dataset.policies / name)
    path = dataset.policies / "first" / "config.json"
    data = json.loads(path.read_text())
    score = {"name": "policy", "episodes": STARTS, "mean": 30.0, "sd": 1.0, "low": 29.0}
    score |= {"high": 31.0, "success": 0.5, "mean_steps": 30.0, "rule": "return of 475 or more"}
    data["learned"]["standing"] = {"policy": score}
    data["learned"]["starts"] = [[50_000 + i, 10.0 * i, 10, i % 2 == 0] for i in range(STARTS)]
    path.write_text(json.dumps(data))
    person = Person(library.root, "CartPole-v1")
    yield person
    person.app.close()


def folder(person: Person) -> PolicyFolder:
    return PolicyFolder(Library(person.app.config.recordings).dataset(ID))


def open_policies(person: Person) -> None:
    person.key("l", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.listed and len(model.listed.policies) == 2)
    person.click("tab.policies")
    person.until(lambda: "policy.first" in person.app.ui.events.nodes)


def type_into(person: Person, node_id: str, text: str) -> None:
    person.until(lambda: node_id in person.app.ui.events.nodes)
    person.click(node_id)
    person.until(lambda: person.app.context.editing is not None)
    edit = person.app.context.editing
    assert edit is not None
    edit.text, edit.caret = "", 0
    pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text=text))
    person.turns(2)
    person.key("return")


def test_a_policy_is_named_described_and_made_the_baseline(person: Person) -> None:
    open_policies(person)
    person.click("policy.first")
    type_into(person, "policy-name", "for the talk")
    person.until(lambda: "policy.for the talk" in person.app.ui.events.nodes)
    type_into(person, "policy-note", "windy")
    person.until(lambda: any(row.note == "windy" for row in folder(person).rows()))
    person.click("policies.baseline")
    person.until(lambda: any(row.pinned for row in folder(person).rows()))
    (named,) = [row for row in folder(person).rows() if row.name == "for the talk"]
    assert (named.note, named.pinned) == ("windy", True)


def test_a_deleted_policy_is_undone_by_one_key(person: Person) -> None:
    open_policies(person)
    person.click("pick.second")
    person.key("delete")
    person.until(lambda: [row.name for row in folder(person).rows()] == ["first"])
    person.key("z", mod=pygame.KMOD_CTRL)
    person.until(lambda: len(folder(person).rows()) == 2)


def test_the_failures_come_first_and_one_click_plays_one(person: Person) -> None:
    open_policies(person)
    person.click("policy.first")
    person.turns()
    starts = [n for n in person.app.ui.events.nodes if n.startswith("start.")]
    assert starts[0] == "start.50001"  # the worst failure; 50000 has less, but is a success
    person.click(starts[0])
    model = person.app.model
    person.until(lambda: model.comparison and model.comparison.complete)
    assert model.comparison is not None
    assert (model.comparison.about.seed, model.comparison.about.file) == (50_001, "")
    assert [lane.about.kind for lane in model.comparison.lanes] == ["agent"]
    person.click("record-from")
    person.until(lambda: person.app.current == "demonstrate")
    person.until(lambda: model.live and model.live.seed == 50_001)


def play_first_recording(person: Person) -> None:
    """Open the library, and click the dataset and its first episode."""
    row = Library(person.app.config.recordings).dataset(ID).rows()[0]
    person.key("l", mod=pygame.KMOD_CTRL)
    person.until(lambda: f"dataset.{ID}" in person.app.ui.events.nodes)
    person.click(f"dataset.{ID}")
    person.until(lambda: f"row.{row.uuid}" in person.app.ui.events.nodes)
    person.click(f"row.{row.uuid}")
    person.until(lambda: person.app.model.comparison and person.app.model.comparison.complete)
    person.click("play")


def seek(person: Person, steps: int) -> None:
    """Wait until the player is ready, and show a step."""
    model = person.app.model
    person.until(lambda: model.comparison and model.comparison.complete)
    person.key("home")
    for _ in range(steps):
        person.key("right")
    person.turns()


@pytest.mark.parametrize("by_key", [True, False])
def test_the_person_drives_on_from_a_failure_that_the_policy_played(
    person: Person, by_key: bool
) -> None:
    open_policies(person)
    person.click("policy.first")
    person.turns()
    person.click("start.50001")
    seek(person, 4)
    model = person.app.model
    if by_key:
        person.key("c")
    else:
        person.click("continue")
    person.until(lambda: person.app.current == "correct")
    person.until(lambda: model.live and (model.live.seed, model.live.steps) == (50_001, 4))
    assert model.live is not None
    assert model.live.phase == "paused"


def test_the_person_drives_on_from_the_middle_of_a_recording(person: Person) -> None:
    play_first_recording(person)
    seek(person, 7)
    model = person.app.model
    person.key("c")
    person.until(lambda: person.app.current == "demonstrate")
    person.until(lambda: model.live and model.live.steps == 7)


def test_a_recording_of_another_environment_asks_to_open_it_first(person: Person) -> None:
    person.app.context.open_env("Acrobot-v1")
    model = person.app.model
    person.until(lambda: model.env and model.env.env_id == "Acrobot-v1")
    play_first_recording(person)
    seek(person, 3)
    person.key("c")
    toasts = person.app.overlays.toasts
    person.until(lambda: any("Open CartPole-v1 first" in text for text in toasts.texts))
    assert person.app.current == "library"


def test_the_ticked_policies_are_compared(person: Person) -> None:
    open_policies(person)
    person.click("pick.first")
    person.click("pick.second")
    person.click("policies.compare")
    model = person.app.model
    person.until(lambda: model.comparison and len(model.comparison.lanes) == 3)
    assert model.comparison is not None
    assert {lane.about.name for lane in model.comparison.lanes[1:]} == {"first", "second"}
    titles = [lane.about.title for lane in model.comparison.lanes]
    assert "bc · 5 episodes · 50%" in titles
    person.until(lambda: model.comparison and model.comparison.complete)
    person.click("write")
    person.click("forms.4")  # the command that does the same
    wanted = "teleop evaluate cartpole-v1/human-v0"
    toasts = person.app.overlays.toasts
    person.until(lambda: any(wanted in text for text in toasts.texts))


@pytest.mark.slow
def test_a_film_of_the_worst_is_written(person: Person) -> None:
    open_policies(person)
    person.click("policy.first")
    person.click("film")
    exports = person.app.context.exports
    person.until(lambda: list(exports.glob("worst-*.mp4")))


def test_a_chart_fills_the_window_and_is_saved_with_its_values(person: Person) -> None:
    person.key("3", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.comparison and model.comparison.complete)
    person.key("z")
    person.until(lambda: "enlarged.save" in person.app.ui.events.nodes)
    assert "scrub" not in person.app.ui.events.nodes
    person.click("enlarged.save")
    exports = person.app.context.exports
    person.until(lambda: list(exports.glob("chart-*.csv")))
    assert {path.suffix for path in exports.glob("chart-*")} == {".csv", ".svg", ".png"}
    (values,) = exports.glob("chart-*.csv")
    rows = list(csv.DictReader(values.read_text().splitlines()))
    lane = model.comparison.lanes[0]  # type: ignore[union-attr]
    mine = [float(row["return"]) for row in rows if row["series"] == "Scripted"]
    assert mine == lane.returns
    assert float(rows[1]["seconds"]) == pytest.approx(1 / 15, rel=1e-4)
    person.key("escape")
    person.until(lambda: "scrub" in person.app.ui.events.nodes)


@pytest.mark.slow
def test_learning_without_the_failures(person: Person) -> None:
    person.key("2", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.analyses.profile and model.analyses.profile.failed)
    person.click("algorithm")
    person.until(lambda: "algorithm.6" in person.app.ui.events.nodes)
    assert person.node("algorithm.6").label == "Maximum-entropy inverse RL"
    assert "needs Discrete observations" in person.node("algorithm.6").reason
    person.key("escape")
    person.until(lambda: "algorithm.6" not in person.app.ui.events.nodes)
    person.click("train.plays")  # no search: this is about what is learned from
    person.click("subset")
    person.until(lambda: "subset.1" in person.app.ui.events.nodes)
    person.click("subset.1")
    person.until(lambda: person.node("subset").value == "Without 1 failure")
    assert person.node("copy.command").value == (
        "teleop train cartpole-v1/human-v0 --no-reward --only successes"
    )
    person.click("train")
    person.until(lambda: model.training and not model.training.running)
    assert model.training is not None
    assert not model.training.problem
    dataset = Library(person.app.config.recordings).dataset(ID)
    name = list_policies(dataset.policies)[-1]
    used = {file for file, _ in load_policy(dataset.policies / name).config.data["episodes"]}
    rows = dataset.rows()
    assert used == {row.file for row in rows} - {rows[2].file}
    assert model.training.check is not None
    assert model.training.check.tables  # which actions go wrong


def test_a_loop_repeats_between_its_ends(person: Person) -> None:
    person.key("3", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.comparison and model.comparison.complete)
    for key in ("home", "right", "right", "b", "right", "right", "right", "b"):
        person.key(key)
    person.key("space")
    shown = set()
    for _ in range(40):
        person.turns(1)
        shown.add(model.comparison.shown)  # type: ignore[union-attr]
    assert shown <= {0, 1, 2, 3, 4, 5}
    assert {2, 3} & shown


def test_no_picture_of_another_environment_is_left(person: Person) -> None:
    person.key("2", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.preview and "preview" in model.frames)
    person.app.context.open_env("Acrobot-v1")
    person.until(lambda: model.env and model.env.env_id == "Acrobot-v1")
    person.until(lambda: model.library and model.library.dataset_id.startswith("acrobot"))
    person.turns()
    assert model.preview is None
    assert "preview" not in model.frames
    assert person.app.context.view("preview").aspect is None


def test_the_goal_is_typed_and_kept_for_each_environment(person: Person) -> None:
    person.key("1", mod=pygame.KMOD_CTRL)
    type_into(person, "goal", "37")
    assert person.app.context.options.goal == 37
    model = person.app.model
    person.app.context.open_env("Acrobot-v1")
    person.until(lambda: model.env and model.env.env_id == "Acrobot-v1")
    assert person.app.context.options.goal == 10
    person.app.context.open_env("CartPole-v1")
    person.until(lambda: model.env and model.env.env_id == "CartPole-v1")
    assert person.app.context.options.goal == 37
    type_into(person, "goal", "1e12")
    assert person.app.context.options.goal == 37


def test_an_episode_of_the_list_plays_when_it_is_clicked(person: Person) -> None:
    model = person.app.model
    person.until(lambda: model.library and len(model.library.episodes) == 5)
    uuid = model.library.episodes[1].uuid  # type: ignore[union-attr]
    person.click(f"ep.{uuid}")
    person.until(lambda: person.app.current == "library" and model.comparison)
    person.until(lambda: model.comparison and model.comparison.complete)
    assert model.comparison is not None
    assert model.comparison.about.ordinal == 2


def test_a_race_that_is_left_is_not_saved_and_can_be_undone(person: Person) -> None:
    person.key("3", mod=pygame.KMOD_CTRL)
    model = person.app.model
    person.until(lambda: model.comparison and model.comparison.complete)
    person.click("race")
    person.until(lambda: model.live and model.live.steps > 3)
    person.key("escape")
    person.until(lambda: "continue" in person.app.ui.events.nodes)  # the paused race has a button
    person.key("escape")
    person.until(lambda: model.run is None)
    person.until(lambda: any("Discarded" in text for text in person.app.overlays.toasts.texts))
    dataset = Library(person.app.config.recordings).dataset(ID)
    assert len(dataset.rows()) == 5
    person.key("1", mod=pygame.KMOD_CTRL)
    person.key("z", mod=pygame.KMOD_CTRL)
    person.until(lambda: len(Library(person.app.config.recordings).dataset(ID).rows()) == 6)


def test_an_empty_folder_can_be_given_the_samples(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    root.mkdir()
    person = Person(root, "CartPole-v1")
    try:
        person.key("l", mod=pygame.KMOD_CTRL)
        person.until(lambda: person.app.model.listed is not None)  # not "Reading…" for ever
        assert person.app.overlays.toasts.texts == []
        person.key("h", mod=pygame.KMOD_CTRL)
        person.until(lambda: "samples" in person.app.ui.events.nodes)
        person.click("samples")
        person.until(lambda: person.app.model.datasets)
        assert Library(root).summaries()
        person.key("escape")
        person.until(lambda: person.app.current == "demonstrate")
    finally:
        person.app.close()


def test_f10_shows_the_plain_picture(person: Person) -> None:
    person.turns()
    before = pygame.image.tobytes(person.app.window.surface, "RGB")
    person.key("f10")
    person.turns()
    assert pygame.image.tobytes(person.app.window.surface, "RGB") != before
    person.key("f10")
    person.turns()
    assert pygame.image.tobytes(person.app.window.surface, "RGB") == before
