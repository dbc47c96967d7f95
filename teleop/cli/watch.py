"""Watches over the environments of a command: one that hangs or crashes is named.

An environment's own code can end the process, or never come back; then no Python code of ours runs
any more. Python's fault handler still writes, and a second process reads it.
"""

import atexit
import contextlib
import faulthandler
import os
import subprocess
import sys
import threading
from pathlib import Path

from teleop.envs.activity import SLOW_S, activity
from teleop.workers.worker_programs import is_portable, worker_command

_READER = Path(__file__).with_name("crash_reader.py")
_LOOK_S = 0.5


class Watch:
    """Begins with the first environment that is made, ends with the command."""

    def __init__(self) -> None:
        self._reader: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()

    def hear(self, env_id: str) -> None:
        """An environment is made now: whatever happens next is put down to it."""
        with contextlib.suppress(OSError):  # without a reader the command still works
            pipe = (self._reader or self._begin()).stdin
            if pipe is not None and not pipe.closed:
                line = " ".join(env_id.split())
                os.write(pipe.fileno(), f"environment {line}\n".encode("utf-8", "replace"))

    def _begin(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", str(_READER)]
        if is_portable():
            command = worker_command("crash-reader")
        self._reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        pipe = self._reader.stdin
        if pipe is not None:
            faulthandler.enable(pipe, all_threads=False)
            thread = threading.Thread(target=self._rearm, args=(pipe.fileno(),), daemon=True)
            thread.start()
            atexit.register(self._end, thread)
        return self._reader

    def _rearm(self, pipe: int) -> None:
        """Set the fault handler's timer anew for as long as environments respond."""
        before = -1.0
        while not self._over.wait(_LOOK_S):
            since_s = activity.since_s
            if since_s == 0 or since_s != before:
                faulthandler.dump_traceback_later(SLOW_S, file=pipe)
            before = since_s

    def _end(self, thread: threading.Thread) -> None:
        """Before the interpreter goes: its threads must not be in the fault handler then."""
        self._over.set()
        thread.join(2 * _LOOK_S)
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
        if self._reader is not None and self._reader.stdin is not None:
            with contextlib.suppress(OSError):
                self._reader.stdin.close()
