"""Export datasets in LeRobot's v3.0 layout (lerobot 0.4, `LeRobotDataset`), with pyarrow only.

A frame is (o_t, a_t). The layout requires `timestamp` to be frame_index / fps; the real time is
`teleop.time`. Vectors become `observation.state`, images become `observation.images.<name>`, as PNG
or video. The task of an episode becomes its `task`; the name of the latest mark becomes the
`subtask` of a frame.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.episode import Episode
from teleop.recording.exchange.flat import (
    ActionVector,
    Part,
    arrow_and_parquet,
    iter_trimmed,
    no_place,
    parts_of,
)
from teleop.recording.exchange.video_file import RENDERED, VIDEO_PATH, VideoFiles
from teleop.types.metadata import EpisodeRow

Rendered: TypeAlias = Callable[[Episode], Iterator[NDArray[np.uint8]]]
_STATS_PICTURES = 50  # of each episode
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


def write_lerobot(
    dataset: Dataset,
    rows: Sequence[EpisodeRow],
    target: Path,
    *,
    video: bool = False,
    rendered: Rendered | None = None,
) -> list[str]:
    """Write the episodes to a folder.

    Args:
        dataset: the dataset.
        rows: its episodes.
        target: the folder.
        video: whether pictures become videos, which are smaller, and not exactly as recorded.
        rendered: draws an episode again; None: only what was observed is written.

    Returns:
        notes on data that LeRobot cannot store.

    Raises:
        RecordingError: an episode is damaged or cannot be drawn, or pyarrow is missing.
        OSError: writing to disk failed.
    """
    pa, pq = arrow_and_parquet("The LeRobot format")
    layout = _Layout(dataset, rows)
    films = _Films(dataset, target, layout, rendered) if video else None
    for folder in ("meta/episodes/chunk-000", "data/chunk-000"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    ends, stats = [0], _Stats()
    try:
        _write_frames(dataset, rows, target, layout, films, ends, stats)
    finally:
        if films is not None:
            films.close()
    _write_meta(pa, pq, target, layout, ends, stats, films)
    return no_place([part.name for part in layout.texts])


def _write_frames(
    dataset: Dataset,
    rows: Sequence[EpisodeRow],
    target: Path,
    layout: "_Layout",
    films: "_Films | None",
    ends: list[int],
    stats: "_Stats",
) -> None:
    """Write the frames of all episodes; add their ends and statistics."""
    pa, pq = arrow_and_parquet("The LeRobot format")
    schema = layout.schema(pa, films)
    with pq.ParquetWriter(target / _DATA_PATH.format(chunk_index=0, file_index=0), schema) as out:
        for number, episode in enumerate(iter_trimmed(dataset, rows)):
            columns = layout.columns(episode, number, ends[-1])
            if films is not None:
                stats.add(films.take(episode, columns))
            stats.add(columns)
            out.write_table(pa.table(layout.arrow(pa, columns), schema=schema))
            ends.append(ends[-1] + len(episode.rewards))


class _Films:
    """The videos of all cameras."""

    def __init__(
        self, dataset: Dataset, target: Path, layout: "_Layout", rendered: Rendered | None
    ) -> None:
        self._dataset = dataset
        self._target, self._fps, self._rendered = target, layout.fps, rendered
        self._files = {
            key: VideoFiles(target, key, (*part.shape, 1)[:3], layout.fps)
            for key, part in layout.images.items()
        }

    def take(self, episode: Episode, columns: dict[str, Any]) -> dict[str, Any]:
        """Move the pictures of an episode into the videos; return a few of them, for statistics."""
        seen = {key: columns.pop(key) for key in list(self._files) if key in columns}
        if self._rendered is not None:
            seen[RENDERED] = self._drawn(episode, len(columns["action"]))
        few = {}
        for key, pictures in seen.items():
            if key not in self._files:
                self._files[key] = VideoFiles(self._target, key, pictures[0].shape, self._fps)
            self._files[key].add(pictures)
            few[key] = np.stack(pictures[:: max(1, len(pictures) // _STATS_PICTURES)])
        return few

    def _drawn(self, episode: Episode, steps: int) -> list[NDArray[np.uint8]]:
        if self._rendered is None:
            raise RuntimeError("nothing draws")
        first = episode.row.label.trim[0] if episode.row.label.trim else 0
        whole = self._dataset.read(episode.row)
        pictures = list(self._rendered(whole))[first : first + steps]
        if len(pictures) < steps:
            raise RecordingError(
                f"Episode {episode.row.number} cannot be drawn again: it ends after "
                f"{len(pictures)} of {steps} steps."
            )
        return pictures

    def close(self) -> None:
        for files in self._files.values():
            files.close()

    def features(self) -> dict[str, Any]:
        return {key: files.feature() for key, files in self._files.items()}

    def places(self) -> dict[str, list[Any]]:
        """Return where each episode is in the videos, as columns of the table of episodes."""
        found: dict[str, list[Any]] = {}
        for key, files in self._files.items():
            found[f"videos/{key}/chunk_index"] = [0] * len(files.places)
            for index, name in enumerate(("file_index", "from_timestamp", "to_timestamp")):
                found[f"videos/{key}/{name}"] = [place[index] for place in files.places]
        return found


class _Layout:
    """The columns of a dataset and how they are stored."""

    def __init__(self, dataset: Dataset, rows: Sequence[EpisodeRow]) -> None:
        observation, action = dataset.spaces()
        parts = parts_of(observation, "state")
        self.texts = [part for part in parts if part.is_text]
        self.images = {self._image_key(part): part for part in parts if part.is_image}
        self._numbers = [part for part in parts if not part.is_text and not part.is_image]
        self._action = ActionVector(action, scaled=False)
        info = dataset.info()
        self._usual = f"Drive {info.env_id}"
        self.by_row = [row.label.task or self._usual for row in rows]
        self.tasks = list(dict.fromkeys(self.by_row))
        self._marked = any(row.label.marks for row in rows)
        self.subtasks = dict.fromkeys(self.tasks) if self._marked else {}
        self.subtasks |= dict.fromkeys(mark.name for row in rows for mark in row.label.marks)
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
        for key, part in self.images.items():
            shape = [*part.shape, 1][:3]
            names = ["height", "width", "channels"]
            found[key] = {"dtype": "image", "shape": shape, "names": names}
        found["action"] = _vector(list(self._action.names))
        kinds = _SCALARS | ({"subtask_index": "int64"} if self._marked else {})
        scalars = {k: {"dtype": v, "shape": [1], "names": None} for k, v in kinds.items()}
        return found | scalars

    def schema(self, pa: Any, films: "_Films | None") -> Any:
        """Return the Arrow schema of the frames; videos are no column."""
        kinds = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_()}
        picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        fields = []
        for name, feature in self.features().items():
            if feature["dtype"] == "image" and films is not None:
                continue
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
        for key, part in self.images.items():
            found[key] = part.of(episode.observations)[:total]
        frames = np.arange(total)
        found |= self._said(episode, number, total)
        return found | {
            "action": self._action.rows(episode.actions),
            "timestamp": (frames / self.fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full(total, number),
            "index": first + frames,
            "next.reward": episode.rewards.astype(np.float32),
            "next.done": episode.terminations | episode.truncations,
            "teleop.time": episode.times_s[:total].astype(np.float32),
            "teleop.actor": episode.actors[1:].astype(np.int64),
        }

    def _said(self, episode: Episode, number: int, total: int) -> dict[str, Any]:
        """Return the task of an episode, and the latest mark before each of its frames."""
        task = self.by_row[number]
        found = {"task_index": np.full(total, self.tasks.index(task))}
        if self._marked:
            names = list(self.subtasks)
            subtasks = np.full(total, names.index(task))
            first = episode.row.label.trim[0] if episode.row.label.trim else 0
            for mark in episode.row.label.marks:
                subtasks[max(0, mark.step - first) :] = names.index(mark.name)
            found["subtask_index"] = subtasks
        return found

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
    pa: Any,
    pq: Any,
    target: Path,
    layout: _Layout,
    ends: list[int],
    stats: _Stats,
    films: _Films | None,
) -> None:
    count = len(ends) - 1
    features = layout.features() | (films.features() if films else {})
    info = {
        "codebase_version": "v3.0",
        "robot_type": layout.env_id,
        "total_episodes": count,
        "total_frames": ends[-1],
        "total_tasks": len(layout.tasks),
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": layout.fps,
        "splits": {"train": f"0:{count}"},
        "data_path": _DATA_PATH,
        "video_path": VIDEO_PATH if films and films.features() else None,
        "features": features,
    }
    (target / "meta/info.json").write_text(json.dumps(info, indent=1), encoding="utf-8")
    (target / "meta/stats.json").write_text(json.dumps(stats.result(), indent=1), encoding="utf-8")
    pq.write_table(_texts(pa, "task_index", layout.tasks), target / "meta/tasks.parquet")
    if layout.subtasks:
        subtasks = _texts(pa, "subtask_index", list(layout.subtasks))
        pq.write_table(subtasks, target / "meta/subtasks.parquet")
    _write_episodes(pa, pq, target, layout, ends, films)


def _write_episodes(
    pa: Any, pq: Any, target: Path, layout: _Layout, ends: list[int], films: _Films | None
) -> None:
    count = len(ends) - 1
    zeros = [0] * count
    episodes = {
        "episode_index": list(range(count)),
        "tasks": [[task] for task in layout.by_row],
        "length": np.diff(ends).tolist(),
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": ends[:-1],
        "dataset_to_index": ends[1:],
        "meta/episodes/chunk_index": zeros,
        "meta/episodes/file_index": zeros,
    } | (films.places() if films else {})
    pq.write_table(pa.table(episodes), target / "meta/episodes/chunk-000/file-000.parquet")


def _texts(pa: Any, name: str, texts: list[str]) -> Any:
    """Return a table of texts with their numbers; its pandas metadata makes the text the index."""
    table = pa.table({name: list(range(len(texts))), "__index_level_0__": texts})
    column = {
        "field_name": "__index_level_0__",
        "name": None,
        "pandas_type": "unicode",
        "numpy_type": "object",
        "metadata": None,
    }
    note = {"index_columns": ["__index_level_0__"], "columns": [column], "column_indexes": []}
    return table.replace_schema_metadata({"pandas": json.dumps(note)})
