"""The processes behind the window: the environment process at once, the trainer when needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from teleop.envs.activity import SLOW_S
from teleop.runtime.processes.client import Client
from teleop.runtime.processes.entry import run_stage, run_trainer
from teleop.runtime.protocol.session_messages import FromStage, ProcessLost, SlowCall, ToStage
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
        self._stage = self._spawn_stage()
        self._trainer: Client[ToTrainer, FromTrainer] | None = None
        self.trainer_was_started = False

    def tell(self, message: ToStage) -> None:
        """Send to the environment process."""
        self._stage.send(message)

    def teach(self, message: ToTrainer) -> None:
        """Say something to the trainer, which is started if it is not there."""
        (self._trainer or self.start_trainer()).send(message)

    def certify(self, root: Path, dataset_id: str) -> None:
        """Let the trainer look at new episodes, if it is there and has nothing to do."""
        if self._trainer:
            self._trainer.send(Certify(root, dataset_id))

    def updates(self) -> Iterator[FromStage | FromTrainer]:
        """Everything that both have said since."""
        yield from self._stage.receive()
        if self._trainer:
            for message in self._trainer.receive():
                if isinstance(message, ProcessLost):
                    self._trainer = None  # started again when somebody trains, not before
                yield message

    def start_trainer(self) -> Client[ToTrainer, FromTrainer]:
        """Let the trainer load its libraries."""
        self.trainer_was_started = True
        self._trainer = Client("trainer", run_trainer, (), self._wake)
        return self._trainer

    def slow(self) -> SlowCall | None:
        """An environment that has not answered for three seconds."""
        for client in (self._stage, self._trainer):
            call = client.call if client else None
            if client and call and call.seconds >= SLOW_S:
                return SlowCall(client.name, call.env_id, call.call, int(call.seconds))
        return None

    def slow_in(self) -> float | None:
        """Seconds until an environment counts as slow, or the count of its seconds changes."""
        calls = [client.call for client in (self._stage, self._trainer) if client]
        waits = [
            SLOW_S - call.seconds if call.seconds < SLOW_S else 1.0 - call.seconds % 1.0
            for call in calls
            if call
        ]
        return min(waits, default=None)

    def stop(self, process: str) -> None:
        """End one of them at once; it is said as of any that is lost."""
        for client in (self._stage, self._trainer):
            if client and client.name == process:
                client.stop()

    def restart_stage(self, last_seed: int | None) -> None:
        """A new environment process in place of a lost one; it goes on with the next seed."""
        self._stage.close()
        if last_seed is not None:
            self._arguments = (*self._arguments[:2], last_seed + 1)
        self._stage = self._spawn_stage()

    def close(self) -> None:
        """Let both finish what they write, then go."""
        self._stage.close()
        if self._trainer:
            self._trainer.close()

    def _spawn_stage(self) -> Client[ToStage, FromStage]:
        return Client("stage", run_stage, self._arguments, self._wake)
