"""The processes behind the window: the environment process at once, the trainer when needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from teleop.envs.activity import SLOW_S
from teleop.runtime.processes.client import Client
from teleop.runtime.processes.entry import run_environment, run_trainer
from teleop.runtime.protocol.session_messages import (
    FromEnvironment,
    ProcessLost,
    ProcessName,
    SlowCall,
    ToEnvironment,
)
from teleop.runtime.protocol.training_messages import Certify, FromTrainer, ToTrainer


class Processes:
    """Environment process and trainer, as long as they run."""

    def __init__(self, arguments: tuple[Path, Path, int], wake: Callable[[], None]) -> None:
        """Start the environment process.

        Args:
            arguments: recordings folder, samples folder, seed of the first episode.
            wake: called from a thread whenever one of them has said something.
        """
        self._arguments, self._wake = arguments, wake
        self._environment = self._spawn_environment()
        self._trainer: Client[ToTrainer, FromTrainer] | None = None
        self.trainer_was_started = False

    def tell(self, message: ToEnvironment) -> None:
        """Send to the environment process."""
        self._environment.send(message)

    def teach(self, message: ToTrainer) -> None:
        """Say something to the trainer, which is started if it is not there."""
        (self._trainer or self.start_trainer()).send(message)

    def certify(self, root: Path, dataset_id: str) -> None:
        """Let the trainer look at new episodes, if it is there and has nothing to do."""
        if self._trainer:
            self._trainer.send(Certify(root, dataset_id))

    def updates(self) -> Iterator[FromEnvironment | FromTrainer]:
        """Everything that both have said since."""
        yield from self._environment.receive()
        if self._trainer:
            for message in self._trainer.receive():
                if isinstance(message, ProcessLost):
                    self._trainer = None  # started again when somebody trains, not before
                yield message

    def start_trainer(self) -> Client[ToTrainer, FromTrainer]:
        """Let the trainer load its libraries."""
        self.trainer_was_started = True
        self._trainer = Client(ProcessName.TRAINER, run_trainer, (), self._wake)
        return self._trainer

    def slow(self) -> SlowCall | None:
        """An environment that has not answered for three seconds."""
        for client in (self._environment, self._trainer):
            call = client.call if client else None
            if client and call and call.seconds >= SLOW_S:
                return SlowCall(client.name, call.env_id, call.call, int(call.seconds))
        return None

    def slow_in(self) -> float | None:
        """Seconds until an environment counts as slow, or the count of its seconds changes."""
        calls = [client.call for client in (self._environment, self._trainer) if client]
        waits = [
            SLOW_S - call.seconds if call.seconds < SLOW_S else 1.0 - call.seconds % 1.0
            for call in calls
            if call
        ]
        return min(waits, default=None)

    def stop(self, process: ProcessName) -> None:
        """End one of them at once; it is said as of any that is lost."""
        for client in (self._environment, self._trainer):
            if client and client.name == process:
                client.stop()

    def restart_environment(self, last_seed: int | None) -> None:
        """A new environment process in place of a lost one; it goes on with the next seed."""
        self._environment.close()
        if last_seed is not None:
            self._arguments = (*self._arguments[:2], last_seed + 1)
        self._environment = self._spawn_environment()

    def close(self) -> None:
        """Let both finish what they write, then go."""
        self._environment.close()
        if self._trainer:
            self._trainer.close()

    def _spawn_environment(self) -> Client[ToEnvironment, FromEnvironment]:
        return Client(ProcessName.ENVIRONMENT, run_environment, self._arguments, self._wake)
