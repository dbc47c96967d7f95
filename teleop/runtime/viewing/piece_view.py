"""Two short pieces of runs side by side, which need not have the same start."""

import time
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import NOTHING_YET, draw
from teleop.envs.stepping import iter_episode
from teleop.errors import LearningError
from teleop.evaluation.scoring import RandomPolicy
from teleop.learning import load_policy
from teleop.playback.replay import RecordedPolicy
from teleop.recording import Dataset
from teleop.runtime.protocol.comparison_messages import ReplayFrames
from teleop.runtime.protocol.preference_messages import PiecesReady, ShowPieces
from teleop.runtime.protocol.session_messages import Say
from teleop.runtime.protocol.shared_frames import FrameWriter
from teleop.text import tr
from teleop.types import Policy
from teleop.types.findings import PieceSource

_SLICE_S = 0.012  # seconds of computing between checks of the pipe
_DEFLATE = 1


class PieceView:
    """Repeats the runs up to the pieces, and keeps the frames of the pieces."""

    def __init__(self, dataset: Dataset, request: ShowPieces, say: Say) -> None:
        """Begin to compute; `tick` goes on.

        Raises:
            TeleopError: an episode or a policy cannot be read.
        """
        self._say, self._pair = say, request.pair
        env_id = dataset.info().env_id
        self._frames: tuple[list[tuple[bytes, tuple[int, ...]]], ...] = ([], [])
        drivers = [_driver(dataset, env_id, source) for source in request.pair]
        sides = zip(drivers, request.pair, self._frames, strict=True)
        self._work = iter([_drawn(env_id, *side) for side in sides])
        self._current: Iterator[None] | None = next(self._work)
        self._writers = (FrameWriter("lane0"), FrameWriter("lane1"))

    @property
    def due_s(self) -> float | None:
        """At once (0) while there is more to compute, else None."""
        return 0.0 if self._current is not None else None

    def tick(self, now: float) -> None:
        """Compute for a short time; say when both pieces are ready.

        Raises:
            EnvError: the environment failed.
        """
        end = now + _SLICE_S
        while self._current is not None and time.perf_counter() < end:
            if next(self._current, False) is False:
                self._current = next(self._work, None)
                if self._current is None:
                    self._check()
                    steps = (len(self._frames[0]) - 1, len(self._frames[1]) - 1)
                    self._say(PiecesReady(self._pair, steps))
                    self.show(0)

    def _check(self) -> None:
        """Check that both pieces were reached.

        Raises:
            LearningError: a run was shorter when it was repeated.
        """
        if not all(self._frames):
            raise LearningError(
                tr("A piece cannot be shown: its run differs when it is repeated. Choose another.")
            )

    def show(self, step: int) -> None:
        """Show both after this number of steps of the pieces, or their last frame."""
        if self._current is not None:
            return
        pictures = [_picture(frames[min(step, len(frames) - 1)]) for frames in self._frames]
        shown = tuple(w.write(p) for w, p in zip(self._writers, pictures, strict=True))
        self._say(ReplayFrames(step, shown))

    def close(self) -> None:
        """Release the frames."""
        self._current = None
        for writer in self._writers:
            writer.close()


def _driver(dataset: Dataset, env_id: str, source: PieceSource) -> Policy:
    if source.kind == "episode":
        return RecordedPolicy(dataset.read(source.name))
    if source.kind == "policy":
        return load_policy(dataset.policies / source.name)
    return RandomPolicy(env_id)


def _drawn(
    env_id: str, driver: Policy, source: PieceSource, frames: list[tuple[bytes, tuple[int, ...]]]
) -> Iterator[None]:
    """Repeat a run step by step, and keep the frames from the start of the piece on."""
    env = make_env(env_id)
    driver.reset(source.seed)
    try:
        steps = iter_episode(env, driver.act, source.seed, source.first + source.steps)
        for number, _ in enumerate(steps):
            if number >= source.first:
                picture = draw(env)
                if picture is NOTHING_YET and frames:
                    frames.append(frames[-1])
                else:
                    frames.append((zlib.compress(picture.data, _DEFLATE), picture.shape))
            yield
    finally:
        close_env(env)


def _picture(frame: tuple[bytes, tuple[int, ...]]) -> NDArray[np.uint8]:
    data, shape = frame
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
