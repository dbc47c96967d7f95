"""The environment process inside the test process, with a clock that the test controls."""

from typing import Any

from teleop.recording import Library
from teleop.runtime.processes.environment_process import EnvironmentProcess
from teleop.runtime.protocol.session_messages import Input, Pictured, SessionSnapshot
from teleop.types import InputEvent


class ManualProcess:
    """An environment process that a test runs by hand, and the messages that it has sent."""

    def __init__(self, library: Library) -> None:
        self.heard: list[Any] = []
        self.now = 0.0
        self.process = EnvironmentProcess(library, library.root / "none", 0, self.heard.append)

    def say(self, message: Any) -> None:
        self.process.handle(message, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 0.05
            self.process.tick(self.now)

    def settle(self) -> None:
        """Run until nothing is being written."""
        driving = self.process.driving
        while driving and driving.busy:
            self.process.tick(self.now)

    def last(self, kind: type) -> Any:
        return [message for message in self.heard if isinstance(message, kind)][-1]


def live(process: ManualProcess) -> SessionSnapshot:
    found: SessionSnapshot = process.last(Pictured).live
    return found


def press(process: ManualProcess, control: str, value: float = 1.0) -> None:
    process.say(Input(InputEvent(process.now, control, value)))
