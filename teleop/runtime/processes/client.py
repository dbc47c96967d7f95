"""What the window holds of another process: its pipe, and a thread that wakes the window."""

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
_CRASHES = {  # by signal; the names of those that a program's own code causes
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
}
_ACCESS_VIOLATION = 0xC0000005  # on Windows


def end_of(process: ProcessName, exit_code: int | None, call: Call | None, *, stopped: bool) -> str:
    """Why a process ended that should not have, in one sentence.

    Args:
        process: which.
        exit_code: negative: the signal.
        call: what its environment was doing.
        stopped: the person stopped it.
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
        text = tr("{name} was ended from outside, perhaps for lack of memory.", name=name)
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
    """A spawned process that takes and gives messages."""

    def __init__(
        self,
        name: ProcessName,
        serve: Callable[..., None],
        arguments: tuple[Any, ...],
        wake: Callable[[], None],
    ) -> None:
        """Spawn the process (never fork: it must start without our libraries' state).

        Args:
            name: for lists of processes and for `ProcessLost`.
            serve: module-level function, called there with the pipe, memory in which it notes what
                its environment does, and `arguments`.
            arguments: picklable.
            wake: called from a thread whenever messages have arrived.
        """
        self.name = name
        self._wake = wake
        memory = shared_memory()
        self._activity = Activity(memory)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._inbox: deque[Received | ProcessLost] = deque()
        self._quitting = self._stopped = False
        self.process = context.Process(
            target=serve, args=(theirs, memory, *arguments), name=f"teleop-{name}", daemon=True
        )
        self.process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._listen, name=f"hear-{name}", daemon=True)
        self._thread.start()

    def send(self, message: Sent | Request) -> None:
        """Say something; to a process that is gone it goes unheard (`ProcessLost` will come)."""
        with contextlib.suppress(BrokenPipeError, OSError):
            self._pipe.send(message)

    def receive(self) -> list[Received | ProcessLost]:
        """Everything that has arrived, oldest first."""
        messages = []
        while self._inbox:
            messages.append(self._inbox.popleft())
        return messages

    @property
    def call(self) -> Call | None:
        """What its environment is doing now."""
        return self._activity.now

    def stop(self) -> None:
        """End it at once, whatever it is doing; `ProcessLost` will come."""
        self._stopped = True
        self.process.kill()

    def close(self) -> None:
        """Ask the process to finish what it writes and end; insist after five seconds."""
        self._quitting = True
        self.send(Request.QUIT)
        self._end()
        self._thread.join(_PATIENCE_S)

    def _end(self) -> None:
        """Wait for the process to end; insist after a while."""
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _exit_code(self) -> int | None:
        """Of the process that has ended; another thread may be the one that was told it."""
        end = time.monotonic() + 1.0
        while self.process.exitcode is None and time.monotonic() < end:
            time.sleep(0.01)
        return self.process.exitcode

    def _listen(self) -> None:
        pipe: Connection[Any, Any] = self._pipe
        try:
            while True:
                self._inbox.append(pipe.recv())
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
