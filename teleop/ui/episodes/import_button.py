"""The button that imports episodes, with its menu and its file dialogs."""

from pathlib import Path

from pygame import Rect

from teleop.runtime.protocol.library_messages import AddSamples
from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.state.file_browser import BUNDLE, FileBrowser
from teleop.ui.widgets.popover import MenuItem

_FILE, _FOLDER, _HERE, _SAMPLES = "file", "folder", "here", "samples"
_CHOICES = (
    MenuItem(_FILE, tr("A file"), tr("Shared file ({ending})", ending=BUNDLE)),
    MenuItem(_FOLDER, tr("A folder"), tr("Folder of a Minari dataset")),
    MenuItem(_HERE, tr("Browse in this window"), tr("Also works with keyboard and gamepad")),
    MenuItem(_SAMPLES, tr("Sample recordings"), tr("Those that come with Teleop")),
)


def draw_import(context: UiContext, rect: Rect) -> None:
    """Draw the import button.

    With a gamepad, the button opens the file browser in the window, because a gamepad cannot use
    the system dialog.
    """
    if not context.ui.button("take in", rect, tr("Import…"), "folder"):
        return
    if context.ui.pad_hints:
        open_files(context)
    else:
        context.popover.toggle(context.ui, "take in", "take in")


def draw_import_menu(context: UiContext, anchor: Rect) -> None:
    """Draw the open import menu above everything else, and open the chosen dialog."""
    picked = context.popover.draw(context.ui, "take in", anchor, list(_CHOICES), "", 300)
    if not picked:
        return
    if picked == _SAMPLES:
        context.tell(AddSamples())
        return
    folders = picked == _FOLDER
    title = (
        tr("Choose the folder of a dataset")
        if folders
        else tr("Choose a {ending} file", ending=BUNDLE)
    )
    if picked == _HERE or not context.jobs.dialog.open(title, _start(context), folders=folders):
        open_files(context)


def open_files(context: UiContext) -> None:
    """Open the file browser in the window."""
    context.sheet.files = FileBrowser(
        context.sheet.files.folder if context.sheet.files else _start(context)
    )
    context.toggle_sheet("files")


def _start(context: UiContext) -> Path:
    """Return the export folder or, if there is none, the home folder."""
    return context.exports if context.exports.is_dir() else Path.home()
