"""The lessons that there are: the shipped course, and the user's own."""

from pathlib import Path

from teleop import paths
from teleop.errors import LessonError
from teleop.lessons.lesson import LESSON_FILE, Lesson
from teleop.lessons.lesson_file import read_lesson
from teleop.text import tr


def shipped_folder() -> Path:
    """Return the folder of the course that comes with Teleop."""
    return paths.assets_folder() / "lessons"


def own_folder() -> Path:
    """Return the folder for lessons of the user's own; it need not exist."""
    return paths.user_folder() / "lessons"


def lesson_folders() -> list[Path]:
    """Return the folders of all lessons: the course in order, then the user's own."""
    found = []
    for root in (shipped_folder(), own_folder()):
        if root.is_dir():
            found += sorted(folder for folder in root.iterdir() if (folder / LESSON_FILE).is_file())
    return found


def find_lesson(name: str) -> Lesson:
    """Return a lesson by the name of its folder, or by the folder itself.

    Raises:
        LessonError: there is none, or its file is wrong.
    """
    folders = lesson_folders()
    named = [folder for folder in folders if folder.name == name]
    folder = named[0] if named else Path(name)
    if not named and not folder.is_dir():
        known = ", ".join(folder.name for folder in folders)
        text = tr(
            "There is no lesson {name}: give the folder of one, or one of {known}.",
            name=name,
            known=known,
        )
        raise LessonError(text)
    return read_lesson(folder.resolve())
