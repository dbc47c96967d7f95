"""Learned rewards in the window: maps of a grid, on which a wall is moved by mouse and by key."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from teleop.learning.algorithms import gail
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.rewards.asking import Asking, judged
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.preferences import Preferences
from teleop.recording import Library
from teleop.runtime.protocol.preference_messages import PiecesReady, PreferenceAsked
from teleop.runtime.protocol.training_messages import MethodsCompared, RewardMapsShown
from teleop.types.findings import RewardMaps
from teleop.ui.episodes.reward_strip import has_reward
from teleop.ui.training.algorithm_words import RECIPE_WORDS, page_of
from teleop.ui.training.methods_view import note_of
from tests.harness.window import Person

ROOT = Path(__file__).parents[2]
GRID = "teleop/TreasureGrid-v0"


def copy_samples(folder: str, target: Path) -> None:
    """Copy the sample recordings of an environment, without what was made from them."""
    ignore = shutil.ignore_patterns(".teleop", "policies")
    shutil.copytree(ROOT / "recordings" / folder, target / folder, ignore=ignore)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """At the Train screen, with the sample episodes of Treasure Grid."""
    copy_samples("teleop-treasuregrid-v0", tmp_path)
    person = Person(tmp_path, GRID)
    person.app.go("train")
    yield person
    person.app.close()


def open_maps(person: Person) -> None:
    """Open the maps of rewards."""
    _open_tab(person, "Reward maps")


def _open_tab(person: Person, title: str) -> None:
    """Open a chart, from the menu if its tab does not fit."""
    person.turns()
    nodes = person.app.ui.events.nodes
    if not any(str(node.label) == title for node in nodes.values()):
        person.click("chart.more")
    nodes = person.app.ui.events.nodes
    person.click(next(k for k, n in nodes.items() if title in str(n.label)))


def maps_of(person: Person) -> RewardMaps:
    """The maps that are shown, once there are some."""
    person.until(lambda: person.app.model.analyses.latest.get(RewardMapsShown))
    shown = person.app.model.analyses.latest.get(RewardMapsShown)
    assert isinstance(shown, RewardMapsShown)
    assert shown.maps is not None, shown.problem
    return shown.maps


def moved(person: Person, act: str, cell: str) -> RewardMaps:
    """Use a cell by mouse or by key, and wait for the new plans."""
    before = person.app.model.analyses.latest.get(RewardMapsShown)
    if act == "mouse":
        person.click(cell)
    else:
        for _ in range(3):
            person.key("down")
        assert person.app.ui.events.focus.id == cell
        person.key("return")
    person.until(lambda: person.app.model.analyses.latest.get(RewardMapsShown) is not before)
    return maps_of(person)


def test_a_wall_is_moved_and_only_the_planner_goes_round(person: Person) -> None:
    open_maps(person)
    first = maps_of(person)
    assert first.movable
    assert first.arrives
    assert all(item.arrives for item in first.maps)
    person.until(lambda: "wall.3.4" in person.app.ui.events.nodes)
    closed = moved(person, "mouse", "wall.3.4")
    assert (3, 4) in closed.walls
    opened = moved(person, "key", "wall.6.4")
    assert (6, 4) not in opened.walls
    assert not opened.arrives  # the clone walks into the wall
    assert opened.maps[0].arrives  # the planner goes round
    assert opened.clone[:6] == first.clone[:6]


def test_where_there_is_no_grid_the_page_says_so(tmp_path: Path) -> None:
    copy_samples("cartpole-v1", tmp_path)
    person = Person(tmp_path, "CartPole-v1")
    person.app.go("train")
    open_maps(person)
    person.until(lambda: person.app.model.analyses.latest.get(RewardMapsShown))
    shown = person.app.model.analyses.latest.get(RewardMapsShown)
    assert shown is not None
    assert "needs Discrete observations" in shown.problem
    person.app.close()


@pytest.mark.slow
def test_compare_draws_the_learned_reward_of_each_side(tmp_path: Path) -> None:
    copy_samples("cartpole-v1", tmp_path)
    dataset = Library(tmp_path).existing("cartpole-v1/sample-v0")
    demos = load_demonstrations(dataset)
    policy = [part.policy for part in gail.train(demos, gail.Config(steps=2100)) if part.policy][-1]
    policy.save(dataset.policies / "gail-test")
    person = Person(tmp_path, "CartPole-v1")
    model = person.app.model
    person.app.go("compare")
    person.until(lambda: model.comparison and model.comparison.complete)
    shown = model.comparison
    assert shown is not None
    assert shown.about.reward_of
    assert [len(lane.learned) for lane in shown.lanes] == [
        len(lane.actions) for lane in shown.lanes
    ]
    episode = dataset.read(shown.about.file)
    reward = load_reward(dataset.policies / "gail-test")
    assert reward is not None
    ended = bool(episode.terminations[-1])
    wanted = reward.along(episode.observations, episode.actions, terminated=ended)
    assert shown.lanes[0].learned == pytest.approx(wanted.tolist(), abs=1e-4)
    assert shown.agreement is None  # the environment's reward is always 1
    person.click("chart")
    nodes = person.app.ui.events.nodes
    person.click(next(k for k, n in nodes.items() if str(n.label) == "Learned reward"))
    person.turns()
    assert person.app.ui.events.nodes["chart"].label == "Learned reward"
    _open_cloud(person)
    assert shown.reward_map is None  # main directions are no single numbers
    for name in ("cloud.x", "cloud.y", "cloud.y", "cloud.y"):
        person.click(name)
    person.until(lambda: shown.reward_map and shown.reward_map.values)
    mapped = shown.reward_map
    assert mapped is not None
    about = mapped.about
    names = shown.about.components
    assert (about.across, about.up) == (0, 1), names
    rows = np.repeat(episode.observations[about.step][None], 3, axis=0)
    rows[1:, 0] = np.linspace(about.low[0], about.high[0], len(mapped.values[0]))[[3, -1]]
    rows[1:, 1] = np.linspace(about.low[1], about.high[1], len(mapped.values))[[20, 0]]
    acts = np.repeat(episode.actions[about.step], 3)
    there = reward.of(
        reward.normaliser(reward.encoding.inputs(rows).vector),
        reward.acts(list(acts)),
        reward.normaliser(reward.encoding.inputs(rows).vector),
        np.zeros(3, np.bool_),
    )
    assert there[0] == pytest.approx(shown.lanes[0].learned[about.step], abs=1e-4)
    assert there[1:] == pytest.approx([mapped.values[20][3], mapped.values[0][-1]], abs=1e-4)
    person.app.close()


def _open_cloud(person: Person) -> None:
    """Show the states, coloured by the learned reward."""
    person.click("chart")
    nodes = person.app.ui.events.nodes
    person.click(next(k for k, n in nodes.items() if str(n.label) == "States visited"))
    person.turns()
    person.click("cloud.colour")
    person.turns()


def _until_shown(person: Person, asked: PreferenceAsked) -> None:
    latest, frames = person.app.model.analyses.latest, person.app.model.frames
    person.until(lambda: PiecesReady in latest and latest[PiecesReady].pair == asked.pair)
    person.until(lambda: {"lane0", "lane1"} <= set(frames))


def _answer(person: Person, way: int) -> None:
    """Answer by key or by mouse: left, right, equal, cannot tell, left."""
    latest = person.app.model.analyses.latest
    before = latest[PreferenceAsked]
    if way < 3:
        person.key(("left", "right", "e")[way])
    else:
        person.click(("answer.cannot tell", "piece.left")[way - 3])
    person.until(lambda: latest.get(PreferenceAsked) not in (None, before))


def test_a_person_answers_ten_times_and_takes_one_back(tmp_path: Path) -> None:
    copy_samples("cartpole-v1", tmp_path)
    person = Person(tmp_path, "CartPole-v1")
    latest = person.app.model.analyses.latest
    person.app.go("prefer")
    for number in range(10):
        person.until(lambda: latest.get(PreferenceAsked))
        asked = latest[PreferenceAsked]
        assert asked.pair is not None, asked.problem
        assert asked.count == number
        _until_shown(person, asked)
        _answer(person, number % 5)
    person.until(lambda: PreferenceAsked in latest and latest[PreferenceAsked].count == 10)
    assert latest[PreferenceAsked].agreement is not None
    person.key("backspace")
    person.until(lambda: PreferenceAsked in latest and latest[PreferenceAsked].count == 9)
    assert not person.node("practise").enabled
    answers, damaged = Preferences(Library(tmp_path).existing("cartpole-v1/sample-v0")).read()
    kinds = [each.choice.value for each in answers.values()]
    assert kinds == [*["left", "right", "equal", "cannot tell", "left"] * 2][:9]
    assert damaged == []
    person.key("escape")
    assert person.app.current == "compare"
    person.app.close()


def test_every_recipe_has_a_page(person: Person) -> None:
    for recipe in RECIPE_WORDS:
        *sentences, source = page_of(recipe)
        assert len(sentences) == 4
        assert source
    person.click("about")
    person.turns()
    assert person.app.context.sheet.name == "algorithm"
    person.key("escape")
    person.turns()
    assert person.app.context.sheet.name == ""


@pytest.mark.slow
def test_methods_are_run_with_one_click_and_kept(tmp_path: Path) -> None:
    copy_samples("cartpole-v1", tmp_path)
    person = Person(tmp_path, "CartPole-v1")
    app, latest = person.app, person.app.model.analyses.latest
    app.go("train")
    _open_tab(person, "Methods")
    person.click("methods.run")
    person.until(lambda: MethodsCompared in latest and _cloned(latest[MethodsCompared]) >= 2)
    person.turns()
    assert "Run " in note_of(app.context)
    person.click("methods.stop")
    person.until(lambda: latest[MethodsCompared].final)
    kept = _cloned(latest[MethodsCompared])
    person.turns()
    person.click("methods.shown")  # success instead of return
    person.turns()
    assert "Success" in str(app.ui.events.nodes["methods.shown"].label)
    person.key("z")
    person.turns()
    person.click("enlarged.save")
    person.turns()
    (table,) = app.context.exports.glob("chart-*.csv")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert {row["x"] for row in rows} >= {"minutes of human time"}
    assert {row["y"] for row in rows} == {"mean return", "success (%)"}
    person.key("z")
    latest.clear()
    person.turns()
    person.click("methods.run")  # what was run is there at once
    person.until(lambda: MethodsCompared in latest and latest[MethodsCompared].chart)
    assert _cloned(latest[MethodsCompared]) >= kept
    person.click("methods.stop")
    person.until(lambda: latest[MethodsCompared].final)
    app.close()


def _cloned(told: MethodsCompared) -> int:
    """How many amounts of demonstrations were cloned."""
    return len(told.chart.lines[0].by_human) if told.chart else 0


@pytest.mark.slow
def test_the_library_draws_the_learned_reward_of_an_episode(tmp_path: Path) -> None:
    copy_samples("cartpole-v1", tmp_path)
    dataset = Library(tmp_path).existing("cartpole-v1/sample-v0")
    asking = Asking(dataset, seed=1)
    for _ in range(10):
        asking.answer(judged(asking.pair).value)
    asking.save()
    person = Person(tmp_path, "CartPole-v1")
    model = person.app.model
    person.app.go("library")
    person.until(lambda: model.listed)
    before = _blue(person)
    person.click(f"row.{dataset.rows()[0].uuid}")
    person.until(lambda: model.comparison and model.comparison.complete)
    shown = model.comparison
    assert shown is not None
    assert shown.about.reward_of == "your answers"
    episode = dataset.read(shown.about.file)
    reward = load_reward(Preferences(dataset).folder)
    assert reward is not None
    ended = bool(episode.terminations[-1])
    wanted = reward.along(episode.observations, episode.actions, terminated=ended)
    assert shown.lanes[0].learned == pytest.approx(wanted.tolist(), abs=1e-4)
    assert has_reward(shown)
    person.turns()
    assert _blue(person) > before  # the line is drawn
    person.app.close()


def _blue(person: Person) -> int:
    """How many pixels of the card of the episode have the policy's colour."""
    picture = pygame.surfarray.array3d(person.app.window.surface)
    card = picture[picture.shape[0] * 2 // 3 :]
    return int((card == person.app.ui.theme.agent[:3]).all(axis=2).sum())
