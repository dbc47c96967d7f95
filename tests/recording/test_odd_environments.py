"""Environments that nest, stack, mislabel and misbehave: recorded as they are, or said in words."""

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from teleop.errors import RecordingError
from teleop.recording import Dataset, Episode, Library, Recorder, dataset_info
from teleop.recording.episodes.episode import row_of_tree
from teleop.recording.journals import journal, journal_reader
from teleop.recording.journals.journal_reader import JournalReader
from teleop.types import Step
from tests.harness.recordings import Nobody, Odd, odd_dataset, recorded


def saved(library: Library, space: spaces.Space[Any], infos: Any = None) -> Episode:
    dataset, take = recorded(library, space, infos)
    row = dataset.writer.commit(take.journal)
    episode = dataset.read(row.file)
    dataset.writer.release()
    return episode


SPACES = {
    "nested": spaces.Dict({"a": spaces.Tuple([spaces.Discrete(4), spaces.Box(0, 1, (2,))])}),
    "unsorted": spaces.Dict(
        OrderedDict(z=spaces.Box(5, 6, (2,), np.float32), a=spaces.Box(0, 1, (3,), np.float32))
    ),
    "stack": spaces.Box(0, 255, (4, 96, 96), np.uint8),
    "stack of colour": spaces.Box(0, 255, (4, 64, 64, 3), np.uint8),
    "grey": spaces.Box(0, 255, (64, 64), np.uint8),
    "colour": spaces.Box(0, 255, (64, 48, 3), np.uint8),
    "bits": spaces.MultiBinary(5),
    "start": spaces.Discrete(5, start=-3),
    "text": spaces.Dict({"said": spaces.Text(12), "x": spaces.Box(-1, 1, (1,))}),
}


@pytest.mark.parametrize("name", SPACES)
def test_every_space_comes_back_as_it_was(library: Library, name: str) -> None:
    space = SPACES[name]
    episode = saved(library, space)
    space.seed(0)
    for step in range(4):
        found, wanted = row_of_tree(episode.observations, step), space.sample()
        assert str(_plain(found)) == str(_plain(wanted))


def test_infos_that_fit_are_columns_and_the_rest_is_not_lost(library: Library) -> None:
    odd = {
        "good": 1.5,
        "text\0key": 1,
        ".": 2,
        "": {"": 3},
        ("tuple", 1): 4,
        np.int64(7): 5,
        "huge": 10**400,
        "nul": "a\0b",
        "lone": "\ud800",
        "ragged": [[1], [1, 2]],
        "teleop_mine": 1,
    }
    dataset, take = recorded(library, spaces.Discrete(2), [odd, {}, odd])
    row = dataset.writer.commit(take.journal)
    dataset.writer.release()
    import h5py

    path = dataset.folder / "data" / "episodes" / row.file
    with h5py.File(path) as file:
        infos = file["episode/infos"]
        assert infos["good"][1] == 1.5
        assert np.isnan(infos["good"][2])
        rest = infos["teleop_info_json"][1].decode()
    for key in ("huge", "ragged", "teleop_mine"):
        assert key in rest


