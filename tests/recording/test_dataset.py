"""Saved means saved: commit, recovery, delete, undo, and Minari's own reader on the result."""

import json
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import h5py
import numpy as np
import pytest

from teleop.envs.factory import close_env, make_env
from teleop.errors import DatasetBusyError, RecordingError, StorageError
from teleop.evaluation.scoring import RandomPolicy
from teleop.recording import Dataset, Library, Recorder, Take, dataset_info
from teleop.recording.episodes import episode_writer
from teleop.recording.episodes.episode import row_of_tree
from teleop.recording.journals.journal_reader import JournalReader
from teleop.session import Phase, Session, seeds_from
from teleop.types import InputEvent

Record = Callable[..., Dataset]


def take(dataset: Dataset, env_id: str = "CartPole-v1", steps: int = 12, seed: int = 3) -> Take:
    """Some steps of a random policy, ended by hand."""
    env = make_env(env_id, render=False)
    recorder = Recorder(dataset, env)
    make = lambda: make_env(env_id, render=False)  # noqa: E731
    session = Session(make, RandomPolicy(env_id), seeds_from(seed), recorder)
    session.start(0.0)
    for index in range(steps):
        if session.phase is Phase.RUNNING:
            session.tick(1.0 + index)
    found = session.stop()
    close_env(env)
    session.close()
    assert found is not None
    return found


def claimed(library: Library, env_id: str = "CartPole-v1") -> Dataset:
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing("test/human-v0", dataset_info(env))
    close_env(env)
    dataset.writer.claim()
    return dataset


@pytest.mark.parametrize(
    "env_id", ["CartPole-v1", "LunarLander-v3", "Pendulum-v1", "FrozenLake-v1", "CarRacing-v3"]
)
def test_re_stepping_from_the_seed_reproduces_every_observation(
    library: Library, env_id: str
) -> None:
    dataset = claimed(library, env_id)
    dataset.writer.commit(take(dataset, env_id).journal)
    episode = dataset.read(dataset.rows()[0].file)
    env = make_env(env_id, render=False)
    observation, _ = env.reset(seed=episode.row.seed)
    for step in range(len(episode.rewards)):
        assert np.array_equal(observation, row_of_tree(episode.observations, step))
        observation, reward, *_ = env.step(row_of_tree(episode.actions, step))
        assert reward == episode.rewards[step]
    assert np.array_equal(observation, row_of_tree(episode.observations, len(episode.rewards)))
    close_env(env)
    dataset.writer.release()


def test_minari_lists_exactly_the_saved_episodes(
    record: Record, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    dataset = record(episodes=3)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(library.root))
    assert list(minari.list_local_datasets()) == [dataset.dataset_id]
    loaded = minari.load_dataset(dataset.dataset_id)
    rows = dataset.rows()
    assert loaded.total_episodes == 3
    assert [len(e.rewards) for e in loaded.iterate_episodes()] == [r.total_steps for r in rows]
    ours = dataset.read(rows[0].file)
    theirs = next(iter(loaded.iterate_episodes()))
    assert np.array_equal(theirs.observations, ours.observations)
    assert np.array_equal(theirs.actions, ours.actions)
    assert set(theirs.infos["teleop_actor"][1:]) == {2}
    env = loaded.recover_environment()
    assert isinstance(env, gym.Env)
    assert env.spec is not None
    assert env.spec.id == "CartPole-v1"


def test_an_episode_has_one_more_observation_than_actions(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0].file)
    assert len(episode.observations) == len(episode.actions) + 1 == len(episode.times_s)


def test_a_take_that_was_never_ended_is_recovered_as_truncated(library: Library) -> None:
    dataset = claimed(library)
    journal = take(dataset, steps=6).journal
    journal.write_bytes(journal.read_bytes()[:-30])  # killed while writing END
    dataset.writer.release()
    again = library.dataset(dataset.dataset_id)
    report = again.writer.claim()
    (row,) = again.rows()
    assert report.recovered == [row.file]
    assert row.recovered
    assert bool(again.read(row.file).truncations[-1])
    assert not journal.exists()
    again.writer.release()


def test_recovering_twice_changes_nothing(library: Library) -> None:
    dataset = claimed(library)
    dataset.writer.commit(take(dataset).journal)
    dataset.writer.release()
    before = {p: p.read_bytes() for p in dataset.folder.rglob("*") if p.is_file()}
    dataset.writer.claim()
    dataset.writer.release()
    assert {p: p.read_bytes() for p in dataset.folder.rglob("*") if p.is_file()} == before


def test_discard_and_delete_can_be_undone(library: Library) -> None:
    dataset = claimed(library)
    kept = dataset.writer.commit(take(dataset, seed=1).journal)
    name = dataset.writer.discard(take(dataset, seed=2).journal)
    assert [row.file for row in dataset.rows()] == [kept.file]
    restored = dataset.writer.restore(name)
    assert [row.file for row in dataset.rows()] == [kept.file, restored.file]
    dataset.writer.delete(kept.file)
    assert [row.file for row in dataset.rows()] == [restored.file]
    assert dataset.metadata()["total_episodes"] == 1
    dataset.writer.restore(kept.file)
    assert [row.file for row in dataset.rows()] == [kept.file, restored.file]
    dataset.writer.release()


def test_stars_survive_reopening(record: Record, library: Library) -> None:
    dataset = record()
    dataset.label(dataset.rows()[1].uuid, starred=True)
    assert [row.starred for row in library.dataset(dataset.dataset_id).rows()] == [False, True]


def test_a_second_teleop_is_told_who_has_the_dataset(library: Library) -> None:
    dataset = claimed(library)
    with pytest.raises(DatasetBusyError, match="Another Teleop"):
        library.dataset(dataset.dataset_id).writer.claim()
    dataset.writer.release()


