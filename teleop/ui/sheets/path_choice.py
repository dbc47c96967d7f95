"""Asks for a file or a folder: in the system's dialog, or in the window."""

from pathlib import Path

from teleop.ui.state.context import Purpose, UiContext
from teleop.ui.state.file_browser import FileBrowser


def ask_for_path(
    context: UiContext,
    purpose: Purpose,
    title: str,
    start: Path,
    *,
    folders: bool,
    here: bool = False,
) -> None:
    """Ask for a path; `UiContext.take_path` receives it.

    With a gamepad, which cannot use the system's dialog, and where there is none, the file browser
    in the window opens.

    Args:
        context: the context that all screens share.
        purpose: what the path is for.
        title: title of the system's dialog.
        start: the folder to begin in.
        folders: whether to ask for a folder.
        here: use the file browser in any case.
    """
    dialog = context.jobs.dialog
    if dialog.is_open:  # what it asks for must not change
        return
    context.jobs.purpose = purpose
    if here or context.ui.pad_hints or not dialog.open(title, start, folders=folders):
        wants_folder = purpose is not Purpose.IMPORT
        context.sheet.files = FileBrowser(start, wants_folder=wants_folder)
        context.toggle_sheet("files")
