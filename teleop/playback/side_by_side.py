"""Write a comparison as an animated image, a video, or a still image of four moments."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.errors import StorageError, reason
from teleop.playback.replay import Replay
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types import Actor

_RECORDED, _AGENT, _OTHER = (242, 169, 59), (90, 176, 245), (134, 142, 158)
Tell = Callable[[int, int], None]  # frames done, frames in total
_ANIMATED_HZ = 15  # frames per second of an animated image


def write_side_by_side(
    replay: Replay,
    output: Path,
    pace_hz: float,
    step: int | None = None,
    tell: Tell | None = None,
) -> None:
    """Write all lanes as an animated image, a video or (.png) a still image.

    Args:
        replay: the replay, played to its end.
        output: the file; its suffix selects the format.
        pace_hz: steps per second.
        step: step of a still image; None: four moments below each other.
        tell: called with the number of finished frames and their total.

    Raises:
        StorageError: the file cannot be written, or its type is unknown.
    """
    kinds = (".gif", ".webp", ".png", ".mp4")
    if output.suffix not in kinds:
        raise StorageError(f"{output} cannot be written: its name must end in {', '.join(kinds)}.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix == ".mp4":
            _write_film(replay, output, pace_hz, tell)
        elif output.suffix == ".png":
            _write_still(replay, output, step)
        else:
            _write_animation(replay, output, pace_hz, tell)
    except OSError as problem:
        raise StorageError(
            tr(
                "{output} cannot be written ({problem}).",
                output=output,
                problem=reason(problem),
            )
        ) from problem


def _write_still(replay: Replay, output: Path, step: int | None) -> None:
    from PIL import Image

    moments = np.linspace(0, replay.steps, 4).round().astype(int)
    shown = [int(moment) for moment in moments] if step is None else [step]
    rows = [_side_by_side(replay, moment, 300 if step is None else 600) for moment in shown]
    _write_bytes(output, Image.fromarray(np.concatenate(rows)), {})


def _write_animation(replay: Replay, output: Path, pace_hz: float, tell: Tell | None) -> None:
    from PIL import Image

    every = max(1, round(pace_hz / _ANIMATED_HZ))
    pictures = _iter_pictures(replay, 300, every, tell)
    timing = {"duration": round(1000 * every / pace_hz), "loop": 0, "save_all": True}
    first = Image.fromarray(next(pictures))
    _write_bytes(output, first, timing | {"append_images": map(Image.fromarray, pictures)})


def _write_film(replay: Replay, output: Path, pace_hz: float, tell: Tell | None) -> None:
    try:
        import imageio.v2 as imageio
    except ImportError as problem:
        raise StorageError(
            tr(
                "Writing .mp4 needs imageio. To install it: pip install 'teleop-studio[video]'; "
                "or write a .gif or .webp."
            )
        ) from problem
    draft = output.with_name(f".{output.stem}.draft{output.suffix}")
    try:
        with imageio.get_writer(draft, fps=pace_hz, macro_block_size=2) as film:
            add: Any = film.append_data  # type: ignore[attr-defined]
            for picture in _iter_pictures(replay, 600, 1, tell):
                add(picture)
        files.replace(draft, output)
    finally:
        draft.unlink(missing_ok=True)


def _iter_pictures(replay: Replay, width: int, every: int, tell: Tell | None) -> Iterator[Any]:
    """Yield each moment (height, width, 3), one at a time: a long video must fit into memory."""
    steps = range(0, replay.steps + 1, every)
    for done, step in enumerate(steps):
        if tell:
            tell(done, len(steps))
        yield _side_by_side(replay, step, width)


def _write_bytes(output: Path, image: Any, options: dict[str, Any]) -> None:
    """Compose the image in memory first, so that no incomplete file is left behind."""
    buffer = io.BytesIO()
    image.save(buffer, output.suffix[1:], **options)
    files.write_atomic(output, buffer.getvalue())


def _side_by_side(replay: Replay, step: int, width: int) -> Any:
    """Draw all lanes at a step, with a coloured edge: orange the recording, blue an agent."""
    first = replay.lanes[0].picture(1).shape  # some have no frame before the first step
    height = max(2, round(first[0] * width / first[1] / 2) * 2)
    sides = []
    for index, lane in enumerate(replay.lanes):
        colour = (
            _RECORDED if index == 0 else _AGENT if lane.policy.actor is Actor.POLICY else _OTHER
        )
        small = _fitted(lane.picture(step), width, height)
        small[:4] = colour
        if step > len(lane.rewards):
            small = small // 2  # this side has ended
        sides.append(small)
    return np.concatenate(sides, axis=1)


def _fitted(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Fit a frame into a size; the part that it does not cover is black."""
    from PIL import Image, ImageOps

    image = Image.fromarray(picture)
    if abs(image.width / image.height - width / height) * height < 2:
        return np.array(image.resize((width, height)))
    return np.array(ImageOps.pad(image, (width, height)))
