"""Export datasets in LeRobot's v3.0 layout (lerobot 0.4, `LeRobotDataset`), with pyarrow only.

A frame is (o_t, a_t). The layout requires `timestamp` to be frame_index / fps; the real time is
`teleop.time`. Vectors become `observation.state`, images become `observation.images.<name>` (PNG).
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.episode import Episode
from teleop.recording.exchange.flat import ActionVector, Part, iter_trimmed, no_place, parts_of
from teleop.text import tr
from teleop.types.metadata import EpisodeRow

_DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_SCALARS = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
    "next.reward": "float32",
    "next.done": "bool",
    "teleop.time": "float32",
    "teleop.actor": "int64",
}


def write_lerobot(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write the episodes to a folder.

    Returns:
        notes on data that LeRobot cannot store.

    Raises:
        RecordingError: an episode is damaged, or pyarrow is missing.
        OSError: writing to disk failed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as problem:
        raise RecordingError(
            tr("The LeRobot format needs pyarrow: pip install 'teleop-studio[lerobot]'")
        ) from problem
    layout = _Layout(dataset)
    for folder in ("meta/episodes/chunk-000", "data/chunk-000"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    schema = layout.schema(pa)
    ends, stats = [0], _Stats()
    with pq.ParquetWriter(target / _DATA_PATH.format(chunk_index=0, file_index=0), schema) as out:
        for number, episode in enumerate(iter_trimmed(dataset, rows)):
            columns = layout.columns(episode, number, ends[-1])
            stats.add(columns)
            out.write_table(pa.table(layout.arrow(pa, columns), schema=schema))
            ends.append(ends[-1] + len(episode.rewards))
    _write_meta(pa, pq, target, layout, ends, stats)
    return no_place([part.name for part in layout.texts])


class _Layout:
    """The columns of a dataset and how they are stored."""

    def __init__(self, dataset: Dataset) -> None:
        observation, action = dataset.spaces()
        parts = parts_of(observation, "state")
        self.texts = [part for part in parts if part.is_text]
        self._images = [part for part in parts if part.is_image]
        self._numbers = [part for part in parts if not part.is_text and not part.is_image]
        self._action = ActionVector(action, scaled=False)
        info = dataset.info()
        self.task = f"Drive {info.env_id}"
        self.env_id = info.env_id
        self.fps = max(1, round(info.pace_hz)) if info.pace_hz else 1
        self._state_names = [
            f"{part.name}_{index}"
            for part in self._numbers
            for index in range(int(np.prod(part.leaf.shape, dtype=int)))
        ]

    def features(self) -> dict[str, Any]:
        """Return LeRobot's description of each column."""
        found: dict[str, Any] = {}
        if self._state_names:
            found["observation.state"] = _vector(self._state_names)
        for part in self._images:
            shape = [*part.shape, 1][:3]
            names = ["height", "width", "channels"]
            found[self._image_key(part)] = {"dtype": "image", "shape": shape, "names": names}
        found["action"] = _vector(list(self._action.names))
        scalars = {k: {"dtype": v, "shape": [1], "names": None} for k, v in _SCALARS.items()}
        return found | scalars

    def schema(self, pa: Any) -> Any:
        """Return the Arrow schema of the frames."""
        kinds = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_()}
        picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        fields = []
        for name, feature in self.features().items():
            if feature["dtype"] == "image":
                kind = picture
            elif feature["shape"] == [1]:  # LeRobot accepts no lists of length one
                kind = kinds[feature["dtype"]]
            else:
                kind = pa.list_(pa.float32(), feature["shape"][0])
            fields.append((name, kind))
        return pa.schema(fields)

    def columns(self, episode: Episode, number: int, first: int) -> dict[str, Any]:
        """Return the frames of an episode, by column."""
        total = len(episode.rewards)
        found: dict[str, Any] = {}
        if self._state_names:
            flat = [
                part.of(episode.observations)[:total].reshape(total, -1) for part in self._numbers
            ]
            found["observation.state"] = np.concatenate(flat, axis=1, dtype=np.float32)
        for part in self._images:
            found[self._image_key(part)] = part.of(episode.observations)[:total]
        frames = np.arange(total)
        return found | {
            "action": self._action.rows(episode.actions),
            "timestamp": (frames / self.fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full(total, number),
            "index": first + frames,
            "task_index": np.zeros(total, np.int64),
            "next.reward": episode.rewards.astype(np.float32),
            "next.done": episode.terminations | episode.truncations,
            "teleop.time": episode.times_s[:total].astype(np.float32),
            "teleop.actor": episode.actors[1:].astype(np.int64),
        }

    def arrow(self, pa: Any, columns: dict[str, Any]) -> dict[str, Any]:
        """Convert the columns to Arrow arrays."""
        found = {}
        for name, values in columns.items():
            if name.startswith("observation.images."):
                found[name] = [{"bytes": _png(picture), "path": None} for picture in values]
            elif values.ndim == 2 and values.shape[1] > 1:
                flat = pa.array(np.ascontiguousarray(values).ravel())
                found[name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
            else:
                found[name] = pa.array(values.ravel())
        return found

    @staticmethod
    def _image_key(part: Part) -> str:
        return f"observation.images.{'main' if part.name == 'state' else part.name}"


class _Stats:
    """Mean, standard deviation, minimum, maximum and count of each column over all episodes."""

    def __init__(self) -> None:
        self._found: dict[str, list[Any]] = {}

    def add(self, columns: dict[str, Any]) -> None:
        for name, values in columns.items():
            rows = _for_stats(name, values)
            sums = [len(rows), rows.sum(0), (rows**2).sum(0), rows.min(0), rows.max(0)]
            before = self._found.get(name)
            if before:
                sums = [
                    *(a + b for a, b in zip(before[:3], sums[:3], strict=True)),
                    np.minimum(before[3], sums[3]),
                    np.maximum(before[4], sums[4]),
                ]
            self._found[name] = sums

    def result(self) -> dict[str, Any]:
        return {name: self._one(name, sums) for name, sums in self._found.items()}

    @staticmethod
    def _one(name: str, sums: list[Any]) -> dict[str, Any]:
        count, total, squares, low, high = sums
        mean = total / count
        sd = np.sqrt(np.maximum(squares / count - mean**2, 0))
        image = name.startswith("observation.images.")
        shape = (-1, 1, 1) if image else (-1,)
        figures = {"mean": mean, "std": sd, "min": low, "max": high}
        listed = {key: np.reshape(value, shape).tolist() for key, value in figures.items()}
        return listed | {"count": [int(count)]}


def _for_stats(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return (rows, columns); images by channel, scaled to 0..1, every fourth pixel per axis."""
    if not name.startswith("observation.images."):
        return values.reshape(len(values), -1).astype(np.float64)
    pictures = values if values.ndim == 4 else values[..., None]
    return pictures[:, ::4, ::4].reshape(-1, pictures.shape[-1]).astype(np.float64) / 255


def _vector(names: list[str]) -> dict[str, Any]:
    return {"dtype": "float32", "shape": [len(names)], "names": names}


def _png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    grey = picture.ndim == 3 and picture.shape[2] == 1
    Image.fromarray(picture[..., 0] if grey else picture).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _write_meta(
    pa: Any, pq: Any, target: Path, layout: _Layout, ends: list[int], stats: _Stats
) -> None:
    count = len(ends) - 1
    info = {
        "codebase_version": "v3.0",
        "robot_type": layout.env_id,
        "total_episodes": count,
        "total_frames": ends[-1],
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": layout.fps,
        "splits": {"train": f"0:{count}"},
        "data_path": _DATA_PATH,
        "video_path": None,
        "features": layout.features(),
    }
    (target / "meta/info.json").write_text(json.dumps(info, indent=1), encoding="utf-8")
    (target / "meta/stats.json").write_text(json.dumps(stats.result(), indent=1), encoding="utf-8")
    pq.write_table(_tasks(pa, layout.task), target / "meta/tasks.parquet")
    zeros = [0] * count
    episodes = {
        "episode_index": list(range(count)),
        "tasks": [[layout.task]] * count,
        "length": np.diff(ends).tolist(),
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": ends[:-1],
        "dataset_to_index": ends[1:],
        "meta/episodes/chunk_index": zeros,
        "meta/episodes/file_index": zeros,
    }
    pq.write_table(pa.table(episodes), target / "meta/episodes/chunk-000/file-000.parquet")


def _tasks(pa: Any, task: str) -> Any:
    """Return the table of the one task; its pandas metadata makes the text the index."""
    table = pa.table({"task_index": [0], "__index_level_0__": [task]})
    column = {
        "field_name": "__index_level_0__",
        "name": None,
        "pandas_type": "unicode",
        "numpy_type": "object",
        "metadata": None,
    }
    note = {"index_columns": ["__index_level_0__"], "columns": [column], "column_indexes": []}
    return table.replace_schema_metadata({"pandas": json.dumps(note)})