def test_a_journal_that_cannot_be_built_is_set_aside_and_the_dataset_opens(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, take = recorded(library, spaces.Discrete(2))
    dataset.writer.release()
    from teleop.recording.episodes import episode_writer

    def broken(journal: JournalReader, target: Path) -> None:
        raise ZeroDivisionError(journal.path, target)

    monkeypatch.setattr(episode_writer, "build_episode", broken)
    assert dataset.writer.claim().quarantined == [take.journal.name]
    dataset.writer.release()
    monkeypatch.undo()
    assert dataset.writer.claim().quarantined == []
    dataset.writer.release()


@pytest.mark.parametrize("value", [None, "text", {"y": 1}, np.zeros(4), [1, [2]]])
def test_a_value_that_is_not_of_its_space_is_one_sentence(library: Library, value: Any) -> None:
    env = Odd(spaces.Dict({"x": spaces.Box(0, 1, (2,))}))
    dataset = library.open_for_writing("odd/test-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    with pytest.raises(RecordingError):
        recorder.start(value, {}, 0, Nobody(), 0.0)
    assert not recorder.is_recording
    assert not list(dataset.places.journals.iterdir())
    dataset.writer.release()


def test_an_index_that_is_damaged_is_rebuilt(
    record: Callable[..., Dataset], library: Library
) -> None:
    dataset = record(episodes=2)
    (dataset.folder / "data" / "main_data.hdf5").write_bytes(b"junk")
    dataset.writer.claim()
    dataset.writer.delete(dataset.rows()[0].file)
    dataset.writer.release()
    import h5py

    with h5py.File(dataset.folder / "data" / "main_data.hdf5") as file:
        assert list(file) == ["episode_0"]
    assert library.summaries()[0].total_episodes == 1


def test_what_minari_recorded_can_be_read_and_learned_from(
    record: Callable[..., Dataset],
) -> None:
    import h5py

    from teleop.learning.data.demonstrations import load_demonstrations

    dataset = record(episodes=1)
    with h5py.File(dataset.folder / "data" / "main_data.hdf5", "a") as file:
        file.copy(file["episode_0"], file, name="episode_1")
        for name in ("teleop_timestamp", "teleop_pace", "teleop_actor"):
            del file["episode_1/infos"][name]
        for name in ("teleop_meta", "teleop_crc32", "teleop_uuid", "teleop_return"):
            del file["episode_1"].attrs[name]
    dataset.writer.claim()
    kept = dataset.rows()[0].file
    dataset.writer.delete(kept)  # adopts what Minari wrote before it rewrites the index
    dataset.writer.restore(kept)
    dataset.writer.release()
    assert [row.driver for row in dataset.rows()] == ["script", "other"]
    assert load_demonstrations(dataset).count == 2


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str) else np.asarray(value).tolist()


@pytest.mark.parametrize(
    "space",
    [
        spaces.Graph(spaces.Box(0, 1, (2,)), None),
        spaces.Sequence(spaces.Discrete(3)),
        spaces.Dict({"x": spaces.OneOf([spaces.Discrete(2), spaces.Discrete(3)])}),
    ],
)
def test_spaces_that_cannot_be_recorded_are_refused_by_name(space: spaces.Space[Any]) -> None:
    name = type(space if not isinstance(space, spaces.Dict) else space["x"]).__name__
    with pytest.raises(RecordingError, match=f"{name} spaces cannot be recorded"):
        dataset_info(Odd(space))


def lying(library: Library, space: spaces.Space[Any], values: list[Any], **step: Any) -> Episode:
    """An episode of an environment whose values are not what its space says."""
    env = Odd(space)
    dataset = odd_dataset(library, env)
    recorder = Recorder(dataset, env)
    recorder.start(values[0], {}, 0, Nobody(), 0.0)
    for value in values[1:]:
        recorder.step(Step(value, 0, step.get("reward", 1.0), False, False, {}, 0.0))
    take = recorder.end()
    assert take is not None
    row = dataset.writer.commit(take.journal)
    dataset.writer.release()
    return dataset.read(row.file)


@pytest.mark.parametrize(
    ("space", "values", "flag"),
    [
        (spaces.Box(-1, 1, (2,)), [np.array([0.1, 0.2])] * 2, "float64|<f8"),
        (spaces.Box(-1, 1, (2,)), [np.zeros(3, np.float32)] * 2, "shape \\(3,\\)"),
        (spaces.Box(-1, 1, (2,)), [np.full(2, 5, np.float32)] * 2, "are out of bounds"),
        (spaces.Box(-1, 1, (2,)), [np.full(2, np.nan, np.float32)] * 2, "NaN"),
        (spaces.Discrete(3), [7, 7], "are out of bounds"),
        (
            spaces.Dict({"x": spaces.Discrete(3)}),
            [{"x": 1, "secret": 2}] * 2,
            "not recorded.*secret",
        ),
    ],
)
def test_an_environment_that_lies_is_recorded_as_it_is_and_flagged(
    library: Library, space: spaces.Space[Any], values: list[Any], flag: str
) -> None:
    episode = lying(library, space, values)
    assert re.search(flag, " ".join(episode.row.flags)), episode.row.flags
    found = row_of_tree(episode.observations, 1)
    wanted = values[1]["x"] if isinstance(values[1], dict) else values[1]
    found = found["x"] if isinstance(found, dict) else found
    assert np.array_equal(found, wanted, equal_nan=True)


def test_nan_rewards_are_recorded_and_flagged(library: Library) -> None:
    episode = lying(library, spaces.Discrete(2), [0, 1], reward=float("nan"))
    assert np.isnan(episode.rewards[0])
    assert episode.row.flags == ("rewards are NaN or infinite",)


def test_honest_episodes_have_no_flags(record: Callable[..., Dataset]) -> None:
    for env_id in ("CartPole-v1", "LunarLander-v3", "Pendulum-v1"):
        assert [row.flags for row in record(env_id, episodes=1).rows()] == [()]


def test_info_that_is_no_number_is_named_once(library: Library) -> None:
    class Thing:
        pass

    odd = [{"thing": Thing(), "n": 1}] * 3
    dataset, take = recorded(library, spaces.Discrete(2), odd)
    row = dataset.writer.commit(take.journal)
    dataset.writer.release()
    assert row.flags == ("info thing is not a number and was saved as text",)


def test_a_recording_of_the_future_is_refused_in_words(library: Library) -> None:
    import h5py

    dataset, take = recorded(library, spaces.Discrete(2))
    row = dataset.writer.commit(take.journal)
    dataset.writer.release()
    with h5py.File(dataset.places.episodes / row.file, "r+") as file:
        file["episode"].attrs["teleop_schema"] = 99
    with pytest.raises(RecordingError, match="newer version of Teleop"):
        library.dataset(dataset.dataset_id).read(row.file)


def test_names_that_hdf5_or_our_own_gate_would_refuse_are_kept_as_text(library: Library) -> None:
    odd = [{"a\\b": 1, "x" * 201: 2, "n": 3, "list": [{(1, 2): 3.0}]}] * 3
    dataset, take = recorded(library, spaces.Discrete(2), odd)
    dataset.writer.commit(take.journal)
    dataset.writer.release()
    library.rename(dataset.dataset_id, "odd/renamed-v0")
    (row,) = library.dataset("odd/renamed-v0").rows()
    infos = library.dataset("odd/renamed-v0").read(row).infos
    assert infos["n"][1] == 3


@pytest.mark.parametrize(("characters", "readings"), [(8, 1), (4_000_000, 2)])
def test_a_journal_is_read_once_unless_its_rows_need_much_memory(
    library: Library, monkeypatch: pytest.MonkeyPatch, characters: int, readings: int
) -> None:
    infos = [{"said": str(step) * characters} for step in range(3)]
    dataset, taken = recorded(library, spaces.Discrete(9), infos)
    read, opened = journal.iter_records, []

    def counted(path: Path) -> Any:
        opened.append(path)
        return read(path)

    monkeypatch.setattr(journal_reader, "iter_records", counted)
    episode = dataset.read(dataset.writer.commit(taken.journal).file)
    assert len(opened) == readings
    assert [str(text) for text in episode.infos["said"]] == ["", *(i["said"] for i in infos)]
    dataset.writer.release()


@pytest.mark.slow  # smaller pictures are in the suite
def test_pictures_of_1280_by_720_can_be_recorded_and_read(library: Library) -> None:
    space = spaces.Box(0, 255, (720, 1280, 3), np.uint8)
    episode = saved(library, space)
    assert episode.observations.shape == (4, 720, 1280, 3)
    assert [row.total_steps for row in Library(library.root).dataset("odd/test-v0").rows()] == [3]
