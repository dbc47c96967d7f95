"""What a class has handed in: bundles in folders, read, checked, and freed of copies.

Nothing that a bundle claims counts by itself: episodes are re-simulated, policies play starts that
are chosen here, and each number is derived here.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from teleop.classroom.hand_in import ENDING
from teleop.classroom.report_facts import (
    DriverFact,
    EpisodeFact,
    Facts,
    OnProgress,
    derive_facts,
)
from teleop.errors import ReportError, TeleopError, reason, sentence
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.recording import Dataset, Library
from teleop.take_over import OVER
from teleop.text import ntr, tr
from teleop.workers.runners import Runner

_LARGEST = 1 << 30  # bytes of one bundle
_UNPACKED = "teleop-class-"  # prefix of folders that bundles are unpacked into
Stamp: TypeAlias = tuple[Path, int, int]  # path, size, time of the last change
_NOT_EXACT = {
    "diverges": tr("not counted: diverges when replayed"),
    "unknown": tr("not counted: cannot be replayed here"),
    "unreadable": tr("not counted: damaged"),
}
_NOT_OWN = {
    "script": tr("not counted as own: driven by a script"),
    "policy": tr("not counted as own: driven by a policy"),
    "other": tr("not counted as own: driven by another program"),
}


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One student's bundle.

    Attributes:
        student: name of the file without its ending.
        path: the file.
        facts: what was derived from it; None if it cannot be read.
        episodes: the episodes that count: exact when replayed, and no copies.
        policies: the policies that can play and are no copies.
        problems: what does not count and why, in sentences.
        pace_hz: steps a second; 0 if the environment is turn-based.
        codenames: the codenames that the episodes carry.
        unpacked: path of the folder that it was unpacked into, which is gone.
    """

    student: str
    path: Path
    facts: Facts | None
    episodes: tuple[EpisodeFact, ...] = ()
    policies: tuple[DriverFact, ...] = ()
    problems: tuple[str, ...] = ()
    pace_hz: float = 0.0
    codenames: tuple[str, ...] = ()
    unpacked: str = ""

    @property
    def env_id(self) -> str:
        """The environment; empty if the bundle cannot be read."""
        return self.facts.env_id if self.facts else ""

    def is_out(self, taken_out: set[str]) -> bool:
        """Return whether the teacher took this data out; `taken_out` are uuids of episodes."""
        episodes = self.facts.episodes if self.facts else ()
        return any(episode.uuid in taken_out for episode in episodes)

    @property
    def own(self) -> list[EpisodeFact]:
        """The episodes that count and that a person drove alone."""
        return [e for e in self.episodes if e.kind == "human" and OVER not in e.driver]

    @property
    def corrected(self) -> int:
        """The number of episodes that count and in which the person corrected a policy."""
        return sum(OVER in episode.driver for episode in self.episodes)

    @property
    def best(self) -> DriverFact | None:
        """The policy with the most successes, then the highest return; None if there is none."""
        return max(self.policies, key=_merit, default=None)


def bundles_in(places: Sequence[Path]) -> list[Path]:
    """Return the bundles that are named, and those in folders that are named, by name.

    Raises:
        ReportError: a place does not exist, there is no bundle, or two have the same name.
    """
    found: list[Path] = []
    for place in places:
        try:
            inside = sorted(place.iterdir()) if place.is_dir() else [place]
        except OSError as problem:
            raise ReportError(f"{place} cannot be read ({reason(problem)}).") from problem
        if not place.exists():
            raise ReportError(f"{place} does not exist; give bundles (*{ENDING}) or folders.")
        found += [path for path in inside if path.name.endswith(ENDING) or path == place]
    if not found:
        names = ", ".join(map(str, places))
        raise ReportError(f"There is no bundle (*{ENDING}) in {names}.")
    students = [student_of(path) for path in found]
    twice = next((name for name in students if students.count(name) > 1), None)
    if twice is not None:
        raise ReportError(f"Two bundles are called {twice}: rename one, after its student.")
    return sorted(found, key=student_of)


def student_of(bundle: Path) -> str:
    """Return the student's name: the name of the file without its ending."""
    return bundle.name.removesuffix(ENDING)


