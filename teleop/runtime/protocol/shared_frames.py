"""Frames in shared memory: one process writes them, another reads them in place."""

from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SLOTS = 3  # one being shown, one in transit, one being written


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame in shared memory.

    Attributes:
        view: the view that shows it: `drive`, `preview`, `seen`, `lane0`…
        memory: name of the shared memory.
        offset: offset in the shared memory in bytes.
        height: height in pixels.
        width: width in pixels.
        number: number that increases with each frame.
    """

    view: str
    memory: str
    offset: int
    height: int
    width: int
    number: int


class FrameWriter:
    """Writes the frames of one view."""

    def __init__(self, view: str) -> None:
        self._view = view
        self._memory: SharedMemory | None = None
        self._slot_bytes = 0
        self._number = 0

    def write(self, picture: NDArray[np.uint8]) -> Frame:
        """Copy an image to shared memory.

        Args:
            picture: (height, width, 3) pixels.
        """
        if self._memory is None or picture.nbytes > self._slot_bytes:
            self.close()
            self._slot_bytes = picture.nbytes
            self._memory = SharedMemory(create=True, size=_SLOTS * picture.nbytes)
        self._number += 1
        offset = (self._number % _SLOTS) * self._slot_bytes
        height, width, _ = picture.shape
        frame = Frame(self._view, self._memory.name, offset, height, width, self._number)
        np.copyto(_array(self._memory, frame), picture)
        return frame

    def close(self) -> None:
        """Free the memory; readers keep theirs until they close it."""
        if self._memory is not None:
            self._memory.close()
            self._memory.unlink()
            self._memory = None


class FrameReader:
    """Reads the frames of all views, in the window."""

    def __init__(self) -> None:
        self._memories: dict[str, SharedMemory] = {}

    def read(self, frame: Frame) -> NDArray[np.uint8] | None:
        """Return the frame in place, valid until three more are written: (height, width, 3).

        Return None if the writer has already freed the memory; a newer frame will follow.
        """
        memory = self._memories.get(frame.view)
        if memory is None or memory.name != frame.memory:
            if memory is not None:
                memory.close()
            try:
                memory = SharedMemory(frame.memory)
            except FileNotFoundError:
                self._memories.pop(frame.view, None)
                return None
            self._memories[frame.view] = memory
        return _array(memory, frame)

    def close(self) -> None:
        """Release all shared memory."""
        for memory in self._memories.values():
            memory.close()
        self._memories.clear()


def _array(memory: SharedMemory, frame: Frame) -> NDArray[Any]:
    shape = (frame.height, frame.width, 3)
    return np.ndarray(shape, np.uint8, buffer=memory.buf, offset=frame.offset)
