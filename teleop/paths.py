"""Locations of the assets, the samples, the recordings folder and the user's files; text files."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs

from teleop.errors import writing

_PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    """Return a folder that is inside the wheel, or beside the package in a clone."""
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def assets_folder() -> Path:
    """Return the folder of fonts and icons."""
    return _shipped("assets")


def samples_folder() -> Path:
    """Return the folder of the sample recordings that come with Teleop."""
    return _shipped("recordings")


def user_folder() -> Path:
    """Return the user's data folder (settings; recordings if there is no `recordings/` here)."""
    return Path(platformdirs.user_data_dir("teleop", appauthor=False))


def recordings_folder(here: Path, chosen: Path | None = None) -> Path:
    """Return the recordings folder.

    Args:
        here: the current folder.
        chosen: a folder that the user named; it takes precedence.

    Returns:
        `chosen`, else `here/recordings` if it exists, else a folder in the user's data folder.
    """
    if chosen is not None:
        return chosen
    local = here / "recordings"
    return local if local.is_dir() else user_folder() / "recordings"


def settings_file() -> Path:
    """Return the file of the user's window settings."""
    return user_folder() / "settings.json"


def lessons_file() -> Path:
    """Return the file of what the user has done in the lessons."""
    return user_folder() / "lessons.json"


def classes_file() -> Path:
    """Return the file of the students whose data the user took out of a class."""
    return user_folder() / "classes.json"


def exports_folder(recordings: Path) -> Path:
    """Return the folder for exports to other programs, beside the recordings folder."""
    return recordings.parent / "exports"


def cache_folder() -> Path:
    """Return the user's folder for derived data, which may be deleted."""
    return Path(platformdirs.user_cache_dir("teleop", appauthor=False))


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write text files, each of them whole or not at all.

    Raises:
        StorageError: a file cannot be written.
    """
    for path, text in texts.items():
        draft = path.with_name(f".{path.name}.part")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_text(text, "utf-8")
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
