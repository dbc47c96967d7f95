"""Write comparisons as an animated image, a video, or a still image of four moments."""

import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from teleop.errors import StorageError, writing
from teleop.playback.captions import CaptionedFrames, Part
from teleop.playback.replay import Replay
from teleop.recording.disk import files

Tell = Callable[[int, int], None]  # frames done, frames in total
_ANIMATED_HZ = 15  # frames per second of an animated image
_ANIMATED_WIDTH, _FILM_WIDTH = 1280, 1920
_ONE_WIDTH = 1280  # of a film of one side
_WEBP_EFFORT = 1  # of 6
_SAMPLED = 8  # moments whose colours an animated image has
_TICKS_MS = {".gif": 10, ".webp": 1}  # a frame's time is a multiple of this


def write_side_by_side(
    replay: Replay,
    output: Path,
    pace_hz: float,
    step: int | None = None,
    tell: Tell | None = None,
    names: Sequence[str] = (),
) -> None:
    """Write all sides as an animated image, a video or (.png) a still image.

    Args:
        replay: the replay, played to its end.
        output: the file; its suffix selects the format.
        pace_hz: steps per second.
        step: step of a still image; None: four moments below each other.
        tell: called with the number of finished frames and their total.
        names: who drives each side; empty: the names of the policies.

    Raises:
        StorageError: the file cannot be written, or its type is unknown.
    """
    write_parts([Part.of(replay, pace_hz, names)], output, step, tell)


def write_parts(
    parts: Sequence[Part], output: Path, step: int | None = None, tell: Tell | None = None
) -> None:
    """Write comparisons one after another into one file.

    Args:
        parts: the comparisons, at least one, with equally many sides.
        output: the file; its suffix selects the format.
        step: step of a still image; None: four moments below each other.
        tell: called with the number of finished frames and their total.

    Raises:
        StorageError: the file cannot be written, or its type is unknown.
    """
    kinds = (".gif", ".webp", ".png", ".mp4")
    if output.suffix not in kinds:
        raise StorageError(f"{output} cannot be written: its name must end in {', '.join(kinds)}.")
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix == ".mp4":
            _write_film(parts, output, tell)
        elif output.suffix == ".png":
            _write_still(parts, output, step)
        else:
            _write_animation(parts, output, tell)


def _write_still(parts: Sequence[Part], output: Path, step: int | None) -> None:
    rows = []
    for part in parts:
        frames = CaptionedFrames(part, _ANIMATED_WIDTH)
        moments = np.linspace(0, part.replay.steps, 4).round().astype(int)
        shown = [int(moment) for moment in moments] if step is None else [step]
        rows += [frames.draw(moment) for moment in shown]
    _write_bytes(output, Image.fromarray(np.concatenate(rows)), {})


def _write_animation(parts: Sequence[Part], output: Path, tell: Tell | None) -> None:
    """Write an animated image whose frame times add up to the time that was played."""
    every = [max(1, round(part.pace_hz / _ANIMATED_HZ)) for part in parts]
    times = list(
        itertools.chain.from_iterable(
            frame_times_ms(part.replay.steps, step, part.pace_hz, _TICKS_MS[output.suffix])
            for part, step in zip(parts, every, strict=True)
        )
    )
    pictures: Iterator[Image.Image]
    pictures = map(Image.fromarray, _iter_pictures(parts, _ANIMATED_WIDTH, every, tell))
    options = {"duration": times, "loop": 0, "save_all": True, "method": _WEBP_EFFORT}
    if output.suffix == ".gif":
        palette = _palette(parts)
        dither = Image.Dither.NONE
        pictures = (image.quantize(palette=palette, dither=dither) for image in pictures)
    _write_bytes(output, next(pictures), options | {"append_images": pictures})


def _palette(parts: Sequence[Part]) -> Image.Image:
    """Return the 256 colours of some moments: choosing them once is ten times faster."""
    rows = []
    for part in parts:
        frames = CaptionedFrames(part, _ANIMATED_WIDTH)
        moments = np.linspace(0, part.replay.steps, _SAMPLED).round().astype(int)
        rows += [frames.draw(int(moment))[::2, ::2] for moment in moments]
    return Image.fromarray(np.concatenate(rows)).quantize(256, dither=Image.Dither.NONE)


def frame_times_ms(steps: int, every: int, pace_hz: float, tick_ms: int) -> list[int]:
    """Return how long each frame of an animation is shown, in milliseconds.

    Args:
        steps: number of steps that are shown.
        every: steps between two frames.
        pace_hz: steps per second.
        tick_ms: every time is a multiple of this; the rounding errors do not add up.
    """
    shown = [*range(0, steps + 1, every), steps + 1]
    ends = [round(1000 * step / pace_hz / tick_ms) * tick_ms for step in shown]
    return [max(tick_ms, after - before) for before, after in itertools.pairwise(ends)]


def _write_film(parts: Sequence[Part], output: Path, tell: Tell | None) -> None:
    width = _FILM_WIDTH if len(parts[0].replay.lanes) > 1 else _ONE_WIDTH
    draft = output.with_name(f".{output.stem}.draft{output.suffix}")
    try:
        pace_hz = parts[0].pace_hz
        with imageio.get_writer(draft, fps=pace_hz, macro_block_size=2) as film:
            add: Any = film.append_data  # type: ignore[attr-defined]
            for picture in _iter_pictures(parts, width, [1] * len(parts), tell):
                add(picture)
        files.replace(draft, output)
    finally:
        draft.unlink(missing_ok=True)


def _iter_pictures(
    parts: Sequence[Part], width: int, every: Sequence[int], tell: Tell | None
) -> Iterator[Any]:
    """Yield each moment (height, width, 3), one at a time: a long video must fit into memory."""
    shown = [range(0, p.replay.steps + 1, e) for p, e in zip(parts, every, strict=True)]
    total, done = sum(map(len, shown)), 0
    for part, steps in zip(parts, shown, strict=True):
        frames = CaptionedFrames(part, width)
        for step in steps:
            if tell:
                tell(done, total)
            yield frames.draw(step)
            done += 1


def _write_bytes(output: Path, image: Any, options: dict[str, Any]) -> None:
    """Compose the image in memory first, so that no incomplete file is left behind."""
    buffer = io.BytesIO()
    image.save(buffer, output.suffix[1:], **options)
    files.write_atomic(output, buffer.getvalue())