def test_a_damaged_episode_is_named_and_set_aside(library: Library) -> None:
    dataset = claimed(library)
    good = dataset.writer.commit(take(dataset, seed=1).journal)
    bad = dataset.writer.commit(take(dataset, seed=2).journal)
    path = dataset.folder / "data" / "episodes" / bad.file
    path.write_bytes(b"\0" * 100)
    with pytest.raises(RecordingError, match=bad.file):
        dataset.read(bad.file)
    (dataset.folder / "data" / "manifest.json").unlink()
    dataset.writer.release()
    again = library.dataset(dataset.dataset_id)
    assert again.writer.claim().quarantined == [bad.file]
    assert [row.file for row in again.rows()] == [good.file]
    again.writer.release()


def test_what_minari_appends_is_adopted(
    record: Record, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import h5py

    dataset = record(episodes=2)
    index = dataset.folder / "data" / "main_data.hdf5"
    with h5py.File(index, "a") as file:  # as `update_dataset_from_buffer` leaves it
        file.copy(file["episode_1"], file, name="episode_2")
    dataset.writer.claim()
    dataset.writer.commit(take(dataset).journal)
    assert len(dataset.rows()) == 4
    dataset.writer.release()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(library.root))
    import minari

    assert minari.load_dataset(dataset.dataset_id).total_episodes == 4


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits there")
def test_a_full_disk_costs_no_saved_episode_and_keeps_the_take(library: Library) -> None:
    dataset = claimed(library)
    saved = dataset.writer.commit(take(dataset, seed=1).journal)
    running = take(dataset, steps=400, seed=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for room in (100, 1_500, 3_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
            with pytest.raises(StorageError):
                dataset.writer.commit(running.journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [row.file for row in dataset.rows()] == [saved.file]
    assert not list(dataset.places.journals.glob("*.h5tmp"))
    dataset.writer.commit(running.journal)  # there is room again
    assert len(dataset.rows()) == 2
    dataset.writer.release()


def test_other_spaces_are_not_mixed_into_a_dataset(library: Library) -> None:
    claimed(library).writer.release()
    env = make_env("Pendulum-v1", render=False)
    with pytest.raises(RecordingError, match="other spaces"):
        library.open_for_writing("test/human-v0", dataset_info(env))
    close_env(env)


def test_ids_cannot_leave_the_folder(library: Library) -> None:
    for bad in ("../x-v0", "a/../../x-v0", "x", "/etc/x-v0", "has space-v0"):
        with pytest.raises(RecordingError, match="not a dataset id"):
            library.dataset(bad)


def test_a_new_folder_is_filled_with_the_samples(tmp_path: Path, record: Record) -> None:
    dataset = record()
    root = tmp_path / "fresh"
    fresh = Library(root)
    fresh.ensure(dataset.folder.parents[1])
    assert [s.total_episodes for s in fresh.summaries()] == [2]
    assert not list(root.rglob(".teleop"))
    shutil.rmtree(root)


def test_metadata_keeps_what_others_wrote(library: Library) -> None:
    dataset = claimed(library)
    path = dataset.folder / "data" / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"docs_url": "x"}))
    dataset.writer.commit(take(dataset).journal)
    assert dataset.metadata()["docs_url"] == "x"
    dataset.writer.release()


def test_an_episode_that_the_disk_wrote_wrongly_is_not_saved_and_its_take_is_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = claimed(library)
    found = take(dataset)
    build = episode_writer.build_episode

    def build_on_a_bad_disk(journal: JournalReader, draft: Path) -> None:
        build(journal, draft)
        with h5py.File(draft, "r+") as file:
            file["episode/rewards"][2] += 1

    with monkeypatch.context() as bad:
        bad.setattr(episode_writer, "build_episode", build_on_a_bad_disk)
        with pytest.raises(RecordingError):
            dataset.writer.commit(found.journal)
    assert not dataset.rows()
    assert found.journal.is_file()
    assert dataset.writer.commit(found.journal).total_steps == found.total_steps
    dataset.writer.release()


def test_numbers_of_episodes_only_grow(library: Library) -> None:
    dataset = claimed(library)
    for expected in range(3):
        assert dataset.writer.commit(take(dataset).journal).ordinal == expected
        dataset.writer.delete(dataset.rows()[0].file)
    assert take(dataset).journal.name.startswith("000003-")
    dataset.writer.release()


def test_a_file_that_changed_since_it_was_saved_says_so(record: Record) -> None:
    dataset = record(episodes=1)
    row = dataset.rows()[0]
    assert not any("changed" in flag for flag in dataset.read(row).row.flags)
    with h5py.File(dataset.places.episodes / row.file, "r+") as file:
        file["episode"].attrs["mine"] = "a note"
    assert any("changed" in flag for flag in dataset.read(row).row.flags)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "CarRacing-v3"])  # pictures go another way
def test_input_times_count_from_the_start_of_the_take(library: Library, env_id: str) -> None:
    dataset = claimed(library, env_id)
    env = make_env(env_id, render=False)
    recorder = Recorder(dataset, env)
    make = lambda: make_env(env_id, render=False)  # noqa: E731
    session = Session(make, RandomPolicy(env_id), seeds_from(3), recorder)
    session.start(5000.0)
    recorder.hear(InputEvent(5000.25, "key.a", 1.0))
    session.tick(5001.0)
    recorder.hear(InputEvent(5001.5, "key.a", 0.0))
    session.tick(5002.0)
    found = session.stop()
    assert found is not None
    row = dataset.writer.commit(found.journal)
    assert [event.time_s for event in dataset.step_details(row).inputs] == [0.25, 1.5]
    dataset.writer.release()
    session.close()
    close_env(env)
