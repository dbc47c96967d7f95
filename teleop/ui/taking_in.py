"""Taking in what somebody has handed on: the button, and what it asks with."""

from pathlib import Path

from pygame import Rect

from teleop.ui.desk import Desk
from teleop.ui.file_sheet import BUNDLE, FileSheet
from teleop.ui.popover import Choice

_FILE, _FOLDER, _HERE = "file", "folder", "here"
_CHOICES = (
    Choice(_FILE, "A file", f"What Teleop hands on: {BUNDLE}"),
    Choice(_FOLDER, "A folder", "Of a Minari dataset"),
    Choice(_HERE, "Look in this window", "By keyboard or gamepad too"),
)


def draw_take_in(desk: Desk, rect: Rect) -> None:
    """The button. A gamepad cannot use the computer's own dialog, so it is not asked there."""
    if not desk.ui.button("take in", rect, "Choose…", "folder"):
        return
    if desk.ui.pad_hints:
        open_files(desk)
    else:
        desk.popover.toggle(desk.ui, "take in", "take in")


def draw_take_in_menu(desk: Desk, anchor: Rect) -> None:
    """What is to be chosen, over everything."""
    picked = desk.popover.draw(desk.ui, "take in", anchor, list(_CHOICES), "", 300)
    if not picked:
        return
    folders = picked == _FOLDER
    title = "A dataset's folder" if folders else f"A {BUNDLE}"
    if picked == _HERE or not desk.dialog.open(title, _start(desk), folders=folders):
        open_files(desk)


def open_files(desk: Desk) -> None:
    """Look for it in the window itself."""
    desk.files = FileSheet(desk.files.folder if desk.files else _start(desk))
    desk.toggle_sheet("files")


def _start(desk: Desk) -> Path:
    """Where such things lie: beside what was exported, or in the person's own folder."""
    return desk.exports if desk.exports.is_dir() else Path.home()
