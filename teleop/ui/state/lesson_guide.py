"""The lesson that the person goes through: the block they are at, and whether its goal is met."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.session_messages import LibraryChanged
from teleop.text import joined, ntr
from teleop.ui.state.view_model import Comparison, ViewModel

if TYPE_CHECKING:
    from teleop.lessons.lesson import Block, Lesson
    from teleop.lessons.lesson_progress import BlockProgress, LessonProgress, Progress, ProgressFile

_LONGEST_GAP_S = 120.0  # without a redraw, nobody was at the computer
_LONGEST_ANSWER = 2000


@dataclass(slots=True)
class Needs:
    """What the current block needs before it can begin.

    Attributes:
        are_met: whether everything was prepared.
        asked: what was asked for last.
        before: the recordings that were listed before another environment was opened.
        is_offered: whether the focus was put on the button that goes on.
    """

    are_met: bool = True
    asked: tuple[str, str] = ("", "")
    before: LibraryChanged | None = None
    is_offered: bool = False

    def asks(self, what: str, name: str) -> bool:
        """Return whether to ask for something: True the first time."""
        before, self.asked = self.asked, (what, name)
        return before != self.asked


class LessonGuide:
    """Leads through a lesson. Nothing is loaded before the first lesson is looked at.

    Attributes:
        lesson: the open lesson; None if there is none.
        index: index of the current block; the number of blocks means the summary at the end.
        needs: what the current block needs before it can begin.
        noise_before: noise on the person's actions before the lesson changed it; None if it did
            not.
    """

    def __init__(self, file: Path | None) -> None:
        """Create a guide without a lesson.

        Args:
            file: file that stores what was done; None stores nothing.
        """
        self.lesson: Lesson | None = None
        self.index = 0
        self.needs = Needs()
        self.noise_before: float | None = None
        self._path = file
        self._file: ProgressFile | None = None
        self._progress: Progress | None = None
        self._looked_s = 0.0
        self._watched: Comparison | None = None

    # ------------------------------------------------------------ the lesson

    def open(self, folder: Path) -> None:
        """Open a lesson at the block where the person left it.

        Raises:
            LessonError: the lesson cannot be read.
        """
        from teleop.lessons.lesson_file import read_lesson

        lesson = read_lesson(folder)
        self.lesson = lesson
        self.move(self.progress_of(lesson.name).block)

    def close(self) -> None:
        """Close the lesson; what was done is kept."""
        self._store()
        self.lesson = None

    def own_options(self, options: DriveOptions) -> DriveOptions:
        """Return the person's own options, without what the lesson has changed."""
        noise = options.noise if self.noise_before is None else self.noise_before
        return replace(options, noise=noise)

    @property
    def block(self) -> "Block | None":
        """The current block; None at the end, and without a lesson."""
        blocks = self.lesson.content.block if self.lesson else []
        return blocks[self.index] if self.index < len(blocks) else None

    @property
    def screen(self) -> str:
        """The screen of the current block; empty if it is shown on the lesson's own page."""
        return getattr(self.block, "screen", None) or ""

    def progress_of(self, name: str) -> "LessonProgress":
        """Return what was done in a lesson."""
        if self._progress is None:
            from teleop.lessons.lesson_progress import ProgressFile

            self._file = ProgressFile(self._path)
            self._progress = self._file.read()
        return self._progress.of(name)

    def entry(self, index: int | None = None) -> "BlockProgress":
        """Return what was done in a block of the open lesson; by default the current one."""
        if self.lesson is None:
            raise ValueError("no lesson is open")
        return self.progress_of(self.lesson.name).at(self.index if index is None else index)

    # ------------------------------------------------------------ what the person does

    def move(self, index: int) -> None:
        """Go to a block of the open lesson."""
        if self.lesson is None:
            return
        self.index = max(0, min(index, len(self.lesson.content.block)))
        self.progress_of(self.lesson.name).block = self.index
        self.needs = Needs(are_met=False)
        self._watched, self._looked_s = None, 0.0
        if self.block is not None:
            entry = self.entry()
            entry.began = entry.began or time.time()
        self._store()

    def forget(self) -> None:
        """Forget what was done in the open lesson, and go to its first block."""
        if self.lesson is not None:
            self.progress_of(self.lesson.name).blocks.clear()
            self.move(0)

    def complete(self) -> None:
        """Mark the current block as done."""
        if self.block is not None:
            self.entry().done = True
            self._store()

    def choose(self, choice: int) -> None:
        """Answer the question of a *predict* block with a choice, counted from 1."""
        self.entry().choice = choice
        self.complete()

    def say(self, text: str) -> None:
        """Complete the sentence of a *say* block; an empty text means that it was said aloud."""
        self.entry().text = text[:_LONGEST_ANSWER]
        self.complete()

    def look(self, model: ViewModel, now_s: float) -> None:
        """Count the time, and note when the goal of the block is met."""
        if self.block is None:
            return
        entry = self.entry()
        gap = now_s - self._looked_s if self._looked_s else 0.0
        entry.seconds = min(1e7, entry.seconds + (gap if gap < _LONGEST_GAP_S else 0.0))
        self._looked_s = now_s
        if self.block.kind == "do" and not entry.done and self.needs.are_met and self._met(model):
            self.complete()

    # ------------------------------------------------------------ goals

    def _met(self, model: ViewModel) -> bool:
        """Return whether the goal of a *do* block is met."""
        counts = self.counts(model)
        return bool(counts) and all(done >= needed for done, needed in counts.values())

    def counts(self, model: ViewModel) -> dict[str, tuple[int, int]]:
        """Return (done, needed) for each part of the goal of a *do* block, by its name."""
        if self.block is None or self.block.kind != "do":
            return {}
        began, library = self.entry().began, model.library
        episodes, policies = (library.episodes, library.policies) if library else ((), ())
        busy = model.training is not None and model.training.running
        done = {
            "record": sum(row.driver == "human" and row.started >= began for row in episodes),
            "train": 0 if busy else sum(row.made >= began for row in policies),
            "correct": sum(c.started >= began and c.driven > 0 for c in model.corrections),
            "compare": self._seen(model),
        }
        needed = self.block.goal.model_dump()
        return {name: (done[name], count) for name, count in needed.items() if count}

    def _seen(self, model: ViewModel) -> int:
        """Return how many comparisons were watched to their end since the block began."""
        entry, shown = self.entry(), model.comparison
        at_end = shown is not None and shown.complete and shown.shown >= shown.steps - 1
        if at_end and shown is not self._watched:
            self._watched = shown
            entry.watched = min(100, entry.watched + 1)
        return entry.watched

    def _store(self) -> None:
        if self._file is not None and self._progress is not None:
            self._file.write(self._progress)


def goal_status(counts: dict[str, tuple[int, int]]) -> str:
    """Return how far the goal is met: `2 of 3 episodes`."""
    words = {
        "record": lambda done, n: ntr(
            "{done} of {n} episode", "{done} of {n} episodes", n, done=done
        ),
        "train": lambda done, n: ntr(
            "{done} of {n} policy", "{done} of {n} policies", n, done=done
        ),
        "correct": lambda done, n: ntr(
            "{done} of {n} correction", "{done} of {n} corrections", n, done=done
        ),
        "compare": lambda done, n: ntr(
            "{done} of {n} comparison watched", "{done} of {n} comparisons watched", n, done=done
        ),
    }
    parts = [words[name](min(done, needed), needed) for name, (done, needed) in counts.items()]
    return joined(" · ", parts)
