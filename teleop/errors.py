"""All errors that a user can cause, in one hierarchy.

TeleopError
├── EnvError          an environment is unknown, not installed, cannot be rendered, or failed
├── ControlError      no input device can drive this action space
├── RecordingError    a dataset or episode cannot be written, read or found
│   ├── DatasetBusyError   another Teleop process is recording into the dataset
│   ├── HostileFileError   a file requests what a recording never needs; it was not opened
│   ├── DamagedFileError   a file is damaged: its bytes are not those that were written
│   └── StorageError       the disk cannot be written: full, read-only, missing
├── LessonError       a lesson cannot be read, or what it claims does not happen
├── ReportError       a report cannot be written or read, or its numbers are wrong
├── LearningError     nothing can be learned from the data, or a policy does not fit
├── LogError          a log cannot be written where it was asked for, or drawn
├── RemoteError       an address cannot be reached, refuses, or holds no dataset
├── WorkerError       the engine for many runs cannot be used
└── DisplayError      there is no screen to open a window on

A message says what happened, where, what was expected and found, and what to do next. Bugs are not
part of this hierarchy: they raise `ValueError` or `TypeError`.
"""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from teleop.text import tr


class TeleopError(Exception):
    """An error that the user can fix; the message says how."""


class EnvError(TeleopError):
    """An environment is unknown, not installed, cannot be rendered, or failed while playing."""


class ControlError(TeleopError):
    """No keyboard, gamepad or mouse can drive this action space."""


class RecordingError(TeleopError):
    """A dataset or episode cannot be written, read or found."""


class DatasetBusyError(RecordingError):
    """Another Teleop process is recording into this dataset."""


class HostileFileError(RecordingError):
    """A file requests what a recording never needs; it was not opened."""


class DamagedFileError(RecordingError):
    """A file is damaged: its bytes are not those that were written."""


class StorageError(RecordingError):
    """The disk cannot be written: full, read-only or missing."""


class LessonError(TeleopError):
    """A lesson cannot be read, or what it claims does not happen."""


class ReportError(TeleopError):
    """A report cannot be written or read, or its numbers are wrong."""


class LearningError(TeleopError):
    """Nothing can be learned from the data, or a policy does not fit the environment."""


class LogError(TeleopError):
    """A log cannot be written where it was asked for, or drawn."""


class RemoteError(TeleopError):
    """An address cannot be reached, refuses, or holds no dataset."""


class WorkerError(TeleopError):
    """The engine for many runs cannot be used."""


class DisplayError(TeleopError):
    """There is no screen to open a window on."""


_REASONS = {
    errno.ENOSPC: tr("No space left on device"),
    errno.ENOENT: tr("No such file or directory"),
    errno.EACCES: tr("Permission denied"),
    errno.EROFS: tr("Read-only file system"),
}


def reason(problem: OSError) -> str:
    """Return why the operating system refused, in a few words."""
    known = _REASONS.get(problem.errno or 0)
    return known or problem.strerror or str(problem)


@contextlib.contextmanager
def writing(output: Path) -> Iterator[None]:
    """Report that a file cannot be written in one sentence.

    Raises:
        StorageError: the operating system refused.
    """
    try:
        yield
    except OSError as problem:
        raise StorageError(
            tr("{output} cannot be written ({problem}).", output=output, problem=reason(problem))
        ) from problem


def sentence(error: BaseException) -> str:
    """Return an error's message in one line for a person.

    Args:
        error: any exception; errors other than `TeleopError` are named by their type.
    """
    text = " ".join(str(error).split())
    if isinstance(error, TeleopError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
