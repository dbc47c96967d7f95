"""A class sees in the window why a clone fails: train, watch, examine, correct."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from teleop.runtime.protocol.comparison_messages import StepGauge
from teleop.runtime.protocol.diagnosis_messages import Study
from teleop.types.findings import Autopsy, ErrorGrowth
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.figure_files import figure_csv, figure_svg
from teleop.ui.charts.line_chart import Series
from teleop.ui.commands import Command
from teleop.ui.drawing.theme import INK
from teleop.ui.training.round_figures import growth_figure
from tests.harness.window import Person


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """On Ring Track, with a clone of the perfect driver's sample recordings, trained by click."""
    root: Path = tmp_path_factory.mktemp("ring") / "recordings"
    person = Person(root, "teleop/RingTrack-v0")
    app = person.app
    person.until(lambda: app.model.library and len(app.model.library.episodes) == 3)
    person.key("2", mod=pygame.KMOD_CTRL)
    person.click("train")
    person.until(lambda: app.model.training and not app.model.training.running)
    yield person
    app.close()


def _examined(person: Person, study: Study) -> object:
    found = person.app.model.analyses.examined
    person.until(lambda: study in found and found[study].final)
    assert found[study].problem == ""
    return found[study].result


def test_one_click_says_that_the_clone_fails_and_why(person: Person) -> None:
    training = person.app.model.training
    assert training is not None
    policy = next(score for score in training.scores if score.name == "policy")
    assert policy.success is not None
    assert policy.success <= 0.1
    assert "never show how to recover" in training.advice[0]


def test_the_gauges_of_a_comparison_grow_as_the_car_leaves_the_road(person: Person) -> None:
    app = person.app
    person.key("3", mod=pygame.KMOD_CTRL)
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    comparison = app.model.comparison
    assert comparison is not None
    person.until(lambda: all(len(lane) >= 259 for lane in comparison.gauges.lanes or [[]]))
    recorded, clone = comparison.gauges.lanes
    assert _mean(recorded) < 0.1  # a recording is at no distance from itself
    assert _mean(clone[-100:]) > 2 * _mean(clone[:30])
    assert all(np.isnan(gauge.disagreement) for gauge in recorded)
    assert comparison.gauges.spreads[0][0].counts  # one axis: a histogram of what was done nearby


def _mean(gauges: list[StepGauge]) -> float:
    return float(np.mean([gauge.distance for gauge in gauges]))


def _move_to(person: Person, at: tuple[int, int]) -> None:
    person.app.ui.events.pointer.at = at
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=(0, 0, 0)))
    person.turns()


def test_states_visited_fill_the_window_and_follow_the_mouse(person: Person) -> None:
    app = person.app
    person.key("3", mod=pygame.KMOD_CTRL)
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    person.click("chart")
    person.click("chart.1")
    person.key("z")
    assert "enlarged.close" in app.ui.events.nodes
    person.key("home")
    person.until(lambda: app.model.analyses.moment is not None)  # the nearest demonstrated moment
    before = app.model.analyses.moment
    for _ in range(5):
        person.key("right", mod=pygame.KMOD_SHIFT)
    person.until(lambda: app.model.analyses.moment != before)
    stepped = app.model.analyses.moment
    for x in range(120, 600, 12):  # across the plot: some point of the path is under the mouse
        _move_to(person, (x, 420))
    person.until(lambda: app.model.analyses.moment != stepped)
    person.key("z")
    assert "enlarged.close" not in app.ui.events.nodes


def test_a_run_is_examined_on_one_page(person: Person) -> None:
    app = person.app
    person.key("3", mod=pygame.KMOD_CTRL)
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    person.key("x")
    result = _examined(person, Study.AUTOPSY)
    assert isinstance(result, Autopsy)
    assert result.seed == app.model.comparison.about.seed  # type: ignore[union-attr]
    assert "left the demonstrated states" in result.text
    person.turns(5)
    assert app.model.analyses.moment == (result.demonstrated[0], result.demonstrated[2])
    person.key("escape")
    assert "enlarged.close" not in app.ui.events.nodes


def test_the_run_goes_on_in_the_persons_hands_from_the_shown_step(person: Person) -> None:
    app = person.app
    person.key("3", mod=pygame.KMOD_CTRL)
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    person.key("home")
    for _ in range(3):
        person.key("right", mod=pygame.KMOD_SHIFT)
    person.key("c")
    person.until(lambda: app.model.live and app.model.live.asks == "begin")
    live = app.model.live
    assert live is not None
    assert (live.steps, live.phase) == (45, "paused")
    assert app.context.input.driving  # keys go to the car
    person.key("d", up=False)
    person.until(lambda: app.model.live and app.model.live.control == "person")
    person.key("d", down=False)
    person.key("backspace", mod=pygame.KMOD_CTRL)
    person.until(lambda: app.model.live and not app.model.live.engaged)


def test_moments_to_correct_are_found_and_begin_with_a_click(person: Person) -> None:
    app = person.app
    person.key("4", mod=pygame.KMOD_CTRL)
    person.click("moments")
    person.click("moments.find")
    found = _examined(person, Study.MOMENTS)
    assert isinstance(found, tuple)
    person.click("moment.0")
    person.until(lambda: app.model.live and app.model.live.asks == "begin")
    assert app.model.live is not None
    assert (app.model.live.seed, app.model.live.steps) == (found[0].seed, found[0].step)
    person.key("escape")
    person.until(lambda: app.model.live and app.model.live.asks == "")
    person.click("discard")
    person.click("moments")


@pytest.mark.slow
def test_charts_of_rounds_are_measured_when_they_are_looked_at(person: Person) -> None:
    app = person.app
    person.key("4", mod=pygame.KMOD_CTRL)
    person.key("z")
    person.click("figure.kind")
    grown = _examined(person, Study.GROWTH)
    assert isinstance(grown, tuple)
    assert isinstance(grown[0], ErrorGrowth)
    person.click("figure.kind")
    lines = _examined(person, Study.HUMAN_TIME)
    assert isinstance(lines, tuple)
    assert len(lines) == 3
    app.command(Command.ENLARGE)


def test_a_chart_writes_its_intervals_and_its_heat() -> None:
    item = ErrorGrowth("one", 20, 0.5, ((0.0, 1.0, 0.8, 1.2, 20), (1.0, 2.0, 1.5, 2.5, 20)))
    figure = growth_figure([item], INK, "")
    assert figure_csv(figure).splitlines()[-1].endswith(",1,2,1.5,2.5")
    assert figure_svg(figure).count('stroke-dasharray="2 5"') == 2  # both ends of the interval
    line = Series("path", np.arange(3.0), np.arange(3.0), INK.agent, heat=np.array([0.0, 0.5, 1.0]))
    dots = Series("data", np.arange(3.0), np.arange(3.0), INK.text3)
    svg = figure_svg(Figure("t", "x", "y", (line,), density=dots))
    assert svg.count("fill-opacity") == 3  # three cells that hold points
    colours = {part.split('"')[1] for part in svg.split("stroke=")[1:] if "3.5" in part[:60]}
    assert len(colours) == 2  # it turns red