class BundleReader:
    """Reads the bundles of a class, each of them once; one that changed is read again."""

    def __init__(self, starts: range, pool: Runner | None = None) -> None:
        """Create a reader that has read nothing.

        Args:
            starts: seeds of the starts that policies play.
            pool: processes that read; None: this process.
        """
        self._starts, self._pool = starts, pool
        self._read: dict[Stamp, HandedIn] = {}

    def iter_read(self, bundles: Sequence[Path], on_progress: OnProgress) -> Iterator[None]:
        """Read what is not read yet; yield after each bundle.

        Args:
            bundles: the bundles, as from `bundles_in`.
            on_progress: called with (done, total, what): hundredths of a bundle.
        """
        stamps = {stamp_of(bundle): bundle for bundle in bundles}
        self._read = {stamp: read for stamp, read in self._read.items() if stamp in stamps}
        new = [stamp for stamp in stamps if stamp not in self._read]
        if self._pool is None:
            for index, stamp in enumerate(new):
                within = _within(on_progress, index, len(new))
                self._read[stamp] = _read(stamps[stamp], self._starts, within)
                yield
            return
        with tempfile.TemporaryDirectory(prefix=_UNPACKED, ignore_cleanup_errors=True) as scratch:
            try:
                yield from self._iter_together(self._pool, stamps, new, Path(scratch), on_progress)
            except BaseException:
                self._pool.close()  # nothing writes into the folder any more
                raise

    def _iter_together(
        self,
        pool: Runner,
        stamps: Mapping[Stamp, Path],
        new: Sequence[Stamp],
        scratch: Path,
        on_progress: OnProgress,
    ) -> Iterator[None]:
        """Read bundles in the processes of a pool; they unpack into a folder of this process."""
        jobs = [(stamps[stamp].absolute(), self._starts, scratch) for stamp in new]
        on_progress(0, 100 * len(jobs), "Re-simulating")
        for done, (index, read) in enumerate(pool.each(_read_job, jobs), start=1):
            bundle = jobs[index][0]
            self._read[new[index]] = _crashed(bundle, read) if isinstance(read, Exception) else read
            on_progress(100 * done, 100 * len(jobs), bundle.name)
            yield

    def judged(self) -> list[HandedIn]:
        """Return what was read so far; of what several students handed in, nothing counts."""
        owners: dict[str, list[str]] = {}
        for each in self._read.values():
            for sha256 in dict.fromkeys(_hashes(each.facts)):
                owners.setdefault(sha256, []).append(each.student)
        return [
            _judged(each, owners) for each in sorted(self._read.values(), key=lambda r: r.student)
        ]


def read_class(
    bundles: Sequence[Path], starts: range, on_progress: OnProgress, pool: Runner | None = None
) -> list[HandedIn]:
    """Read all bundles; of what several students handed in, nothing counts.

    Args:
        bundles: the bundles, as from `bundles_in`.
        starts: seeds of the starts that policies play.
        on_progress: called with (done, total, what): hundredths of a bundle.
        pool: processes that read; None: this process.
    """
    reader = BundleReader(starts, pool)
    for _ in reader.iter_read(bundles, on_progress):
        pass
    return reader.judged()


def stamp_of(bundle: Path) -> Stamp:
    """Return what changes when a file is written again: (path, size, time in nanoseconds)."""
    try:
        found = bundle.stat()
    except OSError:
        return bundle, -1, -1
    return bundle, found.st_size, found.st_mtime_ns


