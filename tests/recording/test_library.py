"""Datasets are merged, split, renamed, purged; Minari's own come in."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from teleop import curation
from teleop.api.policies import iter_record
from teleop.errors import RecordingError
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.playback.replay import RecordedPolicy, Replay
from teleop.recording import Dataset, Library

Record = Callable[..., Dataset]


def test_merging_leaves_out_what_is_there_already(record: Record, library: Library) -> None:
    one = record(episodes=2)
    list(
        iter_record(library, "CartPole-v1", "human-like", 2, dataset_id="other/one-v0", seed=1)
    )  # seed 1 again, and 2
    one.label(one.rows()[0].uuid, tags=("kept",))
    assert library.merge("all/all-v0", [one.dataset_id, "other/one-v0"]) == (3, 1)
    merged = library.dataset("all/all-v0")
    assert sorted(row.seed or 0 for row in merged.rows()) == [0, 1, 2]
    assert merged.rows()[0].label.tags == ("kept",)
    assert library.merge("all/all-v0", [one.dataset_id]) == (0, 2)
    assert len(one.rows()) == 2


def test_datasets_of_other_spaces_do_not_merge(record: Record, library: Library) -> None:
    one, two = record(episodes=1), record("Pendulum-v1", episodes=1)
    with pytest.raises(RecordingError, match="other spaces"):
        library.merge("all/all-v0", [one.dataset_id, two.dataset_id])


def test_splitting_draws_every_episode_once(record: Record, library: Library) -> None:
    dataset = record(episodes=5)
    parts = curation.shares(dataset.rows(), ["cc/train-v0=0.6", "cc/test-v0=0.4"], seed=1)
    library.split(dataset.dataset_id, parts)
    train, test = library.dataset("cc/train-v0"), library.dataset("cc/test-v0")
    assert (len(train.rows()), len(test.rows())) == (3, 2)
    seeds = [row.seed for row in train.rows() + test.rows()]
    assert sorted(seed or 0 for seed in seeds) == [0, 1, 2, 3, 4]
    with pytest.raises(RecordingError, match="exists already"):
        library.split(dataset.dataset_id, parts)
    with pytest.raises(RecordingError, match="at most 1"):
        curation.shares(dataset.rows(), ["cc/a-v0=0.6", "cc/b-v0=0.6"], seed=1)


def test_renaming_moves_everything_and_minari_finds_it(
    record: Record, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    dataset = record(episodes=2)
    old = dataset.dataset_id
    library.rename(old, "moved/well-v3")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(library.root))
    assert minari.load_dataset("moved/well-v3").total_episodes == 2
    assert list(minari.list_local_datasets()) == ["moved/well-v3"]
    with pytest.raises(RecordingError):
        library.existing(old)


@pytest.mark.parametrize("name", ["../x-v0", "a b-v0", "ü-v0", "x", "/etc/x-v0", "a/../../b-v0"])
def test_names_that_lead_elsewhere_are_refused(library: Library, name: str) -> None:
    with pytest.raises(RecordingError):
        library.dataset(name)


def test_folders_with_spaces_and_accents_are_fine(tmp_path: Path) -> None:
    root = tmp_path / "meine Übungen – heute" / "recordings"
    root.mkdir(parents=True)
    library = Library(root)
    list(iter_record(library, "CartPole-v1", "human-like", 1, dataset_id="aa/b-v0", seed=0))
    assert load_demonstrations(library.dataset("aa/b-v0")).count == 1


def test_only_purging_destroys(record: Record, library: Library) -> None:
    dataset = record(episodes=3)
    first = dataset.rows()[0].file
    curation.delete(dataset, curation.find_rows(dataset, [1, 3]))
    assert len(dataset.rows()) == 1
    assert curation.restore(dataset, ["3"]) == [3]
    assert dataset.writer.trash.names() == [first]
    assert curation.purge(dataset) == [first]
    with pytest.raises(RecordingError, match="not in the trash"):
        curation.restore(dataset, ["1"])
    assert len(library.dataset(dataset.dataset_id).rows()) == 2


def test_purging_what_is_named_leaves_the_rest(record: Record) -> None:
    dataset = record(episodes=3)
    first, second, third = (row.file for row in dataset.rows())
    dataset.writer.claim()
    dataset.writer.delete(first, third)
    assert dataset.writer.purge([first]) == [first]
    assert dataset.writer.trash.names() == [third]
    assert dataset.writer.restore(third).file == third
    assert [row.file for row in dataset.rows()] == [second, third]
    dataset.writer.release()


@pytest.mark.parametrize("pictures", [False, True])
def test_what_minari_made_comes_in_is_compared_and_learned_from(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: bool
) -> None:
    theirs = tmp_path / "theirs"
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(theirs))
    made = _minari_dataset(pictures=pictures)
    dataset = library.import_dataset(theirs / "their" / "own-v0")
    assert dataset.is_foreign
    rows = dataset.rows()
    assert [row.total_steps for row in rows] == [len(actions) for _, actions in made]
    for row, (observations, actions) in zip(rows, made, strict=True):
        episode = dataset.read(row)
        assert episode.actions.tolist() == actions
        found = episode.observations["camera"] if pictures else episode.observations
        wanted = [o["camera"] for o in observations] if pictures else observations
        gap = np.abs(np.asarray(found).astype(float) - np.asarray(wanted))
        assert gap.max() <= (3 if pictures else 0)  # Minari's JPEG is lossy
    if not pictures:
        replay = Replay("CartPole-v1", rows[0].seed or 0, [RecordedPolicy(dataset.read(rows[0]))])
        while replay.advance():
            pass
        assert replay.fidelity() == "exact"
        replay.close()
        assert load_demonstrations(dataset).total_steps == sum(row.total_steps for row in rows)
    with pytest.raises(RecordingError, match="made by another program"):
        dataset.writer.claim()
    assert library.merge("mine/copy-v0", [dataset.dataset_id]) == (2, 0)
    copy = library.dataset("mine/copy-v0")
    assert [row.total_steps for row in copy.rows()] == [row.total_steps for row in rows]


def _minari_dataset(*, pictures: bool, first_seed: int = 0) -> list[tuple[list[Any], list[int]]]:
    """Two episodes as Minari itself writes them."""
    import minari
    from minari.data_collector import EpisodeBuffer

    from teleop.envs.factory import make_env

    env = make_env("CartPole-v1", render=False)
    made, buffers = [], []
    for seed in range(first_seed, first_seed + 2):
        observation, _ = env.reset(seed=seed)
        observations, actions, rewards = [observation], [], []
        for step in range(9):
            observation, reward, *_ = env.step(step % 2)
            observations.append(observation)
            actions.append(step % 2)
            rewards.append(float(reward))
        seen: Any = observations
        if pictures:
            frames = [np.full((40, 48, 3), 20 * seed + step, np.uint8) for step in range(10)]
            seen = [{"camera": frame} for frame in frames]
        stacked = {"camera": frames} if pictures else np.array(observations)
        buffers.append(
            EpisodeBuffer(
                id=seed - first_seed,
                seed=seed,
                observations=stacked,
                actions=actions,
                rewards=rewards,
                terminations=[False] * 9,
                truncations=[False] * 8 + [True],
                infos={},
            )
        )
        made.append((seen, actions))
    space = spaces.Dict({"camera": spaces.Box(0, 255, (40, 48, 3), np.uint8)}) if pictures else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Minari misses authors and links
        minari.create_dataset_from_buffers(
            "their/own-v0", buffers, env="CartPole-v1", observation_space=space
        )
    env.close()
    return made


def test_a_name_inside_a_file_never_becomes_a_path(record: Record, library: Library) -> None:
    import h5py

    dataset = record(episodes=1)
    path = dataset.places.episodes / dataset.rows()[0].file
    with h5py.File(path, "r+") as file:
        file["episode"].attrs["teleop_uuid"] = np.bytes_("../../../../../escaped")
    dataset.places.manifest.unlink()
    library.merge("all/all-v0", [dataset.dataset_id])
    assert [p.name for p in library.root.parent.iterdir()] == ["recordings"]
    (row,) = library.dataset("all/all-v0").rows()
    assert row.uuid == path.stem[7:]


def test_minari_datasets_with_alike_rewards_merge_whole(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "theirs"))
    _minari_dataset(pictures=False)
    library.import_dataset(tmp_path / "theirs" / "their" / "own-v0", "one/one-v0")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "others"))
    _minari_dataset(pictures=False, first_seed=7)
    library.import_dataset(tmp_path / "others" / "their" / "own-v0", "two/two-v0")
    assert library.merge("all/all-v0", ["one/one-v0", "two/two-v0"]) == (4, 0)
    rows = library.dataset("all/all-v0").rows()
    assert sorted(row.seed or 0 for row in rows) == [0, 1, 7, 8]
    assert len({row.uuid for row in rows}) == 4


def test_no_dataset_lies_inside_another(record: Record, library: Library) -> None:
    dataset = record(episodes=1)
    with pytest.raises(RecordingError, match="cannot lie inside"):
        library.rename(dataset.dataset_id, f"{dataset.dataset_id}/policies/x-v0")


def test_what_lies_in_the_trash_is_looked_at_before_it_comes_back(
    record: Record, tmp_path: Path
) -> None:
    import h5py

    dataset = record(episodes=1)
    (tmp_path / "secret").write_bytes(b"do not read this" * 4)
    curation.delete(dataset, dataset.rows())
    (name,) = dataset.writer.trash.names()
    with h5py.File(dataset.places.trash / name, "r+") as file:
        external = [(str(tmp_path / "secret"), 0, 64)]
        file["episode/infos"].create_dataset("stolen", (64,), "u1", external=external)
    with pytest.raises(RecordingError, match="in another file"):
        curation.restore(dataset, [name])
    assert dataset.rows() == []


@pytest.mark.parametrize("junk", [b"{", b'{"episodes": 5}', b'{"episodes": {"x": {"trim": [5]}}}'])
def test_labels_that_cannot_be_read_are_put_aside_never_written_over(
    record: Record, junk: bytes
) -> None:
    dataset = record(episodes=1)
    dataset.places.labels.write_bytes(junk)
    assert dataset.rows()[0].label.note == ""
    dataset.label(dataset.rows()[0].uuid, note="[/] new")
    kept = [p.read_bytes() for p in dataset.places.data.glob("labels.damaged-*")]
    assert kept == ([junk] if b"trim" not in junk else [])


@pytest.mark.parametrize(
    "change", [{"teleop": 5}, {"total_episodes": float("inf")}, {"total_steps": "x"}]
)
def test_one_odd_description_does_not_hide_the_other_datasets(
    record: Record, library: Library, change: dict[str, Any]
) -> None:
    dataset, other = record(episodes=1), record("Pendulum-v1", episodes=1)
    data = json.loads(dataset.places.description.read_bytes()) | change
    dataset.places.description.write_text(json.dumps(data))
    assert other.dataset_id in [s.dataset_id for s in library.summaries() if not s.problem]
