"""Starts the processes behind the window: environment at once, the others when needed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from teleop.envs.activity import SLOW_S
from teleop.runtime.processes.client import Client
from teleop.runtime.processes.entry import run_classroom, run_environment, run_trainer
from teleop.runtime.protocol.class_messages import FromClassroom, ToClassroom
from teleop.runtime.protocol.session_messages import (
    FromEnvironment,
    ProcessLost,
    ProcessName,
    SlowCall,
    ToEnvironment,
)
from teleop.runtime.protocol.training_messages import Certify, FromTrainer, ToTrainer


class Processes:
    """The environment process, the training process and the classroom process."""

    def __init__(self, arguments: tuple[Path, Path, int], wake: Callable[[], None]) -> None:
        """Start the environment process.

        Args:
            arguments: recordings folder, samples folder, seed of the first episode.
            wake: called from a thread whenever a process has sent a message.
        """
        self._arguments, self._wake = arguments, wake
        self._environment = self._spawn_environment()
        self._trainer: Client[ToTrainer, FromTrainer] | None = None
        self._classroom: Client[ToClassroom, FromClassroom] | None = None
        self.trainer_was_started = False

    def tell(self, message: ToEnvironment) -> None:
        """Send a message to the environment process."""
        self._environment.send(message)

    def tell_trainer(self, message: ToTrainer) -> None:
        """Send a message to the training process; start it if it does not run."""
        (self._trainer or self.start_trainer()).send(message)

    def tell_classroom(self, message: ToClassroom) -> None:
        """Send a message to the classroom process; start it if it does not run."""
        if self._classroom is None:
            name = ProcessName.CLASSROOM
            self._classroom = Client(name, run_classroom, (), self._wake, has_pool=True)
        self._classroom.send(message)

    def certify(self, root: Path, dataset_id: str) -> None:
        """Let the training process re-simulate new episodes, if it runs and is idle."""
        if self._trainer:
            self._trainer.send(Certify(root, dataset_id))

    def updates(self) -> Iterator[FromEnvironment | FromTrainer | FromClassroom]:
        """Return all messages of the processes since the last call."""
        yield from self._environment.receive()
        if self._trainer:
            for message in self._trainer.receive():
                if isinstance(message, ProcessLost):
                    self._trainer = None  # started again when it is needed, not before
                yield message
        if self._classroom:
            for told in self._classroom.receive():
                if isinstance(told, ProcessLost):
                    self._classroom = None
                yield told

    def start_trainer(self) -> Client[ToTrainer, FromTrainer]:
        """Start the training process, which loads its libraries."""
        self.trainer_was_started = True
        self._trainer = Client(ProcessName.TRAINER, run_trainer, (), self._wake)
        return self._trainer

    def slow(self) -> SlowCall | None:
        """Return a call that an environment has not answered for three seconds, or None."""
        for client in self._clients:
            call = client.call if client else None
            if client and call and call.seconds >= SLOW_S:
                return SlowCall(client.name, call.env_id, call.call, int(call.seconds))
        return None

    def slow_in(self) -> float | None:
        """Return the seconds until a call counts as slow, or until its displayed time changes."""
        calls = [client.call for client in self._clients if client]
        waits = [
            SLOW_S - call.seconds if call.seconds < SLOW_S else 1.0 - call.seconds % 1.0
            for call in calls
            if call
        ]
        return min(waits, default=None)

    def stop(self, process: ProcessName) -> None:
        """Kill a process; its client then reports `ProcessLost`, as for a crash."""
        for client in self._clients:
            if client and client.name == process:
                client.stop()

    def restart_environment(self, last_seed: int | None) -> None:
        """Replace the environment process; the new one continues with the next seed."""
        self._environment.close()
        if last_seed is not None:
            self._arguments = (*self._arguments[:2], last_seed + 1)
        self._environment = self._spawn_environment()

    def close(self) -> None:
        """Let the processes finish writing, then end them."""
        for client in self._clients:
            if client:
                client.close()

    @property
    def _clients(self) -> tuple[Client[Any, Any] | None, ...]:
        return self._environment, self._trainer, self._classroom

    def _spawn_environment(self) -> Client[ToEnvironment, FromEnvironment]:
        return Client(ProcessName.ENVIRONMENT, run_environment, self._arguments, self._wake)
