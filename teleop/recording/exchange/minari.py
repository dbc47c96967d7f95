"""Copy a dataset of the current or an older Minari version into a folder, for import."""

import json
import re
from pathlib import Path
from typing import Any

from teleop.errors import HostileFileError, RecordingError
from teleop.recording.disk import files
from teleop.recording.episodes.episode_reader import UNREADABLE
from teleop.recording.trust import vetting_service
from teleop.text import tr

_FILES = re.compile(
    r"^data/(metadata\.json|labels\.json|main_data\.hdf5|episodes/\d{6,9}-[0-9a-f]{12}\.h5)$"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SPACES = ("observation_space", "action_space")


def copy_dataset(source: Path, folder: Path) -> str:
    """Copy a Minari dataset's own files into an empty folder and return the dataset id.

    Args:
        source: the dataset folder, or the `data` folder in it.
        folder: the target folder for `data/`.

    Raises:
        HostileFileError: a file contains something that no recording needs.
        RecordingError: there is no dataset, or Teleop does not read its format.
        OSError: writing to disk failed.
    """
    files.guard(source)
    data = source / "data" if files.is_folder(source / "data") else source
    description, index = data / "metadata.json", data / "main_data.hdf5"
    _need_dataset(source, description, index)
    for path in files.tree(data):
        name = f"data/{path.relative_to(data).as_posix()}"
        if _FILES.match(name):
            _need_copyable(path)
            files.make_folder((folder / name).parent)
            files.copy(path, folder / name)
    if not files.is_file(description):
        found = _old_description(folder / "data" / index.name)
        files.write_atomic(folder / "data" / description.name, json.dumps(found).encode())
    try:
        said = json.loads(
            files.read_bytes(folder / "data" / description.name, files.MOST_DESCRIPTION)
        )
        return str(said["dataset_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return source.name


def _need_copyable(path: Path) -> None:
    """Check a file before it is copied, so that no large, useless file is copied.

    Raises:
        HostileFileError: the file is too large, or is not what its name says.
    """
    if path.suffix == ".json":
        size = files.stat(path).st_size
        if size > files.MOST_JSON:
            raise HostileFileError(
                f"{path} has {size >> 20:,} MB; such a file has at most {files.MOST_JSON >> 20} "
                "MB, so nothing was imported."
            )
        return
    with files.open_file(path) as file:
        if file.read(len(_HDF5)) != _HDF5:
            raise HostileFileError(
                f"{path} is not an HDF5 file, so nothing was imported. `teleop recover` imports "
                "the episodes that are whole."
            )


def _need_dataset(source: Path, description: Path, index: Path) -> None:
    if files.is_file(index):
        return
    form = ""
    try:
        said = json.loads(files.read_bytes(description, files.MOST_DESCRIPTION))
        form = str(said.get("data_format", "")) if isinstance(said, dict) else ""
    except (OSError, ValueError, RecursionError):
        pass
    if form and form != "hdf5":
        raise RecordingError(
            f"{source} is a Minari dataset in the {form[:40]!r} format; Teleop reads HDF5. Load it "
            "with Minari and write it again with data_format='hdf5'."
        )
    raise RecordingError(
        f"{source} holds no data/main_data.hdf5. Import a .teleop.zip, or the folder of a "
        "Minari dataset, which has that file."
    )


def _old_description(index: Path) -> dict[str, Any]:
    """Return the description that Minari before 0.5 kept in the HDF5 file.

    Raises:
        RecordingError: the description is missing.
    """
    vetting_service.admit(index, links=True, pictures=True)
    try:
        with files.hdf5(index) as file:
            found = {key: _plain(value) for key, value in file.attrs.items()}
    except UNREADABLE as problem:
        raise RecordingError(
            tr("{index} cannot be read ({problem}).", index=index, problem=problem)
        ) from problem
    if not all(isinstance(found.get(name), str) for name in _SPACES):
        raise RecordingError(
            "The dataset was made by an old Minari and does not name its spaces; load it with that "
            "Minari, and write it again with a newer one."
        )
    return found | {"data_format": "hdf5"}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