def _within(on_progress: OnProgress, index: int, total: int) -> OnProgress:
    """Return a function that reports the progress inside one of several bundles."""

    def inside(done: int, of: int, what: str) -> None:
        on_progress(100 * index + 100 * done // max(1, of), 100 * total, what)

    return inside


def _read_job(job: tuple[Path, range, Path]) -> HandedIn:
    bundle, starts, scratch = job
    shared = scratch if scratch.is_dir() else None  # another machine has a folder of its own
    return _read(bundle, starts, lambda *_: None, shared)


def _crashed(bundle: Path, problem: Exception) -> HandedIn:
    """Return a bundle whose reading ended its process, or failed in a way nobody foresaw."""
    died = tr("{file} ended the process that read it: it was not read.", file=bundle.name)
    said = died if isinstance(problem, BrokenProcessPool) else sentence(problem)
    return HandedIn(student_of(bundle), bundle, None, problems=(said,))


def _read(
    bundle: Path, starts: range, on_progress: OnProgress, scratch: Path | None = None
) -> HandedIn:
    """Return what is in a bundle, or why it cannot be read."""
    student = student_of(bundle)
    try:
        size = bundle.stat().st_size
        if size == 0:
            raise ReportError(tr("{name} is empty: ask for a new copy.", name=bundle.name))
        if size > _LARGEST:
            raise ReportError(
                tr(
                    "{name} has {size} GB; at most 1 GB is read.",
                    name=bundle.name,
                    size=f"{size / 1e9:.1f}",
                )
            )
        with tempfile.TemporaryDirectory(prefix=_UNPACKED, dir=scratch) as folder:
            dataset = Library(Path(folder)).import_dataset(bundle)
            facts = derive_facts(dataset, on_progress, starts)
            codenames = {row.label.codename for row in dataset.rows()} - {""}
            pace_hz = _pace_hz(dataset)
        return HandedIn(student, bundle, facts, pace_hz=pace_hz, codenames=tuple(sorted(codenames)))
    except TeleopError as problem:
        said = sentence(problem).replace(str(bundle.resolve()), bundle.name)
    except OSError as problem:
        said = tr("{name} cannot be read ({problem}).", name=bundle.name, problem=reason(problem))
    return HandedIn(student, bundle, None, problems=(said,))


def _pace_hz(dataset: Dataset) -> float:
    """Return the steps a second of a dataset; 0 if it is turn-based, or if nothing can be read."""
    try:
        return load_demonstrations(dataset).pace_hz
    except TeleopError:
        return 0.0


def _hashes(facts: Facts | None) -> list[str]:
    if facts is None:
        return []
    drivers = [driver.sha256 for driver in facts.drivers if driver.sha256]
    return [episode.sha256 for episode in facts.episodes] + drivers


def _judged(read: HandedIn, owners: dict[str, list[str]]) -> HandedIn:
    """Return a bundle with what counts in it."""
    facts = read.facts
    if facts is None:
        return read
    single = {sha256 for sha256, students in owners.items() if len(students) == 1}
    episodes = [e for e in facts.episodes if e.verdict == "exact" and e.sha256 in single]
    policies = [d for d in facts.drivers if d.mean is not None and d.sha256 in single]
    problems = tuple(_problems(read, facts, owners))
    return replace(read, episodes=tuple(episodes), policies=tuple(policies), problems=problems)


def _problems(read: HandedIn, facts: Facts, owners: dict[str, list[str]]) -> Iterator[str]:
    """Yield what does not count, and why."""
    student = read.student
    others = [name for name in read.codenames if name != student]
    if others:
        names = ", ".join(others)
        yield tr("its episodes carry the codename {names}: was the file renamed?", names=names)
    numbers: dict[str, list[int]] = {}
    for episode in facts.episodes:
        if why := _why_not(episode, owners, student):
            numbers.setdefault(why, []).append(episode.number)
    for why, which in numbers.items():
        listed = ", ".join(map(str, which))
        yield ntr(
            "episode {listed} {why}", "episodes {listed} {why}", len(which), listed=listed, why=why
        )
    for driver in facts.drivers:
        others = [name for name in owners.get(driver.sha256, ()) if name != student]
        if others:
            yield tr(
                "policy {name} not counted: handed in by {others}, too",
                name=driver.name,
                others=", ".join(others),
            )
        if driver.problem:
            yield driver.problem.replace(read.unpacked, "")


def _why_not(episode: EpisodeFact, owners: dict[str, list[str]], student: str) -> str:
    """Return why an episode does not count as the student's own; empty if it does."""
    others = [name for name in owners.get(episode.sha256, ()) if name != student]
    if others:
        return tr(
            "handed in by {others}, too: not counted until one is removed", others=", ".join(others)
        )
    if episode.verdict != "exact":
        return _NOT_EXACT.get(episode.verdict, _NOT_EXACT["unreadable"])
    if episode.kind != "human" and OVER not in episode.driver:
        return _NOT_OWN.get(episode.kind, _NOT_OWN["other"])
    return ""


def _merit(driver: DriverFact) -> tuple[float, float]:
    return (driver.success or 0.0, driver.mean if driver.mean is not None else -float("inf"))
