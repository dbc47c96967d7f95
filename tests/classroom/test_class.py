"""A class: what counts of its folder, the policy of everybody, who taught best, taking out."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import teleop
from teleop.classroom.class_dataset import (
    class_dataset_id,
    owners_of,
    take_out,
    update_class_dataset,
)
from teleop.classroom.class_folder import ClassFolder
from teleop.classroom.taken_out import TakenOut
from teleop.errors import LearningError, ReportError
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Library
from teleop.types.class_results import ClassFindings, StudentRow, TeacherValue
from teleop.ui.charts.figure_files import figure_csv, figure_svg
from teleop.ui.classroom.class_figures import growth_figure, teachers_figure, verdict_text
from teleop.ui.drawing.theme import PAPER
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command
from tests.harness.students import forged, hand_in

ENV = "MountainCar-v0"
COUNTING = ["Badger", "Heron", "Otter", "Weasel"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of eight, of which four count."""
    here = tmp_path_factory.mktemp("class")
    badger = hand_in(here, "Badger", "expert", env_id=ENV, seed=1)
    hand_in(here, "Heron", "expert", env_id=ENV, seed=4)
    hand_in(here, "Otter", "random", env_id=ENV, seed=7, trains=False)
    newt = hand_in(here, "Newt", "expert", env_id=ENV, seed=10, trains=False)
    shutil.copy(newt, here / "class" / "Copycat.teleop.zip")
    (here / "class" / "Mole.teleop.zip").write_bytes(badger.read_bytes()[:-2000])
    hand_in(here, "Toad", "expert", env_id="Acrobot-v1", seed=3, trains=False)
    forged(here, "Weasel", ENV)
    (here / "class" / "notes.txt").write_text("not a bundle")
    return here


@pytest.fixture
def folder(here: Path, tmp_path: Path) -> Path:
    """A copy of its folder, in which tests change files."""
    copy = tmp_path / "monday"
    shutil.copytree(here / "class", copy)
    for path in copy.iterdir():
        os.utime(path, (1e9, 1e9))  # nobody is copying them
    return copy


def read(
    watched: ClassFolder, out: set[str] | None = None, *, waits: bool = True
) -> dict[str, StudentRow]:
    watched.look(waits=waits)
    for _ in watched.iter_read(lambda *_: None):
        pass
    return {row.student: row for row in watched.rows(out or set())}


def test_what_counts_and_what_does_not(folder: Path) -> None:
    (folder / "Fox.zip").write_bytes(b"PK")
    (folder / "badger.teleop.zip").write_bytes(b"PK")
    os.utime(folder / "badger.teleop.zip", (1e9, 1e9))
    watched = ClassFolder(folder)
    rows = read(watched)
    assert (rows["Heron"].takes, rows["Heron"].problems) == (3, ())
    assert rows["Heron"].success == 1.0
    assert rows["Heron"].policy == "nearest"
    assert rows["Heron"].minutes > 0
    assert rows["Otter"].success == 0.0
    assert rows["Otter"].policy == ""
    assert (rows["Weasel"].takes, rows["Weasel"].exact, rows["Weasel"].episodes) == (1, 1, 2)
    assert "episode 1 not counted: diverges when replayed" in rows["Weasel"].problems
    assert "handed in by Copycat, too" in rows["Newt"].problems[0]
    assert "handed in by Newt, too" in rows["Copycat"].problems[0]
    assert "damaged" in rows["Mole"].problems[0]
    assert rows["Toad"].problems[0] == f"it is of Acrobot-v1, not of {ENV}"
    assert "does not end in .teleop.zip" in rows["Fox.zip"].problems[0]
    assert rows["Badger"].takes == rows["Toad"].takes == 0
    assert rows["Badger"].problems[0] == "two bundles are called Badger: rename one"
    assert "notes.txt" not in rows
    assert [each.student for each in watched.handed_in()] == ["Heron", "Otter", "Weasel"]


