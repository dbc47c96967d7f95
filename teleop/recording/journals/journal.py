"""The journal: an append-only file of the running take that survives a killed process.

The file starts with `TELEOPJ1`, followed by records. A record has a header (`TJR1`, type, flags,
length, sequence number), a CRC-32 of header and payload, and the payload. Each step is one
unbuffered write, and a thread syncs the file to disk every half second. Another thread compresses
and writes steps with images; at most four wait. A reader stops at the first incomplete record.
"""

import contextlib
import errno
import json
import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from teleop.errors import StorageError
from teleop.recording.disk import files
from teleop.recording.journals.flattening import Codec, with_length
from teleop.text import tr
from teleop.types import Info, InputEvent, Observation, Step

MAGIC = b"TELEOPJ1"
SCHEMA = 1  # version of the journal format
SYNC_EVERY_S = 0.5
_HEAD = struct.Struct("<4sBBHII")  # mark, type, flags, reserved, payload length, sequence number
_CRC = struct.Struct("<I")
_MARK = b"TJR1"
_LARGEST_RECORD = 1 << 30
_MOST_WAITING = 4  # steps with images that are not written yet
_LOOKS_EVERY_S = 0.004
AS_TEXT = "repr"  # key for the text of a value that is no number, string, list or dict
# time (s), reward, bits (1 terminated, 2 truncated, 4 intervention), actor, pace (Hz), frame
STEP_HEAD = struct.Struct("<ddBBfI")


class Record(IntEnum):
    """Type of a journal record; readers skip unknown types."""

    META = 1
    RESET = 2
    STEP = 3
    END = 4
    INPUT = 5


_STEP = int(Record.STEP)  # packing the enum member takes ten times as long
_NO_INFO = with_length(b"")
_Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class StepHead:
    """The fixed part of a RESET or STEP record, with the fields of `types.Step`."""

    time_s: float
    reward: float
    terminated: bool
    truncated: bool
    intervention: bool
    actor: int
    pace_hz: float
    picture: int


