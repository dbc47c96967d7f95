"""The Class screen: watch a folder, take students out, learn from all; hand in; dropped folders."""

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pygame
import pytest

import teleop
from teleop import paths
from teleop.classroom.class_dataset import class_dataset_id
from teleop.classroom.hand_in import hand_in
from teleop.recording import Library
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from tests.harness.students import Student
from tests.harness.window import Person

ENV, ID = "MountainCar-v0", "mountaincar-v0/human-v0"


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a class: two students, and one file that is broken."""
    here = tmp_path_factory.mktemp("class")
    folder = here / "monday"
    folder.mkdir()
    for seed, name in ((1, "Heron"), (9, "Otter")):
        root = here / name
        teleop.record(ENV, Student("expert", ENV), 3, dataset_id=ID, root=root, seed=seed)
        hand_in(Library(root).existing(ID), folder, name)
    (folder / "Mole.teleop.zip").write_bytes(b"PK\x03\x04" + b"x" * 100)
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))  # nobody is copying them
    return folder


@pytest.fixture
def folder(handed_in: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(handed_in, tmp_path / "monday"))


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    (tmp_path / "recordings").mkdir()
    app = App(
        AppConfig(
            "CartPole-v1", tmp_path / "recordings", paths.samples_folder(),
            paths.assets_folder(), 11, settings=tmp_path / "settings.json",
            classes=tmp_path / "classes.json",
        )
    )  # fmt: skip
    person = Person(tmp_path / "recordings", "CartPole-v1", app)
    yield person
    person.app.close()


def watch(person: Person, folder: Path, students: int = 3) -> None:
    person.app.context.watch_class(str(folder))
    person.turns()
    read_all(person, students)


def read_all(person: Person, students: int) -> None:
    classroom = person.app.model.analyses.classroom
    person.until(
        lambda: len(classroom.listed.rows) == students and not classroom.listed.total
        and (students == 0 or any(row.student.takes for row in classroom.rows))
    )  # fmt: skip


def type_text(person: Person, text: str) -> None:
    for character in text:
        pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text=character))
    person.turns()


def toasts(person: Person) -> list[str]:
    return [str(text) for text in person.app.overlays.toasts.texts]


def drop(person: Person, path: Path) -> None:
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    person.turns()


def test_a_folder_is_chosen_by_keys_alone_and_watched(person: Person, folder: Path) -> None:
    person.key("6", mod=pygame.KMOD_CTRL)
    assert person.app.current == "class"
    person.key("return")  # the button that chooses a folder has the focus
    files = person.app.context.sheet.files
    assert files is not None
    files.go(folder)
    person.turns()
    person.app.ui.events.focus.set("this", "sheet")
    person.key("return")
    read_all(person, 3)
    rows = {row.student.student: row.student for row in person.app.model.analyses.classroom.rows}
    assert (rows["Heron"].takes, rows["Otter"].takes, rows["Mole"].takes) == (3, 3, 0)
    assert "damaged" in rows["Mole"].problems[0]
    (folder / "Mole.teleop.zip").unlink()
    read_all(person, 2)
    shutil.copy(folder / "Otter.teleop.zip", folder / "Toad.teleop.zip")
    read_all(person, 3)
    person.app.turn(0.02)
    students = [row.student for row in person.app.model.analyses.classroom.rows]
    takes = {row.student: row.takes for row in students}
    assert takes == {"Heron": 3, "Otter": 0, "Toad": 0}  # a copy counts for nobody
    person.until(lambda: (folder.parent / "settings.json").exists())
    stored = json.loads((folder.parent / "settings.json").read_text())
    assert stored["class_folder"] == str(folder)


@pytest.mark.slow
def test_a_student_is_taken_out_and_put_back(person: Person, folder: Path) -> None:
    watch(person, folder)
    classroom = person.app.model.analyses.classroom
    person.click("student.Heron.teleop.zip")
    person.click("class.out")
    person.until(lambda: classroom.rows[0].student.is_out)
    assert len(json.loads((folder.parent / "classes.json").read_text())["taken_out"]) == 3
    person.until(lambda: person.node("class.out").label == "Put back")
    person.click("class.out")
    person.until(lambda: not classroom.rows[0].student.is_out)
    person.click("pick.all")
    person.key("delete")
    person.until(lambda: [row.student.is_out for row in classroom.rows] == [True, False, True])
    person.until(lambda: person.node("class.study").reason == "No episode counts yet")


def test_a_folder_that_vanishes_is_said_and_found_again(person: Person, folder: Path) -> None:
    watch(person, folder)
    classroom = person.app.model.analyses.classroom
    aside = folder.with_name("aside")
    folder.rename(aside)
    person.until(lambda: "Connect the drive" in classroom.listed.problem)
    assert len(classroom.rows) == 3
    aside.rename(folder)
    person.until(lambda: not classroom.listed.problem)


@pytest.mark.slow
def test_learning_from_all_can_be_stopped(person: Person, folder: Path) -> None:
    watch(person, folder)
    classroom = person.app.model.analyses.classroom
    person.click("class.study")
    person.until(lambda: classroom.study and classroom.study.found)
    person.click("class.stop")
    person.until(lambda: not classroom.is_studied)
    assert classroom.study is not None
    assert classroom.study.problem == "Stopped."
    library = Library(person.app.config.recordings)
    dataset = library.existing(class_dataset_id(ENV, folder))
    assert {row.label.codename for row in dataset.rows()} == {"Heron", "Otter"}


@pytest.mark.slow
def test_everybody_teaches_one_policy_which_plays_in_compare(person: Person, folder: Path) -> None:
    watch(person, folder)
    classroom = person.app.model.analyses.classroom
    person.click("class.study")
    for _ in range(3):
        person.until(lambda: classroom.found and len(classroom.found.growth) > 1)
    person.until(lambda: classroom.study and classroom.study.final)
    assert classroom.found is not None
    assert len(classroom.found.teachers) == 2
    person.click("tab.teachers")
    person.key("z")
    person.click("enlarged.save")
    exports = person.app.context.exports
    person.until(lambda: list(exports.glob("chart-*.csv")))
    person.key("escape")
    person.click("class.show")
    person.until(lambda: person.app.current == "compare" and person.app.model.comparison)


def has_pool(process: psutil.Process) -> bool:
    """It is the classroom process: the only one that starts Python itself."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return any("--multiprocessing-fork" in child.cmdline() for child in process.children())
    return False


