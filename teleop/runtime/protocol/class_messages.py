"""Messages about a class: what it handed in, and what is learned from it. Frozen dataclasses."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from teleop.types.class_results import ClassFindings, StudentRow


@dataclass(frozen=True, slots=True)
class WatchClass:
    """Watch a folder, and read what is handed in there.

    Attributes:
        root: the teacher's recordings folder.
        folder: the class's folder.
        taken_out: file with the students whose data was taken out; None stores nothing.
    """

    root: Path
    folder: Path
    taken_out: Path | None


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Take a student's data out, or put it back.

    Attributes:
        student: the codename.
        is_out: whether it is out from now on.
    """

    student: str
    is_out: bool


@dataclass(frozen=True, slots=True)
class StudyClass:
    """Train the class policy, and find out who taught best."""


@dataclass(frozen=True, slots=True)
class StopStudy:
    """Stop the study; what is known of it stays."""


ToClassroom: TypeAlias = WatchClass | TakeOut | StudyClass | StopStudy


@dataclass(frozen=True, slots=True)
class ClassListed:
    """What is in the folder of a class, as far as it was read.

    Attributes:
        folder: the folder.
        rows: a row for each file.
        env_id: the environment of most bundles; empty if none is read.
        done: hundredths of bundles that were read since the folder changed.
        total: hundredths of bundles to read.
        problem: why the folder cannot be read; empty if it can.
        outdated: class policies that learned from episodes which were taken out.
    """

    folder: Path
    rows: tuple[StudentRow, ...] = ()
    env_id: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassStudied:
    """How far a study is.

    Attributes:
        found: what is known; None before anything is.
        done: hundredths of parts that are done.
        total: hundredths of parts in total.
        phase: what happens now.
        final: whether the study has ended.
        problem: why it ended early; empty if it did not.
    """

    found: ClassFindings | None = None
    done: int = 0
    total: int = 0
    phase: str = ""
    final: bool = False
    problem: str = ""


FromClassroom: TypeAlias = ClassListed | ClassStudied
