"""The class that the teacher watches, as the window knows it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from teleop.runtime.protocol.class_messages import ClassListed, ClassStudied
from teleop.types.class_results import ClassFindings, StudentRow, TeacherValue


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One row of the table: what a student handed in, and what others learned from it."""

    student: StudentRow
    teacher: TeacherValue | None


@dataclass(slots=True)
class Classroom:
    """The watched folder, what is in it, and what was learned from it.

    Attributes:
        folder: the folder; None if none is watched.
        listed: what is in it.
        study: the running study, or the last one.
        found: what is known from the last study.
    """

    folder: Path | None = None
    listed: ClassListed = field(default_factory=lambda: ClassListed(Path()))
    study: ClassStudied | None = None
    found: ClassFindings | None = None

    @property
    def is_studied(self) -> bool:
        """Whether a study is running."""
        return self.study is not None and not self.study.final

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """A row for each file in the folder."""
        teachers = {t.student: t for t in self.found.teachers} if self.found else {}
        return tuple(ClassRow(row, teachers.get(row.student)) for row in self.listed.rows)

    def watch(self, folder: Path) -> None:
        """Forget everything about another folder."""
        if folder != self.folder:
            self.folder, self.listed = folder, ClassListed(folder)
            self.study = self.found = None

    def list(self, message: ClassListed) -> None:
        """Apply what is in the folder."""
        if message.folder == self.folder:
            self.listed = message

    def learn(self, message: ClassStudied) -> None:
        """Apply the progress of a study."""
        self.study, self.found = message, message.found or self.found

    def lose(self, why: str) -> None:
        """Note that the process ended unexpectedly."""
        self.listed = replace(self.listed, problem=why, done=0, total=0)
        if self.study is not None:
            self.study = replace(self.study, final=True, problem=why)
