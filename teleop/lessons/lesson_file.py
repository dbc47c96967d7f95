"""Reads a lesson's folder and says in one sentence what is wrong with it."""

from pathlib import Path

from teleop.errors import LessonError
from teleop.lessons.lesson import LESSON_FILE, Content, Lesson
from teleop.lessons.typed_toml import read_regular_file, read_typed_toml
from teleop.text import tr

_LARGEST_PICTURE = 8_000_000  # bytes
_PICTURES = (".png", ".jpg", ".jpeg")


def read_lesson(folder: Path) -> Lesson:
    """Read the lesson in a folder.

    Raises:
        LessonError: the file is missing, too large, no TOML, or says something that is not
            understood; the message names the place and what was expected.
    """
    content = read_typed_toml(folder / LESSON_FILE, Content, LessonError)
    for block in content.block:
        if block.picture is not None:
            _check_picture(folder / block.picture)
    return Lesson(folder, content)


def _check_picture(picture: Path) -> None:
    """Check that a picture can be shown.

    Raises:
        LessonError: it is missing, too large, or of another format.
    """
    if picture.suffix.lower() not in _PICTURES:
        text = tr("{picture} cannot be shown: use a .png or .jpg file.", picture=picture)
        raise LessonError(text)
    read_regular_file(picture, _LARGEST_PICTURE, LessonError)
