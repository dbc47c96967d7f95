"""What an environment is doing at this moment, in memory that another process can read.

An environment is somebody else's code: it may hang, or end the whole process. Then this process
cannot say so any more; whoever shares its memory can.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import sharedctypes

SLOW_S = 3.0  # a call that takes longer is worth a word


class SharedActivity(ctypes.Structure):
    """One call; `since_s` is 0 while no environment is at work."""

    _fields_ = [
        ("since_s", ctypes.c_double),
        ("call", ctypes.c_char * 16),
        ("env_id", ctypes.c_char * 200),
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """An environment is at work.

    Attributes:
        env_id: of the environment.
        call: `make`, `reset`, `step`, `render` or `close`.
        seconds: for which it has been at work.
    """

    env_id: str
    call: str
    seconds: float


class Activity:
    """Notes each call of an environment."""

    def __init__(self, memory: SharedActivity | None = None) -> None:
        """Note it in the given memory, or in memory of its own."""
        self._memory = SharedActivity() if memory is None else memory
        self.on_make: Callable[[str], None] = lambda _: None  # of each environment that is made

    def share(self, memory: SharedActivity) -> None:
        """Note calls in memory of another process from now on."""
        self._memory = memory

    def begin(self, call: bytes, env_id: bytes) -> None:
        """An environment is called."""
        memory = self._memory
        memory.env_id, memory.call = env_id, call
        memory.since_s = time.monotonic()

    def end(self) -> None:
        """It has answered."""
        self._memory.since_s = 0.0

    @property
    def since_s(self) -> float:
        """When the present call began; 0 without one."""
        return float(self._memory.since_s)

    @property
    def now(self) -> Call | None:
        """The call that has not returned yet."""
        memory = self._memory
        since_s = memory.since_s
        if not since_s:
            return None
        name = memory.env_id.decode("utf-8", "replace")
        return Call(name, memory.call.decode(), time.monotonic() - since_s)


def shared_memory() -> SharedActivity:
    """Memory that a spawned process can be given."""
    memory: SharedActivity = sharedctypes.RawValue(SharedActivity)
    return memory


def encoded(env_id: str) -> bytes:
    """A name, as short as the memory holds."""
    return env_id.encode("utf-8", "replace")[:199]


activity = Activity()  # of this process
