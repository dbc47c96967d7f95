"""Everything a user can cause, as one tree.

TeleopError
├── EnvError          an environment is unknown, not installed, cannot be drawn, or failed in `step`
├── ControlError      nothing can drive this action space
├── RecordingError    a dataset or episode cannot be written, read or found
│   ├── DatasetBusyError   another Teleop is recording into the dataset
│   ├── HostileFileError   a file wants what a recording never needs; it was not opened
│   ├── DamagedFileError   a file's bytes are not what they were
│   └── StorageError       the disk refused: full, read-only, gone
├── LearningError     the data cannot teach, or a policy does not fit
└── DisplayError      there is no screen to open a window on

A message says what happened, where, what was expected and found, and what to do next. Bugs are
not in this tree: they raise `ValueError` or `TypeError`.
"""

import errno

from teleop.text import tr


class TeleopError(Exception):
    """Something the user can put right; the message says how."""


class EnvError(TeleopError):
    """An environment is unknown, not installed, cannot be drawn, or failed while it was played."""


class ControlError(TeleopError):
    """No keys, pad or mouse can drive this action space."""


class RecordingError(TeleopError):
    """A dataset or episode cannot be written, read or found."""


class DatasetBusyError(RecordingError):
    """Another Teleop is recording into this dataset."""


class HostileFileError(RecordingError):
    """A file wants what a recording never needs: it was not opened."""


class DamagedFileError(RecordingError):
    """A file's bytes are not what they were."""


class StorageError(RecordingError):
    """The disk refused to write: full, read-only or gone."""


class LearningError(TeleopError):
    """The data cannot teach a policy, or a policy does not fit the environment."""


class DisplayError(TeleopError):
    """There is no screen to open a window on."""


_REASONS = {
    errno.ENOSPC: tr("No space left on device"),
    errno.ENOENT: tr("No such file or directory"),
    errno.EACCES: tr("Permission denied"),
    errno.EROFS: tr("Read-only file system"),
}


def reason(problem: OSError) -> str:
    """Why the system refused, in a few words."""
    known = _REASONS.get(problem.errno or 0)
    return known or problem.strerror or str(problem)


def sentence(error: BaseException) -> str:
    """What an error says, in one line fit for a person.

    Args:
        error: any exception; those outside our tree are named by their type.
    """
    text = " ".join(str(error).split())
    if isinstance(error, TeleopError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
