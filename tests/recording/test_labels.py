"""What people say about episodes stays with them, and leaves the recordings as they are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from teleop import curation
from teleop.errors import RecordingError
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.recording import Dataset, Library
from teleop.recording.datasets.labels import Labels
from teleop.recording.datasets.query import Query
from teleop.types.metadata import Label

Record = Callable[..., Dataset]


def test_stars_tags_notes_and_verdicts_are_kept(record: Record, library: Library) -> None:
    dataset = record(episodes=2)
    first, second = dataset.rows()
    before = (dataset.places.episodes / first.file).read_bytes()
    dataset.label(first.uuid, starred=True, tags=(" wind ", "night", "wind"), note="late flare")
    dataset.label(first.uuid, success=True)
    found = library.dataset(dataset.dataset_id).rows()[0].label
    assert (found.starred, found.tags, found.note) == (True, ("night", "wind"), "late flare")
    assert found.success is True
    assert dataset.row(second.file).label.success is None
    assert (dataset.places.episodes / first.file).read_bytes() == before


def test_a_trim_leaves_steps_out_of_training_alone(record: Record) -> None:
    dataset = record(episodes=1)
    (row,) = dataset.rows()
    dataset.label(row.uuid, trim=(5, 15))
    assert load_demonstrations(dataset).total_steps == 10
    whole = dataset.read(row.file)
    assert len(whole.rewards) == row.total_steps
    trimmed = whole.trimmed()
    assert np.array_equal(trimmed.observations, whole.observations[5:16])
    assert trimmed.truncations.tolist() == [False] * 9 + [True]


@pytest.mark.parametrize(
    "changes",
    [{"trim": (3, 3)}, {"trim": (0, 10**6)}, {"tags": ("x" * 41,)}, {"note": "y" * 2001}],
)
def test_a_label_out_of_bounds_is_refused(record: Record, changes: dict[str, object]) -> None:
    dataset = record(episodes=1)
    with pytest.raises(RecordingError):
        dataset.label(dataset.rows()[0].uuid, **changes)
    assert dataset.rows()[0].label == Label()


def test_many_hands_label_at_once_and_nothing_is_lost(record: Record, library: Library) -> None:
    dataset = record(episodes=4)
    uuids = [row.uuid for row in dataset.rows()]

    def tag(number: int) -> None:
        library.dataset(dataset.dataset_id).label(uuids[number % 4], note=f"note {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tag, range(24)))
    assert all(row.label.note for row in dataset.rows())


def test_episodes_are_found_and_sorted(record: Record) -> None:
    dataset = record(episodes=3)
    rows = dataset.rows()
    dataset.label(rows[2].uuid, tags=("wind",), note="Übung")
    assert [row.file for row in Query("übung").of(dataset.rows())] == [rows[2].file]
    assert Query(tag="wind").of(dataset.rows())[0].file == rows[2].file
    returns = [row.total_reward for row in Query(sort="-return").of(rows)]
    assert returns == sorted(returns, reverse=True)
    assert not Query(starred=True).of(rows)
    with pytest.raises(RecordingError, match="sort by"):
        Query(sort="colour").of(rows)


def test_idle_ends_are_known_only_where_hands_were_recorded(record: Record) -> None:
    dataset = record(episodes=1)
    with pytest.raises(RecordingError, match="--first"):
        curation.idle_ends(dataset, dataset.rows()[0])


def test_labels_that_come_with_episodes_never_replace_own_ones(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json", tmp_path / "lock")
    labels.change("0" * 12, note="mine")
    labels.add({"0" * 12: Label(note="theirs"), "1" * 12: Label(note="theirs")})
    found = labels.read()
    assert (found["0" * 12].note, found["1" * 12].note) == ("mine", "theirs")
