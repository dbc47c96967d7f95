"""Writes a report in a process of its own; the window keeps running meanwhile."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.workers.worker_programs import is_portable

_LONGEST_S = 1800


class ReportJob:
    """Writes one report at a time, with the same command that a person would type."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Create a job that does nothing yet.

        Args:
            wake: called from the job's thread once the report is written.
        """
        self._wake = wake
        self._thread: threading.Thread | None = None
        self._notice: Notice | None = None

    def start(self, recordings: Path, dataset_id: str, output: Path, code: str) -> Notice:
        """Begin to write a report; return what to tell the person.

        Args:
            recordings: the recordings folder.
            dataset_id: the dataset.
            output: the file to write.
            code: language code of the page.
        """
        if self._thread is not None:
            return Notice(Tone.PLAIN, tr("A report is being written already."))
        arguments = ["report", "write", dataset_id, "--recordings", str(recordings)]
        arguments += ["--output", str(output), "--language", code, "--json"]
        start = [] if is_portable() else ["-P", "-m", "teleop"]
        command = [sys.executable, *start, *arguments]
        self._thread = threading.Thread(target=self._run, args=(command, output), daemon=True)
        self._thread.start()
        return Notice(Tone.PLAIN, tr("Writing the report. Every episode is re-simulated for it."))

    def result(self) -> Notice | None:
        """Return what became of the report, once; None while there is nothing to tell."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread = None
        return self._notice

    def _run(self, command: list[str], output: Path) -> None:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_LONGEST_S
            )
            files = json.loads(done.stdout)["files"] if done.returncode == 0 else []
            said = done.stderr.strip().splitlines()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as problem:
            files, said = [], [str(problem)]
        if files:
            text = tr("Wrote the report {file}", file=output)
            self._notice = Notice(Tone.GOOD, text, copy=str(output))
        else:
            why = said[-1] if said else ""
            text = tr("The report was not written. {problem}", problem=why)
            self._notice = Notice(Tone.BAD, text)
        self._wake()
