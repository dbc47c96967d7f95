"""The running episode survives a kill at any byte."""

from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.spaces import space_to_json
from teleop.errors import RecordingError, StorageError
from teleop.recording.journals.flattening import Codec
from teleop.recording.journals.journal import JournalWriter, Record, iter_records
from teleop.types import InputEvent, Step

OBSERVATION = spaces.Box(-1, 1, (3,), np.float32)
ACTION = spaces.Discrete(4)


def write(path: Path, steps: int = 5) -> None:
    meta = {
        "uuid": "0" * 12,
        "ordinal": 0,
        "observation_space": space_to_json(OBSERVATION),
        "action_space": space_to_json(ACTION),
    }
    journal = JournalWriter(path, meta, Codec(OBSERVATION), Codec(ACTION))
    journal.reset(np.zeros(3, np.float32), {})
    for index in range(steps):
        journal.inputs([InputEvent(float(index), "key.w", 1.0)])
        observation = np.full(3, index / 10, np.float32)
        journal.step(Step(observation, index % 4, 1.0, False, False, {"index": index}))
    journal.end()


def test_records_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "000000-000000000000.tj"
    write(path, steps=2)
    kinds = [kind for kind, _ in iter_records(path)]
    assert kinds == [
        Record.META,
        Record.RESET,
        Record.INPUT,
        Record.STEP,
        Record.INPUT,
        Record.STEP,
        Record.END,
    ]


def test_a_cut_at_any_byte_keeps_every_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "whole.tj"
    write(path, steps=3)
    data, whole = path.read_bytes(), [payload for _, payload in iter_records(path)]
    cut = tmp_path / "cut.tj"
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        found = [payload for _, payload in iter_records(cut)]
        assert found == whole[: len(found)]
        assert len(found) < len(whole)


def test_a_flipped_bit_ends_the_reading_before_it(tmp_path: Path) -> None:
    path = tmp_path / "whole.tj"
    write(path, steps=3)
    data, whole = bytearray(path.read_bytes()), [payload for _, payload in iter_records(path)]
    flipped = tmp_path / "flipped.tj"
    for position in range(8, len(data), 7):
        data[position] ^= 0x10
        flipped.write_bytes(data)
        data[position] ^= 0x10
        found = [payload for _, payload in iter_records(flipped)]
        assert found == whole[: len(found)]


def test_an_observation_of_another_shape_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "shape.tj"
    meta = {
        "observation_space": space_to_json(OBSERVATION),
        "action_space": space_to_json(ACTION),
    }
    journal = JournalWriter(path, meta, Codec(OBSERVATION), Codec(ACTION))
    journal.reset(np.zeros(3, np.float32), {})
    with pytest.raises(RecordingError, match="shape"):
        journal.step(Step(np.zeros(4, np.float32), 0, 0.0, False, False))
    journal.step(Step(np.ones(3, np.float32), 0, 0.0, False, False))
    journal.end()
    assert [kind for kind, _ in iter_records(path)][-2:] == [Record.STEP, Record.END]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        JournalWriter(tmp_path / "no" / "x.tj", {}, Codec(OBSERVATION), Codec(ACTION))


@pytest.mark.parametrize("lost", [2, 4, 7])
def test_a_record_that_is_missing_ends_the_reading_before_it(tmp_path: Path, lost: int) -> None:
    """Each record that follows is whole: only its number tells that one is not there."""
    path = tmp_path / "whole.tj"
    write(path, steps=5)
    whole = [payload for _, payload in iter_records(path)]
    start, *records = path.read_bytes().split(b"TJR1")
    path.write_bytes(b"TJR1".join([start, *records[:lost], *records[lost + 1 :]]))
    assert [payload for _, payload in iter_records(path)] == whole[:lost]