def test_only_what_changed_is_read_again(folder: Path, here: Path) -> None:
    watched = ClassFolder(folder)
    read(watched)
    assert not watched.look()
    seen: list[int] = []
    shutil.copy(here / "class" / "Heron.teleop.zip", folder / "Mole.teleop.zip")
    os.utime(folder / "Mole.teleop.zip", (2e9 - 1e9 + 5, 1e9 + 5))
    assert watched.look()
    for _ in watched.iter_read(lambda _, total, __: seen.append(total)):
        pass
    assert set(seen) == {100}  # one bundle
    rows = {row.student: row for row in watched.rows(set())}
    assert "handed in by Heron, too" in rows["Mole"].problems[0]
    assert rows["Heron"].takes == 0
    (folder / "Mole.teleop.zip").unlink()
    assert watched.look()
    assert read(watched)["Heron"].takes == 3


def test_a_file_that_is_being_copied_waits(folder: Path, here: Path) -> None:
    target = folder / "Lynx.teleop.zip"
    whole = (here / "class" / "Heron.teleop.zip").read_bytes()
    target.write_bytes(whole[:4000])
    watched = ClassFolder(folder)
    row = read(watched)["Lynx"]
    assert row.problems == ("it is being copied",)
    assert not watched.is_settled
    target.write_bytes(whole)
    watched.look()
    assert not watched.is_settled
    assert watched.look()  # its size and time stayed the same
    assert watched.is_settled


def test_a_folder_that_vanishes_and_comes_back(folder: Path) -> None:
    watched = ClassFolder(folder)
    read(watched)
    aside = folder.with_name("aside")
    folder.rename(aside)
    with pytest.raises(ReportError, match="Connect the drive"):
        watched.look()
    assert len(watched.rows(set())) == 8  # what was read stays
    aside.rename(folder)
    assert not watched.look()


def test_the_dataset_of_everybody_has_what_counts_under_codenames(
    folder: Path, tmp_path: Path
) -> None:
    library = Library(tmp_path / "teacher")
    library.root.mkdir()
    watched = ClassFolder(folder)
    read(watched)
    counting = watched.handed_in()
    dataset = update_class_dataset(library, folder, counting, set())
    assert dataset.dataset_id == class_dataset_id(ENV, folder)
    assert dataset.dataset_id.startswith("mountaincar-v0/class-monday-")
    other = tmp_path / "other" / "monday"  # another class, in a folder of the same name
    assert class_dataset_id(ENV, other) != dataset.dataset_id
    owners = owners_of(dataset)
    assert sorted(set(owners.values())) == COUNTING
    assert len(owners) == len(dataset.rows()) == 10
    before = {row.file for row in dataset.rows()}
    assert update_class_dataset(library, folder, counting, set()).rows() == dataset.rows()
    heron = {e.uuid for each in counting if each.student == "Heron" for e in each.own}
    dataset = update_class_dataset(library, folder, counting, heron)
    assert sorted(set(owners_of(dataset).values())) == ["Badger", "Otter", "Weasel"]
    assert dataset.writer.trash.names() == []  # deleted for good
    dataset = update_class_dataset(library, folder, counting, set())
    assert len(dataset.rows()) == 10
    assert {row.file for row in dataset.rows()} != before  # numbers are never given twice
    everything = {e.uuid for each in counting for e in each.own}
    with pytest.raises(LearningError, match="No episode counts yet"):
        update_class_dataset(library, folder, counting, everything)


def test_notes_and_tags_of_students_stay_with_them(here: Path, tmp_path: Path) -> None:
    source = Library(here / "Heron" / "recordings").existing("cartpole-v1/human-v0")
    source.label(source.rows()[0].uuid, note="by Ann Smith", tags=("ann",), starred=True)
    folder = tmp_path / "tuesday"
    command("hand-in", "cartpole-v1/human-v0", str(_made(folder)), "--codename", "Heron",
            here=here / "Heron")  # fmt: skip
    library = Library(_made(tmp_path / "teacher"))
    watched = ClassFolder(folder)
    watched.look(waits=False)
    for _ in watched.iter_read(lambda *_: None):
        pass
    dataset = update_class_dataset(library, folder, watched.handed_in(), set())
    assert {(row.label.note, row.label.tags, row.starred) for row in dataset.rows()} == {
        ("", (), False)
    }
    assert "Ann" not in dataset.places.labels.read_text()


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def studied(here: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ClassFindings, Path]:
    """What `teleop class study` finds out about the class, and where it worked."""
    work = tmp_path_factory.mktemp("teacher")
    (work / "recordings").mkdir()
    arguments = ("class", "study", str(here / "class"), "--output", "out", "--budget", "1")
    found = TypeAdapter(ClassFindings).validate_python(as_json(*arguments, here=work))
    return found, work


