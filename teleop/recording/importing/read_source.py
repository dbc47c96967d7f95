"""Opens a file or folder of another program, by what it holds."""

from pathlib import Path

from teleop.errors import RecordingError
from teleop.recording.disk import files
from teleop.recording.importing.csv_source import csv_source
from teleop.recording.importing.hdf5_source import hdf5_source
from teleop.recording.importing.lerobot_source import is_lerobot, lerobot_source
from teleop.recording.importing.npz_source import npz_source
from teleop.recording.importing.source import FORMS, Columns, Source

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_BUNDLE = ".teleop.zip"
_TABLES = (".csv", ".tsv")


def is_foreign(path: Path) -> bool:
    """Return whether a path is neither a bundle of ours nor the folder of a Minari dataset."""
    if files.is_folder(path):
        return is_lerobot(path)
    if path.name.endswith(_BUNDLE):
        return False  # whatever it holds: a class hands in bundles and nothing else
    return not _begins(path, _ZIP) or path.suffix == ".npz"


def read_source(path: Path, columns: Columns | None = None) -> Source:
    """Open a file or folder for import.

    Args:
        path: the file or folder.
        columns: which arrays hold what; None to recognise them by their names.

    Raises:
        HostileFileError: it contains something that no recording needs.
        RecordingError: it is not understood or damaged; the message lists the forms that are.
        OSError: it cannot be read.
    """
    columns = columns or Columns()
    if files.is_folder(path):
        return lerobot_source(path)
    if path.suffix == ".npz":
        return npz_source(path, columns)
    if path.suffix.lower() in _TABLES:
        return csv_source(path, columns)
    if _begins(path, _HDF5):
        return hdf5_source(path, columns)
    raise RecordingError(f"{path} cannot be imported. Teleop imports {FORMS}.")


def _begins(path: Path, mark: bytes) -> bool:
    with files.open_file(path) as file:
        return file.read(len(mark)) == mark
