"""Plays the worst episodes of a policy, and writes them into one film."""

import time
from pathlib import Path

from teleop.learning import load_policy
from teleop.learning.policy_folder import read_row
from teleop.playback.film import iter_parts
from teleop.recording import Dataset
from teleop.runtime.protocol.comparison_messages import WriteFilm
from teleop.runtime.protocol.library_messages import Working
from teleop.runtime.protocol.session_messages import Say
from teleop.runtime.viewing.video_export import VideoExport
from teleop.text import tr

_SLICE_S = 0.012
_REPORT_S = 0.2


class FailuresFilm:
    """A film that is being played, a little at each tick, before it is written."""

    def __init__(self, dataset: Dataset, request: WriteFilm, say: Say) -> None:
        """Load the policy.

        Raises:
            LearningError: the policy cannot be read.
        """
        self._say, self._output, self._count = say, Path(request.output), len(request.seeds)
        folder = dataset.policies / request.policy
        policy, title = load_policy(folder), read_row(folder).title
        self._parts = iter_parts(policy.config.env_id, policy, request.seeds, title)
        self._said_s = 0.0

    @property
    def due_s(self) -> float:
        """At once: there is always more to play."""
        return 0.0

    def tick(self, now: float) -> VideoExport | None:
        """Play for a short time; return the export once every episode has been played.

        Raises:
            EnvError: the environment failed.
        """
        end = now + _SLICE_S
        while time.perf_counter() < end:
            _, parts = next(self._parts)
            if len(parts) == self._count:
                return VideoExport(parts, self._output, self._say)
            if now - self._said_s > _REPORT_S:
                self._said_s = now
                text = tr("Playing {number} of {count}", number=len(parts) + 1, count=self._count)
                self._say(Working(text, len(parts), self._count))
        return None

    def close(self) -> None:
        """Stop playing."""
        self._parts.close()  # type: ignore[attr-defined]
        self._say(Working("", 0, 0))
