"""`recover` gets every whole episode out of damaged files, names what is lost, touches no input."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from teleop import curation
from teleop.errors import RecordingError
from teleop.paths import samples_folder
from teleop.recording import Dataset, Library
from teleop.recording.rescue.dataset_rescue import Rescue, recover_dataset

Record = Callable[..., Dataset]


def saved_from(source: Path, library: Library) -> tuple[Rescue, Dataset]:
    before = {p: p.read_bytes() for p in _inputs(source)}
    dataset_id, report = curation.recover(source, library, "saved/all-v0")
    assert {p: p.read_bytes() for p in _inputs(source)} == before
    return report, library.dataset(dataset_id)


def _inputs(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return [p for p in (source / "data").rglob("*") if p.is_file()]


def test_a_dataset_without_description_or_index_is_recovered_whole(
    record: Record, library: Library
) -> None:
    dataset = record(episodes=3)
    wanted = [row.total_reward for row in dataset.rows()]
    for path in (dataset.places.description, dataset.places.index, dataset.places.manifest):
        path.unlink()
    report, found = saved_from(dataset.folder, library)
    assert [row.total_reward for row in found.rows()] == wanted
    assert not report.lost
    assert {verdict for _, verdict, _ in curation.verify(found)} == {"exact"}


def test_a_damaged_file_is_named_and_the_others_come_back(record: Record, library: Library) -> None:
    dataset = record(episodes=3)
    path = dataset.places.episodes / dataset.rows()[1].file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    data[-300] ^= 0x40
    path.write_bytes(bytes(data[: len(data) * 2 // 3]))
    report, found = saved_from(dataset.folder, library)
    assert len(found.rows()) == 2
    assert [path.name in line for line in report.lost] == [True]


def test_a_minari_file_that_is_cut_off_gives_what_lies_before_the_cut(
    record: Record, library: Library, tmp_path: Path
) -> None:
    dataset = record(episodes=6)
    packed, _ = curation.export(dataset, dataset.rows(), "minari", tmp_path / "packed")
    data = packed / dataset.dataset_id / "data"
    whole = (data / "main_data.hdf5").read_bytes()
    (data / "main_data.hdf5").write_bytes(whole[: len(whole) * 3 // 4])
    report, found = saved_from(data.parent, library)
    assert 0 < len(found.rows()) < 6, report
    assert "there may have been more" in report.lost[-1]
    assert {verdict for _, verdict, _ in curation.verify(found)} == {"exact"}


def test_an_interrupted_journal_gives_its_steps_and_says_where_it_ends(
    record: Record, library: Library, tmp_path: Path
) -> None:
    from tests.recording.test_dataset import take

    dataset = record(episodes=1)
    dataset.writer.claim()
    journal = take(dataset).journal
    dataset.writer.release()
    cut = tmp_path / journal.name
    cut.write_bytes(journal.read_bytes()[:-100])
    report, found = saved_from(cut, library)
    (row,) = found.rows()
    assert row.recovered
    assert row.total_steps > 5
    assert "journal ends" in report.lost[0]


@pytest.mark.parametrize("strip", [False, True])
def test_a_healthy_bundle_gives_all_its_episodes_and_loses_nothing(
    record: Record, library: Library, tmp_path: Path, strip: bool
) -> None:
    """Also where the episodes do not say their spaces, as those of earlier versions."""
    dataset = record(episodes=3)
    if strip:
        dataset = library.dataset("cartpole-v1/sample-v0")
        shutil.copytree(samples_folder() / dataset.dataset_id, dataset.folder)
    packed, _ = curation.export(dataset, dataset.rows(), "bundle", tmp_path / "packed.teleop.zip")
    report, found = saved_from(packed, library)
    assert len(found.rows()) == len(dataset.rows())
    assert found.info().env_id == "CartPole-v1"
    assert report.lost == []


def test_an_index_leads_to_the_episodes_beside_it(record: Record, library: Library) -> None:
    report, found = saved_from(record(episodes=2).places.index, library)
    assert (len(found.rows()), report.lost) == (2, [])


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_nothing_to_recover_is_said(library: Library, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.h5"
    path.write_bytes(content)
    report, found = saved_from(path, library)
    assert not report.saved
    assert "odd.h5" in report.lost[0]
    assert not found.exists


def test_an_empty_folder_and_a_taken_name_are_refused(
    record: Record, library: Library, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match="nothing to recover"):
        recover_dataset(tmp_path, library.dataset("saved/all-v0"))
    dataset = record(episodes=1)
    shutil.copytree(dataset.folder, tmp_path / "copy")
    with pytest.raises(RecordingError, match="exists already"):
        recover_dataset(tmp_path / "copy", dataset)


def test_a_file_that_is_mostly_holes_is_named_and_not_read(
    record: Record, library: Library
) -> None:
    dataset = record(episodes=2)
    huge = dataset.places.episodes / dataset.rows()[0].file
    with huge.open("ab") as file:
        file.truncate(40 << 30)
    if huge.stat().st_blocks * 512 > 1 << 30:
        pytest.skip("this disk stores holes")
    _, report = curation.recover(dataset.folder, library, "saved/all-v0")
    assert [line for line in report.lost if huge.name in line and "43 GB" in line] == report.lost
    assert len(report.saved) == 1
