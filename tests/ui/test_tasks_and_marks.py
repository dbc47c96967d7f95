"""What is done in an episode, in words: a task for the episode, marks for its moments."""

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

import teleop
from teleop.recording import Library
from teleop.types.metadata import EpisodeRow, Mark
from tests.harness.window import Person

ENV = "MountainCar-v0"
OWN = "mountaincar-v0/human-v0"


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    person = Person(tmp_path / "recordings", ENV)
    yield person
    person.app.close()


def types(person: Person, text: str) -> None:
    for letter in text:
        pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    person.turns()


def rows(person: Person) -> tuple[EpisodeRow, ...]:
    listed = person.app.model.listed
    return listed.rows if listed else ()


def test_a_task_and_marks_are_saved_with_the_take_and_named_later(person: Person) -> None:
    person.key("f4")
    person.until(lambda: person.app.context.sheet.name == "options")
    person.click("option.task")
    types(person, "reach  the flag ")
    person.key("return")
    person.until(lambda: person.app.context.sheet.name == "options")
    assert person.app.context.options.task == "reach the flag"
    person.key("escape")
    person.record(5)
    person.key("f6")
    person.until(lambda: any("Mark 1" in text for text in person.app.overlays.toasts.texts))
    person.key("return", mod=pygame.KMOD_CTRL)
    person.until_saved(1)
    saved = Library(person.app.context.recordings).dataset(OWN).rows()[0].label
    assert saved.task == "reach the flag"
    (mark,) = saved.marks
    assert mark.name == "1"
    assert mark.step >= 5

    person.key("l", mod=pygame.KMOD_CTRL)
    person.until(lambda: rows(person))
    person.click(f"row.{rows(person)[0].uuid}")
    person.until(lambda: person.app.model.comparison and person.app.model.comparison.complete)
    person.until(lambda: person.app.context.now >= person.app.context.input.quiet_until_s)
    person.key("home")
    person.key("right")
    person.key("m")
    person.turns()
    types(person, "swing")
    person.key("return")
    person.until(lambda: len(rows(person)[0].label.marks) == 2)
    assert rows(person)[0].label.marks[0] == Mark(1, "swing")
    person.click("filter")
    types(person, "swing")
    person.turns()
    assert person.node(f"row.{rows(person)[0].uuid}")
    types(person, "x")
    person.turns()
    row = f"row.{rows(person)[0].uuid}"
    person.until(lambda: row not in person.app.ui.events.nodes)


def test_the_task_belongs_to_the_environment(person: Person) -> None:
    from dataclasses import replace

    context = person.app.context
    context.change_options(replace(context.options, task="reach the flag"))
    context.open_env("CartPole-v1")
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == "CartPole-v1")
    person.turns()
    assert context.options.task == ""
    context.open_env(ENV)
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == ENV)
    person.until(lambda: context.options.task == "reach the flag")


def test_a_mark_that_means_nothing_is_said(person: Person) -> None:
    data = teleop.record(ENV, "random", 1, root=person.app.context.recordings, dataset_id=OWN)
    person.key("l", mod=pygame.KMOD_CTRL)
    person.until(lambda: rows(person))
    person.click(f"row.{data.rows[0].uuid}")
    person.until(lambda: person.app.model.comparison and person.app.model.comparison.complete)
    person.click("label.marks")
    types(person, "swing at the end")
    person.key("return")
    person.until(lambda: any("120 grasp" in text for text in person.app.overlays.toasts.texts))
    assert rows(person)[0].label.marks == ()


def test_view_and_rb_mark_by_gamepad(person: Person) -> None:
    from teleop.ui.commands import PAD_DRIVING, Command

    assert PAD_DRIVING["pad.right_shoulder"] is Command.MARK
    person.record(3)
    person.app.command(PAD_DRIVING["pad.right_shoulder"])
    person.until(lambda: any("Mark 1" in text for text in person.app.overlays.toasts.texts))
