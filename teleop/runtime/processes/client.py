"""The window's side of another process: a pipe, and a thread that wakes the window."""

import contextlib
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from teleop.envs.activity import Activity, Call, shared_memory
from teleop.runtime.protocol.session_messages import ProcessLost, ProcessName, Request
from teleop.text import joined, tr

Sent = TypeVar("Sent")
Received = TypeVar("Received")
_PATIENCE_S = 5.0
_CRASHES = {  # by signal number: those that a program's own code causes
    4: tr("illegal instruction"),
    6: tr("aborted"),
    7: tr("bus error"),
    8: tr("arithmetic error"),
    10: tr("bus error"),
    11: tr("segmentation fault"),
}
_NAMES = {
    ProcessName.ENVIRONMENT: tr("The environment's process"),
    ProcessName.TRAINER: tr("The training process"),
    ProcessName.CLASSROOM: tr("The process that reads the class"),
}
_ACCESS_VIOLATION = 0xC0000005  # on Windows


def end_of(process: ProcessName, exit_code: int | None, call: Call | None, *, stopped: bool) -> str:
    """Return why a process ended unexpectedly, in one sentence.

    Args:
        process: the process that ended.
        exit_code: its exit code; if negative, minus the signal number.
        call: the environment call that was running; None if there was none.
        stopped: whether the person stopped it.
    """
    name = _NAMES[process]
    if stopped:
        return tr("{env_id} was stopped.", env_id=call.env_id if call else name)
    number = -exit_code if exit_code is not None and exit_code < 0 else 0
    crash = tr("access violation") if exit_code == _ACCESS_VIOLATION else _CRASHES.get(number, "")
    if call and crash:
        return tr(
            "{env_id} crashed in {call} ({crash}).", env_id=call.env_id, call=call.call, crash=crash
        )
    if crash:
        return tr("{name} crashed ({crash}).", name=name, crash=crash)
    if number:
        text = tr(
            "{name} was killed from outside, possibly because the computer ran out of memory.",
            name=name,
        )
        return joined("", (text, f" ({call.env_id}, {call.call})")) if call else text
    if call:
        return tr(
            "{env_id} ended its process in {call} (exit code {exit_code}).",
            env_id=call.env_id,
            call=call.call,
            exit_code=exit_code,
        )
    return tr("{name} ended by itself (exit code {exit_code}).", name=name, exit_code=exit_code)


class Client(Generic[Sent, Received]):
    """A spawned process that receives and sends messages."""

    def __init__(
        self,
        name: ProcessName,
        serve: Callable[..., None],
        arguments: tuple[Any, ...],
        wake: Callable[[], None],
        *,
        has_pool: bool = False,
    ) -> None:
        """Spawn the process (never fork: it must start without our libraries' state).

        Args:
            name: name for lists of processes and for `ProcessLost`.
            serve: module-level function that the process runs. It receives the pipe, shared memory
                for noting its environment calls, and `arguments`.
            arguments: further arguments, which must be picklable.
            wake: called from a thread whenever messages have arrived.
            has_pool: whether it starts processes itself, which a daemon cannot.
        """
        self.name = name
        self._wake = wake
        memory = shared_memory()
        self._activity = Activity(memory)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._inbox: deque[Received | ProcessLost] = deque()
        self._quitting = self._stopped = self._has_begun = False
        self.process = context.Process(
            target=serve,
            args=(theirs, memory, *arguments),
            name=f"teleop-{name}",
            daemon=not has_pool,
        )
        self.process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._listen, name=f"hear-{name}", daemon=True)
        self._thread.start()

    def send(self, message: Sent | Request) -> None:
        """Send a message; if the process has ended, it is ignored and `ProcessLost` follows."""
        with contextlib.suppress(BrokenPipeError, OSError):
            self._pipe.send(message)

    def receive(self) -> list[Received | ProcessLost]:
        """Return all messages that have arrived, the oldest first."""
        messages = []
        while self._inbox:
            messages.append(self._inbox.popleft())
        return messages

    @property
    def call(self) -> Call | None:
        """The environment call that is running in the process; None if there is none."""
        return self._activity.now

    def stop(self) -> None:
        """Kill the process, whatever it is doing; `ProcessLost` follows."""
        self._stopped = True
        self.process.kill()

    def close(self) -> None:
        """Ask the process to finish writing and end; kill it after five seconds.

        One that has not sent anything is still loading its libraries, and has nothing to write: it
        is killed at once.
        """
        self._quitting = True
        if self._has_begun:
            self.send(Request.QUIT)
        else:
            self.process.kill()
        self._end()
        self._thread.join(_PATIENCE_S)

    def _end(self) -> None:
        """Wait for the process to end; kill it after five seconds."""
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _exit_code(self) -> int | None:
        """Return the exit code; wait for it, because another thread may have received it first."""
        end = time.monotonic() + 1.0
        while self.process.exitcode is None and time.monotonic() < end:
            time.sleep(0.01)
        return self.process.exitcode

    def _listen(self) -> None:
        pipe: Connection[Any, Any] = self._pipe
        try:
            while True:
                self._inbox.append(pipe.recv())
                self._has_begun = True
                self._wake()
        except (EOFError, OSError):
            if not self._quitting:
                self._end()
                call, code = self._activity.now, self._exit_code()
                why = end_of(self.name, code, call, stopped=self._stopped)
                self._inbox.append(ProcessLost(self.name, why))
                self._wake()
        finally:
            pipe.close()
