"""The frames of a LeRobot dataset's videos, decoded one after another by ffmpeg."""

import contextlib
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.disk import files

_SAFE = ("-protocol_whitelist", "file,pipe", "-f", "mov")  # nothing that a file names is opened
_LARGEST_SIDE = 4096


class Frames:
    """Reads the pictures of each episode from the videos of its cameras."""

    def __init__(self, folder: Path, shapes: dict[str, list[int]], fps: float, chunk: int) -> None:
        """Find the videos.

        Args:
            folder: the dataset.
            shapes: height, width and channels of each camera, in this order or channels first.
            fps: frames per second.
            chunk: episodes in a folder of videos (v2.1).

        Raises:
            RecordingError: a table cannot be read, or a shape is none of a picture.
        """
        self._folder, self._fps, self._chunk = folder, fps, chunk
        self._sizes = {camera: _size(camera, shape) for camera, shape in shapes.items()}
        self._rows = _episode_rows(folder)
        self._open: dict[str, _Film] = {}

    def read(self, camera: str, episode: int, steps: int) -> NDArray[np.uint8]:
        """Return the pictures of an episode: (T, height, width, 3).

        Raises:
            RecordingError: the video is missing, damaged or too short.
        """
        path, first = self._place(camera, episode)
        film = self._open.get(camera)
        if film is None or film.path != path or film.at > first:
            self._close(camera)
            film = self._open[camera] = _Film(path, self._sizes[camera])
        return film.read(first, steps)

    def close(self) -> None:
        """Stop all decoders."""
        for camera in list(self._open):
            self._close(camera)

    def _close(self, camera: str) -> None:
        film = self._open.pop(camera, None)
        if film is not None:
            film.close()

    def _place(self, camera: str, episode: int) -> tuple[Path, int]:
        """Return (video, number of its first frame) of an episode."""
        if not self._rows:  # v2.1: a video for each episode
            name = f"chunk-{episode // self._chunk:03d}/{camera}/episode_{episode:06d}.mp4"
            return self._folder / "videos" / name, 0
        try:
            row = self._rows[episode]
            chunk, file = (int(row[f"videos/{camera}/{k}_index"]) for k in ("chunk", "file"))
            start = float(row[f"videos/{camera}/from_timestamp"])
        except (KeyError, TypeError, ValueError) as problem:
            raise RecordingError(
                f"meta/episodes does not say where episode {episode} is in the video of {camera}."
            ) from problem
        name = f"{camera}/chunk-{chunk:03d}/file-{file:03d}.mp4"
        return self._folder / "videos" / name, round(start * self._fps)


def _size(camera: str, shape: list[int]) -> tuple[int, int]:
    """Return (height, width) of a picture."""
    sides = [side for side in shape if isinstance(side, int) and 0 < side <= _LARGEST_SIDE]
    if len(sides) != 3 or len(shape) != 3:
        raise RecordingError(f"{camera} has the shape {shape!r:.60}, which is none of a picture.")
    return (sides[1], sides[2]) if sides[0] == 3 else (sides[0], sides[1])


class _Film:
    """A video that is read forwards."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path, self.at, self._shape = path, 0, (*size, 3)
        if not files.is_file(path):
            raise RecordingError(f"The video {path} is missing. Nothing was imported.")
        with files.open_file(path) as raw:
            if raw.read(8)[4:] != b"ftyp":
                raise RecordingError(f"{path} is not an MP4 file. Nothing was imported.")
        read = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *_SAFE, "-i", str(path)]
        scale = f"scale={size[1]}:{size[0]}"
        write = ["-vf", scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        self._decoder = subprocess.Popen(
            [*read, *write],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def read(self, first: int, count: int) -> NDArray[np.uint8]:
        """Return `count` pictures from the one with number `first`."""
        pipe, size = self._decoder.stdout, int(np.prod(self._shape))
        if pipe is None:
            raise RuntimeError("the decoder was started without a pipe")
        while self.at < first and len(pipe.read(size)) == size:
            self.at += 1
        data = pipe.read(size * count)
        if self.at < first or len(data) < size * count:
            raise RecordingError(
                f"{self.path} ends before frame {first + count}, or cannot be decoded. Nothing was "
                "imported."
            )
        self.at += count
        return np.frombuffer(data, np.uint8).reshape(count, *self._shape)

    def close(self) -> None:
        self._decoder.kill()
        with contextlib.suppress(OSError):
            self._decoder.communicate()


def _episode_rows(folder: Path) -> dict[int, dict[str, Any]]:
    """Return what `meta/episodes` says of each episode; nothing for v2.1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = folder / "meta" / "episodes"
    if not files.is_folder(place):
        return {}
    rows: dict[int, dict[str, Any]] = {}
    for path in sorted(p for p in files.tree(place) if p.suffix == ".parquet"):
        try:
            with files.open_file(path) as raw:
                table = pq.read_table(raw)
        except (pa.ArrowException, ValueError) as problem:
            raise RecordingError(f"{path} cannot be read ({problem}).") from problem
        wanted = [n for n in table.column_names if n == "episode_index" or n.startswith("videos/")]
        for row in table.select(wanted).to_pylist():
            rows[int(row["episode_index"])] = row
    return rows