@pytest.mark.slow
def test_a_policy_of_everybody_and_who_taught_best(studied: tuple[ClassFindings, Path]) -> None:
    found, root = studied[0], studied[1] / "recordings"
    assert found.students == tuple(COUNTING)
    assert [point.teachers for point in found.growth] == [1, 2, 4]
    assert [point.groups for point in found.growth] == [3, 3, 1]
    assert all(point.low <= point.mean <= point.high for point in found.growth)
    best = [teacher.student for teacher in found.best_first]
    assert best[-1] == "Otter"  # drove at random
    assert all(len(teacher.on) == 4 for teacher in found.teachers)
    expert = found.teachers[0]
    gained = (expert.mean - found.random) / expert.minutes
    assert expert.per_minute == pytest.approx(gained)
    assert found.against is not None
    assert found.against.second == best[2]
    policy = teleop.load_policy(root / found.dataset_id / "policies" / found.policy)
    assert teleop.evaluate(policy, episodes=found.starts, seed=70_000).mean == pytest.approx(
        found.policy_mean
    )
    (row,) = PolicyFolder(Library(root).existing(found.dataset_id)).rows()
    assert row.score is not None
    assert row.missing == 0


@pytest.mark.slow
def test_the_figures_hold_every_value(studied: tuple[ClassFindings, Path]) -> None:
    found, _ = studied
    rows = list(csv.reader(figure_csv(teachers_figure(found)).splitlines()))
    assert rows[0] == ["learned from", "starts of", "mean return"]
    values = {(a, b): float(value) for a, b, value in rows[1:]}
    assert len(values) == 16
    for teacher in found.teachers:
        for other, value in zip(found.students, teacher.on, strict=True):
            assert values[teacher.student, other] == pytest.approx(value)
    svg = figure_svg(teachers_figure(found))
    assert svg.count("<rect") == 1 + 16 + 24  # background, cells, scale
    growth = list(csv.reader(figure_csv(growth_figure(found, PAPER)).splitlines()))
    assert [float(row[1]) for row in growth[1:]] == [1, 2, 4]
    assert found.against is not None
    assert f"{found.against.difference:+,.0f}" in verdict_text(found)


@pytest.mark.slow
def test_taking_out_deletes_for_good_and_marks_the_policy(
    studied: tuple[ClassFindings, Path], here: Path, tmp_path: Path
) -> None:
    found, root = studied[0], studied[1] / "recordings"
    library = Library(Path(shutil.copytree(root, tmp_path / "teacher")))
    dataset = library.existing(found.dataset_id)
    gone = [row for row in dataset.rows() if row.label.codename == "Heron"]
    (dataset.places.episodes / gone[0].file).write_bytes(b"damaged")
    assert list(dataset.read_many(dataset.rows()[-1:]))
    out = TakenOut(tmp_path / "home" / "classes.json")
    deleted, marked = take_out(library, here / "class", "Heron", out)
    assert (deleted, marked) == (3, [found.policy])
    dataset = library.existing(found.dataset_id)
    (row,) = PolicyFolder(dataset).rows()
    assert row.missing == 3
    assert "3 episodes are gone" in row.title
    assert not dataset.places.cache.exists()
    left = [path for path in library.root.rglob("*") if path.is_file()]
    assert not [path for path in left if any(each.uuid in path.name for each in gone)]
    assert "Heron" not in dataset.places.labels.read_text()
    moved = Path(shutil.copytree(here / "class", tmp_path / "moved"))  # another drive
    rows = read(ClassFolder(moved), TakenOut(tmp_path / "home" / "classes.json").uuids, waits=False)
    assert [name for name, each in rows.items() if each.is_out] == ["Heron"]
    take_out(library, here / "class", "Heron", out, back=True)
    assert out.uuids == set()


