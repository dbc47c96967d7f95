"""Recordings in the forms of other programs, and one file to hand on."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from gymnasium import spaces
from PIL import Image

from teleop import curation
from teleop.api.policies import iter_record
from teleop.errors import RecordingError
from teleop.playback.replay import iter_drawn
from teleop.recording import Dataset, Library
from teleop.recording.exchange.flat import ActionVector
from teleop.recording.importing.lerobot_video import Frames
from teleop.recording.trust.vetting import picture_of
from teleop.types.metadata import Mark, marks_from
from tests.harness.recordings import recorded

Record = Callable[..., Dataset]

NESTED = spaces.Dict(
    {
        "camera": spaces.Box(0, 255, (40, 48, 3), np.uint8),
        "pair": spaces.Tuple([spaces.Discrete(4), spaces.Box(-1, 1, (2,), np.float32)]),
        "said": spaces.Text(5),
    }
)


def _png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def nested(library: Library) -> Dataset:
    """One episode with pictures, numbers and text."""
    dataset, take = recorded(library, NESTED)
    dataset.writer.commit(take.journal)
    dataset.writer.release()
    return dataset


def written(dataset: Dataset, form: str, target: Path) -> list[str]:
    return curation.export(dataset, dataset.rows(), form, target)[1]


def test_a_bundle_brings_back_everything(record: Record, tmp_path: Path) -> None:
    dataset = record(episodes=2)
    dataset.label(dataset.rows()[1].uuid, starred=True, tags=("good",))
    policy = dataset.policies / "bc-2-episodes"
    policy.mkdir(parents=True)
    for name in ("config.json", "weights.safetensors", "notes.txt"):
        (policy / name).write_text("{}")
    written(dataset, "bundle", tmp_path / "b.teleop.zip")
    other = Library(tmp_path / "other")
    other.root.mkdir()
    found = other.import_dataset(tmp_path / "b.teleop.zip")
    assert found.dataset_id == dataset.dataset_id
    assert found.rows() == dataset.rows()
    assert sorted(p.name for p in (found.policies / policy.name).iterdir()) == [
        "config.json",
        "weights.safetensors",
    ]
    assert {verdict for _, verdict, _ in curation.verify(found)} == {"exact"}
    with pytest.raises(RecordingError, match="exists already"):
        other.import_dataset(tmp_path / "b.teleop.zip")
    assert [p.name for p in other.root.iterdir()] == ["cartpole-v1"]


def test_an_unzipped_bundle_is_a_minari_dataset(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    dataset = record(episodes=2)
    written(dataset, "bundle", tmp_path / "b.teleop.zip")
    with zipfile.ZipFile(tmp_path / "b.teleop.zip") as bundle:
        bundle.extractall(tmp_path / "root")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "root"))
    assert len(list(minari.load_dataset(dataset.dataset_id).iterate_episodes())) == 2


@pytest.mark.parametrize("cut", [10, 1000, -30])
def test_a_damaged_bundle_is_one_sentence_and_leaves_nothing(
    record: Record, library: Library, tmp_path: Path, cut: int
) -> None:
    dataset = record(episodes=1)
    path = tmp_path / "b.teleop.zip"
    written(dataset, "bundle", path)
    path.write_bytes(path.read_bytes()[:cut])
    before = sorted(library.root.rglob("*"))
    with pytest.raises(RecordingError, match="damaged"):
        library.import_dataset(path, "new/one-v0")
    assert sorted(library.root.rglob("*")) == before


def test_minari_reads_a_packed_dataset_with_its_trims(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import minari

    dataset = record(episodes=2)
    dataset.label(dataset.rows()[0].uuid, trim=(2, 12))
    written(dataset, "minari", tmp_path / "packed")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "packed"))
    loaded = minari.load_dataset(dataset.dataset_id)
    first = next(iter(loaded.iterate_episodes()))
    assert (len(first.rewards), len(first.observations)) == (10, 11)
    assert first.truncations[-1]
    assert list(minari.list_local_datasets()) == [dataset.dataset_id]
    with h5py.File(next((tmp_path / "packed").rglob("main_data.hdf5"))) as file:
        links = [type(file.get(name, getlink=True)) for name in file]
    assert links == [h5py.HardLink] * 2


def test_robomimic_layout_is_as_documented(record: Record, tmp_path: Path) -> None:
    dataset = record("Pendulum-v1", episodes=3)
    assert written(dataset, "robomimic", tmp_path / "r.hdf5") == []
    with h5py.File(tmp_path / "r.hdf5") as file:
        data = file["data"]
        assert sorted(data) == ["demo_0", "demo_1", "demo_2"]
        assert data.attrs["total"] == sum(row.total_steps for row in dataset.rows())
        assert json.loads(data.attrs["env_args"])["env_name"] == "Pendulum-v1"
        demo = data["demo_1"]
        total = demo.attrs["num_samples"]
        shapes = {name: demo[name].shape for name in ("actions", "rewards", "dones")}
        assert shapes == {"actions": (total, 1), "rewards": (total,), "dones": (total,)}
        assert np.array_equal(demo["obs/flat"][1:], demo["next_obs/flat"][:-1])
        assert np.abs(demo["actions"]).max() <= 1
        assert len(file["mask/train"]) + len(file["mask/valid"]) == 3


def test_robomimic_takes_pictures_and_names_what_it_cannot(
    library: Library, tmp_path: Path
) -> None:
    dataset = nested(library)
    assert written(dataset, "robomimic", tmp_path / "r.hdf5") == ["this format cannot store said"]
    with h5py.File(tmp_path / "r.hdf5") as file:
        shapes = {name: part.shape for name, part in file["data/demo_0/obs"].items()}
        assert shapes == {"camera": (3, 40, 48, 3), "pair_0": (3, 1), "pair_1": (3, 2)}
        assert "mask" not in file
        assert file["data/demo_0/actions"][()].tolist() == np.eye(3).tolist()


def test_lerobot_layout_is_as_documented(library: Library, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    dataset = nested(library)
    target = tmp_path / "lerobot"
    assert written(dataset, "lerobot", target) == ["this format cannot store said"]
    info = json.loads((target / "meta/info.json").read_text())
    assert (info["codebase_version"], info["total_frames"]) == ("v3.0", 3)
    frames = pq.read_table(target / "data/chunk-000/file-000.parquet")
    assert set(frames.column_names) == set(info["features"])
    assert info["features"]["observation.images.camera"]["shape"] == [40, 48, 3]
    assert frames["observation.state"][0].as_py() == pytest.approx(_state(dataset), abs=1e-6)
    assert frames["timestamp"].to_pylist() == pytest.approx(
        [index / info["fps"] for index in range(3)]
    )
    stats = json.loads((target / "meta/stats.json").read_text())
    assert set(stats) == set(info["features"])
    episodes = pq.read_table(target / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [(e["dataset_from_index"], e["dataset_to_index"]) for e in episodes] == [(0, 3)]
    tasks = pq.read_table(target / "meta/tasks.parquet")
    assert b"pandas" in tasks.schema.metadata


def test_lerobot_has_video_tasks_and_subtasks(library: Library, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    dataset = nested(library)
    (row,) = dataset.rows()
    marks = (Mark(1, "grasp"), Mark(2, "lift"))
    dataset.label(row.uuid, task="tidy up", marks=marks)
    target = tmp_path / "lerobot"
    written(dataset, "lerobot-video", target)
    info = json.loads((target / "meta/info.json").read_text())
    assert info["features"]["observation.images.camera"]["dtype"] == "video"
    frames = pq.read_table(target / "data/chunk-000/file-000.parquet")
    assert "observation.images.camera" not in frames.column_names
    names = pq.read_table(target / "meta/subtasks.parquet")["__index_level_0__"].to_pylist()
    said = [names[index] for index in frames["subtask_index"].to_pylist()]
    assert said == ["tidy up", "grasp", "lift"]
    back = library.import_dataset(target, "back/video-v0")
    (again,) = back.rows()
    assert (again.label.task, again.label.marks) == ("tidy up", marks)
    seen = back.read(again).observations
    before = dataset.read(row).observations["camera"]
    brightness = [np.ravel(pictures[:3].mean(axis=-1)) for pictures in (seen["camera"], before)]
    assert np.corrcoef(brightness)[0, 1] > 0.8  # noise, which video stores badly


def test_lerobot_shows_what_the_environment_draws(library: Library, tmp_path: Path) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id="cart/pole-v0"))
    dataset = library.dataset("cart/pole-v0")
    first, second = dataset.rows()
    dataset.label(first.uuid, trim=(3, 9), task="balance", marks=(Mark(5, "lean"),))
    written(dataset, "lerobot-video", tmp_path / "out")
    episodes = pq_rows(tmp_path / "out/meta/episodes/chunk-000/file-000.parquet")
    key = "videos/observation.images.rendered"
    fps = json.loads((tmp_path / "out/meta/info.json").read_text())["fps"]
    steps = [6, second.total_steps]
    assert [e["length"] for e in episodes] == steps
    spans = [(e[f"{key}/from_timestamp"] * fps, e[f"{key}/to_timestamp"] * fps) for e in episodes]
    assert spans == [(0, pytest.approx(6)), (pytest.approx(6), pytest.approx(sum(steps)))]
    film = Frames(tmp_path / "out", {key[7:]: [400, 600, 3]}, fps, 1000)
    drawn = list(iter_drawn("CartPole-v1", dataset.read(first)))
    try:
        shown = film.read(key[7:], 0, 6)
    finally:
        film.close()
    apart = [np.abs(shown[0].astype(int) - picture.astype(int)).mean() for picture in drawn[:10]]
    assert int(np.argmin(apart)) == 3  # where the trim begins
    back = library.import_dataset(tmp_path / "out", "back/pole-v0")
    assert back.info().env_id == "CartPole-v1"
    assert [row.label.task for row in back.rows()] == ["balance", ""]
    assert back.rows()[0].label.marks == (Mark(2, "lean"),)  # counted from the trim


def test_trajectories_of_imitation_come_back(library: Library, tmp_path: Path) -> None:
    list(iter_record(library, "Pendulum-v1", "random", 2, dataset_id="swing/arm-v0"))
    dataset = library.dataset("swing/arm-v0")
    assert written(dataset, "imitation", tmp_path / "arm.npz") == ["infos are empty"]
    with np.load(tmp_path / "arm.npz", allow_pickle=True) as data:  # as the library splits it
        count = len(data["indices"]) + 1
        obs = np.split(data["obs"], data["indices"] + np.arange(count - 1) + 1)
        assert [len(part) for part in obs] == [row.total_steps + 1 for row in dataset.rows()]
        assert len(data["infos"]) == len(data["acts"]) == len(data["rews"])
    back = library.import_dataset(tmp_path / "arm.npz", "back/arm-v0", env_id="Pendulum-v1")
    for before, after in zip(dataset.rows(), back.rows(), strict=True):
        one, other = dataset.read(before), back.read(after)
        np.testing.assert_array_equal(one.observations, other.observations)
        np.testing.assert_allclose(one.actions, other.actions)
    with pytest.raises(RecordingError, match="no nested spaces"):
        written(nested(library), "imitation", tmp_path / "n.npz")


def test_a_table_of_episodes_is_read_by_duckdb(record: Record, tmp_path: Path) -> None:
    import duckdb

    dataset = record(episodes=3)
    first, *_ = dataset.rows()
    dataset.label(first.uuid, task="balance", tags=("soft", "left"), marks=(Mark(2, "lean"),))
    written(dataset, "parquet", tmp_path / "episodes.parquet")
    query = (
        "select env, task, tags, marks[1].name, steps, success, started from '{}' order by episode"
    )
    with duckdb.connect() as database:
        rows = database.execute(query.format(tmp_path / "episodes.parquet")).fetchall()
    assert len(rows) == 3
    assert rows[0][:5] == ("CartPole-v1", "balance", ["left", "soft"], "lean", first.total_steps)
    assert rows[1][1:4] == ("", [], None)
    assert rows[0][5] is None
    assert rows[0][6].timestamp() == pytest.approx(first.started, abs=1e-5)


def test_what_cannot_be_drawn_again_is_not_drawn(library: Library, tmp_path: Path) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 1, dataset_id="cart/pole-v0"))
    written(library.dataset("cart/pole-v0"), "npz", tmp_path / "a.npz")
    seedless = library.import_dataset(tmp_path / "a.npz", "back/pole-v0", env_id="CartPole-v1")
    if seedless.rows()[0].seed is None:
        with pytest.raises(RecordingError, match="has no seed"):
            written(seedless, "lerobot-video", tmp_path / "out")
    written(library.dataset("cart/pole-v0"), "lerobot", tmp_path / "plain")
    other = library.import_dataset(tmp_path / "plain", "other/pole-v0")
    with pytest.raises(RecordingError, match="has no seed"):
        written(other, "lerobot-video", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_subtasks_of_others_become_marks(library: Library, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id="cart/pole-v0"))
    dataset = library.dataset("cart/pole-v0")
    first, _ = dataset.rows()
    dataset.label(first.uuid, marks=(Mark(3, "grasp"),))
    written(dataset, "lerobot", tmp_path / "out")
    back = library.import_dataset(tmp_path / "out", "back/pole-v0").rows()
    assert [row.label.marks for row in back] == [(Mark(3, "grasp"),), ()]
    path = tmp_path / "out/meta/subtasks.parquet"
    table = pq.read_table(path)
    names = ["pick up, then place it" if n == "grasp" else n for n in table[1].to_pylist()]
    pq.write_table(table.set_column(1, table.schema.names[1], [names]), path)
    again = library.import_dataset(tmp_path / "out", "again/pole-v0").rows()
    assert again[0].label.marks == (Mark(3, "pick up then place it"),)


def test_marks_far_beyond_are_refused() -> None:
    for text in ("99999999999999999999 x", "1e9 x", "-1 x", "5 a,6", f"5 {'x' * 41}"):
        with pytest.raises(RecordingError, match="120 grasp"):
            marks_from(text)


def pq_rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def _state(dataset: Dataset) -> list[float]:
    observations = dataset.read(dataset.rows()[0]).observations
    first, second = (part[0] for part in observations["pair"])
    return [float(first), *map(float, second)]


def test_npz_and_csv_hold_every_step(record: Record, library: Library, tmp_path: Path) -> None:
    dataset = record(episodes=2)
    written(dataset, "npz", tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        steps = arrays["episode_steps"].tolist()
        assert steps == [row.total_steps for row in dataset.rows()]
        assert len(arrays["observations"]) == sum(steps) + 2
        assert json.loads(str(arrays["about"]))["env_id"] == "CartPole-v1"
    written(dataset, "csv", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(steps)
    episode = dataset.read(dataset.rows()[0])
    assert float(rows[3]["observation_2"]) == pytest.approx(float(episode.observations[3][2]))
    assert int(rows[3]["action"]) == episode.actions[3]
    assert written(nested(library), "csv", tmp_path / "n.csv") == [
        "this format cannot store camera"
    ]


def test_exports_never_write_over_anything(record: Record, tmp_path: Path) -> None:
    dataset = record(episodes=1)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(RecordingError, match="exists already"):
        written(dataset, "csv", tmp_path / "there")
    with pytest.raises(RecordingError, match="Unknown format"):
        written(dataset, "paper", tmp_path / "x")
    with pytest.raises(RecordingError, match="matches"):
        curation.export(dataset, [], "csv", tmp_path / "y")
    assert [p.name for p in tmp_path.iterdir() if p.name != "recordings"] == ["there"]


@pytest.mark.parametrize(
    ("space", "action", "row"),
    [
        (spaces.Discrete(3, start=5), 6, [0, 1, 0]),
        (spaces.MultiDiscrete([2, 3]), [1, 2], [0, 1, 0, 0, 1]),
        (spaces.MultiBinary(3), [1, 0, 1], [1, 0, 1]),
        (spaces.Box(0, 10, (2,), np.float32), [0, 10], [-1, 1]),
        (spaces.Box(-np.inf, np.inf, (1,), np.float32), [7], [7]),
    ],
)
def test_actions_become_numbers_between_minus_one_and_one(
    space: spaces.Space[Any], action: Any, row: list[float]
) -> None:
    vector = ActionVector(space, scaled=True)
    found = vector.rows(np.array([action]))
    assert found.tolist() == [row]
    assert len(vector.names) == len(row) == len(vector.bounds()[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0", "neither JPEG nor PNG"),
        (_png(48, 40), "its space says 32x32"),
        (_png(32, 32), ""),
    ],
)
def test_encoded_pictures_are_what_their_space_says_or_not_opened(data: bytes, words: str) -> None:
    if not words:
        assert picture_of(data, (32, 32)).shape == (32, 32, 3)
        return
    with pytest.raises(RecordingError, match=words):
        picture_of(data, (32, 32))


def test_channels_that_come_first_are_a_picture_for_lerobot(
    library: Library, tmp_path: Path
) -> None:
    dataset, take = recorded(library, spaces.Box(0, 255, (3, 48, 80), np.uint8))
    dataset.writer.commit(take.journal)
    dataset.writer.release()
    written(dataset, "lerobot", tmp_path / "l")
    info = json.loads((tmp_path / "l/meta/info.json").read_text())
    assert info["features"]["observation.images.main"]["shape"] == [48, 80, 3]


def test_lerobot_actions_are_in_the_scale_of_the_environment() -> None:
    vector = ActionVector(spaces.Box(0, 512, (2,), np.float32), scaled=False)
    assert vector.rows(np.array([[100.0, 0.0]])).tolist() == [[100.0, 0.0]]


def test_robomimic_makes_the_recorded_environment_again(record: Record, tmp_path: Path) -> None:
    import gymnasium as gym

    dataset = record("LunarLander-v3?gravity=-5&time_limit=300", 1)
    written(dataset, "robomimic", tmp_path / "r.hdf5")
    with h5py.File(tmp_path / "r.hdf5") as file:
        said = json.loads(file["data"].attrs["env_args"])
    env = gym.make(said["env_name"], **said["env_kwargs"])
    assert env.unwrapped.gravity == -5  # type: ignore[attr-defined]
    assert env.spec is not None
    assert env.spec.max_episode_steps == 300
    env.close()


def test_a_dataset_of_an_old_minari_is_taken_in(record: Record, tmp_path: Path) -> None:
    made = record("CartPole-v1", 2)
    said = made.metadata()
    folder = tmp_path / "Old-v0" / "data"
    folder.mkdir(parents=True)
    with h5py.File(folder / "main_data.hdf5", "w") as file:
        for name in ("observation_space", "action_space"):
            file.attrs[name] = said[name]
        file.attrs["env_spec"] = json.dumps({"id": "CartPole-v1", "kwargs": {}})
        file.attrs["dataset_id"] = "Old-v0"
        file.attrs["total_episodes"], file.attrs["total_steps"] = 1, 3
        group = file.create_group("episode_0")
        group.attrs["total_steps"], group.attrs["id"] = 3, 0
        group["observations"] = np.zeros((4, 4), np.float32)
        group["actions"] = np.array([0, 1, 0])
        group["rewards"] = np.ones(3)
        group["terminations"] = np.array([False, False, True])
        group["truncations"] = np.zeros(3, np.bool_)
    library = Library(tmp_path / "r")
    library.root.mkdir()
    taken = library.import_dataset(tmp_path / "Old-v0")
    assert taken.info().env_id == "CartPole-v1"
    (row,) = taken.rows()
    assert taken.read(row).actions.tolist() == [0, 1, 0]


def test_a_form_that_is_not_read_is_called_by_its_name(library: Library, tmp_path: Path) -> None:
    data = tmp_path / "arrow-v0" / "data"
    data.mkdir(parents=True)
    (data / "metadata.json").write_text(json.dumps({"data_format": "arrow"}))
    with pytest.raises(RecordingError, match="in the 'arrow' format; Teleop reads HDF5"):
        library.import_dataset(tmp_path / "arrow-v0")
    (library.root / "arrow-v0").mkdir()
    (tmp_path / "arrow-v0/data").rename(library.root / "arrow-v0/data")
    (listed,) = library.summaries()
    assert "arrow format" in listed.problem
    for name, content in (("a.hdf5", b"\x89HDF\r\n\x1a\n"), ("b.npz", b"PK\x03\x04")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match=r"cannot be read|not a readable \.npz file"):
            library.import_dataset(tmp_path / name)
