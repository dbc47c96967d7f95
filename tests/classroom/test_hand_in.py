"""Handing in: a bundle named after the codename, which nobody else's replaces; removable names."""

import os
import zipfile
from pathlib import Path

import pytest

import teleop
from teleop.classroom.hand_in import hand_in
from teleop.errors import RecordingError, ReportError, StorageError
from teleop.learning.data.segments import sitting_numbers
from teleop.recording import Dataset, Library
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command
from tests.harness.students import Student

ID = "mountaincar-v0/human-v0"


def recorded(here: Path, name: str, seed: int) -> Dataset:
    root = here / name / "recordings"
    driver = Student("expert", "MountainCar-v0")
    teleop.record("MountainCar-v0", driver, 2, dataset_id=ID, root=root, seed=seed)
    return Library(root).existing(ID)


@pytest.fixture
def otter(tmp_path: Path) -> Dataset:
    (tmp_path / "class").mkdir()
    return recorded(tmp_path, "otter", 1)


def test_the_bundle_is_named_after_the_codename_and_replaced_by_its_owner(
    tmp_path: Path, otter: Dataset
) -> None:
    folder = tmp_path / "class"
    before = [row.sha256 for row in otter.rows()]
    target = hand_in(otter, folder, "  Otter ")
    assert target == folder / "Otter.teleop.zip"
    assert {row.label.codename for row in otter.rows()} == {"Otter"}
    assert [row.sha256 for row in otter.rows()] == before  # the recordings stay as they were
    first = target.read_bytes()
    otter.writer.claim()
    otter.writer.delete(otter.rows()[0].file)
    otter.writer.release()
    assert hand_in(otter, folder, "Otter") == target
    assert target.read_bytes() != first
    assert [path.name for path in folder.iterdir()] == ["Otter.teleop.zip"]  # no partial file
    with zipfile.ZipFile(target) as bundle:
        assert sum("episodes/" in name for name in bundle.namelist()) == 1


def test_somebody_elses_bundle_is_never_replaced(tmp_path: Path, otter: Dataset) -> None:
    folder = tmp_path / "class"
    target = hand_in(otter, folder, "Otter")
    first = target.read_bytes()
    other = recorded(tmp_path, "badger", 50)
    with pytest.raises(ReportError, match=r"somebody else is called Otter\. Choose another"):
        hand_in(other, folder, "Otter")
    assert target.read_bytes() == first
    assert {row.label.codename for row in other.rows()} == {""}
    target.write_bytes(first[:-500])  # a broken copy belongs to nobody
    assert hand_in(other, folder, "Otter") == target


def test_names_that_differ_in_case_or_a_second_name_are_refused(
    tmp_path: Path, otter: Dataset
) -> None:
    folder = tmp_path / "class"
    first = hand_in(otter, folder, "Otter").read_bytes()
    with pytest.raises(ReportError, match="somebody else is called Otter"):
        hand_in(recorded(tmp_path, "badger", 50), folder, "OTTER")
    with pytest.raises(ReportError, match="Hand in as Otter again, or remove that file first"):
        hand_in(otter, folder, "Lynx")
    assert [path.name for path in folder.iterdir()] == ["Otter.teleop.zip"]
    assert (folder / "Otter.teleop.zip").read_bytes() == first


def test_notes_and_tags_are_not_handed_in(tmp_path: Path, otter: Dataset) -> None:
    otter.label(otter.rows()[0].uuid, note="by Ann Smith", tags=("ann",), success=True)
    target = hand_in(otter, tmp_path / "class", "Otter")
    with zipfile.ZipFile(target) as bundle:
        labels = bundle.read(f"{ID}/data/labels.json").decode()
    assert "nn" not in labels
    assert '"success": true' in labels
    assert otter.rows()[0].label.note == "by Ann Smith"  # the student's own copy


@pytest.mark.parametrize(
    "name", ["", "a/b", "../up", "x" * 41, "--", "-rf", "CON", "con:", "Ann\u202e"]
)
def test_what_cannot_be_a_codename(tmp_path: Path, otter: Dataset, name: str) -> None:
    with pytest.raises(RecordingError, match="codename"):
        hand_in(otter, tmp_path / "class", name)
    assert not list((tmp_path / "class").iterdir())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, otter: Dataset) -> None:
    (tmp_path / "class").chmod(0o500)
    with pytest.raises(StorageError, match="Nothing was handed in"):
        hand_in(otter, tmp_path / "class", "Otter")


def test_a_folder_that_is_gone_and_a_dataset_without_episodes(
    tmp_path: Path, otter: Dataset
) -> None:
    with pytest.raises(ReportError, match="There is no folder"):
        hand_in(otter, tmp_path / "gone", "Otter")
    otter.writer.claim()
    otter.writer.delete(*(row.file for row in otter.rows()))
    otter.writer.release()
    with pytest.raises(RecordingError, match="no episode to hand in"):
        hand_in(otter, tmp_path / "class", "Otter")


@pytest.mark.usefixtures("otter")
def test_a_codename_can_be_removed_and_searched(tmp_path: Path) -> None:
    here, folder = tmp_path / "otter", str(tmp_path / "class")
    told = as_json("hand-in", ID, folder, "--codename", "Otter", here=here)
    assert Path(told["file"]).name == "Otter.teleop.zip"
    assert len(as_json("show", ID, "--search", "otter", here=here)["episodes"]) == 2
    command("label", ID, "1", "--codename", "", here=here)
    names = [row["codename"] for row in as_json("show", ID, here=here)["episodes"]]
    assert names == ["", "Otter"]
    done = command("label", ID, "1", "--codename", "a/b", here=here, code=2)
    assert "A codename has at most 40" in one_sentence(done)


def test_codenames_tell_people_apart_who_recorded_at_the_same_time(otter: Dataset) -> None:
    assert len(set(sitting_numbers(otter.rows()))) == 1
    otter.label(otter.rows()[0].uuid, codename="Badger")
    assert len(set(sitting_numbers(otter.rows()))) == 2
