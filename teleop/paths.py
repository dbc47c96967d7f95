"""Where things lie: assets, shipped samples, and the folder that recordings go to."""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    """A folder that travels inside the wheel, or lies beside the package in a clone."""
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def assets_folder() -> Path:
    """Fonts and icons."""
    return _shipped("assets")


def samples_folder() -> Path:
    """The sample recordings that come with Teleop."""
    return _shipped("recordings")


def user_folder() -> Path:
    """This user's data folder (settings; recordings when there is no `recordings/` here)."""
    return Path(platformdirs.user_data_dir("teleop", appauthor=False))


def recordings_folder(here: Path, chosen: Path | None = None) -> Path:
    """The folder that recordings go to.

    Args:
        here: the current folder.
        chosen: a folder the user named, which wins.

    Returns:
        `chosen`, else `here/recordings` where there is one, else the user's data folder.
    """
    if chosen is not None:
        return chosen
    local = here / "recordings"
    return local if local.is_dir() else user_folder() / "recordings"


def settings_file() -> Path:
    """How this user has set the window."""
    return user_folder() / "settings.json"


def exports_folder(recordings: Path) -> Path:
    """Where the window writes what is for other programs: beside the recordings."""
    return recordings.parent / "exports"


def cache_folder() -> Path:
    """Derived and disposable data of this user."""
    return Path(platformdirs.user_cache_dir("teleop", appauthor=False))
