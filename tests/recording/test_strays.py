"""What other systems and people leave in recordings folders is neither an episode nor an error."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from teleop import curation
from teleop.errors import RecordingError
from teleop.recording import Dataset, Library
from teleop.runtime.datasets.listing import library_changed

LEFT = (
    *(".DS_Store", "._{name}", "Thumbs.db", "desktop.ini", "#{name}#", "{name}~", ".{name}.swp"),
    *("Copy of {name}", "{stem} (1).h5", "{stem} - Copy.h5", "{stem} (Ada's conflicted copy).h5"),
)
FOLDERS = ("lost+found", "__MACOSX", "@eaDir", "$RECYCLE.BIN", "#recycle", ".Trash-1000")


def test_strays_are_neither_episodes_nor_errors(
    library: Library, record: Callable[..., Dataset]
) -> None:
    dataset = record(episodes=2)
    names = [row.file for row in dataset.rows()]
    first = dataset.places.episodes / names[0]
    for left in LEFT:
        shutil.copy(first, first.parent / left.format(name=first.name, stem=first.stem))
    for folder in FOLDERS:
        shutil.copytree(dataset.folder, library.root / folder / dataset.dataset_id)
    fresh = Library(library.root)
    assert [(s.dataset_id, s.total_episodes) for s in fresh.summaries()] == [
        (dataset.dataset_id, 2)
    ]
    again = fresh.existing(dataset.dataset_id)
    assert [row.file for row in again.rows()] == names
    assert again.damaged() == []
    again.writer.claim()
    again.writer.release()
    assert [row.file for row in Library(library.root).existing(dataset.dataset_id).rows()] == names


def test_a_copy_counts_where_the_episode_itself_is_gone(record: Callable[..., Dataset]) -> None:
    dataset = record(episodes=1)
    (row,) = dataset.rows()
    path = dataset.places.episodes / row.file
    path.rename(path.with_name(f"Copy of {path.name}"))
    again = Library(dataset.folder.parents[1]).existing(dataset.dataset_id)
    assert [r.total_steps for r in again.rows()] == [row.total_steps]


def test_a_folder_that_must_not_be_read_keeps_nothing_from_starting(
    library: Library, record: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = record(episodes=1)
    (library.root / "private").mkdir()
    refuse_listing(monkeypatch, "private")
    assert [s.dataset_id for s in library.summaries()] == [dataset.dataset_id]


@pytest.mark.parametrize("part", ["scripted-v0", "episodes"])
def test_a_dataset_that_must_not_be_read_says_so(
    library: Library, record: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    dataset_id = record(episodes=1).dataset_id
    refuse_listing(monkeypatch, part)
    fresh = Library(library.root)
    fresh.summaries()
    with pytest.raises(RecordingError, match=rf"{part} cannot be accessed \(Permission"):
        rows_of(fresh, dataset_id)


def rows_of(library: Library, dataset_id: str) -> int:
    return len(library.existing(dataset_id).rows())


def refuse_listing(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """As for a folder without permission, also where tests run as the administrator."""
    listed = os.open

    def refusing(path: object, *args: object, **kwargs: object) -> int:
        if path == folder:
            raise PermissionError(13, "Permission denied", folder)
        return listed(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refusing)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links need privileges here")
def test_a_folder_that_cannot_be_used_does_not_hide_the_others(
    library: Library, record: Callable[..., Dataset], tmp_path: Path
) -> None:
    dataset = record(episodes=2)
    (tmp_path / "elsewhere").mkdir()
    dataset.policies.symlink_to(tmp_path / "elsewhere")
    found, problem = library_changed(library, "CartPole-v1", dataset)
    assert len(found.episodes) == 2
    assert found.policies == ()
    assert problem.startswith(f"{dataset.policies} is a symbolic link.")
    dataset.policies.unlink()
    dataset.places.labels.write_text("no labels")
    found, problem = library_changed(library, "CartPole-v1", dataset)
    assert len(found.episodes) == 2
    assert problem.startswith(f"Stars, tags, notes and trims of {dataset.places.labels}")


def test_a_policy_too_large_to_be_taken_in_is_not_exported(
    record: Callable[..., Dataset], tmp_path: Path
) -> None:
    dataset = record(episodes=1)
    (dataset.policies / "p").mkdir(parents=True)
    with (dataset.policies / "p" / "config.json").open("wb") as file:
        file.truncate(17 << 20)
    with pytest.raises(RecordingError, match=r"has 17 MB; in a policy it may have 16 MB"):
        curation.export(dataset, dataset.rows(), "bundle", tmp_path / "out.teleop.zip")
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("name", ["metadata.json", "labels.json", "main_data.hdf5", "EPISODE"])
def test_what_is_too_large_or_no_hdf5_is_not_copied(
    library: Library, record: Callable[..., Dataset], tmp_path: Path, name: str
) -> None:
    dataset = record(episodes=1)
    shutil.copytree(dataset.folder, tmp_path / "mine")
    data = tmp_path / "mine" / "data"
    path = next((data / "episodes").iterdir()) if name == "EPISODE" else data / name
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(RecordingError, match="nothing was imported"):
        library.import_dataset(tmp_path / "mine", "brought/in-v0")
    assert not (library.root / "brought").exists()
