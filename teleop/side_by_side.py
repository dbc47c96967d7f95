"""A comparison as a file: an animated image, a film, or a still of four moments."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from teleop.errors import StorageError
from teleop.recording.durable import write_atomic
from teleop.replay import Replay
from teleop.types import Actor

_RECORDED, _AGENT, _OTHER = (242, 169, 59), (90, 176, 245), (134, 142, 158)


def write_side_by_side(
    replay: Replay, output: Path, pace_hz: float, step: int | None = None
) -> None:
    """All lanes as an animated image, a film or (.png) a still.

    Args:
        replay: it, played to its end.
        output: the file; its ending says what it becomes.
        pace_hz: steps a second.
        step: that a still shows; None for four moments under each other.

    Raises:
        StorageError: the file cannot be written, or its kind is unknown.
    """
    from PIL import Image

    kinds = (".gif", ".webp", ".png", ".mp4")
    if output.suffix not in kinds:
        raise StorageError(f"{output} cannot be written: its name must end in {', '.join(kinds)}.")
    every = max(1, round(pace_hz / 15)) if output.suffix in (".gif", ".webp") else 1
    steps = range(0, replay.steps + 1, every)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix == ".mp4":
            _write_film(replay, output, pace_hz)
        elif output.suffix == ".png":
            moments = np.linspace(0, replay.steps, 4).round().astype(int)
            shown = [int(moment) for moment in moments] if step is None else [step]
            rows = [_side_by_side(replay, moment, 300 if step is None else 600) for moment in shown]
            _write_bytes(output, Image.fromarray(np.concatenate(rows)), {})
        else:
            images = [Image.fromarray(_side_by_side(replay, step, 300)) for step in steps]
            timing = {"duration": round(1000 * every / pace_hz), "loop": 0, "save_all": True}
            _write_bytes(output, images[0], timing | {"append_images": images[1:]})
    except OSError as problem:
        raise StorageError(
            f"{output} cannot be written ({problem.strerror or problem})."
        ) from problem


def _write_bytes(output: Path, image: Any, options: dict[str, Any]) -> None:
    """Compose in memory first: nothing half-written is left behind."""
    buffer = io.BytesIO()
    image.save(buffer, output.suffix[1:], **options)
    write_atomic(output, buffer.getvalue())


def _write_film(replay: Replay, output: Path, pace_hz: float) -> None:
    try:
        import imageio.v2 as imageio
    except ImportError as problem:
        raise StorageError(
            "Writing .mp4 needs imageio. To install it: pip install 'teleop-studio[video]'; "
            "or write a .gif or .webp."
        ) from problem
    pictures = [_side_by_side(replay, step, 600) for step in range(replay.steps + 1)]
    imageio.mimwrite(output, pictures, fps=pace_hz, macro_block_size=2)


def _side_by_side(replay: Replay, step: int, width: int) -> Any:
    """All lanes at a step, with a coloured edge: orange the recording, blue an agent."""
    from PIL import Image

    sides = []
    for index, lane in enumerate(replay.lanes):
        colour = (
            _RECORDED if index == 0 else _AGENT if lane.policy.actor is Actor.POLICY else _OTHER
        )
        picture = lane.picture(step)
        height = max(2, round(picture.shape[0] * width / picture.shape[1] / 2) * 2)
        small = np.array(Image.fromarray(picture).resize((width, height)))
        small[:4] = colour
        if step > len(lane.rewards):
            small = small // 2  # this side has ended
        sides.append(small)
    return np.concatenate(sides, axis=1)
