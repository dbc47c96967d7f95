"""Lessons in the window: from the list through every kind of block, by keys, and on later."""

import json
from pathlib import Path

import pygame
import pytest

from teleop import paths
from teleop.lessons import course
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from tests.harness.window import Person

LESSON = """
format = 1
title = "Walk"
summary = "A short walk."
environment = "teleop/TreasureGrid-v0"
[[block]]
kind = "predict"
title = "How far?"
text = "How many steps?"
minutes = 1
choices = ["Ten", "Twelve", "Twenty"]
answer = 2
explanation = "Twelve is the shortest."
[[block]]
kind = "do"
title = "Walk"
text = "Record one walk."
minutes = 2
screen = "demonstrate"
goal = { record = 1 }
noise = 0.5
[[block]]
kind = "see"
title = "Look"
text = "See the bumped laps."
minutes = 1
screen = "train"
environment = "teleop/RingTrack-v0"
dataset = "teleop-ringtrack-v0/noisy-v0"
[[block]]
kind = "say"
title = "Say it"
text = "Complete the sentence."
minutes = 1
sentence = "I walked because …"
"""


@pytest.fixture
def own_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lesson among the user's own, with recordings of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    folder = course.own_folder() / "walk"
    folder.mkdir(parents=True)
    (folder / "lesson.toml").write_text(LESSON)
    source = course.shipped_folder() / "5-noise" / "recordings"
    (folder / "recordings").symlink_to(source, target_is_directory=True)
    return folder


def opened(tmp_path: Path, lesson: Path | None = None) -> Person:
    config = AppConfig(
        "teleop/TreasureGrid-v0",
        tmp_path / "recordings",
        paths.samples_folder(),
        paths.assets_folder(),
        11,
        lessons=paths.lessons_file(),
        lesson=lesson,
    )
    return Person(tmp_path / "recordings", "teleop/TreasureGrid-v0", App(config))


def _down_to_walk(person: Person) -> None:
    """Move the focus from the first lesson down to the user's own, which scrolls the list."""
    focus = person.app.ui.events.focus
    person.until(lambda: focus.id == "lesson.1-drive")
    for _ in range(len(course.lesson_folders()) - 1):
        person.key("down")
    assert focus.id == "lesson.walk"


@pytest.mark.usefixtures("own_lesson")
def test_a_lesson_by_keyboard_is_left_and_resumed(tmp_path: Path) -> None:
    person = opened(tmp_path)
    app = person.app
    guide = app.context.guide
    person.key("5", mod=pygame.KMOD_CTRL)
    _down_to_walk(person)
    person.key("return")
    person.until(lambda: "choice.1" in app.ui.events.nodes)
    person.key("down")
    person.key("return")  # predict: the focus is on the first choice
    assert guide.entry(0).choice == 2
    person.key("f12")  # on to the walk: its screen opens, with the bar above it
    person.until(lambda: app.current == "demonstrate" and guide.needs.are_met)
    assert app.context.options.noise == 0.5
    assert guide.own_options(app.context.options).noise == 0.0  # this is what is stored
    assert person.node("lesson.text").label == "Record one walk."
    assert person.node("lesson.next").label == "Skip"
    person.key("r")
    person.until(lambda: app.context.input.driving)
    person.key("d")
    person.until(lambda: app.model.live and app.model.live.steps >= 1)
    person.key("f9")
    person.until(lambda: app.model.live and app.model.live.pending)
    person.key("return", mod=pygame.KMOD_CTRL)
    person.until(lambda: guide.entry(1).done)
    person.until(lambda: person.node("lesson.next").label == "Next")
    stored = json.loads(paths.lessons_file().read_text())
    assert stored["lessons"]["walk"]["blocks"]["1"]["done"]
    person.key("f12")  # another environment, with recordings of the lesson
    person.until(lambda: app.current == "train" and guide.needs.are_met)
    assert app.context.options.noise == 0.0  # as before the lesson
    person.until(lambda: app.model.library.dataset_id == "teleop-ringtrack-v0/noisy-v0")  # type: ignore[union-attr]
    person.key("f12")
    person.until(lambda: app.current == "lesson" and "sentence" in app.ui.events.nodes)
    person.click("sentence")
    app.context.editing.insert("of the treasure.")  # type: ignore[union-attr]
    person.key("return")
    person.until(lambda: guide.entry(3).text == "of the treasure.")
    app.close()
    _check_resumed(tmp_path)


def _check_resumed(tmp_path: Path) -> None:
    """A later start goes on at the last block; then everything is forgotten on request."""
    later = opened(tmp_path, course.own_folder() / "walk")
    later.until(lambda: later.app.current == "lesson")
    guide = later.app.context.guide
    assert guide.index == 3
    later.key("f12")
    later.until(lambda: "lesson.again" in later.app.ui.events.nodes)
    later.until(lambda: later.node("lesson.report").enabled)
    later.click("lesson.report")
    exports = later.app.context.exports
    later.until(lambda: list(exports.glob("report-*.html")))
    (page,) = exports.glob("report-*.html")
    assert "of the treasure." in page.read_text("utf-8")
    later.click("lesson.again")
    assert guide.index == 0
    assert not guide.entry(1).done
    later.app.close()


def test_a_wrong_lesson_is_named_and_the_others_stay(tmp_path: Path, own_lesson: Path) -> None:
    person = opened(tmp_path)
    (own_lesson / "lesson.toml").write_text(LESSON.replace("minutes = 2", "minuts = 2"))
    person.key("5", mod=pygame.KMOD_CTRL)
    assert person.node("lesson.1-drive").enabled
    _down_to_walk(person)
    node = person.node("lesson.walk")
    assert not node.enabled
    assert "block 2, minuts" in node.reason
    person.app.close()


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "zh"])
def test_every_block_fits_on_the_smallest_window(tmp_path: Path, language: str) -> None:
    """No text of the course is cut at 1024x640, in any language."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"language": language, "width": 1024, "height": 640}))
    config = AppConfig(
        "teleop/RingTrack-v0",
        tmp_path / "recordings",
        paths.samples_folder(),
        paths.assets_folder(),
        11,
        settings=settings,
    )
    person = Person(tmp_path / "recordings", "teleop/RingTrack-v0", App(config))
    app, guide = person.app, person.app.context.guide
    person.key("5", mod=pygame.KMOD_CTRL)
    for folder in course.lesson_folders():
        guide.open(folder)
        for index in range(len(guide.lesson.content.block) + 1):  # type: ignore[union-attr]
            guide.move(index)
            if guide.block is not None and guide.block.kind == "say":
                guide.say("x")
            app.ui.painter.shortened.clear()
            app.renderer.draw_all()
            assert app.ui.painter.shortened == set(), (folder.name, index)
    app.close()
