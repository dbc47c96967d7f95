"""The button that imports episodes, with its menu and its file dialogs."""

from pathlib import Path

from pygame import Rect

from teleop.runtime.protocol.library_messages import AddSamples
from teleop.text import tr
from teleop.ui.sheets.path_choice import ask_for_path
from teleop.ui.state.context import Purpose, UiContext
from teleop.ui.widgets.popover import MenuItem

_FILE, _FOLDER, _HERE, _SAMPLES = "file", "folder", "here", "samples"
_CHOICES = (
    MenuItem(_FILE, tr("A file"), tr(".teleop.zip, .hdf5, .npz or .csv")),
    MenuItem(_FOLDER, tr("A folder"), tr("Folder of a Minari or LeRobot dataset")),
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
        ask_for_path(context, Purpose.IMPORT, "", _start(context), folders=False)
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
    title = tr("Choose the folder of a dataset") if folders else tr("Choose a file to import")
    start, here = _start(context), picked == _HERE
    ask_for_path(context, Purpose.IMPORT, title, start, folders=folders, here=here)


def _start(context: UiContext) -> Path:
    """Return the folder that was open last, the export folder, or the home folder."""
    if context.sheet.files is not None:
        return context.sheet.files.folder
    return context.exports if context.exports.is_dir() else Path.home()
