"""Writes a comparison to a file in its own thread, so that nothing waits for it."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from teleop.errors import sentence
from teleop.playback.captions import Part
from teleop.playback.side_by_side import write_parts
from teleop.runtime.protocol.library_messages import Working
from teleop.runtime.protocol.session_messages import Notice, Say, Tone
from teleop.text import tr

_REPORT_S = 0.2


class VideoExport:
    """The export of one file."""

    def __init__(self, parts: Sequence[Part], output: Path, say: Say, step: int = 0) -> None:
        """Start writing.

        Args:
            parts: the comparisons, played to their ends; they may be closed meanwhile.
            output: the file; its extension selects the format.
            say: sends a message to the window.
            step: the step that a still image shows.
        """
        self._say, self._output = say, output
        self._began_s = self._said_s = time.perf_counter()
        self._done, self._total = 0, 1
        self._outcome: Notice | None = None
        self._cancelled = False
        arguments = (parts, output, step)
        self._thread = threading.Thread(target=self._write, args=arguments, name="writing")
        self._thread.start()

    def collect(self, now: float) -> bool:
        """Report the progress or the result; return True if the export is over."""
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
        """Cancel the export, and wait until no unfinished file is left."""
        self._cancelled = True
        self._thread.join()

    def _write(self, parts: Sequence[Part], output: Path, step: int) -> None:
        try:
            write_parts(parts, output, step, self._tell)
            self._outcome = Notice(
                Tone.GOOD, tr("Written: {output}", output=output), copy=str(output)
            )
        except InterruptedError:
            return
        except Exception as problem:  # noqa: BLE001  video libraries can raise anything; report it
            self._outcome = Notice(Tone.BAD, sentence(problem))

    def _tell(self, done: int, total: int) -> None:
        if self._cancelled:
            raise InterruptedError
        self._done, self._total = done, total
