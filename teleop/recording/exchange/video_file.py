"""Videos of LeRobot's layout: the pictures of many episodes, one after another, in MP4 files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RENDERED = "observation.images.rendered"  # what the environment drew, if nothing else is a picture
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
_LARGEST = 200 << 20  # bytes from which on the next episode begins a new file
_EVERY = "2"  # frames from one that can be jumped to, to the next
_QUALITY = "18"  # of H.264: lower is better; the difference to the picture is not seen


class VideoFiles:
    """Writes the films of one camera.

    Attributes:
        key: name of the feature.
        places: (number of the file, first second, last second) of each episode.
    """

    def __init__(self, folder: Path, key: str, shape: tuple[int, ...], fps: int) -> None:
        """Prepare the films; a file begins with the first episode.

        Args:
            folder: the dataset.
            key: name of the feature.
            shape: height, width and channels of a picture.
            fps: frames per second.
        """
        self.key, self.places = key, list[tuple[int, float, float]]()
        self._folder, self._fps = folder, fps
        self._shape = shape
        self._format = "yuv444p" if shape[0] % 2 or shape[1] % 2 else "yuv420p"
        self._number, self._frames = -1, 0
        self._film: Any = None
        self._path = folder / "none yet"

    def add(self, pictures: Iterable[NDArray[np.uint8]]) -> int:
        """Write the pictures of an episode; return how many there were.

        Raises:
            OSError: writing failed.
        """
        size = self._path.stat().st_size if self._path.exists() else 0  # ffmpeg has yet to begin
        if self._film is None or size > _LARGEST:
            self._begin()
        first, count = self._frames, 0
        for picture in pictures:
            self._film.send(np.ascontiguousarray(_coloured(picture)).tobytes())
            count += 1
        self._frames += count
        self.places.append((self._number, first / self._fps, self._frames / self._fps))
        return count

    def close(self) -> None:
        """End the last film."""
        if self._film is not None:
            self._film.close()
            self._film = None

    def feature(self) -> dict[str, Any]:
        """Return LeRobot's description of the feature."""
        height, width = self._shape[:2]
        return {
            "dtype": "video",
            "shape": [height, width, 3],
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": height,
                "video.width": width,
                "video.codec": "h264",
                "video.pix_fmt": self._format,
                "video.is_depth_map": False,
                "video.fps": self._fps,
                "video.channels": 3,
                "has_audio": False,
            },
        }

    def _begin(self) -> None:
        import imageio_ffmpeg

        self.close()
        self._number, self._frames = self._number + 1, 0
        name = VIDEO_PATH.format(video_key=self.key, chunk_index=0, file_index=self._number)
        self._path = self._folder / name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._film = imageio_ffmpeg.write_frames(
            str(self._path),
            (self._shape[1], self._shape[0]),
            fps=self._fps,
            codec="libx264",
            pix_fmt_out=self._format,
            macro_block_size=1,
            output_params=["-crf", _QUALITY, "-g", _EVERY],
        )
        self._film.send(None)


def _coloured(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture with three channels."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.repeat(picture.reshape(*picture.shape[:2], 1), 3, axis=2)
    return picture[..., :3]
