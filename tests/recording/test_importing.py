"""What other programs recorded is imported, with its values, and trained on."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import imageio.v2 as imageio
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teleop import paths
from teleop.errors import RecordingError
from teleop.recording import Dataset, Library
from teleop.recording.importing.read_source import read_source
from teleop.recording.importing.source import Columns, preview_of
from tests.harness.cli import as_json
from tests.harness.cli import teleop as command

SAMPLE = "lunarlander-v3/sample-v0"
RNG = np.random.default_rng(5)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "recordings")
    library.ensure(paths.samples_folder())
    return library


def states(rows: int, size: int = 4) -> Any:
    return RNG.normal(size=(rows, size)).astype(np.float32)


def lengths(dataset: Dataset) -> list[int]:
    return [row.total_steps for row in dataset.rows()]


# ------------------------------------------------------------ what we export ourselves


@pytest.mark.parametrize(
    ("form", "ending"),
    [("robomimic", "hdf5"), ("lerobot", "folder"), ("npz", "npz"), ("csv", "csv"), ("minari", "m")],
)
def test_what_is_exported_comes_back(
    library: Library, tmp_path: Path, form: str, ending: str
) -> None:
    target = tmp_path / f"handed-on.{ending}"
    command("export", SAMPLE, "--format", form, "--output", str(target), here=tmp_path)
    env_id = "LunarLander-v3" if form == "csv" else ""  # a table names no environment
    back = library.import_dataset(target, "back/again-v0", env_id=env_id)
    sample = library.dataset(SAMPLE)
    assert back.info().env_id == "LunarLander-v3"
    assert back.spaces() == sample.spaces()
    for row, ours in zip(back.rows(), sample.rows(), strict=True):
        found, wanted = back.read(row), sample.read(ours).trimmed()
        assert found.actions.tolist() == wanted.actions.tolist()
        np.testing.assert_allclose(found.observations[:-1], wanted.observations[:-1], atol=1e-6)
        np.testing.assert_allclose(found.rewards, wanted.rewards, rtol=1e-6)


def test_scaled_actions_come_back_in_their_own_scale(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "ring.hdf5"
    arguments = ("--format", "robomimic", "--output", str(target))
    command("export", "teleop-ringtrack-v0/wobbly-v0", *arguments, here=tmp_path)
    back = library.import_dataset(target, "back/ring-v0")
    ours = library.dataset("teleop-ringtrack-v0/wobbly-v0")
    found, wanted = back.read(back.rows()[0]), ours.read(ours.rows()[0])
    np.testing.assert_allclose(found.actions, wanted.actions, atol=1e-6)


# ------------------------------------------------------------ what others write


def d4rl(path: Path) -> None:
    """Three episodes of 5, 3 and 4 steps; the second ended by itself."""
    with h5py.File(path, "w") as file:
        file["observations"], file["actions"] = states(12), states(12, 2)
        file["next_observations"] = states(12)
        file["rewards"] = np.arange(12.0)
        file["terminals"] = np.arange(12) == 7
        file["timeouts"] = np.isin(np.arange(12), (4, 11))
        file["infos/qpos"] = states(12)


def robomimic(path: Path) -> None:
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1, "env_kwargs": {}})
        for number, steps in enumerate((5, 3, 4)):
            demo = data.create_group(f"demo_{number}")
            demo["actions"], demo["states"] = states(steps, 7), states(steps, 30)
            demo["rewards"], demo["dones"] = np.zeros(steps), np.arange(steps) == steps - 1
            for moment in ("obs", "next_obs"):
                demo[f"{moment}/object"] = states(steps, 10)
                demo[f"{moment}/robot0_eef_pos"] = states(steps, 3)


def groups(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number, steps in enumerate((5, 3, 4)):
            file[f"demo_{number}/observation"] = states(steps)
            file[f"demo_{number}/action"] = states(steps, 1)


def pairs(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number, steps in enumerate((5, 3, 4)):
            file[f"states_{number}"], file[f"actions_{number}"] = states(steps), states(steps, 7)


def imitation(path: Path) -> None:
    infos = np.array([{"a": 1}] * 12, dtype=object)
    np.savez(
        path,
        allow_pickle=True,
        obs=states(15),
        acts=RNG.integers(0, 2, 12),
        rews=np.ones(12),
        indices=np.array([5, 8]),
        terminal=np.array([True, False, True]),
        infos=infos,
    )


def stable_baselines(path: Path) -> None:
    starts = np.isin(np.arange(12), (0, 5, 8))
    np.savez(path, obs=states(12), actions=RNG.integers(0, 2, 12), episode_starts=starts)


def table(path: Path) -> None:
    lines = ["episode;step;obs_0;obs_1;action;reward;done"]
    for episode, steps in (("a", 5), ("b", 3), ("c", 4)):
        lines += [f"{episode};{t};{t / 7};{-t};{t % 2};1;{t == steps - 1}" for t in range(steps)]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "name", "actions", "ended"),
    [
        (d4rl, "hopper.hdf5", "Box", [False, True, False]),
        (robomimic, "lift.hdf5", "Box", [True, True, True]),
        (groups, "demo.h5", "Box", [False] * 3),
        (pairs, "arm.hdf5", "Box", [False] * 3),
        (imitation, "rollouts.npz", "Discrete", [True, False, True]),
        (stable_baselines, "expert.npz", "Discrete", [False] * 3),
        (table, "drive.csv", "Discrete", [True, True, True]),
    ],
)
def test_what_others_write_is_read(
    library: Library, tmp_path: Path, write: Any, name: str, actions: str, ended: list[bool]
) -> None:
    path = tmp_path / name
    write(path)
    dataset = library.import_dataset(path)
    assert lengths(dataset) == [5, 3, 4]
    assert type(dataset.spaces()[1]).__name__ == actions
    episodes = [dataset.read(row) for row in dataset.rows()]
    assert [bool(episode.terminations[-1]) for episode in episodes] == ended
    about = "lift" if write is robomimic else "imported"  # its environment is not known here
    assert dataset.dataset_id == f"{about}/{path.name.partition('.')[0]}-v0"
    assert dataset.metadata()["description"].startswith("Imported: ")


def test_what_was_seen_last_is_kept_where_the_file_has_it(library: Library, tmp_path: Path) -> None:
    d4rl(tmp_path / "hopper.hdf5")
    dataset = library.import_dataset(tmp_path / "hopper.hdf5")
    with h5py.File(tmp_path / "hopper.hdf5") as file:
        last, first = file["next_observations"][4], file["observations"][:5]
    seen = dataset.read(dataset.rows()[0]).observations
    np.testing.assert_array_equal(seen, [*first, last])


def test_a_file_of_minari_by_itself_names_its_spaces(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "main_data.hdf5"
    with h5py.File(path, "w") as file:  # as Minari 0.4 wrote it
        box = {
            "type": "Box",
            "dtype": "float32",
            "shape": [4],
            "low": [-9.0] * 4,
            "high": [9.0] * 4,
        }
        file.attrs["observation_space"] = json.dumps(box)
        discrete = {"type": "Discrete", "dtype": "int64", "start": 0, "n": 7}
        file.attrs["action_space"] = json.dumps(discrete)
        file["episode_0/observations"], file["episode_0/actions"] = states(4), np.arange(3)
        file["episode_0/rewards"], file["episode_0/terminations"] = np.ones(3), [0, 0, 1]
    dataset = library.import_dataset(path)
    assert str(dataset.spaces()[1]) == "Discrete(7)"


def test_values_take_the_spaces_of_the_environment(library: Library, tmp_path: Path) -> None:
    imitation(tmp_path / "rollouts.npz")
    dataset = library.import_dataset(tmp_path / "rollouts.npz", env_id="CartPole-v1")
    assert dataset.info().env_id == "CartPole-v1"
    assert str(dataset.spaces()[1]) == "Discrete(2)"
    later = library.import_dataset(tmp_path / "rollouts.npz", "some/later-v0")
    command("environment", "some/later-v0", "CartPole-v1", here=tmp_path)
    assert later.spaces() == dataset.spaces()


def test_columns_can_be_named(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{t},{t * 2},{t % 3 - 1}" for t in range(9)]
    path.write_text("\n".join(["place,speed,push", *rows]), encoding="utf-8")
    with pytest.raises(RecordingError, match="place, speed, push"):
        library.import_dataset(path)
    columns = Columns(("place", "speed"), "push")
    dataset = library.import_dataset(path, columns=columns)
    episode = dataset.read(dataset.rows()[0])
    assert episode.observations[3].tolist() == [3, 6]
    assert episode.actions.ravel().tolist() == [-1, 0, 1] * 3


def test_large_whole_numbers_of_a_table_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("obs,action,reward\n16777217,0,16777219\n3,1,1\n", encoding="utf-8")
    episode = next(read_source(path).episodes())
    assert episode.observations[0] == 16777217
    assert episode.rewards[0] == 16777219


# ------------------------------------------------------------ LeRobot


def lerobot(folder: Path, version: str = "v3.0", fps: float = 10) -> Path:
    """Two episodes of 7 and 9 frames with a camera; the grey of a frame says which one it is."""
    steps = (7, 9)
    numbers, frames = np.repeat([0, 1], steps), np.concatenate([np.arange(n) for n in steps])
    camera, total = "observation.images.top", sum(steps)
    vector = pa.FixedSizeListArray.from_arrays(pa.array(states(total, 3).ravel()), 3)
    columns = {"observation.state": vector, "action": vector, "episode_index": numbers}
    columns |= {"frame_index": frames, "timestamp": frames / 10}
    for part in ("meta/episodes/chunk-000", "data/chunk-000", f"videos/{camera}/chunk-000"):
        (folder / part).mkdir(parents=True)
    film = folder / f"videos/{camera}/chunk-000/file-000.mp4"
    greys = 20 + 100 * numbers + 10 * frames
    imageio.mimwrite(film, [np.full((32, 48, 3), g, np.uint8) for g in greys], fps=10)
    table = pa.table(columns)
    pq.write_table(table, folder / "data/chunk-000/file-000.parquet")
    places: dict[str, Any] = {f"videos/{camera}/{k}_index": [0, 0] for k in ("chunk", "file")}
    places |= {"episode_index": [0, 1], f"videos/{camera}/from_timestamp": [0.0, 0.7]}
    pq.write_table(pa.table(places), folder / "meta/episodes/chunk-000/file-000.parquet")
    kinds = {"observation.state": "float32", "action": "float32", camera: "video"}
    sizes = {camera: [32, 48, 3]}
    features = {n: {"dtype": kind, "shape": sizes.get(n, [3])} for n, kind in kinds.items()}
    info = {"codebase_version": version, "robot_type": "so100", "fps": fps, "features": features}
    (folder / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    return folder


def test_videos_of_lerobot_become_pictures(library: Library, tmp_path: Path) -> None:
    dataset = library.import_dataset(lerobot(tmp_path / "arm"))
    assert lengths(dataset) == [7, 9]
    episode = dataset.read(dataset.rows()[1])
    grey = episode.observations["top"][:-1].mean(axis=(1, 2, 3))
    np.testing.assert_allclose(grey, 120 + 10 * np.arange(9), atol=6)
    assert episode.observations["state"].shape == (10, 3)


def test_videos_of_the_version_before_have_a_file_for_each_episode(
    library: Library, tmp_path: Path
) -> None:
    folder, camera = lerobot(tmp_path / "arm", version="v2.1"), "observation.images.top"
    shutil.rmtree(folder / "meta/episodes")
    (folder / "meta/tasks.jsonl").write_text('{"task_index": 0, "task": "lift"}', encoding="utf-8")
    info = json.loads((folder / "meta/info.json").read_text("utf-8"))
    (folder / "meta/info.json").write_text(json.dumps(info | {"chunks_size": 1}), encoding="utf-8")
    film = folder / f"videos/{camera}/chunk-000/file-000.mp4"
    for episode in (0, 1):
        target = folder / f"videos/chunk-{episode:03d}/{camera}/episode_{episode:06d}.mp4"
        target.parent.mkdir(parents=True)
        shutil.copy(film, target)
    dataset = library.import_dataset(folder)
    grey = dataset.read(dataset.rows()[1]).observations["top"][:-1].mean(axis=(1, 2, 3))
    assert len(grey) == 9
    np.testing.assert_allclose(grey[:7], 20 + 10 * np.arange(7), atol=6)  # its own film begins
    assert "Tasks: lift." in dataset.metadata()["description"]


def test_a_lerobot_dataset_that_lacks_something_is_named(tmp_path: Path) -> None:
    folder = lerobot(tmp_path / "arm")
    (folder / "videos/observation.images.top/chunk-000/file-000.mp4").unlink()
    with pytest.raises(RecordingError, match=r"file-000\.mp4 is missing"):
        preview_of(read_source(folder))
    with pytest.raises(RecordingError, match="0 frames per second"):
        read_source(lerobot(tmp_path / "slow", fps=0))
    with pytest.raises(RecordingError, match=r"reads v2\.1 and v3\.0"):
        read_source(lerobot(tmp_path / "old", version="v1.6"))


def test_a_film_that_is_a_list_of_other_files_is_not_opened(tmp_path: Path) -> None:
    folder = lerobot(tmp_path / "arm")
    film = folder / "videos/observation.images.top/chunk-000/file-000.mp4"
    film.write_text("#EXTM3U\nhttp://127.0.0.1:9/secret", encoding="utf-8")
    with pytest.raises(RecordingError, match="is not an MP4 file"):
        preview_of(read_source(folder))


# ------------------------------------------------------------ what is refused


def _odd_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["voltage"] = states(9)


def _unpaired(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["states_0"], file["actions_1"] = states(9), states(9)


def _uneven(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["demo_0/obs"], file["demo_0/actions"] = states(9), states(4)


def _elsewhere(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["demo_0/actions"] = states(4)
        file["demo_0/obs"] = h5py.ExternalLink("/etc/passwd", "/")


def _pickles(path: Path) -> None:
    np.savez(path, allow_pickle=True, obs=np.array([{}], object), acts=np.array([{}], object))


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("obs.npy", b"small")
        archive.filelist[0].file_size = 9 << 30  # what it says it unpacks to


def _words(path: Path) -> None:
    path.write_text("obs_0,action\n1,2\n3,left\n", encoding="utf-8")


def _ragged(path: Path) -> None:
    path.write_text("obs_0,action\n1,2\n3\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "name", "said"),
    [
        (_odd_hdf5, "a.hdf5", r"voltage \(9, 4\).*robomimic"),
        (_unpaired, "a.hdf5", "its layout is not known"),
        (_uneven, "a.hdf5", "9 observations for 4 actions"),
        (_elsewhere, "a.hdf5", "refers to data in another file"),
        (_pickles, "a.npz", "no arrays that are known as observations and actions"),
        (_bomb, "a.npz", "unpacks to"),
        (_words, "a.csv", "line 3: action is not a number"),
        (_ragged, "a.csv", "line 3: 1 values for 2 columns"),
        (lambda path: path.write_bytes(b"PK no zip"), "a.npz", "not a readable .npz file"),
        (groups, "a.teleop.zip", "neither a .teleop.zip"),
        (lambda path: path.write_bytes(b"hello"), "a.bin", r"Teleop imports a \.teleop\.zip"),
    ],
)
def test_what_is_not_understood_is_one_sentence(
    library: Library, tmp_path: Path, write: Any, name: str, said: str
) -> None:
    write(tmp_path / name)
    before = sorted(library.root.rglob("*"))
    with pytest.raises(RecordingError, match=said):
        library.import_dataset(tmp_path / name)
    assert sorted(library.root.rglob("*")) == before


def test_another_environment_is_refused_with_the_difference(
    library: Library, tmp_path: Path
) -> None:
    pairs(tmp_path / "arm.hdf5")
    with pytest.raises(RecordingError, match="its observations are 4 numbers instead of 8"):
        library.import_dataset(tmp_path / "arm.hdf5", env_id="LunarLander-v3")


def test_the_command_shows_before_it_imports(library: Library, tmp_path: Path) -> None:
    robomimic(tmp_path / "lift.hdf5")
    shown = as_json("import", "lift.hdf5", "--dry-run", here=tmp_path)
    assert (shown["episodes"], shown["steps"], shown["env_id"]) == (3, 12, "Lift")
    assert ["object", "10 x float32"] in shown["arrays"]
    assert not (library.root / "lift").exists()
    text = command("import", "lift.hdf5", here=tmp_path).stdout
    assert "which cannot be used here" in text
    few = ("--steps", "20", "--members", "1")
    assert "Saved" in command("train", "lift/lift-v0", *few, here=tmp_path).stdout
