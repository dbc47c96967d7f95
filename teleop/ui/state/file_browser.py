"""A file browser inside the window, usable by mouse, keyboard or gamepad."""

from pathlib import Path

from teleop.errors import reason
from teleop.text import tr
from teleop.ui.widgets.sheet import Line

BUNDLE = ".teleop.zip"
_ENDINGS = (BUNDLE, ".hdf5", ".h5", ".npz", ".csv", ".tsv")  # what can be imported
_UP, _THIS, _HOME = "up", "this", "home folder"
_MOST = 2000  # entries that are listed of a folder


class FileBrowser:
    """The current folder and its rows, as they were when the folder was opened.

    Attributes:
        folder: the current folder.
        lines: rows: parent, home folder, this folder if it can be chosen, folders, files.
    """

    def __init__(self, folder: Path, *, wants_folder: bool = False) -> None:
        """Open a folder.

        Args:
            folder: the folder.
            wants_folder: whether any folder can be chosen, instead of what can be imported.
        """
        self._wants_folder = wants_folder
        self.go(folder)

    def go(self, folder: Path) -> None:
        """Open a folder and list its entries."""
        self.folder = folder.absolute()
        self.lines = _folder_lines(self.folder) if self._wants_folder else _lines(self.folder)

    def use(self, line_id: str) -> Path | None:
        """Open the folder of a row; return the path instead if it can be imported."""
        if line_id == _THIS:
            return self.folder
        path = self.folder / line_id.removeprefix("files.")
        if line_id in (_UP, _HOME):
            path = self.folder.parent if line_id == _UP else Path.home()
        elif not path.is_dir() or (is_dataset(path) and not self._wants_folder):
            return path
        self.go(path)
        return None


def _lines(folder: Path) -> list[Line]:
    lines = _ways_out(folder)
    if is_dataset(folder):
        lines.append(Line(_THIS, tr("Import this dataset"), folder.name))
    folders, files, problem = _entries(folder)
    if problem:
        return [*lines, Line("", problem)]
    lines += [
        Line(f"files.{path.name}", path.name, tr("dataset") if is_dataset(path) else tr("folder"))
        for path in folders
    ]
    lines += [
        Line(
            f"files.{path.name}",
            path.name,
            tr("bundle") if path.name.endswith(BUNDLE) else path.suffix[1:].upper(),
        )
        for path in files
    ]
    if not folders and not files:
        lines.append(Line("", tr("Nothing here can be imported")))
    return lines


def _folder_lines(folder: Path) -> list[Line]:
    lines = [Line(_THIS, tr("Use this folder"), folder.name), *_ways_out(folder)]
    folders, _, problem = _entries(folder)
    lines += [Line(f"files.{path.name}", path.name, tr("folder")) for path in folders]
    return [*lines, Line("", problem)] if problem else lines


def _ways_out(folder: Path) -> list[Line]:
    return [Line(_UP, tr("Up"), str(folder.parent)), Line(_HOME, tr("Your own folder"))]


def is_dataset(folder: Path) -> bool:
    """Return whether a folder looks like a dataset; False if it cannot be read."""
    marks = (folder / "data" / "main_data.hdf5", folder / "meta" / "info.json")
    try:
        return any(mark.is_file() for mark in marks)
    except OSError:
        return False


def _entries(folder: Path) -> tuple[list[Path], list[Path], str]:
    """Return (folders, files, why they cannot be listed), without hidden entries."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))[:_MOST]
        folders = [path for path in found if path.is_dir()]
        return folders, [path for path in found if path.name.lower().endswith(_ENDINGS)], ""
    except OSError as problem:
        return (
            [],
            [],
            tr("This folder cannot be read: {problem}", problem=reason(problem)),
        )
