"""Opens what was dropped on the window: a lesson, the folder of a class, a dataset or a bundle."""

from pathlib import Path

from teleop.ui.lessons.lesson_steps import open_lesson
from teleop.ui.state.context import UiContext
from teleop.ui.state.file_browser import BUNDLE, is_dataset

_LESSON = "lesson.toml"


def drop_file(context: UiContext, path: Path) -> None:
    """Open a lesson, watch the folder of a class, or import anything else."""
    if path.name == _LESSON or _has(path, _LESSON):
        open_lesson(context, path.parent if path.name == _LESSON else path)
    elif not is_dataset(path) and _has(path, f"*{BUNDLE}"):
        context.watch_class(str(path))
    else:
        context.import_file(str(path))


def _has(folder: Path, pattern: str) -> bool:
    """Return whether a folder holds a file of this kind; False if it cannot be read."""
    try:
        return folder.is_dir() and next(folder.glob(pattern), None) is not None
    except OSError:
        return False
