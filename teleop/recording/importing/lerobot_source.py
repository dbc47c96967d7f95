"""Reads LeRobot's datasets, v2.1 and v3.0: tables of frames, pictures, and video.

Layout: https://huggingface.co/docs/lerobot/lerobot-dataset-v3. Of an episode of T frames, frame t
holds what was observed and the action that followed; what came after the last is not stored.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.disk import files
from teleop.recording.exchange.flat import arrow_and_parquet
from teleop.recording.exchange.video_file import RENDERED
from teleop.recording.importing.lerobot_video import Frames
from teleop.recording.importing.source import (
    NO_ENDS,
    NO_LAST,
    NO_REWARDS,
    Source,
    SourceEpisode,
    episode_of,
)
from teleop.recording.trust.vetting import picture_of
from teleop.text import tr
from teleop.types.metadata import LONGEST_NAME, LONGEST_TASK, NO_LABEL, Label, Mark

_KEY = re.compile(r"^[A-Za-z0-9][\w.\-]{0,99}$")
_ENV = re.compile(r"-v\d+$")  # our own export puts the environment where others put the robot
_SEEN, _ACTED = "observation.", "action"
_NUMBERS = ("float32", "float64", "int32", "int64", "int16", "uint8", "bool")
_PICTURES = ("image", "video")
_UNREADABLE = (OSError, ValueError, AttributeError, RecursionError, KeyError, TypeError)
_BESIDE = ("next.reward", "next.done", "task_index", "subtask_index")


def is_lerobot(folder: Path) -> bool:
    """Return whether a folder is a LeRobot dataset."""
    return files.is_file(folder / "meta" / "info.json")


def lerobot_source(folder: Path) -> Source:
    """Read the folder of a LeRobot dataset.

    Raises:
        RecordingError: pyarrow is missing, or the dataset is damaged or not understood.
        OSError: it cannot be read.
    """
    arrow_and_parquet("The LeRobot format")  # a missing package is said first
    files.guard(folder)
    dataset = _LeRobot(folder, *_info(folder))
    notes = [NO_LAST]
    notes += [] if "next.reward" in dataset.features else [NO_REWARDS]
    notes += [] if "next.done" in dataset.features else [NO_ENDS]
    tasks = list(dataset.texts["task"].values())
    notes += [tr("Tasks: {tasks}.", tasks="; ".join(tasks[:5]))] if tasks else []
    return Source(
        form=f"LeRobot {dataset.version}",
        episodes=dataset.iterate,
        arrays=tuple((name, dataset.words(name)) for name in (*dataset.seen, *dataset.acted)),
        env_id=dataset.env_id,
        notes=tuple(notes),
    )


def _info(folder: Path) -> tuple[str, dict[str, dict[str, Any]], float, int, str]:
    """Return what `meta/info.json` says, in the order of `_LeRobot`."""
    path = folder / "meta" / "info.json"
    try:
        info = json.loads(files.read_bytes(path, files.MOST_DESCRIPTION))
        version, features = str(info["codebase_version"]), dict(info["features"])
        fps, chunk = float(info.get("fps") or 0), max(1, int(info.get("chunks_size") or 1000))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise RecordingError(
            f"{path} does not describe a LeRobot dataset ({type(problem).__name__}: {problem})."
        ) from problem
    if not version.startswith(("v2", "v3")):
        raise RecordingError(
            f"{folder} is LeRobot {version[:20]}; Teleop reads v2.1 and v3.0. Convert it with "
            "LeRobot's own script."
        )
    odd = next((name for name in features if not _KEY.match(name)), None)
    if odd is not None or not all(isinstance(value, dict) for value in features.values()):
        raise RecordingError(f"{path} names a feature that cannot be read: {str(odd)[:60]!r}.")
    films = any(feature.get("dtype") == "video" for feature in features.values())
    if films and fps <= 0:
        raise RecordingError(f"{path} says {fps:g} frames per second; its video needs a rate.")
    robot = str(info.get("robot_type") or "")
    return version, features, fps, chunk, robot if _ENV.search(robot) else ""


@dataclass(frozen=True, slots=True)
class _LeRobot:
    """A dataset.

    Attributes:
        seen: features that are observed.
        acted: features of the action.
        texts: texts of tasks and subtasks, by number.
    """

    folder: Path
    version: str
    features: dict[str, dict[str, Any]]
    fps: float
    chunk: int
    env_id: str
    seen: list[str] = field(default_factory=list)
    acted: list[str] = field(default_factory=list)
    texts: dict[str, dict[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.texts.update({kind: _texts(self.folder, kind) for kind in ("task", "subtask")})
        for name, feature in self.features.items():
            kind = feature.get("dtype")
            if name == RENDERED and self.env_id:
                continue  # our own export drew it; the policy did not see it
            if name.startswith(_SEEN) and kind in (*_NUMBERS, *_PICTURES):
                self.seen.append(name)
            elif name.split(".")[0] == _ACTED and kind in _NUMBERS:
                self.acted.append(name)
        if not self.seen or not self.acted:
            raise RecordingError(
                f"{self.folder} has no features of observations and actions, but: "
                f"{', '.join(list(self.features)[:12])}."
            )

    def words(self, name: str) -> str:
        """Return shape and type of a feature in words."""
        feature = self.features[name]
        shape = " x ".join(str(size) for size in feature.get("shape") or ())
        return f"{shape} x {feature['dtype']}"

    def iterate(self) -> Iterator[SourceEpisode]:
        """Read the episodes, in the order of the files."""
        films = [name for name in self.seen if self.features[name]["dtype"] == "video"]
        shapes = {name: self.features[name].get("shape") or [] for name in films}
        videos = Frames(self.folder, shapes, self.fps, self.chunk) if films else None
        try:
            for number, columns in self._tables():
                if videos is not None:
                    steps = len(columns[self.acted[0]])
                    columns |= {name: videos.read(name, number, steps) for name in films}
                yield self._episode(columns)
        finally:
            if videos is not None:
                videos.close()

    def _episode(self, columns: dict[str, NDArray[Any]]) -> SourceEpisode:
        done = columns.get("next.done")
        found = episode_of(
            _named({name: columns[name] for name in self.seen}),
            _named({name: columns[name] for name in self.acted}),
            columns.get("next.reward"),
            terminated=bool(np.ravel(done)[-1]) if done is not None else False,
        )
        return replace(found, label=self._label(columns))

    def _label(self, columns: dict[str, NDArray[Any]]) -> Label:
        """Return the task, and a mark where another subtask begins; empty if they are odd."""
        tasks, subtasks = self.texts["task"], self.texts["subtask"]
        index = np.ravel(columns.get("task_index", ()))
        task = tasks.get(int(index[0]), "") if len(index) else ""
        parts = np.ravel(columns.get("subtask_index", ()))
        starts = [0, *(np.flatnonzero(parts[1:] != parts[:-1]) + 1)] if len(parts) else []
        named = [(int(step), subtasks.get(int(parts[step]), "")) for step in starts]
        marks = [Mark(step, _short(name)) for step, name in named if step or name != task]
        own = "" if task == f"Drive {self.env_id}" else task  # what our own export calls it
        label = NO_LABEL.changed(task=own)
        try:
            return label.changed(marks=tuple(mark for mark in marks if mark.name))
        except RecordingError:  # too many
            return label

    def _tables(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (number, columns) of each episode."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = [n for n in self.features if self.features[n].get("dtype") != "video"]
        wanted = [n for n in wanted if n in (*self.seen, *self.acted, *_BESIDE)]
        for path in _parquet_files(self.folder / "data"):
            try:
                with files.open_file(path) as raw:
                    table = pq.read_table(raw, columns=[*wanted, "episode_index"])
            except (pa.ArrowException, ValueError, KeyError) as problem:
                raise RecordingError(f"{path} cannot be read ({problem}).") from problem
            numbers = table["episode_index"].to_numpy()
            cuts = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
            for start, stop in zip([0, *cuts], [*cuts, len(numbers)], strict=True):
                rows = table.slice(start, stop - start)
                if stop > start:
                    yield int(numbers[start]), {n: self._column(rows[n], n) for n in wanted}

    def _column(self, column: Any, name: str) -> NDArray[Any]:
        """Return a column of the table as an array of rows."""
        feature = self.features[name]
        if feature["dtype"] == "image":
            return np.stack([_picture(value, name) for value in column.to_pylist()])
        kind = np.dtype(feature["dtype"])
        try:
            return np.array(column.to_pylist(), kind)
        except (ValueError, TypeError) as problem:
            raise RecordingError(f"{name} is missing in some frames ({problem}).") from problem


def _texts(folder: Path, kind: str) -> dict[int, str]:
    """Return the texts of the tasks or subtasks, by number; none if they cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = folder / "meta" / f"{kind}s.parquet"
    lines = folder / "meta" / f"{kind}s.jsonl"
    try:
        if files.is_file(table):
            with files.open_file(table) as raw:
                rows = pq.read_table(raw).to_pylist()
        else:
            text = files.read_bytes(lines, files.MOST_DESCRIPTION).decode()
            rows = [json.loads(line) for line in text.splitlines()]
        return {
            int(row[f"{kind}_index"]): str(value)[:LONGEST_TASK]
            for row in rows
            for value in row.values()
            if isinstance(value, str)
        }
    except (*_UNREADABLE, pa.ArrowException):
        return {}


def _short(name: str) -> str:
    """Return the text of a subtask as the name of a mark."""
    return " ".join(name.replace(",", " ").split())[:LONGEST_NAME].strip()


def _parquet_files(folder: Path) -> list[Path]:
    found = [path for path in files.tree(folder) if path.suffix == ".parquet"]
    if not found:
        raise RecordingError(f"{folder} holds no .parquet files.")
    return sorted(found)


def _picture(value: Any, name: str) -> NDArray[np.uint8]:
    data = value.get("bytes") if isinstance(value, dict) else None
    if not isinstance(data, bytes):
        raise RecordingError(f"{name} holds no picture in some frames.")
    picture = picture_of(data)
    return picture[..., None] if picture.ndim == 2 else picture


def _named(parts: dict[str, NDArray[Any]]) -> Any:
    """Return the arrays by the last words of their names; a single one by itself."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    short = {name: name.rpartition(".")[2] for name in parts}
    if len(set(short.values())) < len(parts):
        short = {name: name.replace(".", "_") for name in parts}
    return {short[name]: value for name, value in parts.items()}
