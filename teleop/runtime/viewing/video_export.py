"""A comparison on its way into a file, in a thread of its own: nobody waits for it."""

import threading
import time
from pathlib import Path

from teleop.errors import sentence
from teleop.playback.replay import Replay
from teleop.playback.side_by_side import write_side_by_side
from teleop.runtime.protocol.library_messages import Working
from teleop.runtime.protocol.session_messages import Notice, Say, Tone
from teleop.text import tr

_REPORT_S = 0.2


class VideoExport:
    """One file."""

    def __init__(
        self,
        replay: Replay,
        output: Path,
        pace_hz: float,
        step: int,
        say: Say,
    ) -> None:
        """Begin.

        Args:
            replay: it, played to its end; it may be closed meanwhile.
            output: the file; its ending says what it becomes.
            pace_hz: steps a second.
            step: that a still shows.
            say: to the window.
        """
        self._say, self._output = say, output
        self._began_s = self._said_s = time.perf_counter()
        self._done, self._total = 0, 1
        self._outcome: Notice | None = None
        self._cancelled = False
        arguments = (replay, output, pace_hz, step)
        self._thread = threading.Thread(target=self._write, args=arguments, name="writing")
        self._thread.start()

    def collect(self, now: float) -> bool:
        """Say how far it is, or what has become of it; True if it is over."""
        if self._thread.is_alive():
            if now - self._said_s > _REPORT_S and self._done:
                self._said_s = now
                left = (now - self._began_s) / self._done * (self._total - self._done)
                self._say(Working(tr("Writing"), self._done, self._total, left))
            return False
        self._say(Working("", 0, 0))
        if self._outcome is not None:
            self._say(self._outcome)
        return True

    def cancel(self) -> None:
        """Give up, with nothing half-written left behind; wait for that."""
        self._cancelled = True
        self._thread.join()

    def _write(self, replay: Replay, output: Path, pace_hz: float, step: int) -> None:
        try:
            write_side_by_side(replay, output, pace_hz, step, self._tell)
            self._outcome = Notice(
                Tone.GOOD, tr("Written: {output}", output=output), copy=str(output)
            )
        except InterruptedError:
            return
        except Exception as problem:  # noqa: BLE001  libraries for films meet us; it must be said
            self._outcome = Notice(Tone.BAD, sentence(problem))

    def _tell(self, done: int, total: int) -> None:
        if self._cancelled:
            raise InterruptedError
        self._done, self._total = done, total
