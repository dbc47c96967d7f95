"""What a person has done in the lessons, stored from one start to the next."""

import contextlib
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LONGEST_ANSWER = 2000
_LARGEST_FILE = 4_000_000  # bytes


class BlockProgress(BaseModel):
    """What was done in one block.

    Attributes:
        done: whether the block was completed.
        choice: number of the chosen answer, from 1; 0 if none was chosen.
        text: the completed sentence; empty if it was said aloud or skipped.
        seconds: time spent in the block.
        began: Unix time at which the block was first shown; 0 if it was not.
        watched: number of comparisons that were watched to their end.
    """

    model_config = ConfigDict(validate_assignment=True)

    done: bool = False
    choice: int = Field(0, ge=0, le=9)
    text: str = Field("", max_length=_LONGEST_ANSWER)
    seconds: float = Field(0.0, ge=0, le=1e7)
    began: float = Field(0.0, ge=0)
    watched: int = Field(0, ge=0, le=100)


class LessonProgress(BaseModel):
    """What was done in one lesson.

    Attributes:
        block: index of the block to go on with.
        blocks: what was done, by index of the block.
    """

    model_config = ConfigDict(validate_assignment=True)

    block: int = Field(0, ge=0, le=1000)
    blocks: dict[int, BlockProgress] = {}

    def at(self, index: int) -> BlockProgress:
        """Return the entry of a block; it is made if there is none yet."""
        return self.blocks.setdefault(index, BlockProgress())

    @property
    def done(self) -> int:
        """The number of completed blocks."""
        return sum(entry.done for entry in self.blocks.values())


class Progress(BaseModel):
    """What was done in all lessons.

    Attributes:
        lessons: what was done, by the name of the lesson.
    """

    lessons: dict[str, LessonProgress] = {}

    def of(self, name: str) -> LessonProgress:
        """Return the entry of a lesson; it is made if there is none yet."""
        return self.lessons.setdefault(name, LessonProgress())


class ProgressFile:
    """Reads and writes `lessons.json` in the user's folder; with path None it stores nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Progress:
        """Read the progress; a file that is missing or not understood counts as none."""
        if self._path is None:
            return Progress()
        try:
            if self._path.stat().st_size > _LARGEST_FILE:
                return Progress()
            return Progress.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return Progress()

    def write(self, progress: Progress) -> None:
        """Store the progress; if that fails, it lasts until the window closes."""
        if self._path is None:
            return
        partial = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(progress.model_dump_json(indent=1), "utf-8")
            os.replace(partial, self._path)  # noqa: PTH105  replaces on Windows too