class JournalWriter:
    """Appends one episode to a new journal file."""

    def __init__(self, path: Path, meta: dict[str, Any], observation: Codec, action: Codec) -> None:
        """Create the file and write its description durably.

        Args:
            path: a file that does not exist yet.
            meta: JSON-serializable description of the take (spaces, seed, driver, time).
            observation: codec of the observation space.
            action: codec of the action space.

        Raises:
            StorageError: writing to disk failed.
        """
        self.path = path
        self._seen, self._action = observation, action
        self.steps = 0  # number of written steps
        self._sequence = self._offset = 0
        self._refused: StorageError | None = None
        self._waiting: deque[_Work] = deque()
        self._worker: threading.Thread | None = None
        self._working = threading.Lock()
        self._no_more = threading.Event()
        try:
            self._handle = files.create_new(path)
        except OSError as problem:
            raise _refused(path, problem) from problem
        try:
            self._append(MAGIC)
            self._record(Record.META, json.dumps(meta, default=_plain).encode())
            os.fsync(self._handle)
            files.sync_folder(path.parent)
        except (OSError, StorageError) as problem:
            os.close(self._handle)
            files.unlink(path, missing_ok=True)
            raise _refused(path, problem) from problem
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="journal-sync", daemon=True)
        self._thread.start()
        if observation.has_images or action.has_images:
            self._worker = threading.Thread(target=self._work, name="journal", daemon=True)
            self._worker.start()

    def reset(self, observation: Observation, info: Info) -> None:
        """Write the first observation."""
        head = STEP_HEAD.pack(0.0, 0.0, 0, 0, 0.0, 0)
        seen = self._seen.packed(self._seen.encode(observation))
        self._record(Record.RESET, b"".join((head, seen, _info(info))))

    def step(self, step: Step) -> None:
        """Write one step.

        Raises:
            StorageError: writing to disk failed; the journal still ends with the last complete
                step.
            RecordingError: the observation or action does not fit its space.
        """
        bits = step.terminated | step.truncated << 1 | step.intervention << 2
        head = STEP_HEAD.pack(
            step.time_s, step.reward, bits, step.actor, step.pace_hz, step.picture
        )
        info = _info(step.info) if step.info else _NO_INFO
        if self._worker is None:
            parts = (
                head,
                self._action.joined(step.action),
                self._seen.joined(step.observation),
                info,
            )
            self._record(_STEP, b"".join(parts))
        else:
            action, seen = self._action.encode(step.action), self._seen.encode(step.observation)
            self._later(lambda: self._record_packed(head, action, seen, info))

    def inputs(self, events: list[InputEvent]) -> None:
        """Write raw input events, with times since the start of the episode."""
        rows = [[round(e.time_s, 6), e.control, e.value] for e in events]
        payload = json.dumps(rows).encode()
        if self._worker is None:
            self._record(Record.INPUT, payload)
        else:
            self._later(lambda: self._record(Record.INPUT, payload))

    @property
    def codecs(self) -> tuple[Codec, Codec]:
        """The observation codec and the action codec."""
        return self._seen, self._action

    def repeat(self, records: Iterator[tuple[int, bytes]], steps: int) -> float:
        """Copy the first steps of another journal and return their total reward.

        Raises:
            StorageError: writing to disk failed, or the other journal has too few steps.
        """
        reward, inputs = 0.0, []
        for kind, payload in records:
            if self.steps == steps and kind in (_STEP, Record.END):
                break
            if kind == Record.INPUT:
                inputs.append(payload)  # inputs of the next step, which may not be copied
                continue
            for before in inputs:
                self._record(Record.INPUT, before)
            inputs = []
            self._record(kind, payload)
            if kind == _STEP:
                reward += unpack_head(payload).reward
        if self.steps != steps:
            raise StorageError(
                f"Cannot rewind: {steps} steps are needed, but only {self.steps} are on disk. The "
                "take was not changed."
            )
        return reward

    def flush(self) -> None:
        """Wait until every step is in the file."""
        if self._worker is not None:
            self._catch_up()

    def end(self) -> None:
        """Mark the episode as complete and close the file durably."""
        try:
            self._finish_work()
            self._record(Record.END, b"{}")
        finally:
            self.close()

    def close(self) -> None:
        """Close the file durably, without marking the episode as complete."""
        if self._handle < 0:
            return
        self._finish_work()
        self._stop.set()
        self._thread.join()
        handle, self._handle = self._handle, -1
        try:
            os.fsync(handle)
        except OSError as problem:
            raise _refused(self.path, problem) from problem
        finally:
            os.close(handle)

    def _later(self, work: _Work) -> None:
        """Queue work for the worker thread.

        Raises:
            StorageError: an earlier write failed.
        """
        if len(self._waiting) >= _MOST_WAITING:
            self._catch_up()
        if self._refused:
            raise self._refused
        self._waiting.append(work)

    def _work(self) -> None:
        """Run the worker thread: write one record after another, in order.

        The thread polls for work, because waking it up would make each step ten times as slow.
        """
        while not self._no_more.wait(_LOOKS_EVERY_S):
            self._catch_up()
        self._catch_up()

    def _catch_up(self) -> None:
        with self._working:
            while self._waiting:
                try:
                    self._waiting.popleft()()
                except Exception as problem:  # noqa: BLE001  the next step raises it
                    self._refused = self._refused or _refused(self.path, problem)

    def _finish_work(self) -> None:
        """Wait until everything is written, then stop the worker thread."""
        if self._worker is not None:
            self._no_more.set()
            self._worker.join()
            self._worker = None

    def _record_packed(
        self, head: bytes, action: list[bytes], seen: list[bytes], info: bytes
    ) -> None:
        payload = (head, self._action.packed(action), self._seen.packed(seen), info)
        self._record(_STEP, b"".join(payload))

    def _record(self, kind: int, payload: bytes) -> None:
        head = _HEAD.pack(_MARK, kind, 0, 0, len(payload), self._sequence)
        crc = _CRC.pack(zlib.crc32(payload, zlib.crc32(head)))
        self._append(b"".join((head, crc, payload)))
        self._sequence += 1
        self.steps += kind == _STEP

    def _append(self, data: bytes) -> None:
        if self._refused:
            raise self._refused  # no record may follow a missing record
        try:
            written = os.write(self._handle, data)
        except OSError as problem:
            raise self._broken(problem) from problem
        if written != len(data):
            raise self._broken(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        self._offset += written

    def _broken(self, problem: OSError) -> StorageError:
        """Cut off a half-written record and refuse all later writes."""
        self._refused = _refused(self.path, problem)
        with contextlib.suppress(OSError):  # a reader stops at an incomplete record
            os.ftruncate(self._handle, self._offset)
            os.lseek(self._handle, self._offset, os.SEEK_SET)
        return self._refused

    def _sync(self) -> None:
        while not self._stop.wait(SYNC_EVERY_S):
            try:
                files.sync_data(self._handle)
            except OSError:
                return  # the next write or the final fsync raises the same error


def iter_records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (type, payload) of each complete record, up to the first incomplete one."""
    with files.open_file(path, buffering=1 << 20) as file:
        if file.read(len(MAGIC)) != MAGIC:
            return
        expected = 0
        while len(head := file.read(_HEAD.size + _CRC.size)) == _HEAD.size + _CRC.size:
            mark, kind, _, _, length, sequence = _HEAD.unpack_from(head)
            if mark != _MARK or sequence != expected or length > _LARGEST_RECORD:
                return
            payload = file.read(length)
            (crc,) = _CRC.unpack_from(head, _HEAD.size)
            if len(payload) != length or crc != zlib.crc32(payload, zlib.crc32(head[:-4])):
                return
            yield kind, payload
            expected += 1


def unpack_head(payload: bytes) -> StepHead:
    """Unpack the fixed part of a RESET or STEP payload."""
    time_s, reward, bits, actor, pace_hz, picture = STEP_HEAD.unpack_from(payload)
    flags = bool(bits & 1), bool(bits & 2), bool(bits & 4)
    return StepHead(time_s, reward, *flags, actor, pace_hz, picture)


def _info(info: Info) -> bytes:
    return with_length(json.dumps(_text_keys(info), default=_plain).encode()) if info else _NO_INFO


def _text_keys(value: Any) -> Any:
    """Convert the keys of dicts to text, because environments also use numbers and tuples."""
    if isinstance(value, dict):
        return {str(key): _text_keys(part) for key, part in value.items()}
    return [_text_keys(part) for part in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    """Convert values that JSON cannot represent: NumPy to numbers, others to marked text."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return {AS_TEXT: repr(value)[:200]}


def _refused(path: Path, problem: Exception) -> StorageError:
    if isinstance(problem, StorageError):
        return problem
    why = getattr(problem, "strerror", None) or str(problem)
    return StorageError(
        tr(
            "Recording stopped: {parent} cannot be written ({why}). Saved episodes are safe; free "
            "some space or choose another folder with --recordings, then record again.",
            parent=path.parent,
            why=why,
        )
    )