def test_only_a_student_of_the_class_can_be_taken_out(here: Path, tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path / "home")}
    for name in ("Nobody", "heron ", "../Heron"):
        arguments = ("class", "take-out", str(here / "class"), name)
        said = one_sentence(command(*arguments, here=tmp_path, env=home, code=2))
        assert "there are: Badger, Copycat, Heron" in said
    arguments = ("class", "take-out", str(here / "class"), "Badger")
    assert "Badger does not count" in command(*arguments, here=tmp_path, env=home).stdout
    assert "Badger counts again" in command(*arguments, "--back", here=tmp_path, env=home).stdout


def test_who_is_out_is_remembered_and_a_broken_file_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "home" / "classes.json"
    TakenOut(file).change(["b", "a"], is_out=True)
    TakenOut(file).change(["c"], is_out=True)
    assert TakenOut(file).uuids == {"a", "b", "c"}
    TakenOut(file).change(["a", "c"], is_out=False)
    assert TakenOut(file).uuids == {"b"}
    for broken in ("", "[]", '{"taken_out": 3}', "{" * 100_000):
        file.write_text(broken)
        assert TakenOut(file).uuids == set()


def test_a_class_that_is_stopped_leaves_no_unpacked_bundle(here: Path, tmp_path: Path) -> None:
    work = _made(tmp_path / "tmp")
    as_in_a_terminal = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from teleop.__main__ import main; main()"
    )  # a shell in the background hands on that the signal is ignored
    started = subprocess.Popen(
        [sys.executable, "-c", as_in_a_terminal, "class", "list", str(here / "class")],
        env=os.environ | {"TMPDIR": str(work)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while started.poll() is None and not list(work.glob("teleop-class-*/*")):
        os.sched_yield()
    os.killpg(started.pid, signal.SIGINT)
    assert started.wait(60) == 130
    assert not list(work.glob("teleop-class-*"))


def test_teachers_are_ordered_by_success_then_by_return() -> None:
    def teacher(student: str, success: float | None, mean: float) -> TeacherValue:
        return TeacherValue(student, 1.0, mean, mean, mean, success, None, ())

    found = ClassFindings("x/y-v0", ENV, ("a", "b", "c"), 20)
    teachers = (teacher("a", 0.5, 1.0), teacher("b", 0.5, 2.0), teacher("c", 1.0, 0.0))
    found = replace(found, teachers=teachers)
    assert [each.student for each in found.best_first] == ["c", "b", "a"]


@pytest.mark.slow
def test_the_command_line_lists_a_class_and_writes_tables_and_figures(
    studied: tuple[ClassFindings, Path], here: Path, tmp_path: Path
) -> None:
    students = as_json("class", "list", str(here / "class"), here=tmp_path)["students"]
    assert [row["student"] for row in students if row["takes"]] == COUNTING
    found, work = studied
    names = sorted(path.name for path in (work / "out").iterdir())
    assert names == [
        *("growth.csv", "growth.svg", "teachers.csv"),
        *("who-taught-best.csv", "who-taught-best.svg"),
    ]
    rows = list(csv.DictReader((work / "out" / "teachers.csv").read_text().splitlines()))
    assert [row["student"] for row in rows] == [each.student for each in found.best_first]


def test_a_folder_that_is_gone_or_empty_is_one_sentence(tmp_path: Path) -> None:
    done = command("class", "list", str(tmp_path / "gone"), here=tmp_path, code=2)
    assert "cannot be read" in one_sentence(done)
    done = command("class", "study", str(_made(tmp_path / "empty")), here=tmp_path, code=2)
    assert "No episode counts yet" in one_sentence(done)