def test_a_process_that_dies_is_said_and_started_again(person: Person, folder: Path) -> None:
    watch(person, folder)
    classroom = person.app.model.analyses.classroom
    (process,) = (p for p in psutil.Process().children() if has_pool(p))
    process.send_signal(signal.SIGKILL)
    person.until(lambda: classroom.listed.problem)
    assert "killed from outside" in classroom.listed.problem
    person.key("h", mod=pygame.KMOD_CTRL)
    person.key("6", mod=pygame.KMOD_CTRL)
    person.until(lambda: not classroom.listed.problem and len(classroom.rows) == 3)


def test_one_button_hands_in_under_a_codename(person: Person, tmp_path: Path) -> None:
    person.record()
    person.key("escape")
    person.key("return", mod=pygame.KMOD_CTRL)
    person.until_saved(1)
    person.key("l", mod=pygame.KMOD_CTRL)
    hand_in_by_menu(person)
    assert person.app.current == "lesson"  # a codename first
    person.click("codename")
    type_text(person, "a/b")
    person.key("return")
    assert person.app.context.options.codename == ""
    assert any("A codename has at most 40" in text for text in toasts(person))
    person.click("codename")
    type_text(person, "Otter")
    person.key("return")
    assert person.app.context.options.codename == "Otter"
    target = tmp_path / "class"
    target.mkdir()
    person.key("l", mod=pygame.KMOD_CTRL)
    hand_in_by_menu(person)
    files = person.app.context.sheet.files
    assert files is not None
    files.go(target)
    person.turns()
    person.click("this")
    bundle = target / "Otter.teleop.zip"
    person.until(lambda: bundle.exists())
    dataset = Library(person.app.config.recordings).existing("cartpole-v1/human-v0")
    assert [row.label.codename for row in dataset.rows()] == ["Otter"]
    bundle.unlink()
    hand_in_by_menu(person)  # the folder is known now
    person.until(lambda: bundle.exists())
    person.key("1", mod=pygame.KMOD_CTRL)
    person.record()
    person.key("escape")
    person.key("return", mod=pygame.KMOD_CTRL)
    person.until_saved(2)
    assert [row.label.codename for row in dataset.rows()] == ["Otter", "Otter"]


def choose(person: Person, button: str, label: str) -> None:
    """Open a menu and choose an entry."""
    person.until(lambda: person.node(button).enabled)
    person.click(button)
    nodes = person.app.ui.events
    person.until(lambda: any(node.label == label for node in nodes.nodes.values()))
    person.click(next(node.id for node in nodes.nodes.values() if node.label == label))
    person.turns()


def hand_in_by_menu(person: Person) -> None:
    choose(person, "library.export", "Hand in")


@pytest.mark.slow
def test_folders_dropped_on_the_window_open_what_they_are(
    person: Person, folder: Path, tmp_path: Path
) -> None:
    drop(person, folder)
    assert person.app.current == "class"
    read_all(person, 3)
    drop(person, paths.assets_folder() / "lessons" / "1-drive")
    assert person.app.current == "lesson"
    lesson = person.app.context.guide.lesson
    assert lesson is not None
    assert lesson.name == "1-drive"
    drop(person, tmp_path / "nothing")
    person.until(lambda: any("cannot be imported" in text for text in toasts(person)))


@pytest.mark.slow
def test_a_folder_that_was_not_chosen_is_not_what_an_import_is_for(
    person: Person, folder: Path
) -> None:
    person.key("6", mod=pygame.KMOD_CTRL)
    person.click("class.folder")
    person.key("escape")  # no folder after all
    person.key("l", mod=pygame.KMOD_CTRL)
    choose(person, "take in", "Browse in this window")
    files = person.app.context.sheet.files
    assert files is not None
    files.go(folder)
    person.turns()
    person.click("files.Otter.teleop.zip")
    person.until(lambda: any("Imported mountaincar-v0" in text for text in toasts(person)))
    assert person.app.current == "library"
