"""What the window holds of another process: its pipe, and a thread that wakes the window."""

import contextlib
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from teleop.stage.messages import Deed, StageLost

Sent = TypeVar("Sent")
Received = TypeVar("Received")
_PATIENCE_S = 5.0


class Client(Generic[Sent, Received]):
    """A spawned process that takes and gives messages."""

    def __init__(
        self,
        name: str,
        serve: Callable[..., None],
        arguments: tuple[Any, ...],
        wake: Callable[[], None],
    ) -> None:
        """Spawn the process (never fork: it must start without our libraries' state).

        Args:
            name: for lists of processes and for `StageLost`.
            serve: module-level function, called there with the pipe and `arguments`.
            arguments: picklable.
            wake: called from a thread whenever messages have arrived.
        """
        self.name = name
        self._wake = wake
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._inbox: deque[Received | StageLost] = deque()
        self._quitting = False
        self.process = context.Process(
            target=serve, args=(theirs, *arguments), name=f"teleop-{name}", daemon=True
        )
        self.process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._listen, name=f"hear-{name}", daemon=True)
        self._thread.start()

    def send(self, message: Sent | Deed) -> None:
        """Say something; to a process that is gone it goes unheard (`StageLost` will come)."""
        with contextlib.suppress(BrokenPipeError, OSError):
            self._pipe.send(message)

    def receive(self) -> list[Received | StageLost]:
        """Everything that has arrived, oldest first."""
        messages = []
        while self._inbox:
            messages.append(self._inbox.popleft())
        return messages

    def close(self) -> None:
        """Ask the process to finish what it writes and end; insist after five seconds."""
        self._quitting = True
        self.send(Deed.QUIT)
        self._end()
        self._thread.join(_PATIENCE_S)

    def _end(self) -> None:
        """Wait for the process to end; insist after a while."""
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _listen(self) -> None:
        pipe: Connection[Any, Any] = self._pipe
        try:
            while True:
                self._inbox.append(pipe.recv())
                self._wake()
        except (EOFError, OSError):
            if not self._quitting:
                self._end()
                self._inbox.append(StageLost(self.name, self.process.exitcode))
                self._wake()
        finally:
            pipe.close()
