"""The folder into which a class hands in: what is in it, read again when something changes."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from teleop.classroom.hand_in import ENDING
from teleop.classroom.handed_in import BundleReader, HandedIn, stamp_of, student_of
from teleop.classroom.report_facts import STARTS, OnProgress
from teleop.errors import ReportError, reason
from teleop.text import tr
from teleop.types.class_results import StudentRow
from teleop.workers.runners import Runner

_SETTLED_S = 3.0  # a file that is older is not being copied any more


class ClassFolder:
    """A folder of bundles, as it was when it was looked at last.

    Attributes:
        folder: the folder.
    """

    def __init__(self, folder: Path, pool: Runner | None = None) -> None:
        """Create a folder that was not looked at yet.

        Args:
            folder: the folder.
            pool: processes that read bundles; None: this process.
        """
        self.folder = folder
        self._reader = BundleReader(STARTS, pool)
        self._bundles: dict[Path, tuple[Path, int, int]] = {}
        self._misnamed: tuple[Path, ...] = ()
        self._copied: dict[Path, tuple[Path, int, int]] = {}  # files that may be incomplete

    @property
    def env_id(self) -> str:
        """The environment of most bundles; empty if none is read."""
        return _environment(self._reader.judged())

    @property
    def is_settled(self) -> bool:
        """Whether no file is being copied."""
        return not self._copied

    def look(self, *, waits: bool = True) -> bool:
        """List the folder; return whether there is something to read, or something is gone.

        Args:
            waits: whether to leave out a file that was changed a moment ago, and may not be
                complete, until its size and time stay the same.

        Raises:
            ReportError: the folder is not there, or cannot be read.
        """
        try:
            files = sorted(path for path in self.folder.iterdir() if path.name[0] != ".")
        except OSError as problem:
            raise ReportError(
                tr(
                    "{folder} cannot be read ({problem}). Connect the drive, or choose another "
                    "folder.",
                    folder=self.folder,
                    problem=reason(problem),
                )
            ) from problem
        before = (self._bundles, self._misnamed)
        self._misnamed = tuple(p for p in files if _is_misnamed(p))
        copied, settled = {}, {}
        for path in files:
            if not path.name.endswith(ENDING):
                continue
            stamp = stamp_of(path)
            old = time.time() - stamp[2] / 1e9 > _SETTLED_S or stamp == self._copied.get(path)
            if not waits or old or stamp == self._bundles.get(path):
                settled[path] = stamp
            else:
                copied[path] = stamp
        self._bundles, self._copied = settled, copied
        return before != (self._bundles, self._misnamed)

    def iter_read(self, on_progress: OnProgress) -> Iterator[None]:
        """Read what is new; yield after each bundle.

        Args:
            on_progress: called with (done, total, what): hundredths of a bundle.
        """
        yield from self._reader.iter_read(list(self._bundles), on_progress)

    def handed_in(self) -> list[HandedIn]:
        """Return what was read and counts."""
        return [each for each in self._judged() if each.own]

    def rows(self, taken_out: set[str]) -> list[StudentRow]:
        """Return a row for each file.

        Args:
            taken_out: uuids of the episodes that the teacher took out.
        """
        rows = [_row(each, is_out=each.is_out(taken_out)) for each in self._judged()]
        for path in self._misnamed:
            problem = tr(
                "its name does not end in {ending}: rename it, if it is a bundle", ending=ENDING
            )
            rows.append(StudentRow(path.name, path.name, problems=(problem,)))
        for path in self._copied:
            problem = tr("it is being copied")
            rows.append(StudentRow(student_of(path), path.name, problems=(problem,)))
        return sorted(rows, key=lambda row: row.student.casefold())

    def _judged(self) -> list[HandedIn]:
        """Return what was read; of other environments, and of names given twice, nothing counts."""
        read = self._reader.judged()
        names, env_id = Counter(each.student.casefold() for each in read), _environment(read)
        found = []
        for each in read:
            problems = []
            if names[each.student.casefold()] > 1:
                name = each.student
                problems.append(tr("two bundles are called {name}: rename one", name=name))
            if each.env_id not in ("", env_id):
                problem = tr("it is of {other}, not of {env_id}", other=each.env_id, env_id=env_id)
                problems.append(problem)
            if problems:
                each = replace(each, episodes=(), policies=(), problems=(*problems, *each.problems))
            found.append(each)
        return found


def _is_misnamed(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not path.name.endswith(ENDING)


def _environment(read: list[HandedIn]) -> str:
    """Return the environment of most bundles; empty if none can be read."""
    counts = Counter(each.env_id for each in read if each.env_id)
    return counts.most_common(1)[0][0] if counts else ""


def _row(each: HandedIn, *, is_out: bool) -> StudentRow:
    own, best = each.own, each.best
    judged = [float(e.success) for e in own if e.success is not None]
    episodes = each.facts.episodes if each.facts else ()
    steps = sum(e.steps for e in own)
    return StudentRow(
        each.student,
        each.path.name,
        takes=len(own),
        minutes=steps / each.pace_hz / 60 if each.pace_hz else 0.0,
        mean=sum(e.total_reward for e in own) / len(own) if own else None,
        success=sum(judged) / len(judged) if judged else None,
        policy=best.name if best else "",
        policy_mean=best.mean if best else None,
        policy_success=best.success if best else None,
        exact=sum(e.verdict == "exact" for e in episodes),
        episodes=len(episodes),
        problems=each.problems,
        is_out=is_out,
    )
