"""The environment call that is in progress, in memory that another process can read.

Environments are third-party code: a call may hang, or end the whole process. This process can then
no longer report it, but a process that shares the memory can.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import sharedctypes

SLOW_S = 3.0  # longer calls are reported


class SharedActivity(ctypes.Structure):
    """One environment call; `since_s` is 0 while no call is in progress."""

    _fields_ = [
        ("since_s", ctypes.c_double),
        ("call", ctypes.c_char * 16),
        ("env_id", ctypes.c_char * 200),
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """An environment call that has not returned yet.

    Attributes:
        env_id: full name of the environment.
        call: `make`, `reset`, `step`, `render` or `close`.
        seconds: time since the call began.
    """

    env_id: str
    call: str
    seconds: float


class Activity:
    """Tracks the calls of environments."""

    def __init__(self, memory: SharedActivity | None = None) -> None:
        """Track calls in the given memory, or in private memory."""
        self._memory = SharedActivity() if memory is None else memory
        self.on_make: Callable[[str], None] = lambda _: None  # called before each `make`

    def share(self, memory: SharedActivity) -> None:
        """Track calls in the memory of another process from now on."""
        self._memory = memory

    def begin(self, call: bytes, env_id: bytes) -> None:
        """Note that a call of an environment begins."""
        memory = self._memory
        memory.env_id, memory.call = env_id, call
        memory.since_s = time.monotonic()

    def end(self) -> None:
        """Note that the call has returned."""
        self._memory.since_s = 0.0

    @property
    def since_s(self) -> float:
        """When the current call began (`time.monotonic()`); 0 if there is none."""
        return float(self._memory.since_s)

    @property
    def now(self) -> Call | None:
        """The current call; None if there is none."""
        memory = self._memory
        since_s = memory.since_s
        if not since_s:
            return None
        name = memory.env_id.decode("utf-8", "replace")
        return Call(name, memory.call.decode(), time.monotonic() - since_s)


def shared_memory() -> SharedActivity:
    """Create memory that can be passed to a spawned process."""
    memory: SharedActivity = sharedctypes.RawValue(SharedActivity)
    return memory


def encoded(env_id: str) -> bytes:
    """Encode an environment name, shortened to the size of the memory."""
    return env_id.encode("utf-8", "replace")[:199]


activity = Activity()  # the calls of this process
